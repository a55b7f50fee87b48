// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/hardware"
)

type (
	hw   = v1alpha1.HardwareRequirements
	reqs = []corev1.NodeSelectorRequirement
)

func in(key string, values ...string) corev1.NodeSelectorRequirement {
	return corev1.NodeSelectorRequirement{Key: key, Operator: corev1.NodeSelectorOpIn, Values: values}
}

func is(key string, op corev1.NodeSelectorOperator, values ...string) corev1.NodeSelectorRequirement {
	return corev1.NodeSelectorRequirement{Key: key, Operator: op, Values: values}
}

// required returns node affinity that requires one of the terms.
func required(terms ...reqs) *corev1.NodeAffinity {
	s := &corev1.NodeSelector{}
	for _, t := range terms {
		s.NodeSelectorTerms = append(s.NodeSelectorTerms, corev1.NodeSelectorTerm{MatchExpressions: t})
	}
	return &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: s}
}

// combined returns the affinity that every alternative makes with every other.
func combined(terms []reqs, more ...[]hardware.Alternative) *corev1.Affinity {
	for _, alternatives := range more {
		var next []reqs
		for _, t := range terms {
			for _, a := range alternatives {
				next = append(next, append(append(reqs{}, t...), a...))
			}
		}
		terms = next
	}
	return &corev1.Affinity{NodeAffinity: required(terms...)}
}

// labelsOf returns the alternatives of a GPU under its own resource.
func labelsOf(t *testing.T, name string) []hardware.Alternative {
	t.Helper()
	g, err := hardware.ParseGPU(name)
	if err != nil {
		t.Fatalf("ParseGPU(%q): %v", name, err)
	}
	return g.Alternatives(g.Resource())
}

// list returns quantities by name, given one after the other.
func list(pairs ...string) corev1.ResourceList {
	l := corev1.ResourceList{}
	for i := 0; i < len(pairs); i += 2 {
		l[corev1.ResourceName(pairs[i])] = resource.MustParse(pairs[i+1])
	}
	return l
}

// limits returns resources with limits only.
func limits(pairs ...string) corev1.ResourceRequirements {
	return corev1.ResourceRequirements{Limits: list(pairs...)}
}

// devices returns resources whose limits and requests are the same.
func devices(pairs ...string) corev1.ResourceRequirements {
	return corev1.ResourceRequirements{Limits: list(pairs...), Requests: list(pairs...)}
}

// class returns a RuntimeClass whose handler has its name.
func class(name string) nodev1.RuntimeClass {
	return nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: name}, Handler: name}
}

func classes(names ...string) []nodev1.RuntimeClass {
	all := []nodev1.RuntimeClass{}
	for _, n := range names {
		all = append(all, class(n))
	}
	return all
}

// running returns scheduling that names a RuntimeClass.
func running(name string) *v1alpha1.SchedulingConfig {
	return &v1alpha1.SchedulingConfig{RuntimeClass: &name}
}

func tolerate(key string, op corev1.TolerationOperator, value string) corev1.Toleration {
	return corev1.Toleration{Key: key, Operator: op, Value: value, Effect: corev1.TaintEffectNoSchedule}
}

var nvidiaTolerations = []corev1.Toleration{
	tolerate("nvidia.com/gpu", corev1.TolerationOpExists, ""),
	tolerate("sku", corev1.TolerationOpEqual, "gpu"),
}

const outsideEnclave = "spec.hardwareRequirements.gpuCount: the GPUs are outside the SGX enclave, which does not protect what they hold"

// A constrainCase is one call of Constrain. Where err is set the constraints are
// empty and the error contains it.
type constrainCase struct {
	reason  string
	demand  Demand
	classes []nodev1.RuntimeClass
	want    Constraints
	err     string
}

