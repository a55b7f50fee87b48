// SPDX-License-Identifier: Apache-2.0

package placement_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

// strategiesOf are all of them.
var allStrategies = []placement.Strategy{placement.Price, placement.LeastWaste, placement.Spread}

// placedOn returns the pool that one workload is given to, or "".
func placedOn(pools []v1alpha1.HardwarePool, w placement.Workload, s placement.Strategy) string {
	b, _ := placement.NewFleet(pools).Place([]placement.Workload{w}, s).Binding(0)
	return b.Pool
}

func TestEdgeTies(t *testing.T) {
	equal := func(name string) v1alpha1.HardwarePool {
		return newPool(name, gpus("Tesla-T4", 4), priced("2"), weighing(3))
	}
	pools := []v1alpha1.HardwarePool{equal("c"), equal("a"), equal("d"), equal("b")}
	reversed := slices.Clone(pools)
	slices.Reverse(reversed)
	w := placement.Workload{Name: "w", Demand: gpu("t4", 1)}
	for _, s := range allStrategies {
		for _, order := range [][]v1alpha1.HardwarePool{pools, reversed} {
			if got := placedOn(order, w, s); got != "a" {
				t.Errorf("%s: of pools that are equal but for their names: want a, got %q", s, got)
			}
		}
	}
}

func TestEdgeSticky(t *testing.T) {
	pool := func(name, price string, options ...poolOption) v1alpha1.HardwarePool {
		return newPool(name, append([]poolOption{gpus("Tesla-T4", 4), priced(price)}, options...)...)
	}
	full := leaving(quantities("nvidia.com/gpu", "0"))
	on := func(name string) *placement.Present { return &placement.Present{Pool: name, Counted: true} }
	cases := map[string]struct {
		reason  string
		pools   []v1alpha1.HardwarePool
		present *placement.Present
		want    string
	}{
		"CheaperAppears": {"A cheaper pool moves nothing that runs.", []v1alpha1.HardwarePool{pool("a", "1"), pool("b", "9")}, on("b"), "b"},
		"HeavierAppears": {"Nor does one of more weight.", []v1alpha1.HardwarePool{pool("a", "1", weighing(9)), pool("b", "1")}, on("b"), "b"},
		"Nowhere":        {"What is nowhere yet goes where it is best.", []v1alpha1.HardwarePool{pool("a", "1"), pool("b", "9")}, nil, "a"},
		"Disappears":     {"Where the pool is gone another is found.", []v1alpha1.HardwarePool{pool("a", "1")}, on("b"), "a"},
		"NoLongerFits":   {"A pool that does not serve any more is left.", []v1alpha1.HardwarePool{pool("a", "1"), newPool("b", gpus("NVIDIA-L4", 4))}, on("b"), "a"},
		"FullOfItself":   {"What runs needs nothing free, since its share is taken by itself.", []v1alpha1.HardwarePool{pool("a", "1"), pool("b", "9", full)}, on("b"), "b"},
		"Waiting":        {"What waits for a node that does not come may go elsewhere.", []v1alpha1.HardwarePool{pool("a", "9"), pool("b", "1", full)}, &placement.Present{Pool: "b", Waiting: true}, "a"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			for _, s := range allStrategies {
				if got := placedOn(tc.pools, placement.Workload{Name: "w", Demand: gpu("t4", 1), Present: tc.present}, s); got != tc.want {
					t.Errorf("\n%s\n%s: want %q, got %q", tc.reason, s, tc.want, got)
				}
			}
		})
	}
}

func TestEdgeNoPools(t *testing.T) {
	unseen := newPool("p", gpus("Tesla-T4", 4))
	unseen.Status = v1alpha1.HardwarePoolStatus{}
	empty := v1alpha1.HardwarePool{}
	empty.Name, empty.Spec.NodeSelector = "empty", v1alpha1.NodeLabels{"pool": "empty"}
	for name, pools := range map[string][]v1alpha1.HardwarePool{"None": nil, "NotObserved": {unseen}, "NothingSaid": {empty}} {
		t.Run(name, func(t *testing.T) {
			r := placement.NewFleet(pools).Place([]placement.Workload{{Name: "w", Demand: gpu("t4", 1)}}, placement.Price)
			if err := r.Err(0); err != nil {
				t.Errorf("what is not known yet is not the demand's fault, got: %v", err)
			}
			_, bound := r.Binding(0)
			if !bound && len(r.Rejections(0)) != len(pools) {
				t.Errorf("want a reason for each of %d pools, got %v", len(pools), r.Rejections(0))
			}
			if bound && len(pools) == 0 {
				t.Error("want no pool where there is none")
			}
		})
	}
	t.Run("NoWorkloads", func(*testing.T) {
		placement.NewFleet([]v1alpha1.HardwarePool{unseen}).Place(nil, placement.Spread)
	})
}

