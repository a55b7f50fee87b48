// SPDX-License-Identifier: Apache-2.0

package placement_test

import (
	"math"
	"testing"
)

// An outlet is a group of nodes that a workload fits on one by one, and which
// share of all that the group has it takes.
type outlet struct {
	group  int
	shares fractions
}

// fractions are by dimension.
type fractions [dimensions]float64

// bound is the dual of the linear program that places as much as possible of each
// workload on groups of nodes, as if a group were one large node. Any prices that
// are not negative give an upper bound of how many workloads can be placed: what
// everything costs at those prices, and for each workload what is left of 1 where
// it costs least.
type bound struct {
	outlets [][]outlet
	prices  []fractions
	// limited says which dimensions of a group can run out.
	limited [][dimensions]bool
}

func newBound(p *problem) *bound {
	b := &bound{outlets: make([][]outlet, len(p.kept))}
	for k, pool := range p.pools {
		for _, g := range pool.groups {
			var limited [dimensions]bool
			var whole [dimensions]float64
			for d := range whole {
				limited[d] = g.free[d] < endless/2
				whole[d] = float64(g.free[d]) * float64(g.nodes)
			}
			for i := range b.outlets {
				if !p.serves[k][i] || !p.need[k][i].within(g.free) {
					continue
				}
				o := outlet{group: len(b.limited)}
				for d, n := range p.need[k][i] {
					if limited[d] && n > 0 {
						o.shares[d] = float64(n) / whole[d]
					}
				}
				b.outlets[i] = append(b.outlets[i], o)
			}
			b.limited = append(b.limited, limited)
		}
	}
	b.prices = make([]fractions, len(b.limited))
	return b
}

// value returns the bound of the prices, and how much of each group is asked for at
// them where a workload that could as well go elsewhere, at about the heat more, is
// shared out.
func (b *bound) value(heat float64) (float64, []fractions) {
	asked := make([]fractions, len(b.prices))
	total := 0.0
	for g := range b.prices {
		for _, price := range b.prices[g] {
			total += price
		}
	}
	var costs []float64
	for _, outlets := range b.outlets {
		costs = costs[:0]
		least := 1.0
		for n := range outlets {
			cost := b.cost(&outlets[n])
			costs = append(costs, cost)
			least = min(least, cost)
		}
		total += 1 - least
		// What is not placed at all forgoes 1.
		whole := math.Exp((least - 1) / heat)
		for n, cost := range costs {
			costs[n] = 0
			if cost < least+8*heat {
				costs[n] = math.Exp((least - cost) / heat)
			}
			whole += costs[n]
		}
		for n, part := range costs {
			if part > 0 {
				o := &outlets[n]
				for d := range o.shares {
					asked[o.group][d] += o.shares[d] * part / whole
				}
			}
		}
	}
	return total, asked
}

// cost is what a workload costs in an outlet.
func (b *bound) cost(o *outlet) float64 {
	cost := 0.0
	for d, price := range b.prices[o.group] {
		cost += o.shares[d] * price
	}
	return cost
}

// lower returns the lowest bound that is found by raising the price of what too
// much is asked of, and lowering that of what is left over, in ever smaller steps.
func (b *bound) lower(steps int) float64 {
	best := float64(b.served())
	for g := range b.prices {
		for d := range b.prices[g] {
			if b.limited[g][d] {
				b.prices[g][d] = float64(len(b.outlets)) / float64(10*len(b.prices))
			}
		}
	}
	for step := range steps {
		cooled := math.Pow(0.01, float64(step)/float64(steps))
		value, asked := b.value(0.3 * cooled)
		best = min(best, value)
		for g := range asked {
			for d, n := range asked[g] {
				b.prices[g][d] *= math.Exp(cooled * max(-1, min(1, n-1)))
			}
		}
	}
	return best
}

// served is how many workloads there are nodes for.
func (b *bound) served() int {
	n := 0
	for _, outlets := range b.outlets {
		if len(outlets) > 0 {
			n++
		}
	}
	return n
}

// TestBoundAndBaselines keeps honest what large fleets are measured by: no
// placement is better than the best, and the bound is no lower than that.
func TestBoundAndBaselines(t *testing.T) {
	instances := uint64(3000)
	if underRace {
		instances = 300
	}
	var best, upper, first, fit int
	for seed := range instances {
		in := smallInstance(seed, smallest)
		for i := range in.workloads {
			in.workloads[i].Present = nil
		}
		p := newProblem(in)
		most := int(solve(p).optimum()[0])
		ffd, bfd := p.tallied(firstFit(p)), p.tallied(bestFit(p, seed%2 == 0))
		above := int(newBound(p).lower(300) + 1e-3)
		if ffd.placed > most || bfd.placed > most || above < most {
			t.Errorf("instance %d: at most %d can be placed, but first fit places %d, best fit %d, and the bound is %d\n%s", seed, most, ffd.placed, bfd.placed, above, describe(in))
		}
		best, upper, first, fit = best+most, upper+above, first+ffd.placed, fit+bfd.placed
	}
	t.Logf("of %d instances together: best %d, bound %d, first fit %d, best fit %d", instances, best, upper, first, fit)
}
