// SPDX-License-Identifier: Apache-2.0

package placement_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

func TestEdgeNames(t *testing.T) {
	v100 := gpus("Tesla-V100-SXM2-16GB", 4)
	unknown := func(name string) placeCase {
		return placeCase{reason: "A name that says no model is an error of the demand's own.", pool: newPool("p", v100), demand: gpu(name, 1), err: true, refused: []string{"gpuType"}}
	}
	served := func(product, asked string) placeCase {
		return placeCase{reason: "Pools and workloads may spell a model differently.", pool: newPool("p", declared(product, 4), offering("nvidia.com/gpu", "4")), demand: gpu(asked, 1)}
	}
	gke := func(name string) v1alpha1.HardwarePool {
		return newPool("p", labeled("cloud.google.com/gke-accelerator", name), offering("nvidia.com/gpu", "8"))
	}
	runPlace(t, map[string]placeCase{
		"TeslaV100":         served("V100", "nvidia-tesla-v100"),
		"V100":              served("nvidia-tesla-v100", "V100"),
		"NVIDIA A100":       served("nvidia_a100", "NVIDIA A100"),
		"nvidia_a100":       served("NVIDIA A100", "nvidia_a100"),
		"A10080GB":          served("a100-80gb", "A100-80GB"),
		"TrailingSpaces":    served("a100 ", "a100  "),
		"Empty":             {reason: "No type is any GPU.", pool: newPool("p", v100), demand: gpu("", 1)},
		"H1000":             unknown("h1000"),
		"Vendor":            unknown("nvidia"),
		"JustGPU":           unknown("gpu"),
		"PoolOfNoModel":     {reason: "A pool whose product says no model has no model.", pool: newPool("p", declared("h1000", 8), offering("nvidia.com/gpu", "8")), demand: gpu("h100", 1), refused: []string{"h1000"}},
		"GKEA100On40GB":     {reason: "Google's name of the A100 with 40 GB serves who writes it.", pool: gke("nvidia-tesla-a100"), demand: gpu("nvidia-tesla-a100", 1)},
		"GKEA100On80GB":     {reason: "To Google that name is not the A100 with 80 GB.", pool: gke("nvidia-a100-80gb"), demand: gpu("nvidia-tesla-a100", 1), refused: []string{"nvidia-tesla-a100"}},
		"A100OnGKE80GB":     {reason: "The plain name is any A100.", pool: gke("nvidia-a100-80gb"), demand: gpu("a100", 1)},
		"GKEA100OnBareIron": {reason: "Where there is no label of Google's the name is any A100.", pool: newPool("p", gpus(a10080, 8)), demand: gpu("nvidia-tesla-a100", 1)},
	})
}

// TestEdgeConfusablePairs gives each model its own pool, beside all those that it
// might be taken for.
func TestEdgeConfusablePairs(t *testing.T) {
	products := map[string]string{
		"l4": "NVIDIA-L4", "l40": "NVIDIA-L40", "l40s": "NVIDIA-L40S",
		"a10": "NVIDIA-A10", "a10g": "NVIDIA-A10G", "a100-40gb": a10040, "a100-80gb": a10080,
		"t4": "Tesla-T4", "t4g": "NVIDIA-T4G",
		"h100-80gb": h100SXM, "h100-nvl": "NVIDIA-H100-NVL", "gh200": "NVIDIA-GH200-480GB", "h200": "NVIDIA-H200",
		"b200": "NVIDIA-B200", "gb200": "NVIDIA-GB200",
	}
	var pools []v1alpha1.HardwarePool
	for name, product := range products {
		pools = append(pools, newPool(name, gpus(product, 8)))
	}
	for _, name := range []string{"mi300x", "mi325x"} {
		product := map[string]string{"mi300x": "AMD_Instinct_MI300X_OAM", "mi325x": "AMD_Instinct_MI325_OAM"}[name]
		products[name] = product
		pools = append(pools, newPool(name, declared(product, 8), labeled("amd.com/gpu.product-name", product), offering("amd.com/gpu", "8")))
	}
	fleet := placement.NewFleet(pools)
	for name, product := range products {
		for _, asked := range []string{name, product} {
			r := fleet.Place([]placement.Workload{{Name: "w", Demand: gpu(asked, 1)}}, placement.Price)
			got := map[string]bool{}
			if b, ok := r.Binding(0); ok {
				got[b.Pool] = true
			}
			if diff := cmp.Diff(map[string]bool{name: true}, got); diff != "" {
				t.Errorf("pool for %q: -want, +got:\n%s%v", asked, diff, r.Err(0))
			}
			if n := len(r.Rejections(0)); n != len(products)-1 {
				t.Errorf("%q: want all other %d pools rejected, got %d", asked, len(products)-1, n)
			}
		}
	}
}

