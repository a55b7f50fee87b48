// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

func notSliced() reqs {
	return reqs{is("nvidia.com/gpu.slices.gi", corev1.NodeSelectorOpDoesNotExist), is("cloud.google.com/gke-gpu-partition-size", corev1.NodeSelectorOpDoesNotExist)}
}

func notShared() reqs {
	return reqs{is("nvidia.com/gpu.sharing-strategy", corev1.NodeSelectorOpNotIn, "mps", "time-slicing"), is("cloud.google.com/gke-gpu-sharing-strategy", corev1.NodeSelectorOpDoesNotExist)}
}

// on returns scheduling that selects nodes by labels, given one after the other.
func on(pairs ...string) *v1alpha1.SchedulingConfig {
	s := &v1alpha1.SchedulingConfig{NodeSelector: map[string]string{}}
	for i := 0; i < len(pairs); i += 2 {
		s.NodeSelector[pairs[i]] = pairs[i+1]
	}
	return s
}

func TestConstrainWholeGPUs(t *testing.T) {
	anyGPU := func(s *v1alpha1.SchedulingConfig) Demand {
		return Demand{Hardware: &hw{GPUCount: new(int32(1))}, Scheduling: s}
	}
	one := func(s *v1alpha1.SchedulingConfig, terms ...reqs) Constraints {
		c := Constraints{NodeSelector: s.NodeSelector, Tolerations: nvidiaTolerations, Resources: devices("nvidia.com/gpu", "1")}
		if terms != nil {
			c.Affinity = combined(terms)
		}
		return c
	}
	listed := func(resource string) Constraints {
		return Constraints{Tolerations: nvidiaTolerations, Resources: devices(resource, "1")}
	}
	neither := append(notSliced(), notShared()...)
	notMPS := is("cloud.google.com/gke-gpu-sharing-strategy", corev1.NodeSelectorOpNotIn, "mps")
	anywhere := &v1alpha1.SchedulingConfig{}
	zone := in("topology.kubernetes.io/zone", "a")
	product := func(v string) *v1alpha1.SchedulingConfig { return on("nvidia.com/gpu.product", v) }
	affine := func(terms ...reqs) *v1alpha1.SchedulingConfig {
		return &v1alpha1.SchedulingConfig{NodeAffinity: required(terms...)}
	}
	named := corev1.NodeSelectorTerm{MatchFields: reqs{in("metadata.name", "node-1")}}
	byName := &v1alpha1.SchedulingConfig{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{named}}}}
	onName := one(byName)
	named.MatchExpressions = neither
	onName.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{named}}}}
	sharedGKE := on("cloud.google.com/gke-gpu-sharing-strategy", "time-sharing", "cloud.google.com/gke-max-shared-clients-per-gpu", "4")
	clientsGKE := on("cloud.google.com/gke-max-shared-clients-per-gpu", "4")
	slicedGKE := on("cloud.google.com/gke-gpu-partition-size", "1g.5gb")
	bothGKE := on("cloud.google.com/gke-gpu-partition-size", "1g.5gb", "cloud.google.com/gke-gpu-sharing-strategy", "mps")
	mps, unshared, single := on("nvidia.com/gpu.sharing-strategy", "mps"), on("nvidia.com/gpu.sharing-strategy", "none"), on("nvidia.com/mig.strategy", "single")
	sgx := withSGX("", "64Mi")
	sgx.Affinity = combined([]reqs{{}}, alternativesOf(onHost("", "sgx")), []reqs{neither})
	sgx.Tolerations, sgx.Resources, sgx.Warnings = nvidiaTolerations, devices("nvidia.com/gpu", "1", "sgx.intel.com/epc", "64Mi"), []string{outsideEnclave}
	runConstrain(t, map[string]constrainCase{
		"NoWord":           {reason: "Slices and shares serve only who asks for them.", demand: anyGPU(on()), want: Constraints{Affinity: combined([]reqs{neither}), Tolerations: nvidiaTolerations, Resources: devices("nvidia.com/gpu", "1")}},
		"OtherLabel":       {reason: "A label of something else is no word about it.", demand: anyGPU(on("disk", "ssd")), want: one(on("disk", "ssd"), neither)},
		"EveryTerm":        {reason: "It holds in every term of the user's.", demand: anyGPU(affine(reqs{zone}, reqs{in("disk", "ssd")})), want: one(anywhere, append(reqs{zone}, neither...), append(reqs{in("disk", "ssd")}, neither...))},
		"NodeByName":       {reason: "It holds for a node that is named.", demand: anyGPU(byName), want: onName},
		"ExplicitlyWhole":  {reason: "Who refuses shares has not asked for them, and says it once.", demand: anyGPU(affine(notShared())), want: one(anywhere, append(notShared(), notSliced()...))},
		"Refused":          {reason: "Nor has who refuses one kind of them.", demand: anyGPU(affine(reqs{notMPS})), want: one(anywhere, append(reqs{notMPS}, neither...))},
		"StrategyNone":     {reason: "Who selects what is not shared has not asked for shares.", demand: anyGPU(unshared), want: one(unshared, neither)},
		"MIGSetting":       {reason: "The plugin's MIG setting is on nodes of whole GPUs too, and asks for nothing.", demand: anyGPU(single), want: one(single, neither)},
		"SharedByStrategy": {reason: "Who selects a strategy asks for shares, not for slices.", demand: anyGPU(mps), want: one(mps, notSliced())},
		"SharedGKE":        {reason: "Google's way to ask for shares works.", demand: anyGPU(sharedGKE), want: one(sharedGKE, notSliced())},
		"SharedGKEClients": {reason: "So does half of it.", demand: anyGPU(clientsGKE), want: one(clientsGKE, notSliced())},
		"SlicedGKE":        {reason: "Google's way to ask for slices works.", demand: anyGPU(slicedGKE), want: one(slicedGKE, notShared())},
		"BothGKE":          {reason: "Who asks for both gets both, and a term that would say nothing is left out.", demand: anyGPU(bothGKE), want: one(bothGKE)},
		"SharedProduct":    {reason: "A product may ask for shares.", demand: anyGPU(product("Tesla-T4-SHARED")), want: one(product("Tesla-T4-SHARED"), notSliced())},
		"SlicedProduct":    {reason: "A product may ask for slices.", demand: anyGPU(product("NVIDIA-A100-SXM4-40GB-MIG-1g.5gb")), want: one(product("NVIDIA-A100-SXM4-40GB-MIG-1g.5gb"), notShared())},
		"SlicedAndShared":  {reason: "A product may ask for shares of slices.", demand: anyGPU(product("NVIDIA-H100-PCIe-MIG-1g.10gb-SHARED")), want: one(product("NVIDIA-H100-PCIe-MIG-1g.10gb-SHARED"))},
		"WholeProduct":     {reason: "A product of whole GPUs asks for neither.", demand: anyGPU(product("Tesla-T4")), want: one(product("Tesla-T4"), neither)},
		"OneTermAsks":      {reason: "A term that asks does not speak for the others.", demand: anyGPU(affine(reqs{is("nvidia.com/gpu.slices.gi", corev1.NodeSelectorOpGt, "2")}, reqs{zone})), want: one(anywhere, append(reqs{is("nvidia.com/gpu.slices.gi", corev1.NodeSelectorOpGt, "2")}, notShared()...), append(reqs{zone}, neither...))},
		"SharedResource":   {reason: "The resource of shares asks for them.", demand: Demand{Resources: devices("nvidia.com/gpu.shared", "1")}, want: listed("nvidia.com/gpu.shared")},
		"SliceResource":    {reason: "The resource of a slice asks for it.", demand: Demand{Resources: devices("nvidia.com/mig-1g.5gb", "1")}, want: listed("nvidia.com/mig-1g.5gb")},
		"Passthrough":      {reason: "A GPU handed through is always whole.", demand: Demand{Resources: devices("nvidia.com/pgpu", "1")}, want: listed("nvidia.com/pgpu")},
		"Named":            {reason: "The labels that prove a model tell slices and shares apart.", demand: Demand{Hardware: gpus("t4-shared", 1)}, want: gpuConstraints(t, "t4-shared", devices("nvidia.com/gpu", "1"))},
		"BesideSGX":        {reason: "It holds beside a TEE.", demand: Demand{Hardware: &hw{GPUCount: new(int32(1)), TEEType: "sgx"}}, want: sgx},
	})
}

