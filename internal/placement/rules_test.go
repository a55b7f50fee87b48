// SPDX-License-Identifier: Apache-2.0

package placement_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

const (
	a10040  = "NVIDIA-A100-SXM4-40GB"
	a10080  = "NVIDIA-A100-SXM4-80GB"
	a100PCI = "NVIDIA-A100-80GB-PCIe"
	h100SXM = "NVIDIA-H100-80GB-HBM3"
)

// anyGPUTaint is the toleration of the usual taint of NVIDIA's nodes.
var anyGPUTaint = tolerate("nvidia.com/gpu", corev1.TolerationOpExists, "")

// mixed is a pool of an A100 of 40 GB, two of 80 GB in another form each, and a T4.
func mixed(options ...poolOption) v1alpha1.HardwarePool {
	p := newPool("mixed", append([]poolOption{declared(a10040, 1), offering("nvidia.com/gpu", "1")}, options...)...)
	p.Status.Nodes, p.Status.ReadyNodes = 4, 4
	p.Status.Free = []v1alpha1.FreeNodes{
		{Nodes: 1, GPUProduct: a10080},
		{Nodes: 1, GPUProduct: a10040},
		{Nodes: 1, GPUProduct: "Tesla-T4"},
		{Nodes: 1, GPUProduct: a100PCI},
	}
	return p
}