func TestEdgeSuffixes(t *testing.T) {
	const slice, shared = h100SXM + "-MIG-1g.10gb", "Tesla-T4-SHARED"
	mixedMIG := labeled(productKey, a10040, "nvidia.com/mig.strategy", "mixed", "nvidia.com/gpu.replicas", "0", "nvidia.com/mig-1g.5gb.product", a10040+"-MIG-1g.5gb")
	renamed := newPool("p", labeled(productKey, "Tesla-T4", "nvidia.com/gpu.sharing-strategy", "time-slicing"), declared("Tesla-T4", 4), counted("nvidia.com/gpu.shared"),
		sharedBy("time-slicing"), offering("nvidia.com/gpu.shared", "4"))
	runPlace(t, map[string]placeCase{
		"Slice":                {reason: "A slice is no whole GPU.", pool: newPool("p", gpus(slice, 7)), demand: gpu("h100", 1), refused: []string{"MIG"}},
		"SliceForAnyGPU":       {reason: "A slice is not just any GPU.", pool: newPool("p", gpus(slice, 7)), demand: gpu("", 1), refused: []string{"MIG"}},
		"SliceAsked":           {reason: "Who asks for the slice gets it, as the pool counts it.", pool: newPool("p", gpus(slice, 7)), demand: gpu("h100-mig-1g.10gb", 1), want: &narrowed{NodeSelector: pairs("pool", "p", productKey, slice), Devices: pairs("nvidia.com/gpu", "1")}},
		"OtherSlice":           {reason: "The profile must agree.", pool: newPool("p", gpus(slice, 7)), demand: gpu("h100-mig-2g.20gb", 1), refused: []string{"1g.10gb", "2g.20gb"}},
		"SliceOnWhole":         {reason: "Who asks for a slice gets no whole GPU.", pool: newPool("p", gpus(h100SXM, 8)), demand: gpu("h100-mig-1g.10gb", 1), refused: []string{"1g.10gb"}},
		"Shared":               {reason: "A share is no whole GPU.", pool: newPool("p", gpus(shared, 4)), demand: gpu("t4", 1), refused: []string{"SHARED"}},
		"SharedForAnyGPU":      {reason: "A share is not just any GPU.", pool: newPool("p", gpus(shared, 4)), demand: gpu("", 1), refused: []string{"shared"}},
		"SharedAsked":          {reason: "Who asks for a share gets one.", pool: newPool("p", gpus(shared, 4)), demand: gpu("t4-shared", 1), want: &narrowed{NodeSelector: pairs("pool", "p", productKey, shared), Devices: pairs("nvidia.com/gpu", "1")}},
		"SharedBySetting":      {reason: "A pool may say that its GPUs are shared, whatever their name.", pool: newPool("p", gpus("Tesla-T4", 4), sharedBy("mps")), demand: gpu("t4", 1), refused: []string{"t4"}},
		"SharedSlice":          {reason: "A share of a slice is not a slice.", pool: newPool("p", gpus(a10040+"-MIG-1g.5gb-SHARED", 14)), demand: gpu("a100-mig-1g.5gb", 1), refused: []string{"SHARED"}},
		"SharedSliceAsked":     {reason: "Who asks for a share of a slice gets it.", pool: newPool("p", gpus(a10040+"-MIG-1g.5gb-SHARED", 14)), demand: gpu("a100-mig-1g.5gb-shared", 1)},
		"Invalid":              {reason: "A plugin that is set up wrongly allots nothing.", pool: newPool("p", labeled(productKey, a10040+"-MIG-INVALID"), offering("nvidia.com/gpu", "0")), demand: gpu("a100", 1), refused: []string{"GPU"}},
		"MixedStrategy":        {reason: "Where all GPUs are sliced the plain product stays, and there is no GPU to allot.", pool: newPool("p", mixedMIG, offering("nvidia.com/gpu", "0", "nvidia.com/mig-1g.5gb", "7")), demand: gpu("a100", 1), refused: []string{"nvidia.com/gpu"}},
		"ReplicasZero":         {reason: "A node with a product and no replica has no GPU to allot.", pool: newPool("p", labeled(productKey, a10040, "nvidia.com/gpu.replicas", "0")), demand: gpu("a100", 1), refused: []string{"nvidia.com/gpu"}},
		"MixedDeclared":        {reason: "A pool of slices with a resource of their own says so.", pool: newPool("p", mixedMIG, declared(a10040+"-MIG-1g.5gb", 7), counted("nvidia.com/mig-1g.5gb"), offering("nvidia.com/mig-1g.5gb", "7")), demand: gpu("a100-mig-1g.5gb", 2)},
		"RenamedShared":        {reason: "Under the renamed resource the product is plain, and it is still a share.", pool: renamed, demand: gpu("t4", 1), refused: []string{"t4"}},
		"RenamedSharedAsked":   {reason: "Who asks for a share gets it under the renamed resource.", pool: renamed, demand: gpu("t4-shared", 1), want: &narrowed{NodeSelector: pairs("pool", "p", productKey, "Tesla-T4"), Devices: pairs("nvidia.com/gpu.shared", "1")}},
		"RenamedSharedByLimit": {reason: "The resource asks for a share too.", pool: renamed, demand: limited(placement.Demand{}, "nvidia.com/gpu.shared", "1")},
	})
}

