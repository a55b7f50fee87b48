// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"fmt"
	"strings"

	"github.com/crossplane-contrib/provider-hourglass/internal/hardware"
)

// Err says what in the workload's own demand keeps any pool from serving it; nil
// where the pools decide.
func (r *Result) Err(i int) error { return r.items[i].shape.err }

// Rejections returns every pool that cannot take a workload, by name, and why.
// Of a workload that has a binding, they are the ones that never could; of one
// that Err speaks of there are none.
func (r *Result) Rejections(i int) []Rejection {
	it := &r.items[i]
	if it.shape.err != nil {
		return nil
	}
	s := *it.shape
	s.explaining, s.plans = true, nil
	var all []Rejection
	for at := range r.fleet.pools {
		if why := r.reason(it, at, &s); why != "" {
			all = append(all, Rejection{Pool: r.fleet.pools[at].name, Reason: shortened(why)})
		}
	}
	return all
}

// longest is the length of a reason, in bytes, from which on it is cut: whoever
// lists many values has them in the spec.
const longest = 400

func shortened(why string) string {
	if len(why) <= longest {
		return why
	}
	return strings.ToValidUTF8(why[:longest], "") + "..."
}

// reason why a pool does not take an item; empty where it does, or could. The shape
// is the item's, and explains.
func (r *Result) reason(it *item, at int, s *shape) string {
	o := it.shape.offerOf(at)
	if o == nil {
		s.why = ""
		r.fleet.judge(s, at)
		return s.why
	}
	need := it.need(nil, o)
	if beyond := r.fleet.scale.beyond(need, r.fleet.allocatable[at]); beyond >= 0 {
		return r.fleet.tooSmall(beyond, need[beyond], r.fleet.allocatable[at][beyond])
	}
	if it.pool == at {
		if _, err := r.fleet.pools[at].bind(it); err != nil {
			return err.Error()
		}
	}
	if it.pool >= 0 && !it.waits {
		return ""
	}
	return r.noRoom(o, need)
}

// noRoom says how much the node of a pool that has most left has of what a
// workload needs.
func (r *Result) noRoom(o *offer, need amount) string {
	var best amount
	short := 0
	p := r.state.pools[o.pool]
	for i, g := range p.groups {
		free := p.freeOf(i)
		if g.nodes == 0 || (o.kinds != nil && !o.kinds[g.kind]) {
			continue
		}
		at := r.fleet.scale.beyond(need, free)
		if at < 0 {
			return "has no room beside what else was placed there"
		}
		if best == nil || r.fleet.scale.gpusIn(free) > r.fleet.scale.gpusIn(best) || (at == short && free[at] > best[short]) {
			best, short = free, at
		}
	}
	if away := r.fleet.pools[o.pool].away; best == nil && away != "" {
		return away
	}
	if best == nil {
		return "has no node that takes Pods"
	}
	if name := r.fleet.scale.names[short]; hardware.GPUVendor(name) != "" {
		return fmt.Sprintf("%d of %d requested GPUs free on its emptiest node", best[short], need[short])
	}
	return fmt.Sprintf("%s of %s requested %s free on its emptiest node", r.fleet.scale.quantity(short, best[short]), r.fleet.scale.quantity(short, need[short]), r.fleet.scale.names[short])
}

// Why of workloads that are in the pool already. Why they went there was said when
// they did.
const (
	WhyStays = "stays where it is"
	WhyWaits = "stays, though no node has room yet: no other pool has"
)

// why an item goes to its pool, in a sentence.
func (r *Result) why(it *item) string {
	switch {
	case it.waits:
		return WhyWaits
	case it.stays():
		return WhyStays
	case len(it.shape.offers) == 1:
		return "the only pool that serves it"
	}
	p := &r.fleet.pools[it.pool]
	others, weights, prices := 0, true, true
	o := it.shape.offerOf(it.pool)
	cost := r.fleet.cost(it.pool, it.need(nil, o))
	for _, other := range it.shape.offers {
		if other.pool == it.pool {
			continue
		}
		others++
		weights = weights && r.fleet.pools[other.pool].weight < p.weight
		prices = prices && r.fleet.cost(other.pool, it.need(nil, other)) > cost
	}
	switch {
	case weights:
		return fmt.Sprintf("the highest weight, %d, of the %d pools that serve it", p.weight, others+1)
	case prices:
		return fmt.Sprintf("the lowest price of the %d pools that serve it", others+1)
	}
	return fmt.Sprintf("the best of the %d pools that serve it, all workloads considered (%s)", others+1, r.state.strategy)
}
