// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// Fields of an executor whose values reach it through files: a change of them
// rolls the Deployment, as a change of the Pod itself does.
const (
	fieldConfig = "spec.config"
	fieldKeys   = "the operator's keys and RPC URLs"
)

// executorFields are the paths that this version knows. A record may hold others,
// of a newer version: what is not known is no reason to restart a signer.
var executorFields = []string{ //nolint:gochecknoglobals // A constant list.
	FieldImage, "spec.imagePullSecrets", "spec.resources.limits", "spec.resources.requests", "spec.nodeSelector", "spec.tolerations",
	"spec.config.performerMode", fieldConfig, fieldKeys,
}

// executorDeployment renders the Deployment. The record of what shaped its Pods
// is its annotation, by which it is compared, and their template's, so that they
// roll where the record changes and nothing else in them does.
func executorDeployment(e *v1alpha1.HourglassExecutor, o ExecutorObjects) *appsv1.Deployment {
	replicas := Replicas(e)
	strategy := appsv1.RollingUpdateDeploymentStrategyType
	if replicas == 1 {
		// Never two Pods that sign with one key, not even for a moment.
		strategy = appsv1.RecreateDeploymentStrategyType
	}
	d := &appsv1.Deployment{
		ObjectMeta: executorMeta(e, ExecutorName(e), e.GetNamespace()),
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Strategy: appsv1.DeploymentStrategy{Type: strategy},
			Selector: &metav1.LabelSelector{MatchLabels: executorSelector(e)},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{
					Labels:      ExecutorLabels(e),
					Annotations: map[string]string{AnnotationApplied: executorApplied(e, o).String()},
				},
				Spec: executorPod(e),
			},
		},
	}
	d.Annotations[AnnotationApplied] = d.Spec.Template.Annotations[AnnotationApplied]
	d.Annotations[AnnotationTemplate] = templateDigest(d.Spec.Template.Spec)
	if signer := signerDigest(o.Secret.Data); signer != "" {
		d.Annotations[AnnotationSigner] = signer
	}
	return d
}

// Replicas of an executor; the API reference's default is 1.
func Replicas(e *v1alpha1.HourglassExecutor) int32 {
	if e.Spec.Replicas == nil {
		return 1
	}
	return *e.Spec.Replicas
}

// executorApplied records what shapes an executor's Pods, files included.
func executorApplied(e *v1alpha1.HourglassExecutor, o ExecutorObjects) Applied {
	s := e.Spec
	a := Applied{}
	a.add(FieldImage, s.Image)
	a.add("spec.imagePullSecrets", s.ImagePullSecrets)
	a.add("spec.resources.limits", s.Resources.Limits)
	a.add("spec.resources.requests", s.Resources.Requests)
	a.add("spec.nodeSelector", s.NodeSelector)
	a.add("spec.tolerations", s.Tolerations)
	a.add("spec.config.performerMode", InKubernetes(e))
	a.add(fieldConfig, o.ConfigMap.Data)
	// Keys are salted with the name, so that equal keys do not look equal.
	a.add(fieldKeys, []any{e.GetNamespace(), e.GetName(), o.Secret.Data})
	return a
}

// templateDigest tells rendered templates apart.
func templateDigest(spec corev1.PodSpec) string {
	a := Applied{}
	a.add("spec", spec)
	return a["spec"]
}

// signerDigest tells signing keys apart: by the ECDSA key, which signs
// transactions, or by the BLS key where that is the only one. It is "" where
// neither is there: other keys may be no more than a password.
func signerDigest(data map[string][]byte) string {
	for _, name := range []string{"ecdsa", "bls"} {
		key := strings.TrimPrefix(strings.ToLower(strings.TrimSpace(string(data[name]))), "0x")
		if key != "" {
			sum := sha256.Sum256([]byte(key))
			return hex.EncodeToString(sum[:])
		}
	}
	return ""
}

func executorPod(e *v1alpha1.HourglassExecutor) corev1.PodSpec {
	inKubernetes := InKubernetes(e)
	pod := corev1.PodSpec{
		Containers:                   []corev1.Container{executorContainer(e)},
		AutomountServiceAccountToken: &inKubernetes,
		EnableServiceLinks:           new(false),
		NodeSelector:                 e.Spec.NodeSelector,
		Tolerations:                  e.Spec.Tolerations,
		ImagePullSecrets:             e.Spec.ImagePullSecrets,
		SecurityContext:              executorPodSecurity(e),
		Volumes: []corev1.Volume{
			{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
				LocalObjectReference: corev1.LocalObjectReference{Name: ConfigMapName(e)},
			}}},
			{Name: "keys", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{
				SecretName: KeysName(e), DefaultMode: new(int32(0o440)),
			}}},
		},
	}
	if inKubernetes {
		pod.ServiceAccountName = ExecutorName(e)
		return pod
	}
	pod.Volumes = append(pod.Volumes, corev1.Volume{Name: "docker", VolumeSource: corev1.VolumeSource{
		HostPath: &corev1.HostPathVolumeSource{Path: dockerSock, Type: new(corev1.HostPathSocket)},
	}})
	return pod
}

func executorContainer(e *v1alpha1.HourglassExecutor) corev1.Container {
	c := corev1.Container{
		Name:      ExecutorContainerName,
		Image:     e.Spec.Image,
		Args:      []string{"--config=" + configDir + "/" + configFile},
		Ports:     []corev1.ContainerPort{{Name: "grpc", ContainerPort: ExecutorPort, Protocol: corev1.ProtocolTCP}},
		Resources: e.Spec.Resources,
		VolumeMounts: []corev1.VolumeMount{
			{Name: "config", MountPath: configDir, ReadOnly: true},
			{Name: "keys", MountPath: keysDir, ReadOnly: true},
		},
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: new(false),
			Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		},
	}
	if !InKubernetes(e) {
		c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{Name: "docker", MountPath: dockerSock})
	}
	return c
}

// The user and group that an executor runs as, those that distroless images call
// nonroot.
const nonroot int64 = 65532

// executorPodSecurity is that of the restricted Pod Security Standard. The
// docker socket belongs to root, so that docker mode cannot have it.
func executorPodSecurity(e *v1alpha1.HourglassExecutor) *corev1.PodSecurityContext {
	sc := &corev1.PodSecurityContext{SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}}
	if InKubernetes(e) {
		sc.RunAsNonRoot, sc.RunAsUser, sc.RunAsGroup, sc.FSGroup = new(true), new(nonroot), new(nonroot), new(nonroot)
	}
	return sc
}
