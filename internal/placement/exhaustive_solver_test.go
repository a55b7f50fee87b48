// SPDX-License-Identifier: Apache-2.0

package placement_test

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

// A set of workloads has a bit for each.
type set uint32

func (s set) has(i int) bool { return s>>i&1 == 1 }

func (s set) members() []int {
	var all []int
	for i := range 32 {
		if s.has(i) {
			all = append(all, i)
		}
	}
	return all
}

func (s set) size() int { return bits.OnesCount32(uint32(s)) }

// A score is what placements are compared by: level after level, higher is better.
// Scores of pools add up.
type score [5]float64

func (s score) plus(o score) score {
	for l := range s {
		s[l] += o[l]
	}
	return s
}

func (s score) compare(o score) int { return slices.Compare(s[:], o[:]) }

// worst is the score of what cannot be.
var worst = score{math.Inf(-1)}

// levels are the names of the levels of a strategy's scores.
func levels(s placement.Strategy) [5]string {
	switch s {
	case placement.LeastWaste:
		return [5]string{"placed", "weight", "stranded", "cost", "squares"}
	case placement.Spread:
		return [5]string{"placed", "weight", "squares", "cost", "stranded"}
	default:
		return [5]string{"placed", "weight", "cost", "stranded", "squares"}
	}
}

// newScore orders what counts by the strategy.
func newScore(s placement.Strategy, placed, weight, cost, stranded, squares float64) score {
	switch s {
	case placement.LeastWaste:
		return score{placed, weight, -stranded, -cost, -squares}
	case placement.Spread:
		return score{placed, weight, -squares, -cost, -stranded}
	default:
		return score{placed, weight, -cost, -stranded, -squares}
	}
}

// solver finds the best placement of a few workloads: for each pool and set of
// workloads the best packing on its nodes, then the best partition of the
// workloads into such sets. Both go through all there are.
type solver struct {
	*problem

	// may and must are the sets that a pool takes some and all of. What a pool
	// keeps and has counted is in neither.
	may, must []set
	// kept are the workloads that stay somewhere, counted or not.
	kept set
	// counted is how many of those a pool keeps that take nothing more.
	counted []int
	// best are the scores of the sets in each pool, worst where they do not fit.
	best [][]score
	// total are the best scores of sets over all pools, and parts what of them each
	// pool has where there are no pools after it.
	total []score
	parts [][]set
}

func solve(p *problem) *solver {
	n := len(p.kept)
	s := &solver{problem: p, counted: make([]int, len(p.pools))}
	for k := range p.pools {
		var may, must set
		for i := range n {
			switch {
			case p.kept[i] == k && p.counted[i]:
				s.counted[k]++
			case p.kept[i] == k:
				must |= 1 << i
			case p.kept[i] < 0 && p.serves[k][i]:
				may |= 1 << i
			}
			if p.kept[i] >= 0 {
				s.kept |= 1 << i
			}
		}
		s.may, s.must = append(s.may, may|must), append(s.must, must)
		s.best = append(s.best, s.scores(k))
	}
	s.partition()
	return s
}

// scores returns the scores of all sets in one pool.
func (s *solver) scores(k int) []score {
	stranded := s.pack(k)
	all := make([]score, len(stranded))
	for i := range all {
		if math.IsInf(stranded[i], 1) || set(i)&s.must[k] != s.must[k] {
			all[i] = worst
			continue
		}
		cost := 0.0
		for w := range s.problem.kept {
			if set(i).has(w) && s.problem.kept[w] < 0 {
				cost += s.cost[k][w]
			}
		}
		fresh := float64((set(i) &^ s.kept).size())
		number := float64(set(i).size() + s.counted[k])
		all[i] = newScore(s.strategy, fresh, fresh*s.pools[k].weight, cost, stranded[i], number*number)
	}
	return all
}

