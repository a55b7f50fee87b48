// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"strconv"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/hardware"
)

func TestConstrainAffinity(t *testing.T) {
	const product = hardware.LabelGFDProduct
	l40 := labelsOf(t, "l40")
	zone := func(v string) corev1.NodeSelectorRequirement { return in("topology.kubernetes.io/zone", v) }
	spot := is("spot", corev1.NodeSelectorOpDoesNotExist)
	preferred := func(key string) []corev1.PreferredSchedulingTerm {
		return []corev1.PreferredSchedulingTerm{{Weight: 5, Preference: corev1.NodeSelectorTerm{MatchExpressions: reqs{in(key, "x")}}}}
	}
	named := corev1.NodeSelectorTerm{MatchFields: reqs{in("metadata.name", "node-1")}}
	byName := &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{named}}}
	many := func(n int) *corev1.NodeAffinity {
		var terms []reqs
		for i := range n {
			terms = append(terms, reqs{zone(strconv.Itoa(i))})
		}
		return required(terms...)
	}
	cases := map[string]struct {
		reason     string
		scheduling v1alpha1.SchedulingConfig
		gpu        string
		want       *corev1.Affinity
		err        string
	}{
		"NoTerm": {
			reason:     "No terms match no node.",
			scheduling: v1alpha1.SchedulingConfig{NodeAffinity: required()},
			err:        "spec.scheduling.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: has no term with an expression, and so matches no node",
		},
		"OnlyEmptyTerms": {
			reason:     "Empty terms match no node.",
			scheduling: v1alpha1.SchedulingConfig{Affinity: &corev1.Affinity{NodeAffinity: required(nil, reqs{})}},
			err:        "spec.scheduling.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: has no term",
		},
		"EmptyTermBesideAnother": {
			reason:     "An empty term matches no node and must not become one that matches the GPU.",
			scheduling: v1alpha1.SchedulingConfig{NodeAffinity: required(nil, reqs{zone("a")})},
			gpu:        "l40", want: combined([]reqs{{zone("a")}}, l40),
		},
		"TwoTerms": {
			reason:     "The hardware goes into every term, and never beside them.",
			scheduling: v1alpha1.SchedulingConfig{NodeAffinity: required(reqs{zone("a")}, reqs{zone("b"), spot})},
			gpu:        "a100", want: combined([]reqs{{zone("a")}, {zone("b"), spot}}, labelsOf(t, "a100")),
		},
		"BothPlaces": {
			reason: "What the user says in two places must both hold.",
			scheduling: v1alpha1.SchedulingConfig{
				NodeAffinity: required(reqs{zone("a")}, reqs{zone("b")}),
				Affinity:     &corev1.Affinity{NodeAffinity: required(reqs{spot}, reqs{in("disk", "ssd")})},
			},
			want: combined([]reqs{{zone("a"), spot}, {zone("a"), in("disk", "ssd")}, {zone("b"), spot}, {zone("b"), in("disk", "ssd")}}),
		},
		"SameInBothPlaces": {
			reason:     "The same requirement is there once, and so is the same term.",
			scheduling: v1alpha1.SchedulingConfig{NodeAffinity: required(reqs{zone("a")}, reqs{zone("a")}), Affinity: &corev1.Affinity{NodeAffinity: required(reqs{zone("a")})}},
			want:       combined([]reqs{{zone("a")}}),
		},
		"PreferredKept": {
			reason: "Preferred terms are kept, of both places.",
			scheduling: v1alpha1.SchedulingConfig{
				NodeAffinity: &corev1.NodeAffinity{PreferredDuringSchedulingIgnoredDuringExecution: preferred("p")},
				Affinity:     &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{PreferredDuringSchedulingIgnoredDuringExecution: preferred("q")}, PodAffinity: &corev1.PodAffinity{}},
			},
			gpu: "l40",
			want: &corev1.Affinity{PodAffinity: &corev1.PodAffinity{}, NodeAffinity: &corev1.NodeAffinity{
				RequiredDuringSchedulingIgnoredDuringExecution:  combined([]reqs{{}}, l40).NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution,
				PreferredDuringSchedulingIgnoredDuringExecution: append(preferred("p"), preferred("q")...),
			}},
		},
		"FieldsKept": {
			reason:     "A node's name is a requirement like others.",
			scheduling: v1alpha1.SchedulingConfig{NodeAffinity: byName},
			gpu:        "l40",
			want: &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
				NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchFields: named.MatchFields, MatchExpressions: l40[0]}},
			}}},
		},
		"SameAsOurs": {
			reason:     "A product that is the wanted one adds nothing.",
			scheduling: v1alpha1.SchedulingConfig{NodeAffinity: required(reqs{in(product, "NVIDIA-L40")})},
			gpu:        "l40", want: combined([]reqs{{in(product, "NVIDIA-L40")}}),
		},
		"UnknownProductOfModel": {
			reason:     "A product that the catalog lacks is accepted where its words say the model.",
			scheduling: v1alpha1.SchedulingConfig{NodeAffinity: required(reqs{in(product, "NVIDIA-L40-48GB")})},
			gpu:        "l40", want: combined([]reqs{{in(product, "NVIDIA-L40-48GB"), in(product, "NVIDIA-L40", "NVIDIA-L40-48GB")}}),
		},
		"OtherProductInATerm": {
			reason:     "A term for another model can match nothing, and the others remain.",
			scheduling: v1alpha1.SchedulingConfig{NodeAffinity: required(reqs{in(product, "Tesla-T4")}, reqs{zone("a")})},
			gpu:        "a100", want: combined([]reqs{{zone("a")}}, labelsOf(t, "a100")),
		},
		"OtherProduct": {
			reason:     "A term for another model alone is a conflict, whatever other labels there may be.",
			scheduling: v1alpha1.SchedulingConfig{NodeAffinity: required(reqs{in(product, "Tesla-T4")})},
			gpu:        "a100",
			err:        "spec.hardwareRequirements.gpuType: conflict: it needs nodes with nvidia.com/gpu.product In [A100-PCIE-40GB",
		},
		"ExcludedProduct": {
			reason:     "Excluding all products excludes that scheme, and others remain.",
			scheduling: v1alpha1.SchedulingConfig{NodeAffinity: required(reqs{is(product, corev1.NodeSelectorOpNotIn, "Tesla-T4")})},
			gpu:        "t4", want: combined([]reqs{{is(product, corev1.NodeSelectorOpNotIn, "Tesla-T4")}}, labelsOf(t, "t4")[1:]),
		},
		"ExcludedOnlyProduct": {
			reason:     "Excluding the only product is a conflict.",
			scheduling: v1alpha1.SchedulingConfig{NodeAffinity: required(reqs{is(product, corev1.NodeSelectorOpNotIn, "NVIDIA-L40")})},
			gpu:        "l40", err: "spec.hardwareRequirements.gpuType: conflict: no node can have both nvidia.com/gpu.product NotIn [NVIDIA-L40] and nvidia.com/gpu.product In [NVIDIA-L40]",
		},
		"AbsentAndPresent": {
			reason:     "A label cannot be there and not be there.",
			scheduling: v1alpha1.SchedulingConfig{NodeAffinity: required(reqs{spot, is("spot", corev1.NodeSelectorOpExists)})},
			err:        "spec.scheduling.nodeAffinity: conflict: no node can have both spot DoesNotExist and spot Exists",
		},
		"Undecided": {
			reason:     "Numbers and presence are left to the scheduler.",
			scheduling: v1alpha1.SchedulingConfig{NodeAffinity: required(reqs{is("nvidia.com/gpu.memory", corev1.NodeSelectorOpGt, "40000"), is("nvidia.com/gpu.memory", corev1.NodeSelectorOpExists)})},
			want:       combined([]reqs{{is("nvidia.com/gpu.memory", corev1.NodeSelectorOpGt, "40000"), is("nvidia.com/gpu.memory", corev1.NodeSelectorOpExists)}}),
		},
		"MemoryTooSmall": {
			reason:     "A number is compared with the values it is asked beside.",
			scheduling: v1alpha1.SchedulingConfig{NodeSelector: map[string]string{"nvidia.com/gpu.memory": "16384"}, NodeAffinity: required(reqs{is("nvidia.com/gpu.memory", corev1.NodeSelectorOpGt, "40000")})},
			err:        "spec.scheduling.nodeAffinity: conflict: no node can have both nvidia.com/gpu.memory In [16384] and nvidia.com/gpu.memory Gt [40000]",
		},
		"BadOperator": {
			reason:     "An operator that does not exist is named with its field.",
			scheduling: v1alpha1.SchedulingConfig{NodeAffinity: required(reqs{is("a", "Like", "x")})},
			err:        `spec.scheduling.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].operator: Unsupported value: "Like"`,
		},
		"BadValues": {
			reason:     "All that is wrong is named at once.",
			scheduling: v1alpha1.SchedulingConfig{NodeAffinity: required(reqs{is("a", corev1.NodeSelectorOpIn)}, reqs{is("a", corev1.NodeSelectorOpGt, "40Gi")})},
			err:        `spec.scheduling.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values: Invalid value: null: for 'in', 'notin' operators, values set can't be empty; spec.scheduling.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[1].matchExpressions[0].values[0]: Invalid value: "40Gi"`,
		},
		"BadAffinity": {
			reason:     "The second place is checked like the first.",
			scheduling: v1alpha1.SchedulingConfig{Affinity: &corev1.Affinity{NodeAffinity: required(reqs{is("a", "Like", "x")})}},
			err:        `spec.scheduling.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0]`,
		},
		"BadPreferred": {
			reason: "Preferred terms are checked too.",
			scheduling: v1alpha1.SchedulingConfig{NodeAffinity: &corev1.NodeAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{
				{Weight: 1, Preference: corev1.NodeSelectorTerm{MatchExpressions: reqs{is("a", "Like", "x")}}},
			}}},
			err: `spec.scheduling.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].matchExpressions[0].operator: Unsupported value: "Like"`,
		},
		"TooManyTerms": {
			reason:     "A product of hundreds of terms is refused.",
			scheduling: v1alpha1.SchedulingConfig{NodeAffinity: many(103)},
			gpu:        "a100", err: "spec.hardwareRequirements.gpuType: makes 515 node affinity terms",
		},
		"TooManyOfTheUser": {
			reason:     "A product of hundreds of terms is refused.",
			scheduling: v1alpha1.SchedulingConfig{NodeAffinity: many(30), Affinity: &corev1.Affinity{NodeAffinity: many(30)}},
			err:        "spec.scheduling.affinity.nodeAffinity: makes 900 node affinity terms",
		},
	}
	all := map[string]constrainCase{}
	for name, tc := range cases {
		c := constrainCase{reason: tc.reason, demand: Demand{Scheduling: &tc.scheduling}, err: tc.err}
		if tc.gpu != "" {
			c.demand.Hardware = gpus(tc.gpu, 1)
		}
		if tc.err == "" {
			c.want = Constraints{Affinity: tc.want, NodeSelector: tc.scheduling.NodeSelector}
			if tc.gpu != "" {
				c.want.Tolerations, c.want.Resources = nvidiaTolerations, devices("nvidia.com/gpu", "1")
			}
		}
		all[name] = c
	}
	runConstrain(t, all)
}

