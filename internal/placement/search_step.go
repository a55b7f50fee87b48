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
			s.best = attempt{pools: slices.Clone(s.current.pools), score: sofar}
		}
		return
	}
	if s.bound(depth, sofar, idle).compare(s.best.score) >= 0 {
		return
	}
	item := s.order[depth]
	for _, m := range s.moves(depth) {
		n, o := &s.nodes[m.node], &s.options[item][m.option]
		if s.steps > patience {
			return
		}
		idleAfter := idle - o.gpus
		if n.used == 0 {
			idleAfter += n.gpus
		}
		n.put(o)
		s.inPool[o.pool]++
		s.current.pools[item] = o.pool
		s.place(depth+1, sofar.plus(m.gain), idleAfter)
		s.inPool[o.pool]--
		n.takeBack(o)
	}
	// An item that is like the one before is left out only if that one was.
	s.current.pools[item] = -1
	s.place(depth+1, sofar.plus(score{1}), idle)
}

func (n *searchNode) put(o *option) {
	for r, need := range o.need {
		n.free[r] -= need
	}
	n.gpus -= o.gpus
	n.used++
}

func (n *searchNode) takeBack(o *option) {
	for r, need := range o.need {
		n.free[r] += need
	}
	n.gpus += o.gpus
	n.used--
}

// bound is the best score that can still be reached.
func (s *search) bound(depth int, sofar score, idle int64) score {
	r := s.rest[depth]
	lost := int64(0)
	for _, item := range s.order[depth:] {
		if !s.fitsAnywhere(item) {
			lost++
		}
	}
	if lost > 0 {
		// What those would have added is not known apart from the rest.
		r = s.restWithout(depth)
	}
	return sofar.plus(s.state.strategy.scored(lost, r.weight, r.cost, -min(r.gpus, idle), s.leastSpread(len(s.order)-depth-int(lost))))
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

// moves returns what can be done with the item at a place of the order, the most
// promising first. Of nodes that are alike it takes the first, and of items that
// are alike later ones go to later pools, since the other ways come to the same.
func (s *search) moves(depth int) []move {
	item := s.order[depth]
	from := 0
	if depth > 0 && s.alike(item, s.order[depth-1]) {
		if from = s.current.pools[s.order[depth-1]]; from < 0 {
			return nil
		}
	}
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
	return s.items[a].shape == s.items[b].shape && s.items[a].own == s.items[b].own
}
