// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/hardware"
)

func gpus(model string, count int32) *hw { return &hw{GPUType: model, GPUCount: &count} }

// gpuConstraints are those of whole NVIDIA GPUs.
func gpuConstraints(t *testing.T, model string, res corev1.ResourceRequirements) Constraints {
	t.Helper()
	return Constraints{Affinity: combined([]reqs{{}}, labelsOf(t, model)), Tolerations: nvidiaTolerations, Resources: res}
}

func TestConstrainGPUCount(t *testing.T) {
	anyGPU := func(n string) Constraints {
		return Constraints{Affinity: combined([]reqs{append(notSliced(), notShared()...)}), Tolerations: nvidiaTolerations, Resources: devices("nvidia.com/gpu", n)}
	}
	runConstrain(t, map[string]constrainCase{
		"TypeOnly":     {reason: "A model alone is one GPU.", demand: Demand{Hardware: &hw{GPUType: "V100"}}, want: gpuConstraints(t, "v100", devices("nvidia.com/gpu", "1"))},
		"One":          {reason: "One is one.", demand: Demand{Hardware: gpus("v100", 1)}, want: gpuConstraints(t, "v100", devices("nvidia.com/gpu", "1"))},
		"Eight":        {reason: "Any number is possible without a TEE.", demand: Demand{Hardware: gpus("h100", 8)}, want: gpuConstraints(t, "h100", devices("nvidia.com/gpu", "8"))},
		"Nine":         {reason: "How many a node has is not known here.", demand: Demand{Hardware: gpus("h100", 9)}, want: gpuConstraints(t, "h100", devices("nvidia.com/gpu", "9"))},
		"Negative":     {reason: "There are no negative GPUs.", demand: Demand{Hardware: gpus("v100", -1)}, err: "spec.hardwareRequirements.gpuCount: is -1 but must be 0 or more"},
		"UnknownModel": {reason: "An unknown model is never guessed.", demand: Demand{Hardware: gpus("h1000", 1)}, err: `spec.hardwareRequirements.gpuType: "h1000" is not a known GPU model; known models are a10, a10g, a100, `},
		"ZeroOfAModel": {
			reason: "No GPUs of a model are no GPUs.",
			demand: Demand{Hardware: gpus("v100", 0)},
			want:   Constraints{Warnings: []string{`spec.hardwareRequirements.gpuType: "v100" is ignored because the number of GPUs is 0`}},
		},
		"Zero":           {reason: "No GPUs are no GPUs.", demand: Demand{Hardware: &hw{GPUCount: new(int32(0))}}, want: Constraints{}},
		"CountOnly":      {reason: "GPUs of no model are NVIDIA's.", demand: Demand{Hardware: &hw{GPUCount: new(int32(2))}}, want: anyGPU("2")},
		"CountOfAMD":     {reason: "GPUs of no model are of the vendor that the resources name.", demand: Demand{Hardware: &hw{GPUCount: new(int32(2))}, Resources: limits("amd.com/gpu", "2")}, want: Constraints{Tolerations: hardware.GPUTolerations(hardware.AMD), Resources: devices("amd.com/gpu", "2")}},
		"FromResources":  {reason: "The number may stand in the resources.", demand: Demand{Hardware: &hw{GPUType: "v100"}, Resources: limits("nvidia.com/gpu", "4")}, want: gpuConstraints(t, "v100", devices("nvidia.com/gpu", "4"))},
		"FromRequests":   {reason: "Requests without limits are refused by Kubernetes, so the limits are added.", demand: Demand{Resources: corev1.ResourceRequirements{Requests: list("nvidia.com/gpu", "1")}}, want: anyGPU("1")},
		"ResourcesOnly":  {reason: "GPUs that only the resources ask for are tolerated too.", demand: Demand{Resources: devices("nvidia.com/gpu", "1")}, want: anyGPU("1")},
		"ZeroInResource": {reason: "None in the resources are none.", demand: Demand{Hardware: &hw{GPUType: "v100"}, Resources: limits("nvidia.com/gpu", "0")}, want: Constraints{Resources: limits("nvidia.com/gpu", "0"), Warnings: []string{`spec.hardwareRequirements.gpuType: "v100" is ignored because the number of GPUs is 0`}}},
		"OtherNumber":    {reason: "Two numbers are a contradiction.", demand: Demand{Hardware: gpus("v100", 2), Resources: limits("nvidia.com/gpu", "1")}, err: "spec.hardwareRequirements.gpuCount: is 2 but spec.resources.limits[nvidia.com/gpu] asks for 1; make them equal or leave one out"},
		"ZeroAndOne":     {reason: "None and one are a contradiction.", demand: Demand{Hardware: &hw{GPUCount: new(int32(0))}, Resources: limits("nvidia.com/gpu", "1")}, err: "spec.hardwareRequirements.gpuCount: is 0 but spec.resources.limits[nvidia.com/gpu] asks for 1"},
		"LimitIsNotRequest": {
			reason: "Devices cannot be overcommitted.",
			demand: Demand{Resources: corev1.ResourceRequirements{Limits: list("nvidia.com/gpu", "8"), Requests: list("nvidia.com/gpu", "6")}},
			err:    "spec.resources.requests[nvidia.com/gpu]: is 6 but spec.resources.limits[nvidia.com/gpu] is 8",
		},
		"Fraction": {reason: "GPUs are whole.", demand: Demand{Resources: limits("nvidia.com/gpu", "0.5")}, err: "spec.resources.limits[nvidia.com/gpu]: is 500m but must be a whole number of GPUs"},
		"TwoResources": {
			reason: "A model is of one resource.",
			demand: Demand{Hardware: gpus("v100", 1), Resources: limits("nvidia.com/gpu", "1", "amd.com/gpu", "1")},
			err:    "spec.resources.limits: asks for GPUs as amd.com/gpu, nvidia.com/gpu; keep the one",
		},
		"TwoSlices": {
			reason: "Without a model the resources may be as many as the user likes.",
			demand: Demand{Resources: limits("nvidia.com/mig-1g.5gb", "1", "nvidia.com/mig-2g.10gb", "1")},
			want:   Constraints{Tolerations: nvidiaTolerations, Resources: limits("nvidia.com/mig-1g.5gb", "1", "nvidia.com/mig-2g.10gb", "1")},
		},
		"OtherVendor": {reason: "AMD's resource counts no V100.", demand: Demand{Hardware: gpus("v100", 1), Resources: limits("amd.com/gpu", "1")}, err: "spec.resources.limits[amd.com/gpu]: amd.com/gpu does not count GPUs of the model v100"},
	})
}

