// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"cmp"
	"slices"
)

// few is the number of workloads up to which better ways are searched for one by
// one.
const few = 12

// An attempt is one way to place items: the pool of each, -1 for none, by the
// order in which they were placed.
type attempt struct {
	order []int
	pools []int
	score score
	// nodes of the pools and the state after it, where that is known.
	nodes []int
	after *state
}

// solve gives items their pools, as far as there are any. Empty is the state
// without the items that stay and were seated.
func (st *state) solve(items []*item, empty *state, seated []*item) {
	var open []*item
	for _, it := range items {
		if empty.couldServe(it) {
			open = append(open, it)
		}
	}
	best := st.best(open)
	if len(open) <= few && len(open) > 0 && len(open)+len(seated) > 1 && len(seated) <= few && empty.fleet.size() <= surveyable {
		best = empty.search(open, seated, best)
	}
	st.settle(open, best)
}

// settle for an attempt.
func (st *state) settle(items []*item, a attempt) {
	for _, i := range a.order {
		it := items[i]
		it.pool = a.pools[i]
		switch {
		case it.pool < 0:
		case a.after == nil:
			st.keep(it)
		default:
			it.node = a.nodes[i]
			st.kept = append(st.kept, it)
		}
	}
	if a.after != nil {
		st.pools, st.own = a.after.pools, a.after.own
	}
}

// couldServe says whether some pool has room for an item while nothing else is
// placed.
func (st *state) couldServe(it *item) bool {
	return slices.ContainsFunc(it.shape.offers, func(o *offer) bool {
		st.buffer = it.need(st.buffer, o)
		return st.hasNode(o, st.buffer)
	})
}

// best finds the best way to place items that it can.
func (st *state) best(items []*item) attempt {
	ranks := st.fleet.rank(items)
	largest := largestFirst(ranks)
	best := st.greedy(items, largest, (*state).bestPool)
	left := best.score[0]
	if left == 0 {
		return best
	}
	try := func(order []int, choose chooser) {
		if other := st.greedy(items, order, choose); other.score.compare(best.score) < 0 {
			best = other
		}
	}
	if len(items) <= many || left <= int64(len(items)/nearlyAll) {
		if try(best.leftFirst(), (*state).bestPool); best.score[0] == 0 {
			return best
		}
		try(largest, (*state).firstPool)
		try(largest, (*state).tightestPool)
		try(smallestFirst(ranks), (*state).bestPool)
	}
	scarcest := st.scarcestFirst(items, ranks)
	try(scarcest, (*state).bestPool)
	try(scarcest, (*state).tightestPool)
	try(smallestFirst(ranks), (*state).tightestPool)
	return best
}

// Of no more than so many items, and where no more than one of so many is left
// out, other ways are tried too. Where more are, those that begin with the largest
// are not worth the time.
const (
	many      = 1000
	nearlyAll = 20
)

// leftFirst returns the order of an attempt, but begins with what found no room.
func (a *attempt) leftFirst() []int {
	order := slices.Clone(a.order)
	slices.SortStableFunc(order, func(i, j int) int { return min(a.pools[i], 0) - min(a.pools[j], 0) })
	return order
}

// A rank is what makes an item hard to place: that few pools serve it, and what it
// takes, in GPUs and as the largest part of what a node has at most of any resource.
type rank struct {
	item   int
	offers int
	gpus   int64
	share  float64
}

// rank items, which are in the order of their names.
func (f *Fleet) rank(items []*item) []rank {
	ranks := make([]rank, len(items))
	var need amount
	for i, it := range items {
		need = it.need(need, it.shape.offers[0])
		ranks[i] = rank{item: i, offers: len(it.shape.offers), gpus: f.scale.gpusIn(need)}
		for r, x := range f.largest {
			ranks[i].share = max(ranks[i].share, float64(need[r])*x)
		}
	}
	return ranks
}

// largestFirst returns the order of items that begins with what is hardest to
// place: what the fewest pools serve, then what takes the most.
func largestFirst(ranks []rank) []int {
	slices.SortFunc(ranks, func(a, b rank) int {
		return cmp.Or(cmp.Compare(a.offers, b.offers), cmp.Compare(b.gpus, a.gpus), cmp.Compare(b.share, a.share), a.item-b.item)
	})
	return inOrder(ranks)
}

// smallestFirst returns the order of items that begins with what takes the least.
func smallestFirst(ranks []rank) []int {
	slices.SortFunc(ranks, func(a, b rank) int {
		return cmp.Or(cmp.Compare(a.gpus, b.gpus), cmp.Compare(a.share, b.share), a.item-b.item)
	})
	return inOrder(ranks)
}

func inOrder(ranks []rank) []int {
	order := make([]int, len(ranks))
	for i := range ranks {
		order[i] = ranks[i].item
	}
	return order
}

// A chooser picks one of the item's offers and a group of nodes in its pool, nil
// where nothing fits, and says what that adds to the score.
type chooser func(*state, *item) (*offer, int, score)

// greedy places items one after the other in the given order.
func (st *state) greedy(items []*item, order []int, choose chooser) attempt {
	run := st.clone()
	a := attempt{order: order, pools: make([]int, len(items)), nodes: make([]int, len(items)), after: run}
	for _, i := range order {
		it := items[i]
		o, at, gain := choose(run, it)
		if o == nil {
			a.pools[i] = -1
			a.score[0]++
			continue
		}
		a.pools[i] = o.pool
		a.score = a.score.plus(gain)
		run.buffer = it.need(run.buffer, o)
		a.nodes[i] = run.take(o.pool, at, run.buffer)
	}
	return a
}

// bestPool picks what adds the least to the score.
func (st *state) bestPool(it *item) (best *offer, at int, gain score) {
	var plan *planned
	var gpus int64
	for _, o := range it.shape.offers {
		if o.plan != plan {
			plan, st.buffer = o.plan, it.need(st.buffer, o)
			gpus = st.fleet.scale.gpusIn(st.buffer)
		}
		g := st.gain(o, st.buffer, -gpus) // No node strands fewer GPUs than one that is used.
		if best != nil && g.compare(gain) >= 0 {
			continue
		}
		node, stranded := st.bestNode(o, st.buffer)
		if node < 0 {
			continue
		}
		if g = st.strategy.stranding(g, stranded); best == nil || g.compare(gain) < 0 {
			best, at, gain = o, node, g
		}
	}
	return best, at, gain
}

// firstPool picks the first that has room.
func (st *state) firstPool(it *item) (*offer, int, score) {
	for _, o := range it.shape.offers {
		st.buffer = it.need(st.buffer, o)
		if node, stranded := st.bestNode(o, st.buffer); node >= 0 {
			return o, node, st.gain(o, st.buffer, stranded)
		}
	}
	return nil, 0, score{}
}

// tightestPool picks the one whose node has the least left afterwards, whatever
// it costs, so that the most find room.
func (st *state) tightestPool(it *item) (best *offer, at int, gain score) {
	least := 0.0
	for _, o := range it.shape.offers {
		st.buffer = it.need(st.buffer, o)
		node, stranded := st.bestNode(o, st.buffer)
		if node < 0 {
			continue
		}
		left, free := 0.0, st.pools[o.pool].freeOf(node)
		for r, x := range st.fleet.largest {
			if free[r] < unlimited/2 {
				left += float64(free[r]-st.buffer[r]) * x
			}
		}
		if best == nil || left < least {
			best, at, gain, least = o, node, st.gain(o, st.buffer, stranded), left
		}
	}
	return best, at, gain
}