// pack returns for every set the fewest GPUs that it strands on the nodes of a
// pool, infinite where it does not fit.
func (s *solver) pack(k int) []float64 {
	may := s.may[k]
	full := 1 << len(s.problem.kept)
	best := make([]float64, full)
	needs := make([]amounts, full)
	for i := 1; i < full; i++ {
		best[i] = math.Inf(1)
		needs[i] = needs[i&(i-1)].plus(s.need[k][bits.TrailingZeros(uint(i))])
	}
	for _, g := range s.pools[k].groups {
		alone := s.alone(needs, g.free, may)
		for range min(g.nodes, may.size()) {
			next := slices.Clone(best)
			for whole := may; whole > 0; whole = (whole - 1) & may {
				for part := whole; part > 0; part = (part - 1) & whole {
					next[whole] = min(next[whole], best[whole&^part]+alone[part])
				}
			}
			best = next
		}
	}
	return best
}

// alone returns for every set the GPUs that it strands on one node, infinite where
// it does not fit. A node without new workloads strands none.
func (s *solver) alone(needs []amounts, free amounts, may set) []float64 {
	alone := make([]float64, len(needs))
	for i := range alone {
		switch {
		case set(i)&^may != 0 || !needs[i].within(free):
			alone[i] = math.Inf(1)
		case set(i)&^s.kept != 0:
			alone[i] = float64(free[dimGPUs]-needs[i][dimGPUs]) / 1000
		}
	}
	return alone
}

// partition finds the best score of every set over all pools.
func (s *solver) partition() {
	full := set(1)<<len(s.problem.kept) - 1
	s.total = make([]score, full+1)
	for i := 1; i < len(s.total); i++ {
		s.total[i] = worst
	}
	for k := range s.pools {
		next, parts := make([]score, full+1), make([]set, full+1)
		for whole := range next {
			next[whole], parts[whole] = s.bestPart(k, set(whole))
		}
		s.total, s.parts = next, append(s.parts, parts)
	}
}

// bestPart returns the best score of a set over pool k and those before it, and
// which part of the set is in pool k.
func (s *solver) bestPart(k int, whole set) (score, set) {
	best, in := worst, set(0)
	for part := whole & s.may[k]; ; part = (part - 1) & whole & s.may[k] {
		if s.best[k][part] != worst && s.total[whole&^part] != worst {
			if sum := s.best[k][part].plus(s.total[whole&^part]); sum.compare(best) > 0 {
				best, in = sum, part
			}
		}
		if part == 0 {
			return best, in
		}
	}
}

// optimum is the best score there is, or worst where not even what is kept fits.
func (s *solver) optimum() score {
	return slices.MaxFunc(s.total, score.compare)
}

// describeBest says which workloads each pool has in one of the best placements.
func (s *solver) describeBest() string {
	best, whole := s.optimum(), set(0)
	for i := range s.total {
		if s.total[i] == best {
			whole = set(i)
		}
	}
	out := ""
	for k, parts := range slices.Backward(s.parts) {
		part := parts[whole]
		out += fmt.Sprintf("%s has %v; ", s.pools[k].name, part.members())
		whole &^= part
	}
	return out
}

// enumerate finds the best score by trying every workload on every node. It shares
// with the solver what it reads of the instance, and nothing of how it searches.
type enumerate struct {
	*problem

	nodes []enumeratedNode
	// placed is the pool of every workload, -1 for none.
	placed []int
	best   score
}

type enumeratedNode struct {
	pool  int
	free  amounts
	fresh int
}

func enumerated(p *problem) score {
	e := &enumerate{problem: p, placed: make([]int, len(p.kept)), best: worst}
	for k, pool := range p.pools {
		for _, g := range pool.groups {
			for range g.nodes {
				e.nodes = append(e.nodes, enumeratedNode{pool: k, free: g.free})
			}
		}
	}
	e.place(0)
	return e.best
}