func TestConstrainGPUKinds(t *testing.T) {
	sharing := gpuConstraints(t, "l4-shared", devices("nvidia.com/gpu", "2"))
	sharing.Warnings = []string{"spec.hardwareRequirements.gpuCount: 2 shares of a shared GPU may be refused by the node, and are not 2 times the compute of one"}
	slice := gpuConstraints(t, "a100-mig-1g.5gb", devices("nvidia.com/mig-1g.5gb", "1"))
	asked := slice
	slice.Warnings = []string{"spec.hardwareRequirements.gpuType: MIG slices are asked for as nvidia.com/mig-1g.5gb; where slices are counted as nvidia.com/gpu, as on GKE, put that in spec.resources.limits"}
	single, err := hardware.ParseGPU("a100-mig-1g.5gb")
	if err != nil {
		t.Fatal(err)
	}
	passed := gpuConstraints(t, "h100", devices("nvidia.com/pgpu", "1"))
	passed.RuntimeClassName = new("kata-qemu-nvidia-gpu")
	passed.Warnings = []string{passthroughWarning}
	runConstrain(t, map[string]constrainCase{
		"AMD": {
			reason: "An AMD GPU has its own resource, labels and taint.",
			demand: Demand{Hardware: gpus("amd-mi300x", 8)},
			want:   Constraints{Affinity: combined([]reqs{{}}, labelsOf(t, "mi300x")), Tolerations: hardware.GPUTolerations(hardware.AMD), Resources: devices("amd.com/gpu", "8")},
		},
		"Intel": {
			reason: "No usual taint of Intel's is known.",
			demand: Demand{Hardware: gpus("flex-170", 1)},
			want:   Constraints{Affinity: combined([]reqs{{}}, labelsOf(t, "flex-170")), Resources: devices("gpu.intel.com/i915", "1")},
		},
		"IntelXe": {
			reason: "The user may name the kernel driver's resource.",
			demand: Demand{Hardware: &hw{GPUType: "max-1550"}, Resources: limits("gpu.intel.com/xe", "2")},
			want:   Constraints{Affinity: combined([]reqs{{}}, labelsOf(t, "max-1550")), Resources: devices("gpu.intel.com/xe", "2")},
		},
		"Slice":      {reason: "A slice is counted by its profile.", demand: Demand{Hardware: &hw{GPUType: "a100-mig-1g.5gb"}}, want: slice},
		"SliceByRes": {reason: "The resource says which slice.", demand: Demand{Hardware: &hw{GPUType: "a100"}, Resources: limits("nvidia.com/mig-1g.5gb", "1")}, want: asked},
		"SliceSingle": {
			reason: "The user may say that slices are counted as GPUs.",
			demand: Demand{Hardware: &hw{GPUType: "a100-mig-1g.5gb"}, Resources: limits("nvidia.com/gpu", "1")},
			want:   Constraints{Affinity: combined([]reqs{{}}, single.Alternatives("nvidia.com/gpu")), Tolerations: nvidiaTolerations, Resources: devices("nvidia.com/gpu", "1")},
		},
		"Shares": {reason: "Several shares are seldom what one wants.", demand: Demand{Hardware: gpus("l4-shared", 2)}, want: sharing},
		"ARM64": {
			reason: "A GH200 is on Arm nodes, which are tainted.",
			demand: Demand{Hardware: gpus("gh200", 1)},
			want: Constraints{
				NodeSelector: map[string]string{"kubernetes.io/arch": "arm64"}, Affinity: combined([]reqs{{}}, labelsOf(t, "gh200")),
				Tolerations: append(append([]corev1.Toleration{}, nvidiaTolerations...), hardware.ARM64Toleration()), Resources: devices("nvidia.com/gpu", "1"),
			},
		},
		"ARM64Conflict": {
			reason: "A GB200 has no amd64 node.",
			demand: Demand{Hardware: gpus("gb200", 1), Scheduling: &v1alpha1.SchedulingConfig{NodeSelector: map[string]string{"kubernetes.io/arch": "amd64"}}},
			err:    `spec.scheduling.nodeSelector: conflict: node label kubernetes.io/arch is "amd64" here, but spec.hardwareRequirements.gpuType needs "arm64"`,
		},
		"ARM64AffinityConflict": {
			reason: "A GB200 has no amd64 node, in the affinity either.",
			demand: Demand{Hardware: gpus("gb200", 1), Scheduling: &v1alpha1.SchedulingConfig{NodeAffinity: required(reqs{in("kubernetes.io/arch", "amd64")})}},
			err:    "spec.scheduling.nodeAffinity: conflict: no node can have both kubernetes.io/arch In [arm64] and kubernetes.io/arch In [amd64]",
		},
		"Passthrough":    {reason: "A class that hands GPUs through has a resource of its own.", demand: Demand{Hardware: gpus("h100", 1), Scheduling: running("kata-qemu-nvidia-gpu")}, want: passed},
		"PassthroughAMD": {reason: "Only NVIDIA's GPUs are handed through.", demand: Demand{Hardware: gpus("mi300x", 1), Scheduling: running("kata-qemu-nvidia-gpu")}, err: "spec.hardwareRequirements.gpuType: nvidia.com/pgpu does not count GPUs of the model mi300x"},
		"PassthroughClash": {
			reason:  "NVIDIA's class without a TEE wants nodes whose GPUs are not confidential.",
			demand:  Demand{Hardware: gpus("h100", 1), Scheduling: &v1alpha1.SchedulingConfig{RuntimeClass: new("kata-qemu-nvidia-gpu"), NodeSelector: map[string]string{"nvidia.com/cc.ready.state": "true"}}},
			classes: selecting("kata-qemu-nvidia-gpu", "nvidia.com/cc.ready.state", "false"),
			err:     `spec.scheduling.nodeSelector: conflict: node label nvidia.com/cc.ready.state is "true" here, but RuntimeClass "kata-qemu-nvidia-gpu" needs "false"`,
		},
	})
}

