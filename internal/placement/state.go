// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"slices"
)

// A state is what pools have left while workloads are being placed on them.
type state struct {
	fleet    *Fleet
	strategy Strategy
	// pools by their place in the fleet. Other states may have the same ones, but
	// for those that are this state's own.
	pools []*poolState
	own   set
	// kept are the items that were given to pools, in that order.
	kept   []*item
	buffer amount
}

// A poolState is what one pool has left.
type poolState struct {
	groups []group
	// free is what each node of the groups has left, one group's after the other's.
	free amount
	// most is the most that any node has left of each resource.
	most amount
	// items is how many there are in the pool.
	items int64
}

// A group is nodes that have the same left.
type group struct {
	nodes int64
	// kind of the nodes, an index of the pool's kinds.
	kind int
	// gpus that are free on each.
	gpus int64
	// used says that a workload was placed on the node, of which there is one.
	used bool
}

func newState(f *Fleet, s Strategy) *state {
	return &state{fleet: f, strategy: s, pools: slices.Clone(f.empty), own: newSet(len(f.pools))}
}

// clone a state. Neither writes to what the other has.
func (st *state) clone() *state {
	clear(st.own)
	return &state{fleet: st.fleet, strategy: st.strategy, pools: slices.Clone(st.pools), own: newSet(len(st.pools))}
}

// writable returns what a pool has left, to be changed.
func (st *state) writable(pool int) *poolState {
	if !st.own.has(pool) {
		p := *st.pools[pool]
		// There is room for a few nodes that are no longer like the others.
		p.groups, p.free, p.most = withRoom(p.groups, apart), withRoom(p.free, apart*len(p.most)), slices.Clone(p.most)
		st.pools[pool] = &p
		st.own.add(pool)
	}
	return st.pools[pool]
}

// apart is how many nodes of a pool are expected to be taken from their groups.
const apart = 4

// withRoom returns a copy of a slice that can grow by so many at no cost.
func withRoom[S ~[]E, E any](s S, more int) S {
	return append(make(S, 0, len(s)+more), s...)
}

// keep takes what an item needs in its pool: from the node that it fits best, or
// from none where it fits none. It says whether it found a node.
func (st *state) keep(it *item) bool {
	if it.stays() {
		it.pool = it.present
	}
	st.kept = append(st.kept, it)
	it.node = -1
	if o := it.shape.offerOf(it.pool); !it.counted(st.fleet) {
		st.buffer = it.need(st.buffer, o)
		it.node, _ = st.bestNode(o, st.buffer)
	}
	if it.node < 0 {
		st.writable(it.pool).items++
		return false
	}
	it.node = st.take(it.pool, it.node, st.buffer)
	st.pools[it.pool].groups[it.node].used = !it.stays()
	return true
}

// bestNode returns the group of the node in the offer's pool that a need fits
// best, -1 where it fits none, and how many GPUs more are then free on nodes that
// are used. Best strands the fewest GPUs, then leaves the least.
func (st *state) bestNode(o *offer, need amount) (at int, stranded int64) {
	p := st.pools[o.pool]
	at = -1
	if !need.fits(p.most) {
		return at, 0
	}
	var leftover float64
	wanted := st.fleet.scale.gpusIn(need)
	inverse := st.fleet.rates[o.pool].inverse
	for i := range p.groups {
		g, free := &p.groups[i], p.freeOf(i)
		if g.nodes == 0 || !need.fits(free) || (o.kinds != nil && !o.kinds[g.kind]) {
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
			left += float64(free[r]-need[r]) * x
		}
		if at < 0 || strands < stranded || left < leftover {
			at, stranded, leftover = i, strands, left
		}
	}
	return at, stranded
}

// hasNode says whether a node in the offer's pool has room for a need.
func (st *state) hasNode(o *offer, need amount) bool {
	p := st.pools[o.pool]
	if !need.fits(p.most) {
		return false
	}
	for i := range p.groups {
		if g := &p.groups[i]; g.nodes > 0 && need.fits(p.freeOf(i)) && (o.kinds == nil || o.kinds[g.kind]) {
			return true
		}
	}
	return false
}

// freeOf is what each node of a group has left.
func (p *poolState) freeOf(group int) amount {
	n := len(p.most)
	return p.free[group*n : (group+1)*n : (group+1)*n]
}

// survey finds the most that any node has left.
func (p *poolState) survey() {
	clear(p.most)
	for i := range p.groups {
		if p.groups[i].nodes == 0 {
			continue
		}
		for r, free := range p.freeOf(i) {
			p.most[r] = max(p.most[r], free)
		}
	}
}

// take a need from one node of a group, and return the group that the node then is.
func (st *state) take(pool, at int, need amount) int {
	p := st.writable(pool)
	p.items++
	g, gpus := &p.groups[at], st.fleet.scale.gpusIn(need)
	if g.nodes > 1 {
		if g.nodes < unlimited {
			g.nodes--
		}
		taken := group{nodes: 1, kind: g.kind, gpus: g.gpus - gpus, used: true}
		p.groups, p.free = append(p.groups, taken), append(p.free, p.freeOf(at)...)
		at = len(p.groups) - 1
		need.takenFrom(p.freeOf(at))
		return at
	}
	g.gpus, g.used = g.gpus-gpus, true
	free, least := p.freeOf(at), false
	for r, n := range need {
		least = least || (n > 0 && free[r] == p.most[r])
	}
	need.takenFrom(free)
	if least {
		p.survey()
	}
	return at
}