func TestEdgeProviderLabels(t *testing.T) {
	onlyLabels := func(of ...string) v1alpha1.HardwarePool {
		return newPool("p", labeled(of...), offering("nvidia.com/gpu", "8"))
	}
	aws := func(memory string) v1alpha1.HardwarePool {
		return onlyLabels("karpenter.k8s.aws/instance-gpu-name", "a100", "karpenter.k8s.aws/instance-gpu-count", "8", "karpenter.k8s.aws/instance-gpu-memory", memory)
	}
	runPlace(t, map[string]placeCase{
		"Azure":         {reason: "Azure writes the model in upper case.", pool: onlyLabels("karpenter.azure.com/sku-gpu-name", "A100"), demand: gpu("a100", 8)},
		"AzureMemory":   {reason: "Azure's label does not tell the memory.", pool: onlyLabels("karpenter.azure.com/sku-gpu-name", "A100"), demand: gpu("a100-80gb", 1), refused: []string{"80gb"}},
		"AWS":           {reason: "AWS writes the model in lower case.", pool: aws("40960"), demand: gpu("A100", 8)},
		"AWSMemory":     {reason: "On AWS the memory has a label of its own.", pool: aws("81920"), demand: gpu("a100-80gb", 1)},
		"AWSLessMemory": {reason: "On AWS the memory has a label of its own.", pool: aws("40960"), demand: gpu("a100-80gb", 1), refused: []string{"80gb"}},
		"GKE":           {reason: "Google's name tells the memory.", pool: onlyLabels("cloud.google.com/gke-accelerator", "nvidia-tesla-a100"), demand: gpu("a100-40gb", 1)},
		"GKESlices":     {reason: "Google keeps the name on nodes of slices.", pool: onlyLabels("cloud.google.com/gke-accelerator", "nvidia-tesla-a100", "cloud.google.com/gke-gpu-partition-size", "1g.5gb"), demand: gpu("a100", 1), refused: []string{"a100"}},
		"GKEShares":     {reason: "Google keeps the name on nodes of shares.", pool: onlyLabels("cloud.google.com/gke-accelerator", "nvidia-l4", "cloud.google.com/gke-gpu-sharing-strategy", "time-sharing"), demand: gpu("l4", 1), refused: []string{"l4"}},
		"VendorOnly":    {reason: "A label of the vendor proves no model.", pool: onlyLabels("kubernetes.azure.com/accelerator", "nvidia"), demand: gpu("a100", 1), refused: []string{"a100"}},
		"Fraction":      {reason: "An instance with none by its count has a fraction of one.", pool: newPool("p", labeled("karpenter.k8s.aws/instance-gpu-name", "l4", "karpenter.k8s.aws/instance-gpu-count", "0"), offering("nvidia.com/gpu", "1")), demand: gpu("l4", 1), refused: []string{"l4"}},
	})
}