// alternativesOf returns the terms of the constraints as alternatives.
func alternativesOf(c Constraints) []reqs {
	var all []reqs
	for _, t := range c.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
		all = append(all, t.MatchExpressions)
	}
	return all
}

// TestOnlyWholeGPUsUnlessAsked checks that nodes of slices and shares are never
// allowed to who did not ask, and nodes of whole GPUs, however little or much
// their labels say, always are.
func TestOnlyWholeGPUsUnlessAsked(t *testing.T) {
	whole := []map[string]string{
		{},
		{"cloud.google.com/gke-accelerator": "nvidia-l4"},
		{"nvidia.com/gpu.product": "Tesla-T4", "nvidia.com/gpu.replicas": "1", "nvidia.com/gpu.sharing-strategy": "none", "nvidia.com/mig.capable": "false", "nvidia.com/mig.strategy": "single"},
		{"nvidia.com/gpu.product": "NVIDIA-A100-SXM4-40GB", "nvidia.com/gpu.replicas": "1", "nvidia.com/mig.capable": "true", "nvidia.com/mig.config": "all-disabled", "nvidia.com/mig.strategy": "single"},
		{"nvidia.com/gpu.product": "NVIDIA-A100-SXM4-40GB", "nvidia.com/mig.strategy": "mixed", "nvidia.com/mig-1g.5gb.count": "7", "nvidia.com/mig-1g.5gb.slices.gi": "1"},
		{"karpenter.k8s.aws/instance-gpu-name": "a10g", "karpenter.k8s.aws/instance-gpu-count": "1"},
	}
	less := []map[string]string{
		{"nvidia.com/gpu.product": "Tesla-T4-SHARED", "nvidia.com/gpu.replicas": "4", "nvidia.com/gpu.sharing-strategy": "time-slicing", "nvidia.com/mig.strategy": "single"},
		{"nvidia.com/gpu.product": "Tesla-T4-SHARED", "nvidia.com/gpu.replicas": "4", "nvidia.com/gpu.sharing-strategy": "mps"},
		{"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3-MIG-1g.10gb", "nvidia.com/gpu.slices.ci": "1", "nvidia.com/gpu.slices.gi": "1", "nvidia.com/mig.strategy": "single"},
		{"cloud.google.com/gke-accelerator": "nvidia-tesla-a100", "cloud.google.com/gke-gpu-partition-size": "1g.5gb"},
		{"cloud.google.com/gke-accelerator": "nvidia-l4", "cloud.google.com/gke-gpu-sharing-strategy": "TIME_SHARING"},
		{"cloud.google.com/gke-accelerator": "nvidia-l4", "cloud.google.com/gke-gpu-sharing-strategy": "mps", "cloud.google.com/gke-max-shared-clients-per-gpu": "8"},
	}
	demands := []Demand{
		{Hardware: &hw{GPUCount: new(int32(1))}},
		{Hardware: &hw{GPUCount: new(int32(4))}},
		{Resources: limits("nvidia.com/gpu", "1")},
		{Hardware: &hw{GPUCount: new(int32(1))}, Resources: limits("nvidia.com/gpu", "1")},
		{Hardware: &hw{GPUCount: new(int32(1))}, Scheduling: &v1alpha1.SchedulingConfig{NodeAffinity: required(reqs{is("spot", corev1.NodeSelectorOpDoesNotExist)}, reqs{is("gke", corev1.NodeSelectorOpDoesNotExist)})}},
		{Hardware: &hw{GPUCount: new(int32(1))}, Scheduling: running("gvisor")},
		{Hardware: &hw{GPUCount: new(int32(1))}, Scheduling: running("nvidia")},
	}
	for i, d := range demands {
		for _, target := range [][]nodev1.RuntimeClass{nil, classes("nvidia", "gvisor")} {
			c, err := Constrain(d, target)
			if err != nil {
				t.Fatalf("demand %d: %v", i, err)
			}
			selector := nodeaffinity.GetRequiredNodeAffinity(&corev1.Pod{Spec: corev1.PodSpec{NodeSelector: c.NodeSelector, Affinity: c.Affinity}})
			for _, labels := range slices.Concat(whole, less) {
				want := slices.ContainsFunc(whole, func(w map[string]string) bool { return asJSON(t, w) == asJSON(t, labels) })
				if got := admits(t, selector, node{labels: labels}); got != want {
					t.Errorf("demand %d: a node labeled %v is allowed: want %t, got %t", i, labels, want, got)
				}
			}
		}
	}
}
