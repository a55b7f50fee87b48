// SPDX-License-Identifier: Apache-2.0

package placement_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

// TestPoolsThatServe compares the pools that serve a shape by what its parts have in
// common with other shapes to those that are judged one by one.
func TestPoolsThatServe(t *testing.T) {
	compared, served := 0, 0
	check := func(t *testing.T, seed uint64, in instance) {
		t.Helper()
		fast, judged := placement.Serving(in.pools, in.workloads)
		if diff := cmp.Diff(judged, fast); diff != "" {
			t.Errorf("seed %d: -pools that are judged to serve, +pools by sets:\n%s", seed, cut(diff))
		}
		compared += len(fast) * len(in.pools)
		for _, pools := range fast {
			served += len(pools)
		}
	}
	for _, load := range []float64{loadFits, loadOver} {
		check(t, 0, largeInstance(0, fullSize, load))
	}
	eachInstance(t, check)
	t.Logf("%d pairs of shape and pool, %d of which serve", compared, served)
}

// TestPoolsThatServeWhatIsUnusual is about what parts of shapes have to do with each
// other, for every pair of a demand and of what is said about nodes.
func TestPoolsThatServeWhatIsUnusual(t *testing.T) {
	sandbox := v1alpha1.PoolRuntimeClass{Name: "gvisor", Handler: "runsc", Tolerations: []corev1.Toleration{tolerate("sandbox", "Exists", "")}}
	pools := []v1alpha1.HardwarePool{
		newPool("plain", labeled("zone", "a")),
		newPool("odd", labeled("zone", "", "team", "red"), tainted(taint("dedicated", "red"))),
		newPool("gpus", gpus("NVIDIA-A100-SXM4-80GB", 8), labeled("zone", "a"), tainted(taint("nvidia.com/gpu", "present"))),
		newPool("arm", gpus("NVIDIA-GH200-480GB", 1), tainted(taint("kubernetes.io/arch", "arm64"))),
		newPool("slices", gpus("NVIDIA-A100-SXM4-80GB-MIG-1g.10gb", 7)),
		mixed(labeled("zone", "a")),
		newPool("sgx", enclaves("1Gi")),
		newPool("snp", nodeVM("sev-snp"), labeled("zone", "b"), tainted(taint("confidential", "true"))),
		newPool("kata", hosting("tdx"), withClasses(katas()...), labeled("zone", "a")),
		newPool("classes", gpus("NVIDIA-L4", 1), labeled("zone", "b"), tainted(taint("sandbox", "true")), withClasses(sandbox)),
		newPool("promised", func(p *v1alpha1.HardwarePool) { p.Spec.TEE = &v1alpha1.PoolTEE{Type: "tdx"} }),
		newPool("wrong", labeled("pool", "other")),
	}
	demands := []placement.Demand{
		{}, gpu("", 1), gpu("a100-80gb", 2), gpu("gh200", 1), gpu("l4", 1), gpu("nope", 1), tee("sgx"), tee("tdx"), tee("sev-snp"), tee("nope"), {Hardware: &v1alpha1.HardwareRequirements{TEERequired: new(true)}},
	}
	var workloads []placement.Workload
	for _, d := range demands {
		for _, s := range unusualScheduling() {
			workloads = append(workloads, placement.Workload{Demand: where(d, s)})
		}
		custom := where(d, under("gvisor"))
		hw := v1alpha1.HardwareRequirements{}
		if d.Hardware != nil {
			hw = *d.Hardware
		}
		hw.CustomLabels = map[string]string{"zone": "b"}
		custom.Hardware = &hw
		workloads = append(workloads, placement.Workload{Demand: custom})
	}
	fast, judged := placement.Serving(pools, workloads)
	if diff := cmp.Diff(judged, fast); diff != "" {
		t.Errorf("-pools that are judged to serve, +pools by sets:\n%s", diff)
	}
}

// unusualScheduling says about nodes what some pools or hardware say too, and what
// is not valid.
func unusualScheduling() []v1alpha1.SchedulingConfig {
	return []v1alpha1.SchedulingConfig{
		{},
		selecting("zone", "a"), selecting("zone", ""), selecting("zone", "b"), selecting("none", ""),
		selecting("kubernetes.io/arch", "amd64"), selecting("kubernetes.io/arch", "arm64"),
		selecting("katacontainers.io/kata-runtime", "false"), selecting("intel.feature.node.kubernetes.io/tdx", "true"),
		selecting("nvidia.com/gpu.product", "Tesla-T4"), selecting("nvidia.com/gpu.product", "NVIDIA-A100-SXM4-80GB-MIG-1g.10gb"),
		affine(term(label("zone", "In", "a", "b"))), affine(term(label("zone", "NotIn", "a"))),
		affine(term(label("zone", "Exists"), label("team", "DoesNotExist"))), affine(term(label("zone", "Gt", "1")), term(label("team", "In", "red"))),
		affine(term(label("kubernetes.io/arch", "In", "arm64"))), affine(term(label("nvidia.com/gpu.product", "In", "Tesla-T4"))),
		affine(term(label("zone", "Gt", "many"))),
		tolerating(tolerate("dedicated", "Equal", "red")), tolerating(tolerate("", "Exists", "")),
		tolerating(tolerate("confidential", "Exists", "")), tolerating(tolerate("sandbox", "Exists", "")),
		under("gvisor"), under("kata-qemu-tdx"), under(""),
	}
}
