// SPDX-License-Identifier: Apache-2.0

package placement_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

const rejectionsFile = "testdata/rejections.txt"

var update = flag.Bool("update", false, "write what the golden tests should say")

// TestRejections holds the sentences that people read, each after its case. Run it
// with -update to write them anew, and read what has changed.
func TestRejections(t *testing.T) {
	var said strings.Builder
	for _, c := range rejectedCases() {
		r := placement.NewFleet([]v1alpha1.HardwarePool{c.pool}).Place([]placement.Workload{{Name: "w", Namespace: "ns", Demand: c.demand}}, placement.Price)
		if b, ok := r.Binding(0); ok {
			t.Errorf("%s: want no pool, got %s", c.name, b.Pool)
		}
		if err := r.Err(0); err != nil {
			fmt.Fprintf(&said, "%s: error: %v\n", c.name, err)
		}
		for _, rejection := range r.Rejections(0) {
			fmt.Fprintf(&said, "%s: %s\n", c.name, rejection.Reason)
		}
	}
	if *update {
		if err := os.WriteFile(rejectionsFile, []byte(said.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(rejectionsFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(said.String(), "\n")); diff != "" {
		t.Errorf("sentences about pools that do not serve: -want, +got:\n%s", diff)
	}
}

type rejectedCase struct {
	name   string
	pool   v1alpha1.HardwarePool
	demand placement.Demand
}

func rejectedCases() []rejectedCase {
	a100 := gpus(a10040, 8)
	present := tainted(taint("nvidia.com/gpu", "present"))
	ns := newPool("p", a100)
	ns.Spec.ProviderConfigRef = &v1alpha1.PoolTarget{Kind: "ProviderConfig", Name: "x", Namespace: "other"}
	none := newPool("p", a100)
	none.Status = v1alpha1.HardwarePoolStatus{Nodes: 2}
	notReady := newPool("p", hosting("tdx"), handedThrough(h100SXM, 8), labeled(readyKey, "false"))
	return []rejectedCase{
		{"other model", newPool("p", gpus("Tesla-T4", 1)), gpu("nvidia-a100", 1)},
		{"other memory", newPool("p", a100), gpu("a100-80gb", 1)},
		{"slice", newPool("p", gpus(a10040+"-MIG-1g.5gb", 7)), gpu("a100", 1)},
		{"share", newPool("p", gpus("Tesla-T4-SHARED", 4)), gpu("", 1)},
		{"no GPUs", newPool("p"), gpu("a100", 1)},
		{"too few GPUs", newPool("p", a100), gpu("a100", 9)},
		{"GPUs in use", newPool("p", a100, leaving(quantities("nvidia.com/gpu", "1"), quantities("nvidia.com/gpu", "0"))), gpu("a100", 2)},
		{"no TEE", newPool("p"), tee("tdx")},
		{"no TEE of any kind", newPool("p"), tee("")},
		{"other TEE", newPool("p", hosting("sev-snp")), tee("tdx")},
		{"GPUs not in confidential mode", notReady, in("tdx", gpu("h100", 1))},
		{"some GPUs of a confidential node", newPool("p", hosting("tdx"), handedThrough(h100SXM, 8)), in("tdx", gpu("h100", 4))},
		{"host without the runtime", newPool("p", labeled(tdxHost, "true"), withClasses(katas()...)), tee("tdx")},
		{"no keys left", newPool("p", hosting("tdx"), leaving(quantities("tdx.intel.com/keys", "0"))), tee("tdx")},
		{"other class", newPool("p", hosting("tdx")), where(tee("tdx"), under("kata-qemu-snp"))},
		{"class missing", newPool("p", hosting("tdx")), where(placement.Demand{}, under("absent"))},
		{"enclave memory", newPool("p", enclaves("512Mi")), limited(tee("sgx"), "sgx.intel.com/epc", "1Gi")},
		{"cpu", newPool("p"), limited(placement.Demand{}, "cpu", "64")},
		{"memory in use", newPool("p", leaving(quantities("memory", "1Gi"))), limited(placement.Demand{}, "memory", "2Gi")},
		{"label", newPool("p", labeled("disk", "ssd")), where(placement.Demand{}, selecting("disk", "hdd"))},
		{"no label", newPool("p"), where(placement.Demand{}, selecting("disk", "hdd"))},
		{"affinity", newPool("p", labeled("disk", "ssd")), where(placement.Demand{}, affine(term(label("disk", corev1.NodeSelectorOpNotIn, "ssd"))))},
		{"two terms", newPool("p", labeled("disk", "ssd")), where(placement.Demand{}, affine(term(label("disk", corev1.NodeSelectorOpIn, "hdd")), term(label("tier", corev1.NodeSelectorOpGt, "4"))))},
		{"taint", newPool("p", a100, present), placement.Demand{}},
		{"architecture", newPool("p", gpus("NVIDIA-GH200-480GB", 1)), where(gpu("", 1), selecting(archKey, "amd64"))},
		{"namespace", ns, gpu("a100", 1)},
		{"no node ready", none, gpu("a100", 1)},
		{"unknown model", newPool("p", a100), gpu("h1000", 1)},
		{"model without confidential mode", newPool("p", hosting("tdx")), in("tdx", gpu("v100", 1))},
		{"negative count", newPool("p", a100), gpu("a100", -1)},
		{"unknown TEE", newPool("p", hosting("tdx")), tee("nitro")},
	}
}