// place tries all that workload i and those after it may do.
func (e *enumerate) place(i int) {
	if i == len(e.placed) {
		if s := e.score(); s.compare(e.best) > 0 {
			e.best = s
		}
		return
	}
	kept := e.kept[i]
	if kept >= 0 && e.counted[i] {
		e.placed[i] = kept
		e.place(i + 1)
		return
	}
	for n := range e.nodes {
		node := &e.nodes[n]
		if (kept >= 0 && kept != node.pool) || !e.serves[node.pool][i] || !e.need[node.pool][i].within(node.free) {
			continue
		}
		before := *node
		node.free = node.free.minus(e.need[node.pool][i])
		if kept < 0 {
			node.fresh++
		}
		e.placed[i] = node.pool
		e.place(i + 1)
		*node = before
	}
	if kept < 0 {
		e.placed[i] = -1
		e.place(i + 1)
	}
}

// score is that of what is placed now.
func (e *enumerate) score() score {
	var placed, weight, cost, stranded, squares float64
	number := make([]float64, len(e.pools))
	for i, k := range e.placed {
		if k < 0 {
			continue
		}
		number[k]++
		if e.kept[i] < 0 {
			placed++
			weight += e.pools[k].weight
			cost += e.cost[k][i]
		}
	}
	for _, n := range number {
		squares += n * n
	}
	for _, n := range e.nodes {
		if n.fresh > 0 {
			stranded += float64(n.free[dimGPUs]) / 1000
		}
	}
	return newScore(e.strategy, placed, weight, cost, stranded, squares)
}

// TestSolverAgainstEnumeration keeps the solver honest that Place is measured by.
func TestSolverAgainstEnumeration(t *testing.T) {
	instances := uint64(20_000)
	if testing.Short() || underRace {
		instances = 1000
	}
	infeasible := 0
	for seed := range instances {
		in := smallInstance(seed, smallSize{pools: 3, nodes: 2, workloads: 4})
		p := newProblem(in)
		want := enumerated(p)
		if want == worst {
			infeasible++
		}
		if diff := cmp.Diff(want, solve(p).optimum()); diff != "" {
			t.Fatalf("instance %d: -enumerated, +solved:\n%s\n%s", seed, diff, describe(in))
		}
	}
	t.Logf("%d instances, in %d of which not all that is kept fits", instances, infeasible)
}

// describe writes an instance as its facts.
func describe(in instance) string {
	p := newProblem(in)
	out := fmt.Sprintf("strategy %s\n", in.strategy)
	for _, pool := range p.pools {
		out += fmt.Sprintf("%s: weight %g, price %g, allocatable %v, observed %v", pool.name, pool.weight, pool.price/1000, readable(pool.allocatable), pool.observed)
		for _, g := range pool.groups {
			out += fmt.Sprintf("; %d nodes with %v", g.nodes, readable(g.free))
		}
		out += "\n"
	}
	for i, w := range in.workloads {
		out += w.Name
		if w.Present != nil {
			out += fmt.Sprintf(" %+v", *w.Present)
		}
		for k, pool := range p.pools {
			if p.serves[k][i] {
				out += fmt.Sprintf("; in %s %v for %g", pool.name, readable(p.need[k][i]), p.cost[k][i]/1000)
			}
		}
		out += "\n"
	}
	return out
}

// readable names the dimensions, and leaves out what is nothing or not limited.
func readable(a amounts) string {
	out := ""
	for d, name := range [dimensions]string{"cpu", "GiB", "storage", "pods", "gpu", "epc"} {
		unit := 1000.0
		if d == dimMemory || d == dimEnclave {
			unit = 1000 * (1 << 30)
		}
		if a[d] > 0 && a[d] < endless/2 {
			out += fmt.Sprintf(" %s=%g", name, float64(a[d])/unit)
		} else if a[d] <= 0 && (d == dimCPU || d == dimMemory || d == dimPods) {
			out += fmt.Sprintf(" %s=%g", name, float64(a[d])/unit)
		}
	}
	return "{" + out + " }"
}
