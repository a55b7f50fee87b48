// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"slices"
)

// patience is how many steps a search takes at most. What it has found by then is
// used.
const patience = 20000

// surveyable is the number of groups of nodes up to which a search is worth its
// while: among more, what is placed one after the other hardly gets in its way.
const surveyable = 200

// A search goes through the ways to place a few items, depth first, and leaves out
// those that cannot be better than the best one found.
type search struct {
	state *state
	items []*item
	// order in which items are placed.
	order []int
	nodes []searchNode
	// options of each item: an offer and the need under it.
	options [][]option
	// rest is the best that the items from a place of the order on can add.
	rest []rest
	// items in each pool.
	inPool  []int64
	current attempt
	best    attempt
	steps   int
}

// A searchNode is one node.
type searchNode struct {
	pool, kind int
	free       amount
	gpus       int64
	used       int
}

// An option is a pool that an item may go to.
type option struct {
	*offer

	need         amount
	gpus         int64
	weight, cost int64
	// nodes of the pool, from the first to before the last.
	first, last int
}

// A rest is a bound: no more weight, no less cost, no more GPUs.
type rest struct{ weight, cost, gpus int64 }

// search for something better than the attempt.
func (st *state) search(items []*item, order []int, known attempt) attempt {
	s := &search{state: st, items: items, order: order, best: known, inPool: make([]int64, len(st.pools))}
	if len(items) < 2 || st.fleet.size() > surveyable {
		return known // One alone was given the best there is.
	}
	first := make([]int, len(st.pools)+1)
	for p := range st.pools {
		s.inPool[p] = st.pools[p].items
		s.addNodes(p)
		first[p+1] = len(s.nodes)
	}
	s.options = make([][]option, len(items))
	for i, it := range items {
		for k := range it.shape.offers {
			o := option{offer: &it.shape.offers[k]}
			o.need = it.need(nil, o.offer)
			o.gpus = st.fleet.scale.gpusIn(o.need)
			o.weight, o.cost = st.fleet.pools[o.pool].weight, st.fleet.cost(o.pool, o.need)
			o.first, o.last = first[o.pool], first[o.pool+1]
			s.options[i] = append(s.options[i], o)
		}
	}
	s.boundRest()
	s.current.pools = make([]int, len(items))
	s.place(0, score{}, 0)
	return s.best
}

// addNodes lists the nodes of a pool, of nodes that are alike no more than there
// are items.
func (s *search) addNodes(pool int) {
	for _, g := range s.state.pools[pool].groups {
		for range min(g.nodes, int64(len(s.items))) {
			used := 0
			if g.used {
				used = 1
			}
			s.nodes = append(s.nodes, searchNode{pool: pool, kind: g.kind, free: slices.Clone(g.free), gpus: g.gpus, used: used})
		}
	}
}

// boundRest bounds what the items can add: of the options with the most weight the
// least cost, since who gives up weight has lost already.
func (s *search) boundRest() {
	s.rest = make([]rest, len(s.order)+1)
	for d := len(s.order) - 1; d >= 0; d-- {
		r := rest{weight: -1}
		for _, o := range s.options[s.order[d]] {
			if o.weight > r.weight || (o.weight == r.weight && o.cost < r.cost) {
				r.weight, r.cost = o.weight, o.cost
			}
			r.gpus = max(r.gpus, o.gpus)
		}
		next := s.rest[d+1]
		s.rest[d] = rest{weight: next.weight + r.weight, cost: next.cost + r.cost, gpus: next.gpus + r.gpus}
	}
}
