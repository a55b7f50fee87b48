// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"slices"
)

// place the items from a place of the order on. So far is the score of those
// before, and idle how many GPUs are free on the nodes that they use.
func (s *search) place(depth int, sofar score, idle int64) {
	if s.steps++; s.steps > patience {
		return
	}
	if depth == len(s.order) {
		if sofar.compare(s.best.score) < 0 {
			s.best = attempt{order: s.order, pools: slices.Clone(s.current.pools), score: sofar}
		}
		return
	}
	if s.bound(depth, sofar, idle).compare(s.best.score) >= 0 {
		return
	}
	item := s.order[depth]
	from := s.from(depth)
	v := visit{mark: s.mark, depth: depth, from: from}
	if before, ok := s.visited[v]; ok && before.compare(sofar) <= 0 {
		return
	}
	s.visited[v] = sofar
	for _, m := range s.moves(item, from) {
		if s.steps > patience {
			return
		}
		s.try(depth, m, sofar, idle)
	}
	if item >= s.seated {
		s.current.pools[item] = -1
		s.place(depth+1, sofar.plus(score{1}), idle)
	}
}

// try a move and go on from there.
func (s *search) try(depth int, m move, sofar score, idle int64) {
	item := s.order[depth]
	n, o := &s.nodes[m.node], &s.options[item][m.option]
	uses := 1
	switch {
	case item < s.seated:
		uses = 0
	case n.used == 0:
		idle += n.gpus - o.gpus
	default:
		idle -= o.gpus
	}
	n.used += uses
	s.put(n, o, 1)
	s.current.pools[item] = o.pool
	s.place(depth+1, sofar.plus(m.gain), idle)
	n.used -= uses
	s.put(n, o, -1)
}

// put as many items with an option on a node, or take them back where that is less
// than none.
func (s *search) put(n *searchNode, o *option, items int64) {
	for r, need := range o.need {
		n.free[r] -= items * need
	}
	n.gpus -= items * o.gpus
	s.inPool[o.pool] += items
	s.mark -= n.mark
	n.mark = n.marked()
	// Pools are marked by how many items they have, in another way than nodes.
	s.mark += n.mark + uint64(items)*mixed(uint64(o.pool)+1) //nolint:gosec // Wrapping around is meant.
}

// marked returns a number that tells a node's state from others.
func (n *searchNode) marked() uint64 {
	m := mixed(uint64(n.pool)<<20 | uint64(n.kind)<<1) //nolint:gosec // Wrapping around is meant.
	for _, free := range n.free {
		m = mixed(m ^ uint64(free)) //nolint:gosec // As above.
	}
	if n.used > 0 {
		m = mixed(m + 1)
	}
	return m
}

// mixed spreads the bits of a number. It is the finalizer of MurmurHash3.
func mixed(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

// bound is the best score that can still be reached.
func (s *search) bound(depth int, sofar score, idle int64) score {
	r := s.rest[depth]
	lost := int64(0)
	for _, item := range s.order[depth:] {
		if item >= s.seated && !s.fitsAnywhere(item) {
			lost++
		}
	}
	if lost > 0 {
		// What those would have added is not known apart from the rest.
		r = s.restWithout(depth)
	}
	coming := len(s.order) - max(depth, s.seated) - int(lost)
	return sofar.plus(s.state.strategy.scored(lost, r.weight, r.cost, -min(r.gpus, idle), s.leastSpread(coming)))
}

// restWithout bounds the items that still fit somewhere.
func (s *search) restWithout(depth int) rest {
	sum := rest{}
	for d := depth; d < len(s.order); d++ {
		if s.fitsAnywhere(s.order[d]) {
			sum.weight += s.rest[d].weight - s.rest[d+1].weight
			sum.cost += s.rest[d].cost - s.rest[d+1].cost
			sum.gpus += s.rest[d].gpus - s.rest[d+1].gpus
		}
	}
	return sum
}

func (s *search) fitsAnywhere(item int) bool {
	for i := range s.options[item] {
		o := &s.options[item][i]
		for n := o.first; n < o.last; n++ {
			if s.fits(o, n) {
				return true
			}
		}
	}
	return false
}

func (s *search) fits(o *option, node int) bool {
	n := &s.nodes[node]
	return (o.kinds == nil || o.kinds[n.kind]) && o.need.fits(n.free)
}

// leastSpread is the least that items can add to the squares of the numbers of
// items in the pools.
func (s *search) leastSpread(items int) int64 {
	counts := slices.Clone(s.inPool)
	sum := int64(0)
	for range items {
		least := 0
		for p := range counts {
			if counts[p] < counts[least] {
				least = p
			}
		}
		sum += 2*counts[least] + 1
		counts[least]++
	}
	return sum
}

// A move puts an item on a node.
type move struct {
	node, option int
	gain         score
}

// from returns the first pool that the item at a place of the order may go to. Of
// items that are alike later ones go to later pools, since the other ways come to
// the same, and to none where the one before has none.
func (s *search) from(depth int) int {
	if depth == 0 || !s.alike(s.order[depth], s.order[depth-1]) {
		return 0
	}
	if before := s.current.pools[s.order[depth-1]]; before >= 0 {
		return before
	}
	return len(s.inPool)
}

// moves returns what can be done with an item, the most promising first. Of nodes
// that are alike it takes the first.
func (s *search) moves(item, from int) []move {
	var moves []move
	for i := range s.options[item] {
		o := &s.options[item][i]
		if o.pool < from {
			continue
		}
		for n := o.first; n < o.last; n++ {
			if !s.fits(o, n) || s.seen(o.first, n) {
				continue
			}
			stranded := -o.gpus
			if s.nodes[n].used == 0 {
				stranded += s.nodes[n].gpus
			}
			gain := s.state.strategy.scored(0, o.weight, o.cost, stranded, 2*s.inPool[o.pool]+1)
			if item < s.seated {
				gain = score{}
			}
			moves = append(moves, move{node: n, option: i, gain: gain})
		}
	}
	slices.SortStableFunc(moves, func(a, b move) int { return a.gain.compare(b.gain) })
	return moves
}

// seen says whether a node of the pool before this one is just like it.
func (s *search) seen(first, node int) bool {
	n := &s.nodes[node]
	return slices.ContainsFunc(s.nodes[first:node], func(o searchNode) bool {
		return o.kind == n.kind && (o.used > 0) == (n.used > 0) && slices.Equal(o.free, n.free)
	})
}

// alike says whether two items can be exchanged.
func (s *search) alike(a, b int) bool {
	return a >= s.seated && b >= s.seated && s.items[a].shape == s.items[b].shape && s.items[a].own == s.items[b].own
}
