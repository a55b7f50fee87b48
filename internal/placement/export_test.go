// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// Overfull returns how many nodes have less than nothing of something left.
func (r *Result) Overfull() int {
	n := 0
	for _, p := range r.state.pools {
		for i, g := range p.groups {
			if g.nodes > 0 && !make(amount, len(p.most)).fits(p.freeOf(i)) {
				n++
			}
		}
	}
	return n
}

// Serving returns the names of the pools that serve each workload, as they are found
// by what shapes have in common, and as each pool is judged for each shape.
func Serving(pools []v1alpha1.HardwarePool, workloads []Workload) (fast, judged [][]string) {
	f := NewFleet(pools)
	r := f.newReader()
	seen := map[*shape]bool{}
	for i := range workloads {
		s, _ := r.read(&workloads[i])
		if seen[s] {
			continue
		}
		seen[s] = true
		names := []string{}
		for _, o := range s.offers {
			names = append(names, f.pools[o.pool].name)
		}
		fast = append(fast, names)
		one, names := newShape(&workloads[i]), []string{}
		one.models = knownModels{}.of(one.gpus.model)
		if one.err == nil {
			for _, o := range f.judgeAll(one) {
				names = append(names, f.pools[o.pool].name)
			}
		}
		judged = append(judged, names)
	}
	return fast, judged
}