func TestConstrainTolerations(t *testing.T) {
	exists := tolerate("nvidia.com/gpu", corev1.TolerationOpExists, "")
	equal := tolerate("nvidia.com/gpu", corev1.TolerationOpEqual, "true")
	noOperator := tolerate("sku", "", "gpu")
	anyEffect := corev1.Toleration{Key: "nvidia.com/gpu", Operator: corev1.TolerationOpExists}
	all := corev1.Toleration{Operator: corev1.TolerationOpExists}
	sku := nvidiaTolerations[1]
	cases := map[string]constrainCase{}
	for name, tc := range map[string]struct {
		reason     string
		user, want []corev1.Toleration
	}{
		"Duplicate":  {"The same toleration is there once.", []corev1.Toleration{exists, exists}, []corev1.Toleration{exists, sku}},
		"NoOperator": {"No operator means Equal.", []corev1.Toleration{noOperator}, []corev1.Toleration{noOperator, exists}},
		"EqualTrue":  {"Equal true does not tolerate GKE's present, so Exists is added.", []corev1.Toleration{equal}, []corev1.Toleration{equal, exists, sku}},
		"AnyEffect":  {"A wider toleration of the user's is kept.", []corev1.Toleration{anyEffect}, []corev1.Toleration{anyEffect, exists, sku}},
		"Everything": {"A toleration of everything is kept.", []corev1.Toleration{all}, []corev1.Toleration{all, exists, sku}},
	} {
		want := gpuConstraints(t, "t4", devices("nvidia.com/gpu", "1"))
		want.Tolerations = tc.want
		cases[name] = constrainCase{reason: tc.reason, demand: Demand{Hardware: gpus("t4", 1), Scheduling: &v1alpha1.SchedulingConfig{Tolerations: tc.user}}, want: want}
	}
	runConstrain(t, cases)
}
