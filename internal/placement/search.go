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
	// items, of which the first that many are seated.
	items  []*item
	seated int
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
	// mark tells states of the nodes and pools apart, and visited has the best score
	// with which each was reached.
	mark    uint64
	visited map[visit]score
}

// A visit is a state of the search: what follows depends on nothing else.
type visit struct {
	mark  uint64
	depth int
	// from is the first pool that the next item may go to.
	from int
}

// A searchNode is one node.
type searchNode struct {
	pool, kind int
	free       amount
	gpus       int64
	used       int
	mark       uint64
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

// search for something better than the attempt. The items that are seated keep
// their pool, on whichever of its nodes.
func (st *state) search(items, seated []*item, known attempt) attempt {
	s := &search{state: st, seated: len(seated), items: slices.Concat(seated, items), inPool: make([]int64, len(st.pools)), visited: map[visit]score{}}
	first := make([]int, len(st.pools)+1)
	for p := range st.pools {
		s.inPool[p] = st.pools[p].items
		s.addNodes(p)
		first[p+1] = len(s.nodes)
	}
	s.best.score = known.score
	for i := range s.items {
		s.options = append(s.options, s.optionsOf(i, first))
		if i < s.seated {
			s.order = append(s.order, i)
		}
	}
	for _, i := range known.order {
		s.order = append(s.order, s.seated+i)
	}
	s.boundRest()
	s.current.pools = make([]int, len(s.items))
	s.place(0, score{}, 0)
	if s.best.pools == nil {
		return known
	}
	return attempt{order: known.order, pools: s.best.pools[s.seated:], score: s.best.score}
}

// optionsOf returns the pools that an item may go to, by the places where the
// nodes of each pool begin.
func (s *search) optionsOf(i int, first []int) []option {
	var options []option
	it := s.items[i]
	for k := range it.shape.offers {
		o := option{offer: it.shape.offers[k]}
		if i < s.seated && o.pool != it.present {
			continue
		}
		o.need = it.need(nil, o.offer)
		o.gpus = s.state.fleet.scale.gpusIn(o.need)
		if i >= s.seated {
			o.weight, o.cost = s.state.fleet.rates[o.pool].weight, s.state.fleet.cost(o.pool, o.need)
		}
		o.first, o.last = first[o.pool], first[o.pool+1]
		options = append(options, o)
	}
	return options
}

// addNodes lists the nodes of a pool, of nodes that are alike no more than there
// are items.
func (s *search) addNodes(pool int) {
	p := s.state.pools[pool]
	for i, g := range p.groups {
		for range min(g.nodes, int64(len(s.items))) {
			n := searchNode{pool: pool, kind: g.kind, free: slices.Clone(p.freeOf(i)), gpus: g.gpus}
			n.mark = n.marked()
			s.mark += n.mark
			s.nodes = append(s.nodes, n)
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
