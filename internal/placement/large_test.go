// SPDX-License-Identifier: Apache-2.0

package placement_test

import (
	"flag"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

// A comparison is how Place does on a large fleet beside the baselines.
type comparison struct {
	seed   uint64
	broken []string
	// placed is the pool of every workload, -1 for none.
	placed []int
	place  tally
	// first, fit and small are first fit decreasing, best fit decreasing and best
	// fit increasing.
	first, fit, small tally
	took              time.Duration
}

// everyFull lets all fleets of TestLargeFleet have the full size, which takes some
// minutes.
var everyFull = flag.Bool("every-full", false, "compare to the baselines on fleets of the full size")

// TestLargeFleet places ten thousand workloads on five thousand nodes, and compares
// how many find room to how many could and to how many do by simpler means.
func TestLargeFleet(t *testing.T) {
	for _, c := range []struct {
		name string
		load float64
		// least percentage of the bound. The bound does not see that pools are divided
		// into nodes. Where everything finds room that makes no difference.
		least float64
	}{{"JustFits", loadFits, 99}, {"Oversubscribed", loadOver, 98.9}} {
		t.Run(c.name, func(t *testing.T) {
			bounded, compared, size := uint64(5), uint64(100), fullSize
			if testing.Short() || underRace {
				bounded, compared, size = 1, 4, tenth
			}
			for seed := range bounded {
				checkBound(t, seed, size, c.load, c.least)
			}
			if !*everyFull {
				size = tenth
			}
			reportComparisons(t, compareSeeds(compared, size, c.load))
		})
	}
}

// checkBound fails the test where less than the least part of what can be placed is.
func checkBound(t *testing.T, seed uint64, size fleetSize, load, least float64) {
	t.Helper()
	in := largeInstance(seed, size, load)
	c := compareTo(in, seed)
	reportComparisons(t, []comparison{c})
	p := newProblem(in)
	b := newBound(p)
	most := b.served()
	if c.place.placed < most {
		most = int(b.lower(200) + 1e-3)
	}
	nodes := 0
	for _, pool := range p.pools {
		for _, g := range pool.groups {
			nodes += g.nodes
		}
	}
	part := func(n int) float64 { return 100 * float64(n) / float64(most) }
	t.Logf("seed %d: %d pools, %d nodes, %d workloads, %d of which a pool serves, at most %d can be placed: %d are (%.2f%%), first fit decreasing %d (%.2f%%), best fit decreasing %d (%.2f%%), best fit increasing %d (%.2f%%), in %v", seed,
		len(p.pools), nodes, len(in.workloads), b.served(), most, c.place.placed, part(c.place.placed), c.first.placed, part(c.first.placed), c.fit.placed, part(c.fit.placed),
		c.small.placed, part(c.small.placed), c.took.Round(time.Millisecond))
	if part(c.place.placed) < least {
		t.Errorf("seed %d: %d of %d workloads are placed, want at least %g%%", seed, c.place.placed, most, least)
	}
	if n := placement.NewFleet(in.pools).Place(in.workloads, in.strategy).Overfull(); n > 0 {
		t.Errorf("seed %d: %d nodes are fuller than full", seed, n)
	}
	checkPacked(t, p, c)
}

// checkPacked looks for a node for every workload that is placed. In pools that are
// full but for a thousandth, the search may miss a way that there is for a few of
// hundreds.
func checkPacked(t *testing.T, p *problem, c comparison) {
	t.Helper()
	full, without := 0, 0
	for k, pool := range p.pools {
		m := p.pack(k, c.placed)
		if len(m.left) > 0 {
			full, without = full+1, without+len(m.left)
		}
		if len(m.left) > 1+len(m.size)/20 {
			t.Errorf("seed %d: in %s there is no room for %d of %d workloads", c.seed, pool.name, len(m.left), len(m.size))
		}
	}
	t.Logf("seed %d: a node is found for all but %d workloads, in %d pools", c.seed, without, full)
}

// placedBy returns the pool of every workload, -1 for none, and what is wrong with
// it: that a pool does not serve a workload, or has less than its workloads need
// together.
func (p *problem) placedBy(r *placement.Result) ([]int, []string) {
	var broken []string
	index := map[string]int{}
	left := make([]amounts, len(p.pools))
	for k, pool := range p.pools {
		index[pool.name] = k
		for _, g := range pool.groups {
			for range g.nodes {
				left[k] = left[k].plus(g.free)
			}
		}
	}
	placed := make([]int, len(p.kept))
	for i := range placed {
		placed[i] = -1
		b, ok := r.Binding(i)
		if !ok {
			continue
		}
		k, known := index[b.Pool]
		if !known || !p.serves[k][i] {
			broken = append(broken, fmt.Sprintf("workload %d is in %q, which does not serve it", i, b.Pool))
			continue
		}
		placed[i] = k
		left[k] = left[k].minus(p.need[k][i])
	}
	for k, pool := range p.pools {
		if !(amounts{}).within(left[k]) {
			broken = append(broken, fmt.Sprintf("%s lacks %v", pool.name, left[k]))
		}
	}
	return placed, broken
}

// compareSeeds compares Place to the baselines on many fleets, on all processors.
func compareSeeds(seeds uint64, size fleetSize, load float64) []comparison {
	all := make([]comparison, seeds)
	var next atomic.Uint64
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for seed := next.Add(1) - 1; seed < seeds; seed = next.Add(1) - 1 {
				all[seed] = compareTo(largeInstance(seed, size, load), seed)
			}
		})
	}
	group.Wait()
	return all
}

