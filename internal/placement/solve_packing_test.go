// SPDX-License-Identifier: Apache-2.0

package placement_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// A packing is workloads on the nodes of one pool.
type packing struct {
	*problem

	pool int
	// free is what the nodes have left, and on which workloads they have.
	free []amounts
	on   [][]int
	// left are the workloads that have no node.
	left []int
	// size of the workloads, which those that are hard to find room for have much of.
	size map[int]float64
	// moved says in which step a workload was put on a node.
	moved map[int]int
}

// pack puts the workloads of a pool on its nodes. Where simple ways to do so leave
// some without a node, it searches for long, so that there is hardly a pool whose
// workloads can be packed and for which it finds no way.
func (p *problem) pack(k int, placed []int) *packing {
	var best *packing
	for _, size := range p.sizes(k) {
		for _, first := range []bool{false, true} {
			m := p.newPacking(k, placed, size)
			for _, i := range m.left {
				m.put(i, m.node(i, first), 0)
			}
			m.left = slices.DeleteFunc(m.left, func(i int) bool { _, ok := m.moved[i]; return ok })
			if len(m.left) == 0 {
				return m
			}
			if best == nil || len(m.left) < len(best.left) {
				best = m
			}
		}
	}
	// What is left over is best measured by all that it needs.
	for i := range best.size {
		best.size[i] = remaining(p.need[k][i], p.pools[k].allocatable)
	}
	best.search()
	return best
}

// sizes are several ways to say how large a workload is.
func (p *problem) sizes(k int) []func(int) float64 {
	a := p.pools[k].allocatable
	sum := func(i int) float64 { return remaining(p.need[k][i], a) }
	by := []func(int) float64{func(i int) float64 { return shareOf(p.need[k][i], a) }, sum}
	for _, d := range []int{dimGPUs, dimCPU, dimMemory, dimEnclave} {
		by = append(by, func(i int) float64 { return 1000*float64(p.need[k][i][d])/float64(max(1, a[d])) + sum(i) })
	}
	return by
}

// newPacking has the workloads of a pool, the largest first, and nothing on its
// nodes.
func (p *problem) newPacking(k int, placed []int, size func(int) float64) *packing {
	m := &packing{problem: p, pool: k, size: map[int]float64{}, moved: map[int]int{}}
	for _, g := range p.pools[k].groups {
		for range g.nodes {
			m.free = append(m.free, g.free)
		}
	}
	m.on = make([][]int, len(m.free))
	for i, at := range placed {
		if at == k {
			m.left = append(m.left, i)
			m.size[i] = size(i)
		}
	}
	slices.SortStableFunc(m.left, func(i, j int) int { return cmp.Compare(m.size[j], m.size[i]) })
	return m
}

// node returns the first node that has room for a workload, or that which then has
// the least left, or -1.
func (m *packing) node(i int, first bool) int {
	need, a := m.need[m.pool][i], m.pools[m.pool].allocatable
	at, least := -1, 0.0
	for n, free := range m.free {
		if !need.within(free) {
			continue
		}
		if first {
			return n
		}
		if left := remaining(free.minus(need), a); at < 0 || left < least {
			at, least = n, left
		}
	}
	return at
}

func (m *packing) put(i, node, step int) {
	if node < 0 {
		return
	}
	m.free[node] = m.free[node].minus(m.need[m.pool][i])
	m.on[node] = append(m.on[node], i)
	m.moved[i] = step
}

func (m *packing) take(i, node int) {
	m.free[node] = m.free[node].plus(m.need[m.pool][i])
	m.on[node] = slices.DeleteFunc(m.on[node], func(j int) bool { return j == i })
}

// packed are the workloads that have a node.
func (m *packing) packed() []int { return slices.Concat(m.on...) }

// search puts what has no node in the place of one or two smaller ones, which then
// need another, and moves others about at random, until all have a node or it has
// gone on for long.
func (m *packing) search() {
	r := rand.New(rand.NewPCG(uint64(m.pool), 31))
	for step := 1; step < 5000 && len(m.left) > 0; step++ {
		x := r.IntN(len(m.left))
		i := m.left[x]
		node, out := m.node(i, false), []int(nil)
		if node < 0 {
			node, out = m.instead(i, step, r)
		}
		if node < 0 {
			m.shift(step, r)
			continue
		}
		m.left = slices.Delete(m.left, x, x+1)
		for _, o := range out {
			m.take(o, node)
		}
		m.put(i, node, step)
		// Those that had to go, the larger ones first.
		slices.SortFunc(out, func(a, b int) int { return cmp.Compare(m.size[b], m.size[a]) })
		for _, o := range out {
			at := m.node(o, false)
			if m.put(o, at, step); at < 0 {
				m.left = append(m.left, o)
			}
		}
	}
}

// shift moves a workload to another node that has room, or changes it for one there.
func (m *packing) shift(step int, r *rand.Rand) {
	from, to := r.IntN(len(m.on)), r.IntN(len(m.on))
	if from == to || len(m.on[from]) == 0 {
		return
	}
	i := m.on[from][r.IntN(len(m.on[from]))]
	need := m.need[m.pool]
	if need[i].within(m.free[to]) {
		m.take(i, from)
		m.put(i, to, step)
		return
	}
	if len(m.on[to]) == 0 {
		return
	}
	j := m.on[to][r.IntN(len(m.on[to]))]
	if need[i].within(m.free[to].plus(need[j])) && need[j].within(m.free[from].plus(need[i])) {
		m.take(i, from)
		m.take(j, to)
		m.put(i, to, step)
		m.put(j, from, step)
	}
}

// instead returns the node where the smallest workloads make room for another, and
// which these are. They are smaller than it, but for now and then.
func (m *packing) instead(i, step int, r *rand.Rand) (int, []int) {
	need := m.need[m.pool][i]
	node, out, least := -1, []int(nil), m.size[i]
	if r.IntN(10) == 0 {
		least *= 1.3
	}
	try := func(n int, some ...int) {
		free, size := m.free[n], 0.1*r.Float64()*m.size[i]
		for _, o := range some {
			if at := m.moved[o]; at > 0 && step-at < 5 {
				return
			}
			free, size = free.plus(m.need[m.pool][o]), size+m.size[o]
		}
		if size < least && need.within(free) {
			node, out, least = n, some, size
		}
	}
	for n, on := range m.on {
		for x, o := range on {
			try(n, o)
			for _, other := range on[x+1:] {
				try(n, o, other)
			}
		}
	}
	return node, out
}
