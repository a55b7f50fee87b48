// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"cmp"
	"slices"
	"strings"
)

// An item is a workload that is being placed.
type item struct {
	index    int
	workload *Workload
	shape    *shape
	// own is what its container needs of the basic resources beside the shape's
	// need: the same places as in an amount.
	own [basics]int64
	// present is the pool that the workload is in and that serves it, else -1.
	present int
	// pool that it goes to, -1 for none.
	pool int
	// node of the pool that it was put on, an index of the pool's groups; -1 where
	// it sits on none that is known.
	node int
	// waits says that it stays where no node was found for it.
	waits bool
}

// read gives each workload its shape.
func (f *Fleet) read(workloads []Workload) *Result {
	result, r := &Result{fleet: f, items: make([]item, len(workloads))}, f.newReader()
	for i := range workloads {
		w := &workloads[i]
		it := &result.items[i]
		*it = item{index: i, workload: w, present: -1, pool: -1}
		it.shape, it.own = r.read(w)
		if w.Present == nil {
			continue
		}
		if at := f.poolNamed(w.Present.Pool); at >= 0 {
			if o := it.shape.offerOf(at); o != nil && it.need(nil, o).fits(f.allocatable[at]) {
				it.present = at
			}
		}
	}
	return result
}

// judgeAll asks each pool.
func (f *Fleet) judgeAll(s *shape) []*offer {
	var offers []*offer
	for i := range f.pools {
		if o, ok := f.judge(s, i); ok {
			offers = append(offers, &o)
		}
	}
	return offers
}

// offerOf a pool, or nil.
func (s *shape) offerOf(pool int) *offer {
	i, ok := slices.BinarySearchFunc(s.offers, pool, func(o *offer, pool int) int { return o.pool - pool })
	if !ok {
		return nil
	}
	return s.offers[i]
}

// need of the item under an offer, in the given buffer.
func (it *item) need(buffer amount, o *offer) amount {
	buffer = append(buffer[:0], o.plan.need...)
	for i, n := range it.own {
		buffer[i] += n
	}
	return buffer
}

// stays says whether the item is not to be moved.
func (it *item) stays() bool {
	return it.present >= 0 && !it.workload.Present.Waiting
}

// counted says whether what the item's pool was observed to have free is without
// what the item takes.
func (it *item) counted(f *Fleet) bool {
	return it.stays() && it.workload.Present.Counted && f.pools[it.present].observed
}

// byName returns the items in the order of their names, so that the order in which
// they were given does not matter.
func (r *Result) byName() []*item {
	items := make([]*item, len(r.items))
	for i := range r.items {
		items[i] = &r.items[i]
	}
	slices.SortStableFunc(items, func(a, b *item) int {
		return cmp.Or(strings.Compare(a.workload.Name, b.workload.Name), strings.Compare(a.workload.Namespace, b.workload.Namespace))
	})
	return items
}
