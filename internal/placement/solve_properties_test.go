// SPDX-License-Identifier: Apache-2.0

package placement_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

// eachInstance runs a check on instances of many kinds.
func eachInstance(t *testing.T, check func(t *testing.T, seed uint64, in instance)) {
	t.Helper()
	small := uint64(2000)
	if testing.Short() || underRace {
		small = 200
	}
	for seed := range small {
		check(t, seed, smallInstance(seed, smallest))
	}
	for seed := range uint64(2) {
		for _, s := range strategies {
			in := largeInstance(seed, tenth, loadOver)
			in.strategy = s
			check(t, seed, in)
		}
	}
}

// An answer is all that a result says of a workload.
type answer struct {
	Bound      bool
	Binding    placement.Binding
	Rejections []placement.Rejection
	Err        string
}

// answers are a result's, by name.
func answers(in instance, r *placement.Result) map[string]answer {
	all := map[string]answer{}
	for i, w := range in.workloads {
		var a answer
		a.Binding, a.Bound = r.Binding(i)
		a.Rejections = r.Rejections(i)
		if err := r.Err(i); err != nil {
			a.Err = err.Error()
		}
		all[w.Name] = a
	}
	return all
}

func placeAll(in instance) map[string]answer {
	return answers(in, placement.NewFleet(in.pools).Place(in.workloads, in.strategy))
}

// copied returns an instance that shares nothing with another.
func copied(in instance) instance {
	out := instance{strategy: in.strategy}
	for i := range in.pools {
		out.pools = append(out.pools, *in.pools[i].DeepCopy())
	}
	for _, w := range in.workloads {
		w.Demand.Hardware = w.Demand.Hardware.DeepCopy()
		w.Demand.Scheduling = w.Demand.Scheduling.DeepCopy()
		w.Demand.Resources = *w.Demand.Resources.DeepCopy()
		w.Target = w.Target.DeepCopy()
		if w.Present != nil {
			present := *w.Present
			w.Present = &present
		}
		out.workloads = append(out.workloads, w)
	}
	return out
}

func TestPlaceWhateverTheOrder(t *testing.T) {
	eachInstance(t, func(t *testing.T, seed uint64, in instance) {
		t.Helper()
		want := placeAll(in)
		shuffled := copied(in)
		r := rand.New(rand.NewPCG(seed, 29))
		r.Shuffle(len(shuffled.pools), func(i, j int) {
			shuffled.pools[i], shuffled.pools[j] = shuffled.pools[j], shuffled.pools[i]
		})
		r.Shuffle(len(shuffled.workloads), func(i, j int) {
			shuffled.workloads[i], shuffled.workloads[j] = shuffled.workloads[j], shuffled.workloads[i]
		})
		got := placeAll(shuffled)
		if diff := cmp.Diff(poolsIn(want), poolsIn(got)); diff != "" {
			t.Errorf("seed %d: the order of pools and workloads decides which go where: -given, +shuffled:\n%s", seed, cut(diff))
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("seed %d: the order of pools and workloads matters: -given, +shuffled:\n%s", seed, cut(diff))
		}
	})
}

// poolsIn are the pools of the workloads, by name.
func poolsIn(all map[string]answer) map[string]string {
	pools := map[string]string{}
	for name, a := range all {
		pools[name] = a.Binding.Pool
	}
	return pools
}

// cut shortens what need not be read to the end.
func cut(s string) string { return s[:min(len(s), 2000)] }

func TestPlaceLeavesItsInputsAlone(t *testing.T) {
	eachInstance(t, func(t *testing.T, seed uint64, in instance) {
		t.Helper()
		want := copied(in)
		placeAll(in)
		if diff := cmp.Diff(want.pools, in.pools); diff != "" {
			t.Errorf("seed %d: the pools changed: -before, +after:\n%s", seed, cut(diff))
		}
		if diff := cmp.Diff(want.workloads, in.workloads); diff != "" {
			t.Errorf("seed %d: the workloads changed: -before, +after:\n%s", seed, cut(diff))
		}
	})
}

func TestPlaceAgainAndAtOnce(t *testing.T) {
	eachInstance(t, func(t *testing.T, seed uint64, in instance) {
		t.Helper()
		fleet := placement.NewFleet(in.pools)
		results := make([]map[string]answer, 3)
		var group sync.WaitGroup
		for n := range results {
			group.Go(func() { results[n] = answers(in, fleet.Place(in.workloads, in.strategy)) })
		}
		group.Wait()
		for _, again := range append(results[1:], placeAll(in)) {
			if diff := cmp.Diff(results[0], again); diff != "" {
				t.Errorf("seed %d: the same question has two answers: -one, +other:\n%s", seed, cut(diff))
			}
		}
	})
}

// TestPlacedWorkloadsStay gives what was decided back as what is there, beside pools
// that are better in every way.
func TestPlacedWorkloadsStay(t *testing.T) {
	eachInstance(t, func(t *testing.T, seed uint64, in instance) {
		t.Helper()
		first := placeAll(in)
		again := copied(in)
		for i := range again.workloads {
			w := &again.workloads[i]
			if a := first[w.Name]; a.Bound && (w.Present == nil || !w.Present.Waiting) {
				w.Present = &placement.Present{Pool: a.Binding.Pool, Counted: (seed+uint64(i))%2 == 0}
			}
		}
		again.pools = append(again.pools, better(in.pools)...)
		for name, a := range placeAll(again) {
			if was := first[name]; was.Bound && !waits(again, name) && a.Binding.Pool != was.Binding.Pool {
				t.Errorf("seed %d: %s was in %s and is now in %q (%s)\n%s", seed, name, was.Binding.Pool, a.Binding.Pool, a.Binding.Why, cut(describe(in)))
			}
		}
	})
}

// better returns pools like others, with more nodes, at less cost and with more
// weight.
func better(pools []v1alpha1.HardwarePool) []v1alpha1.HardwarePool {
	all := make([]v1alpha1.HardwarePool, 0, len(pools))
	for i := range pools {
		p := pools[i].DeepCopy()
		p.Name = fmt.Sprintf("better-%d", i)
		p.Spec.NodeSelector = v1alpha1.NodeLabels{"pool": p.Name}
		price := milli(1)
		p.Spec.Price, p.Spec.Weight = &price, 1000
		p.Spec.MaxNodes = count(1000)
		p.Status.Free = nil
		all = append(all, *p)
	}
	return all
}

func waits(in instance, name string) bool {
	for _, w := range in.workloads {
		if w.Name == name {
			return w.Present != nil && w.Present.Waiting
		}
	}
	return false
}

// TestKeptWorkloadsStayWithoutRoom has pools that keep more than they have room for.
func TestKeptWorkloadsStayWithoutRoom(t *testing.T) {
	found := 0
	for seed := range uint64(3000) {
		in := smallInstance(seed, smallSize{pools: 3, nodes: 1, workloads: 8})
		p := newProblem(in)
		if solve(p).optimum() != worst {
			continue
		}
		found++
		r := placement.NewFleet(in.pools).Place(in.workloads, in.strategy)
		for i, k := range p.kept {
			if b, _ := r.Binding(i); k >= 0 && b.Pool != p.pools[k].name {
				t.Errorf("seed %d: workload %d must stay in %s, and is in %q\n%s", seed, i, p.pools[k].name, b.Pool, describe(in))
			}
		}
	}
	t.Logf("%d instances keep more than there is room for", found)
}
