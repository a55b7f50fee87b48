// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/utils/ptr"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

func TestAppliedDifferences(t *testing.T) {
	variables := func(names ...string) performerModifier {
		return func(p *v1alpha1.Performer) {
			for _, n := range names {
				p.Spec.Config.EnvironmentFrom = append(p.Spec.Config.EnvironmentFrom, v1alpha1.EnvironmentVariable{Name: n})
			}
		}
	}
	cpu := func(q string) performerModifier {
		return func(p *v1alpha1.Performer) {
			p.Spec.Resources.Requests = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(q)}
		}
	}
	every := func(p *v1alpha1.Performer) {
		p.Spec = v1alpha1.PerformerSpec{
			Image: "other", ImagePullPolicy: corev1.PullAlways, ImagePullSecrets: []corev1.LocalObjectReference{{Name: "s"}},
			Resources: corev1.ResourceRequirements{
				Limits: corev1.ResourceList{"a": resource.MustParse("1")}, Requests: corev1.ResourceList{"a": resource.MustParse("1")},
				Claims: []corev1.ResourceClaim{{Name: "c"}},
			},
			Config: v1alpha1.PerformerConfig{
				GRPCPort: 1, Environment: map[string]string{"a": "b"}, Args: []string{"a"}, Command: []string{"c"}, ServiceAccountName: "sa",
				EnvironmentFrom: []v1alpha1.EnvironmentVariable{{Name: "A"}},
			},
			Scheduling: &v1alpha1.SchedulingConfig{
				NodeSelector: map[string]string{"a": "b"}, NodeAffinity: &corev1.NodeAffinity{}, Affinity: &corev1.Affinity{},
				Tolerations: []corev1.Toleration{{}}, RuntimeClass: new("c"), PriorityClassName: "p",
			},
			HardwareRequirements: &v1alpha1.HardwareRequirements{
				GPUType: "t4", GPUCount: ptr.To[int32](1), TEERequired: new(true), TEEType: "sgx", CustomLabels: map[string]string{"a": "b"},
			},
		}
	}

	cases := map[string]struct {
		reason string
		a, b   *v1alpha1.Performer
		want   []string
	}{
		"Same": {
			reason: "The same spec has the same record.",
			a:      performer(), b: performer(),
		},
		"DefaultPortWritten": {
			reason: "To write the default port out is no change.",
			a:      performer(), b: performer(withConfig(v1alpha1.PerformerConfig{GRPCPort: 9090})),
		},
		"EmptyIsUnset": {
			reason: "An empty block says no more than none.",
			a:      performer(),
			b: performer(func(p *v1alpha1.Performer) {
				p.Spec.Scheduling = &v1alpha1.SchedulingConfig{NodeSelector: map[string]string{}, Tolerations: []corev1.Toleration{}}
				p.Spec.HardwareRequirements = &v1alpha1.HardwareRequirements{}
			}),
		},
		"QuantitySpelling": {
			reason: "One CPU is a thousand millicores.",
			a:      performer(cpu("1")), b: performer(cpu("1000m")),
		},
		"VariableOrder": {
			reason: "Variables are a map by name: their order is no change.",
			a:      performer(variables("A", "B")), b: performer(variables("B", "A")),
		},
		"VersionAndAVS": {
			reason: "What changes nothing that runs is not recorded.",
			a:      performer(),
			b: performer(func(p *v1alpha1.Performer) {
				p.Spec.Version, p.Spec.AVSAddress, p.Spec.ExecutorRef = "v9", "0x0", "main-executor"
			}),
		},
		"Every": {
			reason: "Every field that shapes the Pod is recorded, and named by its path in order.",
			a:      performer(), b: performer(every),
			want: []string{
				"spec.config.args", "spec.config.command", "spec.config.environment", "spec.config.environmentFrom", "spec.config.grpcPort",
				"spec.config.serviceAccountName", "spec.hardwareRequirements.customLabels", "spec.hardwareRequirements.gpuCount",
				"spec.hardwareRequirements.gpuType", "spec.hardwareRequirements.teeRequired", "spec.hardwareRequirements.teeType",
				"spec.image", "spec.imagePullPolicy", "spec.imagePullSecrets", "spec.resources.claims", "spec.resources.limits",
				"spec.resources.requests", "spec.scheduling.affinity", "spec.scheduling.nodeAffinity", "spec.scheduling.nodeSelector",
				"spec.scheduling.priorityClassName", "spec.scheduling.runtimeClass", "spec.scheduling.tolerations",
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			a, b := AppliedBy(tc.a), ParseApplied(AppliedBy(tc.b).String())
			if diff := cmp.Diff(tc.want, a.Differences(b)); diff != "" {
				t.Errorf("\n%s\na.Differences(b): -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.want, b.Differences(a)); diff != "" {
				t.Errorf("\n%s\nb.Differences(a): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestAppliedHoldsNoValues(t *testing.T) {
	p := performer(withConfig(v1alpha1.PerformerConfig{Environment: map[string]string{"TOKEN": "canary-value"}}))
	if s := AppliedBy(p).String(); strings.Contains(s, "canary") || strings.Contains(s, "TOKEN") {
		t.Errorf("the record must hold digests only, got %s", s)
	}
}

func TestParseAppliedGarbage(t *testing.T) {
	got := AppliedBy(performer()).Differences(ParseApplied("{"))
	if diff := cmp.Diff([]string{"spec.config.grpcPort", "spec.image"}, got); diff != "" {
		t.Errorf("a record that cannot be read differs in every field: -want, +got:\n%s", diff)
	}
}