func TestConstrainSelectorAgainstModel(t *testing.T) {
	selector := func(key, value string) *v1alpha1.SchedulingConfig {
		return &v1alpha1.SchedulingConfig{NodeSelector: map[string]string{key: value}}
	}
	exact := gpuConstraints(t, "a100", devices("nvidia.com/gpu", "1"))
	exact.NodeSelector = map[string]string{hardware.LabelGFDProduct: "NVIDIA-A100-SXM4-80GB"}
	runConstrain(t, map[string]constrainCase{
		"RightProduct": {reason: "A product of the model narrows it.", demand: Demand{Hardware: gpus("a100", 1), Scheduling: selector(hardware.LabelGFDProduct, "NVIDIA-A100-SXM4-80GB")}, want: exact},
		"WrongProduct": {
			reason: "A product of another model is a conflict, though other labels may name the model.",
			demand: Demand{Hardware: gpus("a100", 1), Scheduling: selector(hardware.LabelGFDProduct, "Tesla-T4")},
			err:    "spec.hardwareRequirements.gpuType: conflict: it needs nodes with nvidia.com/gpu.product In [",
		},
		"SlicedProduct": {
			reason: "A slice must be asked for.",
			demand: Demand{Hardware: gpus("a100", 1), Scheduling: selector(hardware.LabelGFDProduct, "NVIDIA-A100-SXM4-40GB-MIG-1g.5gb")},
			err:    "spec.hardwareRequirements.gpuType: conflict: ",
		},
		"SlicedPool": {
			reason: "A slice must be asked for on GKE too.",
			demand: Demand{Hardware: gpus("a100", 1), Scheduling: selector(hardware.LabelGKEPartition, "1g.5gb")},
			err:    "spec.hardwareRequirements.gpuType: conflict: it needs nodes with cloud.google.com/gke-gpu-partition-size DoesNotExist, but the node labels that are asked for say cloud.google.com/gke-gpu-partition-size In [1g.5gb]",
		},
		"WrongInCustomLabels": {
			reason: "Custom labels are node labels too.",
			demand: Demand{Hardware: &hw{GPUType: "l4", CustomLabels: map[string]string{hardware.LabelKarpenterAWSGPU: "l40s"}}},
			err:    "spec.hardwareRequirements.gpuType: conflict: it needs nodes with karpenter.k8s.aws/instance-gpu-name In [l4], but",
		},
	})
}