func TestRules(t *testing.T) {
	zone := label("zone", corev1.NodeSelectorOpIn, "a")
	spot := label("spot", corev1.NodeSelectorOpDoesNotExist)
	runPlace(t, map[string]placeCase{
		"Rule01ResourceFromPool": {
			reason: "The type never becomes a resource: the pool says which one counts its GPUs.",
			pool:   newPool("p", gpus(a10040, 8)), demand: gpu("nvidia-a100", 2),
			want: &narrowed{NodeSelector: pairs("pool", "p", productKey, a10040), Devices: pairs("nvidia.com/gpu", "2")},
		},
		"Rule01ResourceOverridden": {
			reason: "A pool may say that its GPUs are counted under another resource.",
			pool:   newPool("p", declared("max-1550", 4), counted("gpu.intel.com/xe"), offering("gpu.intel.com/xe", "4")), demand: gpu("max-1550", 1),
			want: &narrowed{NodeSelector: pairs("pool", "p"), Devices: pairs("gpu.intel.com/xe", "1")},
		},
		"Rule02WholeWords": {
			reason: "An L40S is not an L4.",
			pool:   newPool("p", gpus("NVIDIA-L40S", 1)), demand: gpu("l4", 1), refused: []string{"NVIDIA-L40S", "l4"},
		},
		"Rule02FacetsAreWildcards": {
			reason: "A memory that was not asked for may be any, and so may a form factor.",
			pool:   newPool("p", gpus(a100PCI, 1)), demand: gpu("A100", 1),
		},
		"Rule02FacetAsked": {
			reason: "A memory that was asked for must be the pool's.",
			pool:   newPool("p", gpus(a10040, 1)), demand: gpu("a100-80gb", 1), refused: []string{a10040, "80gb"},
		},
		"Rule02SliceMustBeAsked": {
			reason: "A slice is not what is meant by the model alone.",
			pool:   newPool("p", gpus(a10040+"-MIG-1g.5gb", 7)), demand: gpu("a100", 1), refused: []string{"MIG-1g.5gb"},
		},
		"Rule02ShareMustBeAsked": {
			reason: "A share is not what is meant by the model alone.",
			pool:   newPool("p", gpus("Tesla-T4-SHARED", 4)), demand: gpu("t4", 1), refused: []string{"SHARED"},
		},
		"Rule02UnknownType": {
			reason: "An unknown type is an error that names the known ones, and not a guess.",
			pool:   newPool("p", gpus(h100SXM, 8)), demand: gpu("h1000", 1), err: true, refused: []string{"gpuType", `"h1000"`, "h100", "a100"},
		},
		"Rule03MatchInventoryThenConcrete": {
			reason: "Of the products that the nodes have, the one that serves is selected.",
			pool:   mixed(), demand: gpu("a100-40gb", 1),
			want: &narrowed{NodeSelector: pairs("pool", "mixed", productKey, a10040), Devices: pairs("nvidia.com/gpu", "1")},
		},
		"Rule03SeveralProducts": {
			reason: "Several products that serve are values of one requirement, in order.",
			pool:   mixed(), demand: gpu("a100-80gb", 1),
			want: &narrowed{
				NodeSelector: pairs("pool", "mixed"), Devices: pairs("nvidia.com/gpu", "1"),
				Terms: [][]corev1.NodeSelectorRequirement{{label(productKey, corev1.NodeSelectorOpIn, a100PCI, a10080)}},
			},
		},
		"Rule03EveryTerm": {
			reason: "The requirement goes into every term of the user's.",
			pool:   mixed(labeled("zone", "a")), demand: where(gpu("a100-80gb", 1), affine(term(zone), term(spot))),
			want: &narrowed{
				NodeSelector: pairs("pool", "mixed"), Devices: pairs("nvidia.com/gpu", "1"),
				Terms: [][]corev1.NodeSelectorRequirement{
					{zone, label(productKey, corev1.NodeSelectorOpIn, a100PCI, a10080)},
					{spot, label(productKey, corev1.NodeSelectorOpIn, a100PCI, a10080)},
				},
			},
		},
		"Rule03FromZero": {
			reason: "The product label is there only when a node has booted, so on nodes that are not there it is never selected.",
			pool:   newPool("p", gpus(a10040, 8), labeled("cloud.google.com/gke-accelerator", "nvidia-tesla-a100"), fromZero(4)), demand: gpu("a100", 1),
			want: &narrowed{NodeSelector: pairs("pool", "p"), Devices: pairs("nvidia.com/gpu", "1")},
		},
		"Rule04PerNodeNotInAll": {
			reason: "Two nodes with one GPU each do not make one with two.",
			pool:   newPool("p", gpus("Tesla-T4", 1)), demand: gpu("t4", 2), refused: []string{"1", "2", "GPU"},
		},
		"Rule04Requests": {
			reason: "Requests are added to limits that the user wrote.",
			pool:   newPool("p", gpus("Tesla-T4", 4)), demand: limited(gpu("t4", 2), "nvidia.com/gpu", "2"),
			want: &narrowed{NodeSelector: pairs("pool", "p", productKey, "Tesla-T4"), Devices: pairs("nvidia.com/gpu", "2")},
		},
		"Rule04ZeroOfAType": {
			reason: "No GPUs of a type are no GPUs: any node serves.",
			pool:   newPool("p"), demand: gpu("t4", 0), want: &narrowed{NodeSelector: pairs("pool", "p")},
		},
		"Rule04AnyType": {
			reason: "GPUs of no type are any whole ones.",
			pool:   newPool("p", gpus("Tesla-T4", 4)), demand: gpu("", 3),
		},
		"Rule05NoTEE": {
			reason: "A TEE that is required is never done without.",
			pool:   newPool("p"), demand: tee("tdx"), refused: []string{"tdx", "TEE"},
		},
		"Rule05NotRequired": {
			reason: "A type that is not required is no filter, and the user is told.",
			pool:   newPool("p"), demand: placement.Demand{Hardware: &v1alpha1.HardwareRequirements{TEEType: "tdx", TEERequired: new(false)}},
			warned: "teeType",
		},
		"Rule06Process": {
			reason: "SGX needs its memory and no RuntimeClass.",
			pool:   newPool("p", enclaves("512Mi")), demand: tee("sgx"),
			want: &narrowed{NodeSelector: pairs("pool", "p", sgxHost, "true"), Devices: pairs("sgx.intel.com/epc", "64Mi"), TEEType: "sgx"},
		},
		"Rule06HostIsNoGuest": {
			reason: "A node that is a TDX virtual machine does not make others, which the user's class would.",
			pool:   newPool("p", labeled(gkeType, "TDX"), withClasses(katas()...)), demand: where(tee("tdx"), under("kata-qemu-tdx")), refused: []string{""},
		},
		"Rule07SEVIsNotSNP": {
			reason: "SEV-SNP is not taken for SEV.",
			pool:   newPool("p", labeled(gkeType, "SEV_SNP")), demand: tee("sev"), refused: []string{"sev-snp is not sev"},
		},
		"Rule07SNPIsNotSEV": {
			reason: "SEV is not taken for SEV-SNP.",
			pool:   newPool("p", labeled(gkeType, "SEV")), demand: tee("sev-snp"), refused: []string{"sev is not sev-snp"},
		},
		"Rule07SEVOnGuest": {
			reason: "Nodes that are SEV virtual machines serve SEV.",
			pool:   newPool("p", labeled(gkeType, "SEV")), demand: tee("sev"),
			want: &narrowed{NodeSelector: pairs("pool", "p", gkeType, "SEV"), RuntimeClass: new(""), TEEType: "sev"},
		},
		"Rule07SEVOnHost": {
			reason: "No runtime gives Pods SEV any more.",
			pool:   newPool("p", hosting("sev-snp")), demand: tee("sev"), refused: []string{"sev-snp is not sev"},
		},
		"Rule08GPUInPodVM": {
			reason: "A GPU inside the TEE of a Pod's virtual machine is handed through.",
			pool:   newPool("p", hosting("tdx"), handedThrough(h100SXM, 8)), demand: in("tdx", gpu("h100", 1)),
		},
		"Rule08GPUInNodeVM": {
			reason: "On a node that is inside, the GPU is an ordinary one and there is no class.",
			pool:   newPool("p", labeled(gkeType, "TDX"), gpus(h100SXM, 8)), demand: in("tdx", gpu("h100", 1)),
			want: &narrowed{NodeSelector: pairs("pool", "p", gkeType, "TDX", productKey, h100SXM), RuntimeClass: new(""), Devices: pairs("nvidia.com/gpu", "1"), TEEType: "tdx"},
		},
		"Rule08V100": {
			reason: "A V100 has no confidential mode, so no pool can serve.",
			pool:   newPool("p", labeled(gkeType, "TDX"), gpus("Tesla-V100-SXM2-16GB", 4)), demand: in("tdx", gpu("v100", 1)), err: true, refused: []string{"v100", "confidential"},
		},
		"Rule09ClassSet": {
			reason: "The class that gives the TEE is set where the user named none, and its keys stay in its overhead.",
			pool:   newPool("p", hosting("sev-snp")), demand: tee("sev-snp"),
			want: &narrowed{NodeSelector: pairs("pool", "p", snpHost, "true"), RuntimeClass: new("kata-qemu-snp"), TEEType: "sev-snp"},
		},
		"Rule09OverheadCounts": {
			reason: "What the class needs beside the containers must fit too.",
			pool:   newPool("p", hosting("tdx"), leaving(quantities("cpu", "1500m", "memory", "256Gi"))), demand: limited(tee("tdx"), "cpu", "1"), refused: []string{"cpu"},
		},
		"Rule09ClassOfAnotherTEE": {
			reason: "A class of another TEE contradicts the type.",
			pool:   newPool("p", hosting("tdx")), demand: where(tee("tdx"), under("kata-qemu-snp")), refused: []string{"kata-qemu-snp"},
		},
		"Rule10Conflict": {
			reason: "A label that the pool has otherwise is a conflict.",
			pool:   newPool("p", labeled("disk", "ssd")), demand: where(placement.Demand{}, selecting("disk", "hdd")), refused: []string{"disk", "ssd", "hdd"},
		},
		"Rule10Union": {
			reason: "What the user selects is kept beside what the pool needs.",
			pool:   newPool("p", labeled("disk", "ssd")), demand: where(placement.Demand{}, selecting("disk", "ssd")),
			want: &narrowed{NodeSelector: pairs("pool", "p", "disk", "ssd")},
		},
		"Rule10CustomLabelResource": {
			reason: "A resource is not a label.",
			pool:   newPool("p"), demand: placement.Demand{Hardware: &v1alpha1.HardwareRequirements{CustomLabels: pairs("nvidia.com/gpu", "1")}},
			err: true, refused: []string{"customLabels", "nvidia.com/gpu"},
		},
		"Rule11FromThePoolsTaints": {
			reason: "Each taint that blocks is tolerated, a GPU's whatever its value, others as they are.",
			pool: newPool("p", gpus("Tesla-T4", 1), tainted(taint("nvidia.com/gpu", "present"), taint("dedicated", "avs", corev1.TaintEffectNoExecute),
				taint("soft", "x", corev1.TaintEffectPreferNoSchedule))),
			demand: gpu("t4", 1),
			want: &narrowed{
				NodeSelector: pairs("pool", "p", productKey, "Tesla-T4"), Devices: pairs("nvidia.com/gpu", "1"),
				Tolerations: []corev1.Toleration{anyGPUTaint, {Key: "dedicated", Operator: corev1.TolerationOpEqual, Value: "avs", Effect: corev1.TaintEffectNoExecute}},
			},
		},
		"Rule11NotForOthers": {
			reason: "A workload without GPUs is not let onto nodes that are kept for those with.",
			pool:   newPool("p", gpus("Tesla-T4", 1), tainted(taint("nvidia.com/gpu", "present"))), demand: placement.Demand{}, refused: []string{"nvidia.com/gpu"},
		},
	})
}

