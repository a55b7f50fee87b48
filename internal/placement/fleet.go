// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"slices"
	"strings"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// LabelPool is the label of a Performer that was given to a pool: the name of the
// HardwarePool. What the pool proves about the GPU model then needs no further
// proof by node labels; a TEE that is required still does.
const LabelPool = "hourglass.eigenlayer.io/hardware-pool"

// A Strategy says what counts where several pools serve a workload and have the
// same weight.
type Strategy string

// The strategies.
const (
	// Price takes what costs least, then what strands the fewest GPUs.
	Price Strategy = "Price"
	// LeastWaste strands the fewest GPUs, then takes what costs least.
	LeastWaste Strategy = "LeastWaste"
	// Spread gives each pool as many workloads as the others, then takes what
	// costs least.
	Spread Strategy = "Spread"
)

// A Workload is what is to be placed.
type Workload struct {
	// Name of the workload, by which results that are otherwise equal are ordered.
	Name string
	// Namespace of the workload.
	Namespace string
	// Demand of the workload.
	Demand Demand
	// Target is the cluster that the workload must be in; nil for any. What runs
	// in one cluster cannot move to another.
	Target *v1alpha1.PoolTarget
	// Present says where the workload is, nil where it is nowhere yet.
	Present *Present
}

// Present is the pool that a workload was given to before. It is kept for as long
// as the pool serves the workload, whatever else would be better.
type Present struct {
	// Pool is the name of the pool.
	Pool string
	// Waiting says that no node was found for the workload, so that another pool
	// may be.
	Waiting bool
	// Counted says that the workload runs, so that what the pool was observed to
	// have free is without its share.
	Counted bool
}

// A Binding is where a workload goes and what follows.
type Binding struct {
	// Pool is the name of the pool.
	Pool string
	// Target is the cluster of the pool.
	Target v1alpha1.PoolTarget
	// Demand is the workload's, narrowed to the pool: what is to be written into
	// the Performer's spec, with the label LabelPool.
	Demand Demand
	// Why this pool was taken, in a sentence.
	Why string
	// Warnings are sentences about what the user should know.
	Warnings []string
}

// A Rejection is a pool that does not serve a workload and the first reason why.
type Rejection struct {
	Pool   string
	Reason string
}

// A Fleet is pools of nodes, ready to place workloads on. It never changes.
type Fleet struct {
	// pools by name.
	pools []pool
	index index
	scale scale
	// allocatable of a node, by the pool, and what pools have free before anything is
	// placed.
	allocatable []amount
	empty       []*poolState
	// rates of the pools, and one over the most that a node of any pool has.
	rates   []rate
	largest []float64
}

// NewFleet prepares pools, in any order. A pool that contradicts itself serves
// nothing, and the rejections tell why. Of pools with the same name the first
// counts.
func NewFleet(pools []v1alpha1.HardwarePool) *Fleet {
	f := &Fleet{pools: make([]pool, 0, len(pools))}
	for i := range pools {
		f.pools = append(f.pools, preparePool(&pools[i]))
	}
	byName := func(a, b pool) int { return strings.Compare(a.name, b.name) }
	slices.SortStableFunc(f.pools, byName)
	f.pools = slices.CompactFunc(f.pools, func(a, b pool) bool { return a.name == b.name })
	number(f.pools)
	f.index, f.scale = newIndex(f.pools), newScale(f.pools)
	most := make(amount, len(f.scale.names))
	for i := range f.pools {
		p := &f.pools[i]
		allocatable := f.scale.node(p.allocatable)
		for r, n := range allocatable {
			if n < unlimited {
				most[r] = max(most[r], n)
			}
		}
		f.rates = append(f.rates, rate{weight: p.weight, price: p.price, inverse: f.scale.inverseOf(allocatable)})
		f.allocatable = append(f.allocatable, allocatable)
		f.empty = append(f.empty, f.scale.empty(p, allocatable))
	}
	f.largest = f.scale.inverseOf(most)
	return f
}

// empty measures the nodes of a pool.
func (s scale) empty(p *pool, allocatable amount) *poolState {
	state := &poolState{most: make(amount, len(s.names))}
	for _, g := range p.groups {
		if g.nodes == 0 {
			continue
		}
		free := s.left(allocatable, g.free)
		kind := slices.IndexFunc(p.kinds, func(k poolKind) bool { return k.product == g.product })
		state.groups = append(state.groups, group{nodes: g.nodes, kind: kind, gpus: s.gpusIn(free)})
		state.free = append(state.free, free...)
	}
	state.survey()
	return state
}

// Invalid returns the pools that contradict themselves, by name.
func (f *Fleet) Invalid() []Rejection {
	var invalid []Rejection
	for i := range f.pools {
		if f.pools[i].invalid != "" {
			invalid = append(invalid, Rejection{Pool: f.pools[i].name, Reason: f.pools[i].invalid})
		}
	}
	return invalid
}

// size is the number of groups of nodes.
func (f *Fleet) size() int {
	n := 0
	for _, p := range f.empty {
		n += len(p.groups)
	}
	return n
}

// poolNamed returns the index of a pool, -1 where there is none.
func (f *Fleet) poolNamed(name string) int {
	i, ok := slices.BinarySearchFunc(f.pools, name, func(p pool, name string) int { return strings.Compare(p.name, name) })
	if !ok {
		return -1
	}
	return i
}

// Place decides for all workloads together which pool each of them goes to.
//
// A workload that is present stays where it is for as long as its pool serves it,
// unless it waits. Of what is left as many as possible are placed. Then the
// highest sum of the pools' weights counts, then what the Strategy says, then that
// few GPUs are stranded, that is, free on nodes that are used, then an even
// spread, then names.
//
// Up to a dozen workloads, on no more than 200 groups of nodes that are alike, a
// search goes on until it has proved that there is no better way, or has taken
// 20,000 steps. More are placed one after the other, those first that the fewest
// pools serve; where not all find room, in several orders, of which the best is
// taken.
func (f *Fleet) Place(workloads []Workload, s Strategy) *Result {
	r := f.read(workloads)
	state := newState(f, s)
	var open, kept []*item
	for _, it := range r.byName() {
		switch {
		case it.stays() && it.counted(f):
			state.keep(it)
		case it.stays():
			kept = append(kept, it)
		default:
			open = append(open, it)
		}
	}
	empty := state
	if len(kept) > 0 {
		empty = state.clone()
	}
	var seated []*item
	for _, i := range largestFirst(f.rank(kept)) {
		if state.keep(kept[i]) {
			seated = append(seated, kept[i])
		}
	}
	state.solve(open, empty, seated)
	for _, it := range open {
		// Where nothing else is free, who waits goes on waiting.
		if it.pool < 0 && it.present >= 0 {
			it.pool, it.waits = it.present, true
		}
	}
	r.state = state
	return r
}
