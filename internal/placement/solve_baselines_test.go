// SPDX-License-Identifier: Apache-2.0

package placement_test

import (
	"cmp"
	"slices"
)

// A baseline puts workloads on nodes one after another, those that need most
// first, and never looks back.
type baseline struct {
	*problem

	// free is what the nodes of each pool have left.
	free [][]amounts
	// placed is the pool of every workload, -1 for none.
	placed []int
}

func newBaseline(p *problem) *baseline {
	b := &baseline{problem: p, placed: make([]int, len(p.kept))}
	for _, pool := range p.pools {
		var free []amounts
		for _, g := range pool.groups {
			for range g.nodes {
				free = append(free, g.free)
			}
		}
		b.free = append(b.free, free)
	}
	return b
}

// firstFit puts each workload on the first node that has room, in the pool with the
// highest weight where it costs least.
func firstFit(p *problem) []int {
	b := newBaseline(p)
	for _, i := range b.decreasing() {
		b.placed[i] = -1
		for _, k := range b.inOrder(i) {
			n := slices.IndexFunc(b.free[k], func(free amounts) bool { return b.need[k][i].within(free) })
			if n >= 0 {
				b.put(i, k, n)
				break
			}
		}
	}
	return b.placed
}

// bestFit puts each workload on the node of all pools on which least is left. Those
// that need least may come first instead.
func bestFit(p *problem, increasing bool) []int {
	b := newBaseline(p)
	order := b.decreasing()
	if increasing {
		slices.Reverse(order)
	}
	for _, i := range order {
		b.placed[i] = -1
		least, pool, node := 0.0, -1, -1
		for _, k := range b.inOrder(i) {
			for n, free := range b.free[k] {
				if !b.need[k][i].within(free) {
					continue
				}
				if left := remaining(free.minus(b.need[k][i]), b.pools[k].allocatable); pool < 0 || left < least {
					least, pool, node = left, k, n
				}
			}
		}
		if pool >= 0 {
			b.put(i, pool, node)
		}
	}
	return b.placed
}

// put puts workload i on node n of pool k.
func (b *baseline) put(i, k, n int) {
	b.placed[i] = k
	b.free[k][n] = b.free[k][n].minus(b.need[k][i])
}

// remaining returns how much of a node is left: the sum of the shares.
func remaining(free, allocatable amounts) float64 {
	left := 0.0
	for d := range free {
		if d != dimPods && allocatable[d] > 0 && allocatable[d] < endless {
			left += float64(free[d]) / float64(allocatable[d])
		}
	}
	return left
}

// decreasing returns the workloads, those that need most first: the GPUs, and then
// the largest share of a node of any pool.
func (b *baseline) decreasing() []int {
	order := make([]int, len(b.placed))
	size := make([]float64, len(b.placed))
	for i := range order {
		order[i] = i
		for k := range b.pools {
			if b.serves[k][i] {
				size[i] = max(size[i], float64(b.need[k][i][dimGPUs]), shareOf(b.need[k][i], b.pools[k].allocatable))
			}
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(size[j], size[i]) })
	return order
}

// inOrder returns the pools that serve a workload, the preferred ones first.
func (b *baseline) inOrder(i int) []int {
	var order []int
	for k := range b.pools {
		if b.serves[k][i] {
			order = append(order, k)
		}
	}
	slices.SortStableFunc(order, func(k, l int) int {
		return cmp.Or(cmp.Compare(b.pools[l].weight, b.pools[k].weight), cmp.Compare(b.cost[k][i], b.cost[l][i]))
	})
	return order
}

// A tally is what a placement comes to.
type tally struct {
	placed       int
	weight, cost float64
}

// tallied sums up which pools workloads are in.
func (p *problem) tallied(placed []int) tally {
	var t tally
	for i, k := range placed {
		if k >= 0 {
			t.placed++
			t.weight += p.pools[k].weight
			t.cost += p.cost[k][i]
		}
	}
	return t
}