// TestRule03PlacedPodsNeedNoFurtherProof checks that a workload that was given to
// a pool does not also ask for the labels of every scheme that names its GPU, nor
// tolerate what guards GPUs elsewhere. Its TEE must be proved all the same.
func TestRule03PlacedPodsNeedNoFurtherProof(t *testing.T) {
	bound := func(p v1alpha1.HardwarePool, d placement.Demand) placement.Constraints {
		b, ok := placement.NewFleet([]v1alpha1.HardwarePool{p}).Place([]placement.Workload{{Name: "w", Demand: d}}, placement.Price).Binding(0)
		if !ok {
			t.Fatalf("want pool %s for %s", p.Name, asJSON(t, d))
		}
		b.Demand.Pool = b.Pool
		c, err := placement.Constrain(b.Demand, classesOf(p))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := bound(newPool("p", declared("mi300x", 8), offering("amd.com/gpu", "8")), gpu("mi300x", 8))
	eight := quantities("amd.com/gpu", "8")
	want := placement.Constraints{NodeSelector: pairs("pool", "p"), Resources: corev1.ResourceRequirements{Limits: eight, Requests: eight}}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("constraints of a workload with GPUs: -want, +got:\n%s", diff)
	}
	c = bound(newPool("p", hosting("tdx")), tee("tdx"))
	if c.Affinity == nil || c.RuntimeClassName == nil || *c.RuntimeClassName != "kata-qemu-tdx" {
		t.Errorf("want the TEE proved by labels and given by a class, got %s", asJSON(t, c))
	}
}

