// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/crossplane-contrib/provider-hourglass/internal/hardware"
)

// scale are the resources that a fleet measures, each at its place in an amount.
type scale struct {
	names []corev1.ResourceName
	at    map[corev1.ResourceName]int
	// gpus are the places of GPUs.
	gpus []int
}

// An amount of each resource of a scale: millicores of cpu, bytes of what is
// counted in bytes, a number of anything else.
type amount []int64

// basics are resources that every node has. Where they are not listed, nobody has
// limited them; any other resource that is not listed is not there.
const basics = 4

func newScale(pools []pool) scale {
	extended := map[corev1.ResourceName]bool{}
	for i := range pools {
		for name := range pools[i].allocatable {
			extended[name] = true
		}
		for _, g := range pools[i].groups {
			for name := range g.free {
				extended[name] = true
			}
		}
	}
	s := scale{
		names: []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourceEphemeralStorage, corev1.ResourcePods},
		at:    map[corev1.ResourceName]int{},
	}
	for _, name := range sortedKeys(extended) {
		if !slices.Contains(s.names, name) {
			s.names = append(s.names, name)
		}
	}
	for i, name := range s.names {
		s.at[name] = i
		if hardware.GPUVendor(name) != "" {
			s.gpus = append(s.gpus, i)
		}
	}
	return s
}

// measure a list of resources. It returns the first one that is not on the scale.
func (s scale) measure(list corev1.ResourceList) (amount, corev1.ResourceName) {
	a := make(amount, len(s.names))
	var unknown corev1.ResourceName
	for name, q := range list {
		at, ok := s.at[name]
		switch {
		case !ok && q.Sign() > 0 && (unknown == "" || name < unknown):
			unknown = name
		case !ok:
		case name == corev1.ResourceCPU:
			a[at] = q.MilliValue()
		default:
			a[at] = q.Value()
		}
	}
	return a, unknown
}

// node returns what a node has of each resource.
func (s scale) node(list corev1.ResourceList) amount {
	a, _ := s.measure(list)
	for i, name := range s.names[:basics] {
		if _, listed := list[name]; !listed {
			a[i] = unlimited
		}
	}
	return a
}

// left returns what a group's nodes have free: what is listed, and all that is
// allocatable of the rest.
func (s scale) left(allocatable amount, free corev1.ResourceList) amount {
	a, _ := s.measure(free)
	for i, name := range s.names {
		if _, listed := free[name]; !listed {
			a[i] = allocatable[i]
		}
	}
	return a
}

// fits says whether a need fits into what is free.
func (need amount) fits(free amount) bool {
	free = free[:len(need)]
	for i, n := range need {
		if n > free[i] {
			return false
		}
	}
	return true
}

// takenFrom takes a need away from what is free.
func (need amount) takenFrom(free amount) {
	for i, n := range need {
		free[i] -= n
	}
}

// beyond returns the place of the first resource of which more is needed than
// there is, GPUs first; -1 where there is none.
func (s scale) beyond(need, free amount) int {
	for _, i := range s.gpus {
		if need[i] > free[i] {
			return i
		}
	}
	for i, n := range need {
		if n > free[i] {
			return i
		}
	}
	return -1
}

// gpusIn returns how many GPUs there are in an amount.
func (s scale) gpusIn(a amount) int64 {
	var n int64
	for _, i := range s.gpus {
		n += a[i]
	}
	return n
}

// isBasic says whether every node has a resource.
func isBasic(name corev1.ResourceName) bool {
	return name == corev1.ResourceCPU || name == corev1.ResourceMemory || name == corev1.ResourceEphemeralStorage || name == corev1.ResourcePods
}

// extended returns what a container asks for beside what every node has; a limit
// stands in for a request that is missing, as the API server has it.
func extended(r corev1.ResourceRequirements) corev1.ResourceList {
	all := corev1.ResourceList{}
	for _, list := range []corev1.ResourceList{r.Limits, r.Requests} {
		for name, q := range list {
			if !isBasic(name) {
				all[name] = q
			}
		}
	}
	return all
}

// quantity writes an amount of a resource as people do.
func (s scale) quantity(at int, n int64) string {
	switch s.names[at] {
	case corev1.ResourceCPU:
		return resource.NewMilliQuantity(n, resource.DecimalSI).String()
	case corev1.ResourceMemory, corev1.ResourceEphemeralStorage, hardware.ResourceSGXEPC:
		return resource.NewQuantity(n, resource.BinarySI).String()
	default:
		return strconv.FormatInt(n, 10)
	}
}
