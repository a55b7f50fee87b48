// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"iter"
	"math/bits"
	"slices"
)

// A set is pools of a fleet, a bit for each.
type set []uint64

func newSet(pools int) set { return make(set, (pools+63)/64) }

func (s set) add(pool int) { s[pool/64] |= 1 << (pool % 64) }

func (s set) has(pool int) bool { return s[pool/64]>>(pool%64)&1 == 1 }

// keep only the pools that another set has too.
func (s set) keep(other set) {
	for i := range s {
		s[i] &= other[i]
	}
}

// join the pools of another set.
func (s set) join(other set) {
	for i := range s {
		s[i] |= other[i]
	}
}

// without returns a new set of the pools that another set lacks.
func (s set) without(other set) set {
	left := slices.Clone(s)
	for i := range left {
		left[i] &^= other[i]
	}
	return left
}

// pools goes through the pools in order.
func (s set) pools() iter.Seq[int] {
	return func(yield func(int) bool) {
		for i, word := range s {
			for ; word != 0; word &= word - 1 {
				if !yield(i*64 + bits.TrailingZeros64(word)) {
					return
				}
			}
		}
	}
}
