// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"slices"
)

// A state is what pools have left while workloads are being placed on them.
type state struct {
	fleet    *Fleet
	strategy Strategy
	pools    []poolState
	buffer   amount
}

// A poolState is what one pool has left.
type poolState struct {
	groups []group
	// own says that the groups may be written to.
	own bool
	// most is the most that any node has left of each resource.
	most amount
	// items is how many there are in the pool, and elsewhere those of them that sit
	// on no node that is known.
	items     int64
	elsewhere []int
}

func newState(f *Fleet, s Strategy) *state {
	st := &state{fleet: f, strategy: s, pools: make([]poolState, len(f.pools))}
	for i := range st.pools {
		st.pools[i].groups, st.pools[i].most = f.groups[i], f.most[i]
	}
	return st
}

// clone a state. Neither writes to what the other has.
func (st *state) clone() *state {
	c := &state{fleet: st.fleet, strategy: st.strategy, pools: slices.Clone(st.pools)}
	for i := range st.pools {
		st.pools[i].own, c.pools[i].own = false, false
	}
	return c
}

// keep takes what an item needs in its pool: from the node that it fits best, or
// from none where it fits none. It says whether it found a node.
func (st *state) keep(it *item) bool {
	if it.stays() {
		it.pool = it.present
	}
	pool := &st.pools[it.pool]
	pool.items++
	at := -1
	o := it.shape.offerOf(it.pool)
	if !it.counted(st.fleet) {
		st.buffer = it.need(st.buffer, o)
		at, _ = st.bestNode(o, st.buffer)
	}
	if at < 0 {
		pool.elsewhere = append(slices.Clone(pool.elsewhere), it.index)
		return false
	}
	g := st.take(o.pool, at, st.buffer)
	g.items = append(slices.Clone(g.items), it.index)
	g.used = !it.stays()
	return true
}

// bestNode returns the group of the node in the offer's pool that a need fits
// best, -1 where it fits none, and how many GPUs more are then free on nodes that
// are used. Best strands the fewest GPUs, then leaves the least.
func (st *state) bestNode(o *offer, need amount) (at int, stranded int64) {
	at = -1
	if !need.fits(st.pools[o.pool].most) {
		return at, 0
	}
	var leftover float64
	wanted := st.fleet.scale.gpusIn(need)
	inverse := st.fleet.inverse[o.pool]
	for i := range st.pools[o.pool].groups {
		g := &st.pools[o.pool].groups[i]
		if g.nodes == 0 || (o.kinds != nil && !o.kinds[g.kind]) || !need.fits(g.free) {
			continue
		}
		strands := -wanted
		if !g.used {
			strands += g.gpus
		}
		if at >= 0 && strands > stranded {
			continue
		}
		left := 0.0
		for r, x := range inverse {
			left += float64(g.free[r]-need[r]) * x
		}
		if at < 0 || strands < stranded || left < leftover {
			at, stranded, leftover = i, strands, left
		}
	}
	return at, stranded
}

// survey finds the most that any node has left.
func (p *poolState) survey() {
	clear(p.most)
	for i := range p.groups {
		g := &p.groups[i]
		if g.nodes == 0 {
			continue
		}
		for r, free := range g.free {
			p.most[r] = max(p.most[r], free)
		}
	}
}

// take a need from one node of a group, and return the node.
func (st *state) take(pool, at int, need amount) *group {
	p := &st.pools[pool]
	if !p.own {
		p.groups, p.most, p.own = slices.Clone(p.groups), slices.Clone(p.most), true
	}
	g := &p.groups[at]
	defer p.survey()
	free := make(amount, len(need))
	for i, n := range need {
		free[i] = g.free[i] - n
	}
	taken := group{nodes: 1, kind: g.kind, free: free, gpus: g.gpus - st.fleet.scale.gpusIn(need), used: true, items: g.items}
	if g.nodes == 1 {
		*g = taken
		return g
	}
	if g.nodes < unlimited {
		g.nodes--
	}
	p.groups = append(p.groups, taken)
	return &p.groups[len(p.groups)-1]
}