func runConstrain(t *testing.T, cases map[string]constrainCase) {
	t.Helper()
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			before := asJSON(t, tc.demand)
			got, err := Constrain(tc.demand, tc.classes)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nConstrain(...): -want, +got:\n%s", tc.reason, diff)
			}
			switch {
			case tc.err == "" && err != nil:
				t.Errorf("\n%s\nwant no error, got: %v", tc.reason, err)
			case tc.err != "" && (err == nil || !strings.HasPrefix(err.Error(), tc.err)):
				t.Errorf("\n%s\nwant error that begins %q, got: %v", tc.reason, tc.err, err)
			}
			if diff := cmp.Diff(before, asJSON(t, tc.demand)); diff != "" {
				t.Errorf("\n%s\nthe demand was modified: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// complexDemand is "Complex Performer with All Features" of the API reference.
func complexDemand() Demand {
	return Demand{
		Hardware: &hw{
			GPUType: "nvidia-a100", GPUCount: new(int32(2)), TEERequired: new(true), TEEType: "sgx",
			CustomLabels: map[string]string{"intel.sgx.version": "2.0"},
		},
		Scheduling: &v1alpha1.SchedulingConfig{
			NodeSelector: map[string]string{"node.kubernetes.io/instance-type": "m5.2xlarge"},
			NodeAffinity: required(reqs{in("kubernetes.io/arch", "amd64")}),
			Tolerations:  []corev1.Toleration{tolerate("dedicated", corev1.TolerationOpEqual, "avs-workloads")},
			RuntimeClass: new("gvisor"),
		},
		Resources: corev1.ResourceRequirements{Requests: list("cpu", "2", "memory", "4Gi"), Limits: list("cpu", "8", "memory", "16Gi")},
	}
}

func complexConstraints(t *testing.T) Constraints {
	t.Helper()
	return Constraints{
		NodeSelector: map[string]string{"node.kubernetes.io/instance-type": "m5.2xlarge", "intel.sgx.version": "2.0"},
		Affinity:     combined([]reqs{{in("kubernetes.io/arch", "amd64")}}, labelsOf(t, "a100"), hardware.HostLabels(hardware.SGX)),
		Tolerations: []corev1.Toleration{
			tolerate("dedicated", corev1.TolerationOpEqual, "avs-workloads"), nvidiaTolerations[0], nvidiaTolerations[1],
		},
		RuntimeClassName: new("gvisor"),
		Resources: corev1.ResourceRequirements{
			Requests: list("cpu", "2", "memory", "4Gi", "nvidia.com/gpu", "2", "sgx.intel.com/epc", "64Mi"),
			Limits:   list("cpu", "8", "memory", "16Gi", "nvidia.com/gpu", "2", "sgx.intel.com/epc", "64Mi"),
		},
		Warnings: []string{outsideEnclave},
	}
}

func TestConstrainBasics(t *testing.T) {
	everything := v1alpha1.SchedulingConfig{
		NodeSelector:      map[string]string{"disk": "ssd"},
		Tolerations:       []corev1.Toleration{{Operator: corev1.TolerationOpExists}},
		RuntimeClass:      new("gvisor"),
		PriorityClassName: "high",
		Affinity: &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{TopologyKey: "kubernetes.io/hostname"}},
		}},
	}
	runConstrain(t, map[string]constrainCase{
		"Nothing": {
			reason: "A demand without hardware or scheduling keeps its resources and nothing else.",
			demand: Demand{Resources: limits("cpu", "1")},
			want:   Constraints{Resources: limits("cpu", "1")},
		},
		"EmptyParts": {
			reason: "Empty parts say nothing.",
			demand: Demand{Hardware: &hw{TEEType: " ", GPUType: " "}, Scheduling: &v1alpha1.SchedulingConfig{
				RuntimeClass: new(""), NodeSelector: map[string]string{}, Affinity: &corev1.Affinity{}, NodeAffinity: &corev1.NodeAffinity{},
			}},
			want: Constraints{},
		},
		"OnlyScheduling": {
			reason: "What the user says is kept as it is, a toleration of everything too.",
			demand: Demand{Scheduling: &everything},
			want: Constraints{
				NodeSelector: everything.NodeSelector, Affinity: everything.Affinity, Tolerations: everything.Tolerations,
				RuntimeClassName: new("gvisor"), PriorityClassName: "high",
			},
		},
		"Reference": {
			reason: "The reference's example works as written where the classes are not known.",
			demand: complexDemand(),
			want:   complexConstraints(t),
		},
		"ReferenceWithClasses": {
			reason:  "The reference's example works as written where the class exists.",
			demand:  complexDemand(),
			classes: classes("gvisor", "kata-qemu-tdx"),
			want:    complexConstraints(t),
		},
		"NoClassInTarget": {
			reason:  "A target without RuntimeClasses is not one whose classes are unknown.",
			demand:  complexDemand(),
			classes: classes(),
			err:     `spec.scheduling.runtimeClass: the target has no RuntimeClass "gvisor"; it has none`,
		},
		"ClassMissing": {
			reason:  "A class that is missing would make the API server refuse the Pod.",
			demand:  Demand{Scheduling: running("gvisor")},
			classes: classes("runc", "kata-qemu"),
			err:     `spec.scheduling.runtimeClass: the target has no RuntimeClass "gvisor"; it has kata-qemu, runc`,
		},
		"CustomLabelResource": {
			reason: "A resource is not a node label.",
			demand: Demand{Hardware: &hw{CustomLabels: map[string]string{"sgx.intel.com/epc": "128Mi"}}},
			err:    "spec.hardwareRequirements.customLabels[sgx.intel.com/epc]: is a resource, not a node label; put it in spec.resources.limits",
		},
		"NodeSelectorResource": {
			reason: "A resource as a label of the node selector may be the administrator's own, but most likely is a mistake.",
			demand: Demand{Scheduling: &v1alpha1.SchedulingConfig{NodeSelector: map[string]string{"nvidia.com/gpu": "true"}}},
			want: Constraints{NodeSelector: map[string]string{"nvidia.com/gpu": "true"}, Warnings: []string{
				"spec.scheduling.nodeSelector[nvidia.com/gpu]: is a resource, which device plugins do not make a node label; ask for it in spec.resources.limits",
			}},
		},
		"CustomLabelConflict": {
			reason: "Two values of one label leave no node.",
			demand: Demand{Hardware: &hw{CustomLabels: map[string]string{"disk": "hdd"}}, Scheduling: &v1alpha1.SchedulingConfig{NodeSelector: map[string]string{"disk": "ssd"}}},
			err:    `spec.scheduling.nodeSelector: conflict: node label disk is "ssd" here, but spec.hardwareRequirements.customLabels needs "hdd"`,
		},
		"CustomLabelSame": {
			reason: "The same value twice is once.",
			demand: Demand{Hardware: &hw{CustomLabels: map[string]string{"disk": "ssd"}}, Scheduling: &v1alpha1.SchedulingConfig{NodeSelector: map[string]string{"disk": "ssd"}}},
			want:   Constraints{NodeSelector: map[string]string{"disk": "ssd"}},
		},
	})
}