func TestEdgeCounts(t *testing.T) {
	eight := newPool("p", gpus(h100SXM, 8))
	grown := newPool("p", gpus(h100SXM, 8), fromZero(2))
	grown.Status = v1alpha1.HardwarePoolStatus{Nodes: 2, ReadyNodes: 1, Free: []v1alpha1.FreeNodes{{Nodes: 1, Resources: quantities("nvidia.com/gpu", "0")}}}
	growing := *grown.DeepCopy()
	growing.Spec.MaxNodes = new(int32(3))
	noSwitch := newPool("p", hosting("tdx"), handedThrough(h100SXM, 8))
	delete(noSwitch.Spec.Allocatable, "nvidia.com/nvswitch")
	runPlace(t, map[string]placeCase{
		"None":              {reason: "No GPUs need none.", pool: newPool("p"), demand: gpu("", 0)},
		"One":               {reason: "One of eight.", pool: eight, demand: gpu("h100", 1)},
		"Eight":             {reason: "All of a node.", pool: eight, demand: gpu("h100", 8)},
		"Nine":              {reason: "More than a node has, though two nodes have sixteen.", pool: eight, demand: gpu("h100", 9), refused: []string{"8 GPUs per node are fewer than 9"}},
		"TwoOnTwoNodes":     {reason: "GPUs of two nodes do not add up.", pool: newPool("p", gpus("Tesla-T4", 1)), demand: gpu("t4", 2), refused: []string{"1 GPU", "2"}},
		"Negative":          {reason: "There are no negative GPUs.", pool: eight, demand: gpu("h100", -1), err: true, refused: []string{"gpuCount", "-1"}},
		"PartlyUsed":        {reason: "What is in use is not free, on any node.", pool: newPool("p", gpus(h100SXM, 8), leaving(quantities("nvidia.com/gpu", "1"), quantities("nvidia.com/gpu", "1"))), demand: gpu("h100", 2), refused: []string{"1 of 2 requested GPUs free on its emptiest node"}},
		"PartlyUsedOneNode": {reason: "One node is enough.", pool: newPool("p", gpus(h100SXM, 8), leaving(quantities("nvidia.com/gpu", "1"), quantities("nvidia.com/gpu", "2"))), demand: gpu("h100", 2)},
		"Shares":            {reason: "Several shares are not several times the compute, which the user is told.", pool: newPool("p", gpus("Tesla-T4-SHARED", 4)), demand: gpu("t4-shared", 2), warned: "share"},
		"FourConfidential":  {reason: "A confidential virtual machine gets one GPU or all.", pool: newPool("p", hosting("tdx"), handedThrough(h100SXM, 8)), demand: in("tdx", gpu("h100", 4)), refused: []string{"4"}},
		"EightConfidential": {reason: "All GPUs of a Hopper node go with its switches.", pool: newPool("p", hosting("tdx"), handedThrough(h100SXM, 8)), demand: in("tdx", gpu("h100", 8))},
		"EightNoSwitches":   {reason: "Where the switches cannot be had, nor can all GPUs.", pool: noSwitch, demand: in("tdx", gpu("h100", 8)), refused: []string{"nvidia.com/nvswitch"}},
		"Grown":             {reason: "A pool that has all its nodes gets no more, though one of them takes no Pods.", pool: grown, demand: gpu("h100", 1), refused: []string{"0 of 1"}},
		"Growing":           {reason: "A pool that may have one more node serves.", pool: growing, demand: gpu("h100", 1)},
		"FromAllocatable":   {reason: "How many there are may be told by what the nodes allot.", pool: newPool("p", labeled(productKey, h100SXM), offering("nvidia.com/gpu", "8")), demand: gpu("h100", 9), refused: []string{"8", "9"}},
	})
}

