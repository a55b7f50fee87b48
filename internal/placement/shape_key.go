// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"encoding/binary"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// A shapeKey writes down what two workloads must have in common to be served by
// the same pools: everything but how much of the plain resources they ask for. It
// has parts, since many shapes have one or the other of them in common.
type shapeKey struct {
	b []byte
	// ends of the parts in b.
	ends [shapeParts]int
}

// The parts of a key.
const (
	// keyCore is all that the others are not: where the workload must be, and the
	// hardware, RuntimeClass and devices that it asks for.
	keyCore = iota
	keyTolerations
	keyLabels
	keyAffinity

	shapeParts
)

// write the key of a workload, and return how much of the plain resources its
// container asks for.
func (k *shapeKey) write(w *Workload) [basics]int64 {
	k.b = k.b[:0]
	d := &w.Demand
	k.text(w.Namespace)
	if k.is(w.Target != nil) {
		k.text(w.Target.Kind, w.Target.Name, w.Target.Namespace)
	}
	if hw := d.Hardware; k.is(hw != nil) {
		k.text(hw.GPUType, hw.TEEType)
		k.number(hw.GPUCount)
		k.truth(hw.TEERequired)
	}
	if k.is(d.Scheduling != nil && d.Scheduling.RuntimeClass != nil) {
		k.text(*d.Scheduling.RuntimeClass)
	}
	plain := k.resources(d.Resources)
	k.ends[keyCore] = len(k.b)
	k.nodes(d)
	for _, end := range k.ends {
		k.b = binary.LittleEndian.AppendUint32(k.b, uint32(end)) //nolint:gosec // Specs are smaller than that.
	}
	return plain
}

// nodes writes the parts about which nodes the workload wants.
func (k *shapeKey) nodes(d *Demand) {
	s := d.Scheduling
	if s == nil {
		s = &v1alpha1.SchedulingConfig{}
	}
	for i := range s.Tolerations {
		t := &s.Tolerations[i]
		k.text(t.Key, string(t.Operator), t.Value, string(t.Effect))
	}
	k.ends[keyTolerations] = len(k.b)
	if custom := hardwareOf(*d).CustomLabels; len(custom) > 0 || len(s.NodeSelector) > 0 {
		k.labels(custom)
		k.labels(s.NodeSelector)
	}
	k.ends[keyLabels] = len(k.b)
	if s.NodeAffinity != nil || s.Affinity != nil {
		k.affinity(s.NodeAffinity)
	}
	if s.Affinity != nil {
		k.affinity(s.Affinity.NodeAffinity)
	}
	k.ends[keyAffinity] = len(k.b)
}

// part of the key, empty where the workload says nothing about it.
func (k *shapeKey) part(i int) []byte {
	from := 0
	if i > 0 {
		from = k.ends[i-1]
	}
	return k.b[from:k.ends[i]]
}

func (k *shapeKey) text(values ...string) {
	for _, v := range values {
		k.count(len(v))
		k.b = append(k.b, v...)
	}
}

func (k *shapeKey) count(n int) { k.b = binary.AppendUvarint(k.b, uint64(n)) } //nolint:gosec // Lengths are not negative.

// is writes whether something is there.
func (k *shapeKey) is(there bool) bool {
	if there {
		k.b = append(k.b, 1)
	} else {
		k.b = append(k.b, 0)
	}
	return there
}

func (k *shapeKey) number(n *int32) {
	if n != nil {
		k.b = strconv.AppendInt(k.b, int64(*n), 10)
	}
	k.b = append(k.b, ';')
}

func (k *shapeKey) truth(b *bool) {
	if b != nil {
		k.b = strconv.AppendBool(k.b, *b)
	}
	k.b = append(k.b, ';')
}

func (k *shapeKey) labels(labels map[string]string) {
	k.count(len(labels))
	if len(labels) == 1 { // The usual case needs no sorting.
		for key, v := range labels {
			k.text(key, v)
		}
		return
	}
	for _, key := range sortedKeys(labels) {
		k.text(key, labels[key])
	}
}

func (k *shapeKey) affinity(a *corev1.NodeAffinity) {
	if a == nil {
		k.count(0)
		return
	}
	k.count(1 + len(a.PreferredDuringSchedulingIgnoredDuringExecution))
	for i := range a.PreferredDuringSchedulingIgnoredDuringExecution {
		k.count(int(a.PreferredDuringSchedulingIgnoredDuringExecution[i].Weight))
		k.term(&a.PreferredDuringSchedulingIgnoredDuringExecution[i].Preference)
	}
	if a.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		k.count(0)
		return
	}
	terms := a.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
	k.count(1 + len(terms))
	for i := range terms {
		k.term(&terms[i])
	}
}

func (k *shapeKey) term(t *corev1.NodeSelectorTerm) {
	for _, reqs := range [][]corev1.NodeSelectorRequirement{t.MatchExpressions, t.MatchFields} {
		k.count(len(reqs))
		for i := range reqs {
			k.requirement(&reqs[i])
		}
	}
}

func (k *shapeKey) requirement(r *corev1.NodeSelectorRequirement) {
	k.text(r.Key, string(r.Operator))
	k.count(len(r.Values))
	k.text(r.Values...)
}

// resources writes those that a pool may or may not have, and returns the plain
// ones. A limit stands in for a request that is missing.
func (k *shapeKey) resources(r corev1.ResourceRequirements) [basics]int64 {
	var plain [basics]int64
	var few [8]corev1.ResourceName
	for _, list := range []corev1.ResourceList{r.Limits, r.Requests} {
		names := few[:0]
		if readBasics(&plain, list) < len(list) {
			for name := range list {
				if !isBasic(name) {
					names = append(names, name)
				}
			}
			slices.Sort(names)
		}
		k.count(len(names))
		for _, name := range names {
			q := list[name]
			k.text(string(name))
			k.b = strconv.AppendInt(k.b, q.MilliValue(), 10)
			k.b = append(k.b, ';')
		}
	}
	return plain
}

// readBasics sets the basic resources that a list has, but for Pods, and returns how
// many it found. To look them up is faster than to go through a map.
func readBasics(amounts *[basics]int64, list corev1.ResourceList) int {
	n := 0
	if q, ok := list[corev1.ResourceCPU]; ok {
		amounts[0] = q.MilliValue()
		n++
	}
	for i, name := range [...]corev1.ResourceName{corev1.ResourceMemory, corev1.ResourceEphemeralStorage} {
		if q, ok := list[name]; ok {
			amounts[i+1] = q.Value()
			n++
		}
	}
	return n
}