func compareTo(in instance, seed uint64) comparison {
	p := newProblem(in)
	fleet := placement.NewFleet(in.pools)
	start := time.Now()
	r := fleet.Place(in.workloads, in.strategy)
	c := comparison{seed: seed, took: time.Since(start)}
	c.placed, c.broken = p.placedBy(r)
	c.place, c.first = p.tallied(c.placed), p.tallied(firstFit(p))
	c.fit, c.small = p.tallied(bestFit(p, false)), p.tallied(bestFit(p, true))
	return c
}

// A rival is what a baseline did beside Place on many fleets.
type rival struct {
	name                string
	of                  func(comparison) tally
	fewer, equal, worse int
	ratio               float64
}

// reportComparisons fails the test where one of the usual baselines places more, and
// logs where one places as many in pools of more weight or at less cost.
func reportComparisons(t *testing.T, all []comparison) {
	t.Helper()
	rivals := []rival{
		{name: "first fit decreasing", of: func(c comparison) tally { return c.first }},
		{name: "best fit decreasing", of: func(c comparison) tally { return c.fit }},
		{name: "best fit increasing", of: func(c comparison) tally { return c.small }},
	}
	var took []time.Duration
	for _, c := range all {
		if len(c.broken) > 0 {
			t.Errorf("seed %d: %d hard constraints are violated, the first: %s", c.seed, len(c.broken), c.broken[0])
		}
		took = append(took, c.took)
		for r := range rivals {
			of := rivals[r].of(c)
			rivals[r].ratio += float64(of.placed) / float64(max(1, c.place.placed)) / float64(len(all))
			switch {
			case of.placed > c.place.placed && r < 2:
				t.Errorf("seed %d: %d workloads are placed, but %s places %d", c.seed, c.place.placed, rivals[r].name, of.placed)
			case of.placed < c.place.placed:
				rivals[r].fewer++
			case of.placed == c.place.placed:
				rivals[r].equal++
				if of.weight > c.place.weight || (of.weight == c.place.weight && of.cost < c.place.cost*(1-1e-9)) {
					rivals[r].worse++
				}
			}
		}
	}
	slices.Sort(took)
	for _, r := range rivals {
		if len(all) > 1 {
			t.Logf("%d fleets: %s places %.2f%% of what Place does, fewer on %d, as many on %d and on %d of those in better pools", len(all), r.name, 100*r.ratio, r.fewer, r.equal, r.worse)
		}
	}
	t.Logf("Place took %v in the middle and at most %v, beside other work", took[len(took)/2].Round(time.Millisecond), took[len(took)-1].Round(time.Millisecond))
}