func TestEdgeAMD(t *testing.T) {
	runPlace(t, map[string]placeCase{
		"Heterogeneous": {reason: "A key that ends in a model says nothing of the other GPUs of the node.", pool: newPool("p", labeled("amd.com/gpu.product-name.AMD_Instinct_MI300X_OAM", "4", "amd.com/gpu.product-name.AMD_Instinct_MI250X", "4"), offering("amd.com/gpu", "8")), demand: gpu("mi300x", 1), refused: []string{"mi300x"}},
		"SlashName":     {reason: "A name that may be one of two models proves neither.", pool: newPool("p", declared("AMD Instinct MI250X / MI250", 8), offering("amd.com/gpu", "8")), demand: gpu("mi300x", 1), refused: []string{"MI250"}},
		"DeviceID":      {reason: "Where there is no name the device tells.", pool: newPool("p", labeled("amd.com/gpu.device-id", "740c"), offering("amd.com/gpu", "8")), demand: gpu("mi250", 1)},
		"LabellerOff":   {reason: "Where there are no labels the pool's own word counts.", pool: newPool("p", declared("mi300x", 8), offering("amd.com/gpu", "8")), demand: gpu("mi300x", 8), want: &narrowed{NodeSelector: pairs("pool", "p"), Devices: pairs("amd.com/gpu", "8")}},
		"Taint":         {reason: "AMD's taint is tolerated whatever its value.", pool: newPool("p", declared("mi300x", 8), offering("amd.com/gpu", "8"), tainted(taint("amd.com/gpu", "x"))), demand: gpu("mi300x", 8), want: &narrowed{NodeSelector: pairs("pool", "p"), Devices: pairs("amd.com/gpu", "8"), Tolerations: []corev1.Toleration{tolerate("amd.com/gpu", corev1.TolerationOpExists, "")}}},
	})
}

func TestEdgeARM64(t *testing.T) {
	armTaint := tainted(taint(archKey, "arm64"))
	arm := func(p *v1alpha1.HardwarePool) { p.Spec.Architecture = "arm64" }
	amd64 := selecting(archKey, "amd64")
	runPlace(t, map[string]placeCase{
		"GH200": {
			reason: "The taint of Arm nodes is tolerated by who asks for what only they have.",
			pool:   newPool("p", gpus("NVIDIA-GH200-480GB", 1), armTaint, tainted(taint("nvidia.com/gpu", "present"))), demand: gpu("gh200", 1),
		},
		"GB200":          {reason: "A GB200 comes only with Arm.", pool: newPool("p", gpus("NVIDIA-GB200", 4), armTaint), demand: gpu("gb200", 4)},
		"G5g":            {reason: "A T4G comes only with Arm.", pool: newPool("p", labeled("karpenter.k8s.aws/instance-gpu-name", "t4g", "karpenter.k8s.aws/instance-gpu-count", "2"), offering("nvidia.com/gpu", "2"), armTaint), demand: gpu("t4g", 1)},
		"ImageForAMD64":  {reason: "Who needs amd64 gets no Arm nodes, whose GPU tells what they are.", pool: newPool("p", gpus("NVIDIA-GH200-480GB", 1)), demand: where(gpu("", 1), amd64), refused: []string{archKey, "arm64", "amd64"}},
		"ModelForAMD64":  {reason: "A GH200 on amd64 is nowhere.", pool: newPool("p", gpus("NVIDIA-GH200-480GB", 1)), demand: where(gpu("gh200", 1), amd64), err: true, refused: []string{archKey, "arm64", "amd64"}},
		"NotOnAMD64":     {reason: "A GH200 beside another processor is none.", pool: newPool("p", gpus("NVIDIA-GH200-480GB", 1), labeled(archKey, "amd64")), demand: gpu("gh200", 1), refused: []string{"arm64"}},
		"DeclaredArm":    {reason: "A pool may say that its nodes are Arm.", pool: newPool("p", arm), demand: where(placement.Demand{}, amd64), refused: []string{archKey, "arm64", "amd64"}},
		"LabeledArm":     {reason: "A label may say it.", pool: newPool("p", labeled(archKey, "arm64")), demand: where(placement.Demand{}, selecting(archKey, "arm64"))},
		"ElseAMD64":      {reason: "What is not said is amd64.", pool: newPool("p"), demand: where(placement.Demand{}, amd64)},
		"NotForOthers":   {reason: "Who asks for no Arm is not let onto tainted Arm nodes.", pool: newPool("p", gpus("NVIDIA-GH200-480GB", 1), armTaint), demand: placement.Demand{}, refused: []string{archKey}},
		"AffinityArm":    {reason: "The architecture may be asked for by affinity.", pool: newPool("p", arm), demand: where(placement.Demand{}, affine(term(label(archKey, corev1.NodeSelectorOpIn, "arm64"))))},
		"AffinityNotArm": {reason: "The architecture may be excluded by affinity.", pool: newPool("p", arm), demand: where(placement.Demand{}, affine(term(label(archKey, corev1.NodeSelectorOpNotIn, "arm64")))), refused: []string{archKey}},
	})
}