// TestRule05TEEBeforePrice checks that what is cheaper, weighs more or has more
// room never takes a workload away from the TEE that it requires.
func TestRule05TEEBeforePrice(t *testing.T) {
	pools := []v1alpha1.HardwarePool{
		newPool("cheap", priced("0.1"), weighing(1000)),
		newPool("other", hosting("sev-snp"), priced("0.1"), weighing(1000)),
		newPool("tdx", hosting("tdx"), priced("90")),
	}
	r := placement.NewFleet(pools).Place([]placement.Workload{{Name: "w", Demand: tee("tdx")}}, placement.Price)
	if b, ok := r.Binding(0); !ok || b.Pool != "tdx" {
		t.Errorf("want pool tdx, got %q, %v %v", b.Pool, r.Err(0), r.Rejections(0))
	}
	r = placement.NewFleet(pools[:2]).Place([]placement.Workload{{Name: "w", Demand: tee("tdx")}}, placement.Price)
	if b, ok := r.Binding(0); ok {
		t.Errorf("want no pool where none has the TEE, got %q", b.Pool)
	}
}

// TestRule12DeterministicChoice checks the order of what decides: weight, price,
// name; and that each pool that could not take the workload says why.
func TestRule12DeterministicChoice(t *testing.T) {
	v100 := func(name string, options ...poolOption) v1alpha1.HardwarePool {
		return newPool(name, append([]poolOption{gpus("Tesla-V100-SXM2-16GB", 4)}, options...)...)
	}
	cases := map[string]struct {
		reason   string
		pools    []v1alpha1.HardwarePool
		strategy placement.Strategy
		want     string
	}{
		"Weight": {"Weight comes before price.", []v1alpha1.HardwarePool{v100("a", priced("1")), v100("b", priced("9"), weighing(1))}, placement.Price, "b"},
		"Price":  {"The lower price is taken.", []v1alpha1.HardwarePool{v100("a", priced("9")), v100("b", priced("1"))}, placement.Price, "b"},
		"Waste": {
			"Eight GPUs are not broken up for one.",
			[]v1alpha1.HardwarePool{newPool("a", gpus("Tesla-V100-SXM2-16GB", 8)), newPool("b", gpus("Tesla-V100-SXM2-16GB", 1))},
			placement.LeastWaste, "b",
		},
		"Name": {"Where all is equal the name decides.", []v1alpha1.HardwarePool{v100("b"), v100("a")}, placement.Price, "a"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			bad := newPool("unfit", gpus("NVIDIA-L4", 8))
			r := placement.NewFleet(append(tc.pools, bad)).Place([]placement.Workload{{Name: "w", Demand: gpu("v100", 1)}}, tc.strategy)
			b, _ := r.Binding(0)
			var rejected []string
			for _, rejection := range r.Rejections(0) {
				rejected = append(rejected, rejection.Pool)
			}
			if diff := cmp.Diff([]string{tc.want, "unfit"}, append([]string{b.Pool}, rejected...)); diff != "" {
				t.Errorf("\n%s\nthe pool, and those that never could: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
