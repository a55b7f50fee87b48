// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/internal/hardware"
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
	// waits says that it stays where no node was found for it.
	waits bool
}

// read gives each workload its shape.
func (f *Fleet) read(workloads []Workload) *Result {
	r := &Result{fleet: f, items: make([]item, len(workloads))}
	shapes, models := map[string]*shape{}, knownModels{}
	key := shapeKey{}
	for i := range workloads {
		w := &workloads[i]
		key.write(w)
		s, ok := shapes[string(key.b)]
		if !ok {
			s = newShape(w)
			s.models = models.of(s.gpus.model)
			f.offersFor(s)
			shapes[string(key.b)] = s
		}
		it := &r.items[i]
		*it = item{index: i, workload: w, shape: s, own: basicNeed(w.Demand.Resources), present: -1, pool: -1}
		if w.Present == nil {
			continue
		}
		if at := f.index(w.Present.Pool); at >= 0 {
			if o := s.offerOf(at); o != nil && it.need(nil, o).fits(f.allocatable[at]) {
				it.present = at
			}
		}
	}
	return r
}

// knownModels says of each model that was asked for which products are it.
type knownModels map[hardware.GPU]map[modelKey]bool

func (m knownModels) of(model *hardware.GPU) map[modelKey]bool {
	if model == nil {
		return nil
	}
	if m[*model] == nil {
		m[*model] = map[modelKey]bool{}
	}
	return m[*model]
}

// offersFor asks each pool.
func (f *Fleet) offersFor(s *shape) {
	if s.err != nil {
		return
	}
	for i := range f.pools {
		if o, ok := f.judge(s, i); ok {
			s.offers = append(s.offers, o)
		}
	}
	if len(s.offers) == 0 {
		s.err = s.conceivable()
	}
}

// offerOf a pool, or nil.
func (s *shape) offerOf(pool int) *offer {
	for i := range s.offers {
		if s.offers[i].pool == pool {
			return &s.offers[i]
		}
	}
	return nil
}

// basicNeed is what a container asks for of the basic resources.
func basicNeed(r corev1.ResourceRequirements) [basics]int64 {
	var need [basics]int64
	for i, name := range [basics]corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourceEphemeralStorage} {
		q, ok := r.Requests[name]
		if !ok {
			q, ok = r.Limits[name]
		}
		switch {
		case !ok || name == "":
		case name == corev1.ResourceCPU:
			need[i] = q.MilliValue()
		default:
			need[i] = q.Value()
		}
	}
	return need
}

// need of the item under an offer, in the given buffer.
func (it *item) need(buffer amount, o *offer) amount {
	buffer = append(buffer[:0], o.need...)
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
