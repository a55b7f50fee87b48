// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"

	"github.com/crossplane-contrib/provider-hourglass/internal/hardware"
)

// An index finds the pools of a fleet that workloads select by node labels and
// that they tolerate, all at once.
type index struct {
	// all pools of the fleet.
	all set
	// labels of the nodes, by key.
	labels map[string]*labelIndex
	// guards are pools that have the same taints, and let the same workloads pass.
	guards []guard
	// apart are pools that are judged one by one: what they serve does not follow
	// from their labels and taints alone.
	apart set
	// vouched are the pools whose TEE is declared, so that they may be taken to have
	// labels that they do not list.
	vouched set
}

// A labelIndex is the pools that have a label, and those that have each value of it.
type labelIndex struct {
	pools  set
	values map[string]set
}

// A guard is pools that are guarded alike, one of which stands for all.
type guard struct {
	pool  int
	pools set
}

func newIndex(pools []pool) index {
	x := index{all: newSet(len(pools)), apart: newSet(len(pools)), vouched: newSet(len(pools)), labels: map[string]*labelIndex{}}
	for i := range pools {
		p := &pools[i]
		if p.invalid != "" {
			continue // It serves nothing.
		}
		x.all.add(i)
		if p.apart() {
			x.apart.add(i)
		}
		if slices.ContainsFunc(p.tees, func(t poolTEE) bool { return t.declared }) {
			x.vouched.add(i)
		}
		for key, value := range p.node.Labels {
			x.addLabel(i, key, value, len(pools))
		}
		x.addGuard(pools, i)
	}
	return x
}

// apart says whether a pool has to be judged by itself: because its nodes are of
// several kinds, because who selects an architecture is let past a taint of it, or
// because a RuntimeClass brings tolerations.
func (p *pool) apart() bool {
	if len(p.kinds) > 1 {
		return true
	}
	for _, t := range p.node.Spec.Taints {
		if hardware.KindOfTaint(t) == hardware.ArchTaint {
			return true
		}
	}
	for i := range p.classes {
		if s := p.classes[i].Scheduling; s != nil && len(s.Tolerations) > 0 {
			return true
		}
	}
	return false
}

func (x *index) addLabel(at int, key, value string, pools int) {
	l := x.labels[key]
	if l == nil {
		l = &labelIndex{pools: newSet(pools), values: map[string]set{}}
		x.labels[key] = l
	}
	if l.values[value] == nil {
		l.values[value] = newSet(pools)
	}
	l.pools.add(at)
	l.values[value].add(at)
}

func (x *index) addGuard(pools []pool, at int) {
	for _, g := range x.guards {
		if guardedAlike(&pools[at], &pools[g.pool]) {
			g.pools.add(at)
			return
		}
	}
	g := guard{pool: at, pools: newSet(len(pools))}
	g.pools.add(at)
	x.guards = append(x.guards, g)
}

// guardedAlike says whether the same workloads pass the taints of both pools.
func guardedAlike(a, b *pool) bool {
	return (len(a.gpus.resources) > 0) == (len(b.gpus.resources) > 0) && (len(a.tees) > 0) == (len(b.tees) > 0) &&
		slices.EqualFunc(a.node.Spec.Taints, b.node.Spec.Taints, func(s, t corev1.Taint) bool { return s.MatchTaint(&t) && s.Value == t.Value })
}

// labeled returns the pools that have all of the labels.
func (x *index) labeled(labels map[string]string) set {
	found := slices.Clone(x.all)
	for key, value := range labels {
		if l := x.labels[key]; l != nil && l.values[value] != nil {
			found.keep(l.values[value])
			continue
		}
		clear(found)
	}
	return found
}

// meeting returns the pools whose labels meet a requirement, which is valid, as the
// scheduler has it.
func (x *index) meeting(r corev1.NodeSelectorRequirement) set {
	selector, err := nodeaffinity.NewNodeSelector(&corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{r}}}})
	found := newSet(len(x.all) * 64)
	if err != nil {
		return found
	}
	var node corev1.Node
	if selector.Match(&node) {
		found.join(x.all)
	}
	l := x.labels[r.Key]
	if l == nil {
		return found
	}
	found = found.without(l.pools)
	node.Labels = map[string]string{}
	for value, pools := range l.values {
		if node.Labels[r.Key] = value; selector.Match(&node) {
			found.join(pools)
		}
	}
	return found
}

// passing returns the pools whose taints keep a workload of a shape from none of
// their nodes, whatever its RuntimeClass brings.
func (f *Fleet) passing(s *shape) set {
	found := newSet(len(f.pools))
	for _, g := range f.index.guards {
		if f.pools[g.pool].blockedBy(s, nil) == nil {
			found.join(g.pools)
		}
	}
	return found
}