func TestConstrainIsDeterministic(t *testing.T) {
	d := complexDemand()
	for key := range strings.SplitSeq("abcdefghijklmnop", "") {
		d.Hardware.CustomLabels[key] = "x"
	}
	first, err := Constrain(d, classes("b", "gvisor", "a"))
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		again, err := Constrain(d, classes("a", "b", "gvisor"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(asJSON(t, first), asJSON(t, again)); diff != "" {
			t.Fatalf("the same demand gave another result: -first, +again:\n%s", diff)
		}
	}
}

func TestConstraintsShareNothing(t *testing.T) {
	d := complexDemand()
	before := asJSON(t, d)
	c, err := Constrain(d, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.NodeSelector["node.kubernetes.io/instance-type"] = "other"
	c.Resources.Limits["cpu"] = resource.MustParse("1")
	c.Tolerations[0].Value = "other"
	*c.RuntimeClassName = "other"
	for _, term := range c.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
		term.MatchExpressions[0].Values[0] = "other"
	}
	if diff := cmp.Diff(before, asJSON(t, d)); diff != "" {
		t.Errorf("writing to the constraints changed the demand: -want, +got:\n%s", diff)
	}
	again, err := Constrain(d, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(complexConstraints(t), again); diff != "" {
		t.Errorf("writing to the constraints changed later ones: -want, +got:\n%s", diff)
	}
}
