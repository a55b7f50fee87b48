// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"cmp"
	"math"
	"slices"
)

// scarcestFirst returns the order of items that lets many find room where not all
// can. Small ones come first, so that there are many; but what has many other
// places to go to waits for what has not, and would find its only place taken.
func (st *state) scarcestFirst(items []*item, ranks []rank) []int {
	pressure := st.pressure(items)
	weight := make([]float64, len(items))
	for _, r := range ranks {
		room := 0.0
		for _, o := range items[r.item].shape.offers {
			room += 1 / max(pressure[o.pool], 0.01)
		}
		// The root is what was found to place the most.
		weight[r.item] = (float64(r.gpus) + r.share) * math.Sqrt(room)
	}
	slices.SortFunc(ranks, func(a, b rank) int {
		return cmp.Or(cmp.Compare(weight[a.item], weight[b.item]), a.item-b.item)
	})
	return inOrder(ranks)
}

// pressure returns how much is asked for of what each pool has left, in relation to
// that: of the resource that is asked for most, if each item asked all pools that
// serve it for an equal part.
func (st *state) pressure(items []*item) []float64 {
	asked := make([][]float64, len(st.pools))
	for k := range asked {
		asked[k] = make([]float64, len(st.fleet.scale.names))
	}
	for _, it := range items {
		part := 1 / float64(len(it.shape.offers))
		for _, o := range it.shape.offers {
			st.buffer = it.need(st.buffer, o)
			for r, n := range st.buffer {
				asked[o.pool][r] += float64(n) * part
			}
		}
	}
	pressure := make([]float64, len(st.pools))
	for k, p := range st.pools {
		for r, free := range p.total() {
			if free < float64(unlimited) {
				pressure[k] = max(pressure[k], asked[k][r]/max(free, 1))
			}
		}
	}
	return pressure
}

// total is what all nodes of a pool have left together.
func (p *poolState) total() []float64 {
	total := make([]float64, len(p.most))
	for i, g := range p.groups {
		for r, free := range p.freeOf(i) {
			total[r] += float64(free) * float64(g.nodes)
		}
	}
	return total
}
