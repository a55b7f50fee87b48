// SPDX-License-Identifier: Apache-2.0

package placement_test

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

// smallest is what most instances are bounded by that are solved exactly, and larger
// what some are, whose workloads have many more ways to go.
var (
	smallest = smallSize{pools: 6, nodes: 4, workloads: 8}
	larger   = smallSize{pools: 4, nodes: 3, workloads: 12}
)

// A verdict is how a placement compares to the best there is.
type verdict struct {
	seed uint64
	size smallSize
	// broken are hard constraints that are violated.
	broken []string
	// left are workloads that are nowhere, though there is room beside the others.
	left []string
	// fewer says that more workloads could be placed.
	fewer     bool
	got, best score
	// level at which the placement is first worse than the best, -1 for none, and
	// by how much in relation.
	level int
	gap   float64
}

// TestAgainstExhaustiveSolver compares what Place decides for all workloads of many
// small instances to the best there is.
func TestAgainstExhaustiveSolver(t *testing.T) {
	for _, c := range []struct {
		name                   string
		size                   smallSize
		instances, short, race int
	}{
		{"Smallest", smallest, 100_000, 5000, 2000},
		{"Larger", larger, 5000, 100, 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			instances := c.instances
			switch {
			case underRace:
				instances = c.race
			case testing.Short():
				instances = c.short
			}
			checkVerdicts(t, judgeAll(instances, c.size))
		})
	}
}

// judgeAll judges instances on all processors.
func judgeAll(instances int, size smallSize) []verdict {
	verdicts := make([]verdict, instances)
	var next atomic.Int64
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(instances); i = next.Add(1) - 1 {
				in, s := solvableInstance(uint64(i), size)
				verdicts[i] = s.judge(in, placement.NewFleet(in.pools).Place(in.workloads, in.strategy))
				verdicts[i].seed, verdicts[i].size = uint64(i), size
			}
		})
	}
	group.Wait()
	return verdicts
}

func checkVerdicts(t *testing.T, verdicts []verdict) {
	t.Helper()
	reportHard(t, verdicts)
	for _, s := range strategies {
		of := slices.DeleteFunc(slices.Clone(verdicts), func(v verdict) bool { return strategies[v.seed%3] != s })
		reportGaps(t, string(s), of)
	}
}

// solvableInstance makes the instance of a seed. Where not even what is kept has
// room nothing can be said of the rest, so that nothing is kept there.
func solvableInstance(seed uint64, size smallSize) (instance, *solver) {
	in := smallInstance(seed, size)
	s := solve(newProblem(in))
	if s.optimum() != worst {
		return in, s
	}
	for i := range in.workloads {
		in.workloads[i].Present = nil
	}
	return in, solve(newProblem(in))
}

// judge compares a result to the best there is.
func (s *solver) judge(in instance, r *placement.Result) verdict {
	v := verdict{level: -1, best: s.optimum(), got: score{}}
	certain, maybe := make([]set, len(s.pools)), make([]set, len(s.pools))
	for i := range in.workloads {
		k, err := s.poolOf(i, r)
		switch {
		case err != nil:
			v.broken = append(v.broken, err.Error())
		case k < 0 || (s.kept.has(i) && s.problem.counted[i]):
		case s.waitsIn[i] == k:
			maybe[k] |= 1 << i
		default:
			certain[k] |= 1 << i
		}
	}
	var placed set
	for k := range s.pools {
		in, most := s.bestWith(k, certain[k], maybe[k])
		if most == worst {
			v.broken = append(v.broken, fmt.Sprintf("what is in %s does not fit: %b", s.pools[k].name, certain[k]))
			continue
		}
		placed |= in
		v.got = v.got.plus(most)
	}
	if len(v.broken) > 0 {
		return v
	}
	for i, w := range in.workloads {
		if !s.kept.has(i) && !placed.has(i) && s.total[placed|1<<i] != worst {
			v.left = append(v.left, w.Name)
		}
	}
	v.compare(levels(s.strategy))
	return v
}

// poolOf returns the pool of a workload, -1 for none, or in what way it must not be
// that.
func (s *solver) poolOf(i int, r *placement.Result) (int, error) {
	b, bound := r.Binding(i)
	k := slices.IndexFunc(s.pools, func(p poolFacts) bool { return bound && p.name == b.Pool })
	switch {
	case bound && k < 0:
		return k, fmt.Errorf("workload %d is in %q, which is no pool", i, b.Pool)
	case s.problem.kept[i] >= 0 && k != s.problem.kept[i]:
		return k, fmt.Errorf("workload %d must stay in %s, and is in %q", i, s.pools[s.problem.kept[i]].name, b.Pool)
	case s.waitsIn[i] >= 0 && !bound:
		return k, fmt.Errorf("workload %d waits in %s, and is nowhere", i, s.pools[s.waitsIn[i]].name)
	case bound && !s.serves[k][i]:
		return k, fmt.Errorf("workload %d is in %s, which does not serve it", i, b.Pool)
	}
	return k, nil
}

