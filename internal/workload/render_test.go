// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

func wantLabels() map[string]string {
	return map[string]string{
		"app":                               "hourglass-performer",
		"hourglass.eigenlayer.io/performer": "a",
		"hourglass.eigenlayer.io/avs":       "0x1234567890abcdef1234567890abcdef12345678",
		"app.kubernetes.io/managed-by":      "provider-hourglass",
	}
}

func wantProbe(port, failures int32) *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler:  corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: port}},
		PeriodSeconds: 10, TimeoutSeconds: 5, FailureThreshold: failures,
	}
}

func wantMinimalPod() *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: "performer-a", Namespace: "ns", Labels: wantLabels(),
			Annotations: map[string]string{
				"hourglass.eigenlayer.io/owner-uid": testUID,
				"hourglass.eigenlayer.io/applied":   AppliedBy(performer()).String(),
			},
		},
		Spec: corev1.PodSpec{
			RestartPolicy:                corev1.RestartPolicyAlways,
			EnableServiceLinks:           new(false),
			AutomountServiceAccountToken: new(false),
			SecurityContext:              &corev1.PodSecurityContext{SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}},
			Containers: []corev1.Container{{
				Name: "performer", Image: testImage, Env: []corev1.EnvVar{},
				Ports:           []corev1.ContainerPort{{Name: "grpc", ContainerPort: 9090, Protocol: corev1.ProtocolTCP}},
				StartupProbe:    wantProbe(9090, 180),
				LivenessProbe:   wantProbe(9090, 12),
				ReadinessProbe:  wantProbe(9090, 1),
				SecurityContext: &corev1.SecurityContext{AllowPrivilegeEscalation: new(false)},
			}},
		},
	}
}

func TestPod(t *testing.T) {
	limits := corev1.ResourceRequirements{Limits: corev1.ResourceList{"nvidia.com/gpu": resource.MustParse("2")}}
	tolerations := []corev1.Toleration{{Key: "nvidia.com/gpu", Operator: corev1.TolerationOpExists}}
	affinity := &corev1.Affinity{PodAffinity: &corev1.PodAffinity{}}
	secretRef := &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "s"}, Key: "k"}
	mapRef := &corev1.ConfigMapKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "m"}, Key: "k"}

	full := performer(func(p *v1alpha1.Performer) {
		p.Spec.Version = "v1"
		p.Spec.ImagePullPolicy = corev1.PullAlways
		p.Spec.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "private-registry"}}
		p.Spec.Config = v1alpha1.PerformerConfig{
			GRPCPort: 7000, Command: []string{"/run"}, Args: []string{"--x"}, ServiceAccountName: "sa",
			Environment: map[string]string{"B": "2", "A": "1"},
			EnvironmentFrom: []v1alpha1.EnvironmentVariable{
				{Name: "D", ValueFrom: v1alpha1.EnvironmentSource{SecretKeyRef: secretRef}},
				{Name: "C", ValueFrom: v1alpha1.EnvironmentSource{ConfigMapKeyRef: mapRef}},
			},
		}
	})

	cases := map[string]struct {
		reason      string
		p           *v1alpha1.Performer
		constraints placement.Constraints
		want        *corev1.Pod
	}{
		"Minimal": {
			reason: "A Performer with only an image becomes a Pod with the reference's defaults and no service account token.",
			p:      performer(),
			want:   wantMinimalPod(),
		},
		"Full": {
			reason: "Every field of the spec and of the constraints finds its place in the Pod, with variables in order.",
			p:      full,
			constraints: placement.Constraints{
				NodeSelector: map[string]string{"n": "1"}, Affinity: affinity, Tolerations: tolerations,
				RuntimeClassName: new("gvisor"), PriorityClassName: "high", Resources: limits,
			},
			want: func() *corev1.Pod {
				pod := wantMinimalPod()
				pod.Annotations["hourglass.eigenlayer.io/applied"] = AppliedBy(full).String()
				pod.Annotations["hourglass.eigenlayer.io/version"] = "v1"
				s := &pod.Spec
				s.AutomountServiceAccountToken, s.ServiceAccountName = nil, "sa"
				s.NodeSelector, s.Affinity, s.Tolerations = map[string]string{"n": "1"}, affinity, tolerations
				s.RuntimeClassName, s.PriorityClassName = new("gvisor"), "high"
				s.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "private-registry"}}
				c := &s.Containers[0]
				c.ImagePullPolicy, c.Resources = corev1.PullAlways, limits
				c.Command, c.Args = []string{"/run"}, []string{"--x"}
				c.Ports[0].ContainerPort = 7000
				c.StartupProbe, c.LivenessProbe, c.ReadinessProbe = wantProbe(7000, 180), wantProbe(7000, 12), wantProbe(7000, 1)
				c.Env = []corev1.EnvVar{
					{Name: "A", Value: "1"},
					{Name: "B", Value: "2"},
					{Name: "C", ValueFrom: &corev1.EnvVarSource{ConfigMapKeyRef: mapRef}},
					{Name: "D", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: secretRef}},
				}
				return pod
			}(),
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			tc.want.Annotations["hourglass.eigenlayer.io/rendered"] = renderedDigest(tc.want.Spec)
			if diff := cmp.Diff(tc.want, Pod(tc.p, tc.constraints)); diff != "" {
				t.Errorf("\n%s\nPod(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestService(t *testing.T) {
	want := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Name: "performer-a", Namespace: "ns", Labels: wantLabels(),
			Annotations: map[string]string{"hourglass.eigenlayer.io/owner-uid": testUID},
		},
		Spec: corev1.ServiceSpec{
			Type:     corev1.ServiceTypeClusterIP,
			Selector: map[string]string{"app": "hourglass-performer", "hourglass.eigenlayer.io/performer": "a"},
			Ports:    []corev1.ServicePort{{Name: "grpc", Protocol: corev1.ProtocolTCP, Port: 7000, TargetPort: intstr.FromInt32(7000)}},
		},
	}
	got := Service(performer(withConfig(v1alpha1.PerformerConfig{GRPCPort: 7000})))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Service(...): -want, +got:\n%s", diff)
	}
}

func TestRenderIsDeterministic(t *testing.T) {
	env := map[string]string{}
	for _, k := range []string{"A", "B", "C", "D", "E", "F", "G"} {
		env[k] = k
	}
	render := func() string {
		raw, err := json.Marshal(Pod(performer(withConfig(v1alpha1.PerformerConfig{Environment: env})), placement.Constraints{}))
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	first := render()
	for range 100 {
		if diff := cmp.Diff(first, render()); diff != "" {
			t.Fatalf("the same Performer must render to the same bytes: -first, +later:\n%s", diff)
		}
	}
}

func TestExternalName(t *testing.T) {
	p := performer(func(p *v1alpha1.Performer) {
		p.Annotations = map[string]string{"crossplane.io/external-name": "chosen"}
	})
	if diff := cmp.Diff("chosen.ns.svc.cluster.local:9090", Endpoint(p)); diff != "" {
		t.Errorf("an external name is the name of Pod and Service: Endpoint(...): -want, +got:\n%s", diff)
	}
}

func TestEndpoint(t *testing.T) {
	if diff := cmp.Diff("performer-a.ns.svc.cluster.local:9090", Endpoint(performer())); diff != "" {
		t.Errorf("Endpoint(...): -want, +got:\n%s", diff)
	}
}