// TestEdgeEveryPoolRejected checks that every pool says why, by name, in the same
// words whatever the order, and in few of them whatever the demand.
func TestEdgeEveryPoolRejected(t *testing.T) {
	pools := []v1alpha1.HardwarePool{
		newPool("e-cpu"),
		newPool("d-model", gpus("NVIDIA-L4", 8)),
		newPool("c-count", gpus("Tesla-T4", 1)),
		newPool("b-full", gpus("Tesla-T4", 4), leaving(quantities("nvidia.com/gpu", "1"))),
		newPool("a-label", gpus("Tesla-T4", 4), labeled("zone", "b")),
	}
	for i := range pools {
		if pools[i].Name != "a-label" {
			labeled("zone", "a")(&pools[i])
		}
	}
	d := where(gpu("t4", 2), selecting("zone", "a"))
	first := placement.NewFleet(pools).Place([]placement.Workload{{Name: "w", Demand: d}}, placement.Price)
	if b, ok := first.Binding(0); ok {
		t.Fatalf("want no pool, got %s", b.Pool)
	}
	var names []string
	for i, rejection := range first.Rejections(0) {
		names = append(names, rejection.Pool)
		if words := []string{"zone", "1 of 2", "1 GPU", "NVIDIA-L4", "GPU"}[min(i, 4)]; !strings.Contains(rejection.Reason, words) {
			t.Errorf("want a reason of %s with %q, got: %s", rejection.Pool, words, rejection.Reason)
		}
	}
	if diff := cmp.Diff([]string{"a-label", "b-full", "c-count", "d-model", "e-cpu"}, names); diff != "" {
		t.Errorf("pools that say why: -want, +got:\n%s", diff)
	}
	slices.Reverse(pools)
	again := placement.NewFleet(pools).Place([]placement.Workload{{Name: "w", Demand: d}}, placement.Price)
	if diff := cmp.Diff(first.Rejections(0), again.Rejections(0)); diff != "" {
		t.Errorf("pools in another order: -first, +again:\n%s", diff)
	}
}

func TestEdgeReasonsAreBounded(t *testing.T) {
	const longest = 1024
	long := strings.Repeat("x", 60)
	var terms [][]corev1.NodeSelectorRequirement
	selector := map[string]string{}
	for i := range 64 {
		values := []string{}
		for j := range 200 {
			values = append(values, fmt.Sprintf("%s%d", long, j))
		}
		terms = append(terms, term(label(fmt.Sprintf("%s%d", long, i), corev1.NodeSelectorOpIn, values...)))
		selector[fmt.Sprintf("%s%d", long, i)] = long
	}
	named := where(placement.Demand{}, affine(terms...))
	selected := where(placement.Demand{}, v1alpha1.SchedulingConfig{NodeSelector: selector})
	p := newPool("p", gpus("Tesla-T4", 1))
	for i := range 32 {
		tainted(taint(fmt.Sprintf("%s%d", long, i), long))(&p)
	}
	for name, c := range map[string]struct {
		pool   v1alpha1.HardwarePool
		demand placement.Demand
	}{"Affinity": {newPool("p"), named}, "Selector": {newPool("p"), selected}, "Taints": {p, placement.Demand{}}} {
		r := placement.NewFleet([]v1alpha1.HardwarePool{c.pool}).Place([]placement.Workload{{Name: "w", Demand: c.demand}}, placement.Price)
		for _, rejection := range r.Rejections(0) {
			if len(rejection.Reason) > longest {
				t.Errorf("%s: want a reason of at most %d bytes, got %d", name, longest, len(rejection.Reason))
			}
		}
		if len(r.Rejections(0)) != 1 {
			t.Errorf("%s: want a reason, got %v %v", name, r.Rejections(0), r.Err(0))
		}
	}
}

// TestEdgeContradictingPools checks that a pool whose facts cannot all be true
// serves nothing, and is named.
func TestEdgeContradictingPools(t *testing.T) {
	having := func(tee string, mode v1alpha1.TEEMode) poolOption {
		return func(p *v1alpha1.HardwarePool) { p.Spec.TEE = &v1alpha1.PoolTEE{Type: tee, Mode: mode} }
	}
	for name, p := range map[string]v1alpha1.HardwarePool{
		"Labels":  newPool("p", labeled("pool", "q")),
		"Vendor":  newPool("p", declared(a10040, 8), counted("amd.com/gpu"), offering("amd.com/gpu", "8")),
		"SGXMode": newPool("p", having("sgx", v1alpha1.TEEModePodVM)),
		"SEVMode": newPool("p", having("sev", v1alpha1.TEEModePodVM)),
		"TDXMode": newPool("p", having("tdx", v1alpha1.TEEModeProcess)),
	} {
		f := placement.NewFleet([]v1alpha1.HardwarePool{p, newPool("sound")})
		invalid := f.Invalid()
		if len(invalid) != 1 || invalid[0].Pool != "p" || invalid[0].Reason == "" {
			t.Errorf("%s: want pool p and why it contradicts itself, got %v", name, invalid)
		}
		if b, ok := f.Place([]placement.Workload{{Name: "w"}}, placement.Price).Binding(0); !ok || b.Pool != "sound" {
			t.Errorf("%s: want the sound pool, got %q", name, b.Pool)
		}
	}
}
