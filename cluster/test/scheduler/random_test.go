// SPDX-License-Identifier: Apache-2.0

package scheduler

import (
	"math/rand/v2"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// A chooser makes the same choices for the same seed.
type chooser struct{ *rand.Rand }

func choose(seed uint64) chooser {
	return chooser{rand.New(rand.NewPCG(seed, 1))}
}

// chance says yes that often in a hundred times.
func (c chooser) chance(percent int) bool { return c.IntN(100) < percent }

// one of the options.
func one[T any](c chooser, options ...T) T { return options[c.IntN(len(options))] }

// quantities returns quantities by name, given one after the other.
func quantities(pairs ...string) corev1.ResourceList {
	l := corev1.ResourceList{}
	for i := 0; i < len(pairs); i += 2 {
		l[corev1.ResourceName(pairs[i])] = resource.MustParse(pairs[i+1])
	}
	return l
}