// bestWith returns the best score of a pool with all of some workloads and any of
// others, which may as well wait there, and which of them are in it.
func (s *solver) bestWith(k int, certain, maybe set) (set, score) {
	in, most := certain, worst
	for some := maybe; ; some = (some - 1) & maybe {
		if b := s.best[k][certain|some]; b.compare(most) > 0 {
			in, most = certain|some, b
		}
		if some == 0 {
			return in, most
		}
	}
}

// compare finds the level at which the placement is worse.
func (v *verdict) compare(names [5]string) {
	v.fewer = v.got[0] < v.best[0]
	for l := range v.got {
		if v.got[l] == v.best[l] {
			continue
		}
		unit := 1.0
		if names[l] == "cost" {
			unit = 1000
		}
		v.level = l
		v.gap = math.Abs(v.got[l]-v.best[l]) / max(math.Abs(v.best[l]), unit)
		return
	}
}

// reportHard fails the test for what must never be, with the smallest instances.
func reportHard(t *testing.T, verdicts []verdict) {
	t.Helper()
	for _, c := range []struct {
		what string
		bad  func(verdict) bool
	}{
		{"violate hard constraints", func(v verdict) bool { return len(v.broken) > 0 }},
		{"leave a workload out that there is room for", func(v verdict) bool { return len(v.left) > 0 }},
		{"place fewer workloads than could be", func(v verdict) bool { return v.fewer }},
	} {
		var bad []verdict
		for _, v := range verdicts {
			if c.bad(v) {
				bad = append(bad, v)
			}
		}
		t.Logf("%d of %d %s", len(bad), len(verdicts), c.what)
		if len(bad) > 0 {
			t.Errorf("%d of %d %s, of which the smallest are:%s", len(bad), len(verdicts), c.what, examples(bad, 3))
		}
	}
}

// examples describes the smallest instances of some verdicts.
func examples(of []verdict, n int) string {
	size := func(v verdict) int {
		in, _ := solvableInstance(v.seed, v.size)
		return len(in.pools) + len(in.workloads)
	}
	sizes := map[uint64]int{}
	for _, v := range of {
		sizes[v.seed] = size(v)
	}
	of = slices.Clone(of)
	slices.SortStableFunc(of, func(a, b verdict) int { return sizes[a.seed] - sizes[b.seed] })
	var out strings.Builder
	for _, v := range of[:min(n, len(of))] {
		in, s := solvableInstance(v.seed, v.size)
		fmt.Fprintf(&out, "\n--- seed %d: got %v, best %v of %v, broken %q, left %q\n%s", v.seed, v.got, v.best, levels(in.strategy), v.broken, v.left, describe(in))
		r := placement.NewFleet(in.pools).Place(in.workloads, in.strategy)
		for i, w := range in.workloads {
			b, _ := r.Binding(i)
			fmt.Fprintf(&out, "%s is in %q (%v, %v); ", w.Name, b.Pool, r.Rejections(i), r.Err(i))
		}
		fmt.Fprintf(&out, "\nbest: %s\n", s.describeBest())
	}
	return out.String()
}

// reportGaps logs how far from the best the placements of a strategy are that place
// as many, and fails the test where they are too far.
func reportGaps(t *testing.T, name string, of []verdict) {
	t.Helper()
	names := levels(placement.Strategy(name))
	var gaps []float64
	var sum float64
	worse := map[string]int{}
	var bad []verdict
	for _, v := range of {
		if len(v.broken) > 0 || v.fewer {
			continue
		}
		gaps = append(gaps, v.gap)
		sum += v.gap
		if v.level >= 0 {
			worse[names[v.level]]++
			bad = append(bad, v)
		}
	}
	if len(gaps) == 0 {
		t.Errorf("%s: no placement can be compared", name)
		return
	}
	slices.Sort(gaps)
	at := func(q float64) float64 { return 100 * gaps[min(len(gaps)-1, int(q*float64(len(gaps))))] }
	mean := 100 * sum / float64(len(gaps))
	t.Logf("%s: %d instances, %.3f%% optimal, gap mean %.4f%% p50 %.3f%% p90 %.3f%% p99 %.3f%% p99.9 %.3f%% max %.1f%%, worse in %v", name, len(gaps),
		100*float64(len(gaps)-len(bad))/float64(len(gaps)), mean, at(0.5), at(0.9), at(0.99), at(0.999), at(1), worse)
	if len(bad) > 0 {
		t.Logf("%s: the smallest that are not optimal:%s", name, examples(bad, 2))
	}
	if mean > 0.5 || at(0.99) > 5 {
		t.Errorf("%s: the mean gap is %.3f%%, want at most 0.5%%; that of 99%% is %.2f%%, want at most 5%%", name, mean, at(0.99))
	}
}
