// SPDX-License-Identifier: Apache-2.0

package workload

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// ExecutorObjects holds a HourglassExecutor's objects: those that are wanted, or
// those found in the target cluster, where nil means absent.
type ExecutorObjects struct {
	ServiceAccount *corev1.ServiceAccount
	Role           *rbacv1.Role
	RoleBinding    *rbacv1.RoleBinding
	ConfigMap      *corev1.ConfigMap
	Secret         *corev1.Secret
	Service        *corev1.Service
	Deployment     *appsv1.Deployment

	// Strays are RBAC objects in a namespace that the performers have left.
	Strays []Object
}

// Executor renders the objects of a HourglassExecutor. It returns an error where
// its configuration cannot be written.
func Executor(e *v1alpha1.HourglassExecutor, s Secrets) (ExecutorObjects, error) {
	config, err := ConfigYAML(e)
	if err != nil {
		return ExecutorObjects{}, err
	}
	o := ExecutorObjects{
		ConfigMap: &corev1.ConfigMap{
			ObjectMeta: executorMeta(e, ConfigMapName(e), e.GetNamespace()),
			Data:       map[string]string{configFile: config},
		},
		Secret: &corev1.Secret{
			ObjectMeta: executorMeta(e, KeysName(e), e.GetNamespace()),
			Type:       corev1.SecretTypeOpaque,
			Data:       secretData(e, s),
		},
		Service: executorService(e),
	}
	if InKubernetes(e) {
		o.ServiceAccount = &corev1.ServiceAccount{ObjectMeta: executorMeta(e, ExecutorName(e), e.GetNamespace())}
		o.Role = executorRole(e)
		o.RoleBinding = executorRoleBinding(e)
	}
	o.Deployment = executorDeployment(e, o)
	return o, nil
}

func executorMeta(e *v1alpha1.HourglassExecutor, name, namespace string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name: name, Namespace: namespace, Labels: ExecutorLabels(e),
		Annotations: map[string]string{AnnotationOwner: string(e.GetUID())},
	}
}

func executorService(e *v1alpha1.HourglassExecutor) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: executorMeta(e, ExecutorName(e), e.GetNamespace()),
		Spec: corev1.ServiceSpec{
			Type:     corev1.ServiceTypeClusterIP,
			Selector: executorSelector(e),
			Ports: []corev1.ServicePort{{
				Name: "grpc", Protocol: corev1.ProtocolTCP, Port: ExecutorPort, TargetPort: intstr.FromInt32(ExecutorPort),
			}},
		},
	}
}

// executorRole lets the executor manage Performers, and nothing else, in the
// namespace that it runs them in.
func executorRole(e *v1alpha1.HourglassExecutor) *rbacv1.Role {
	return &rbacv1.Role{
		ObjectMeta: executorMeta(e, ExecutorName(e), PerformerNamespace(e)),
		Rules: []rbacv1.PolicyRule{
			{
				APIGroups: []string{v1alpha1.Group}, Resources: []string{"performers"},
				Verbs: []string{"get", "list", "watch", "create", "update", "patch", "delete"},
			},
			{APIGroups: []string{v1alpha1.Group}, Resources: []string{"performers/status"}, Verbs: []string{"get"}},
		},
	}
}

func executorRoleBinding(e *v1alpha1.HourglassExecutor) *rbacv1.RoleBinding {
	return &rbacv1.RoleBinding{
		ObjectMeta: executorMeta(e, ExecutorName(e), PerformerNamespace(e)),
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: ExecutorName(e)},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: ExecutorName(e), Namespace: e.GetNamespace()}},
	}
}
