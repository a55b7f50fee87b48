// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"cmp"
)

// A score says how good a way to place workloads is: the lower the better, the
// first place counts most. The places are how many are not placed, the sum of
// weights below zero, and cost, stranded GPUs and spread as the strategy has them.
type score [5]int64

func (a score) compare(b score) int {
	for i := range a {
		if a[i] != b[i] {
			return cmp.Compare(a[i], b[i])
		}
	}
	return 0
}

// plus adds scores.
func (a score) plus(b score) score {
	for i := range b {
		a[i] += b[i]
	}
	return a
}

// scored puts what counts into the order of the strategy.
func (s Strategy) scored(unplaced, weight, cost, stranded, spread int64) score {
	switch s {
	case LeastWaste:
		return score{unplaced, -weight, stranded, cost, spread}
	case Spread:
		return score{unplaced, -weight, spread, cost, stranded}
	default:
		return score{unplaced, -weight, cost, stranded, spread}
	}
}

// stranding is a score with another number of stranded GPUs.
func (s Strategy) stranding(a score, stranded int64) score {
	switch s {
	case LeastWaste:
		a[2] = stranded
	case Spread:
		a[4] = stranded
	default:
		a[3] = stranded
	}
	return a
}

// gain is what putting one more item into a pool adds to the score.
func (st *state) gain(o *offer, need amount, stranded int64) score {
	n := st.pools[o.pool].items
	return st.strategy.scored(0, st.fleet.rates[o.pool].weight, st.fleet.cost(o.pool, need), stranded, 2*n+1)
}

// A rate is what a pool counts for and costs.
type rate struct {
	weight int64
	// price of a node, in millionths.
	price int64
	// inverse is one over what is allocatable on a node.
	inverse []float64
}

// cost of a workload in a pool, in millionths: the part of a node's price that is
// the largest part of any of the node's resources that it takes.
func (f *Fleet) cost(pool int, need amount) int64 {
	rate := &f.rates[pool]
	if rate.price == 0 {
		return 0
	}
	share := 0.0
	for r, x := range rate.inverse {
		share = max(share, float64(need[r])*x)
	}
	return int64(float64(rate.price) * share)
}

// inverseOf returns one over each amount, 0 for what is not limited and for what
// counts Pods.
func (s scale) inverseOf(a amount) []float64 {
	inverse := make([]float64, len(a))
	for i, n := range a {
		if n > 0 && n < unlimited {
			inverse[i] = 1 / float64(n)
		}
	}
	inverse[basics-1] = 0
	return inverse
}
