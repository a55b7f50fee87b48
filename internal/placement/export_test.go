// SPDX-License-Identifier: Apache-2.0

package placement

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
