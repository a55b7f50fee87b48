// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

// Probe timings, in seconds. The startup probe gives a performer half an hour
// to load its model; until it passes, liveness is not asked.
const (
	probePeriod      = 10
	probeTimeout     = 5
	startupFailures  = 180
	livenessFailures = 12
)

// Pod renders the Pod of a Performer under the given constraints.
func Pod(p *v1alpha1.Performer, c placement.Constraints) *corev1.Pod {
	no := false
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name:        PodName(p),
			Namespace:   p.GetNamespace(),
			Labels:      Labels(p),
			Annotations: podAnnotations(p),
		},
		Spec: corev1.PodSpec{
			Containers:        []corev1.Container{container(p, c)},
			RestartPolicy:     corev1.RestartPolicyAlways,
			NodeSelector:      c.NodeSelector,
			Affinity:          c.Affinity,
			Tolerations:       c.Tolerations,
			RuntimeClassName:  c.RuntimeClassName,
			PriorityClassName: c.PriorityClassName,
			ImagePullSecrets:  p.Spec.ImagePullSecrets,
			// A performer is somebody else's code: it learns nothing of the
			// cluster that it was not given.
			EnableServiceLinks: &no,
			SecurityContext: &corev1.PodSecurityContext{
				SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
		},
	}
	if sa := p.Spec.Config.ServiceAccountName; sa != "" {
		pod.Spec.ServiceAccountName = sa
	} else {
		pod.Spec.AutomountServiceAccountToken = &no
	}
	pod.Annotations[AnnotationRendered] = renderedDigest(pod.Spec)
	// It may change without a new Pod: who ends the Pod says it then.
	pod.Spec.TerminationGracePeriodSeconds = GracePeriod(p)
	return pod
}

func podAnnotations(p *v1alpha1.Performer) map[string]string {
	a := map[string]string{
		AnnotationOwner:   string(p.GetUID()),
		AnnotationApplied: AppliedBy(p).String(),
	}
	if p.Spec.Version != "" {
		a[AnnotationVersion] = p.Spec.Version
	}
	return a
}

func container(p *v1alpha1.Performer, c placement.Constraints) corev1.Container {
	no := false
	return corev1.Container{
		Name:            ContainerName,
		Image:           imageOf(p),
		ImagePullPolicy: p.Spec.ImagePullPolicy,
		Command:         p.Spec.Config.Command,
		Args:            p.Spec.Config.Args,
		Env:             environment(p.Spec.Config),
		Ports:           []corev1.ContainerPort{{Name: "grpc", ContainerPort: Port(p), Protocol: corev1.ProtocolTCP}},
		Resources:       c.Resources,
		StartupProbe:    probe(p, startupFailures),
		LivenessProbe:   probe(p, livenessFailures),
		ReadinessProbe:  probe(p, 1),
		SecurityContext: &corev1.SecurityContext{AllowPrivilegeEscalation: &no},
	}
}

// probe asks the gRPC health service on the performer's port.
func probe(p *v1alpha1.Performer, failures int32) *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler:     corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: Port(p)}},
		PeriodSeconds:    probePeriod,
		TimeoutSeconds:   probeTimeout,
		FailureThreshold: failures,
	}
}

// environment lists the plain variables by name, then those that come from
// elsewhere by name.
func environment(c v1alpha1.PerformerConfig) []corev1.EnvVar {
	env := make([]corev1.EnvVar, 0, len(c.Environment)+len(c.EnvironmentFrom))
	for _, name := range slices.Sorted(maps.Keys(c.Environment)) {
		env = append(env, corev1.EnvVar{Name: name, Value: c.Environment[name]})
	}
	for _, v := range byName(c.EnvironmentFrom) {
		env = append(env, corev1.EnvVar{Name: v.Name, ValueFrom: &corev1.EnvVarSource{
			SecretKeyRef:    v.ValueFrom.SecretKeyRef,
			ConfigMapKeyRef: v.ValueFrom.ConfigMapKeyRef,
		}})
	}
	return env
}

// byName is a sorted copy: the variables are a map by name, so that their order
// in the spec means nothing.
func byName(vars []v1alpha1.EnvironmentVariable) []v1alpha1.EnvironmentVariable {
	return slices.SortedFunc(slices.Values(vars), func(a, b v1alpha1.EnvironmentVariable) int {
		return strings.Compare(a.Name, b.Name)
	})
}
