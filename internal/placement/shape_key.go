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
// the same pools: everything but how much of the plain resources they ask for.
type shapeKey struct{ b []byte }

// key of a workload, in the given buffer.
func (k *shapeKey) write(w *Workload) {
	k.b = k.b[:0]
	k.text(w.Namespace)
	if t := w.Target; t != nil {
		k.text(t.Kind, t.Name, t.Namespace)
	}
	k.count(0)
	if hw := w.Demand.Hardware; hw != nil {
		k.text(hw.GPUType, hw.TEEType)
		k.number(hw.GPUCount)
		k.truth(hw.TEERequired)
		k.labels(hw.CustomLabels)
	}
	k.count(1)
	if s := w.Demand.Scheduling; s != nil {
		k.scheduling(s)
	}
	k.count(2)
	k.extended(w.Demand.Resources.Limits)
	k.extended(w.Demand.Resources.Requests)
}

func (k *shapeKey) text(values ...string) {
	for _, v := range values {
		k.count(len(v))
		k.b = append(k.b, v...)
	}
}

func (k *shapeKey) count(n int) { k.b = binary.AppendUvarint(k.b, uint64(n)) } //nolint:gosec // Lengths are not negative.

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

func (k *shapeKey) scheduling(s *v1alpha1.SchedulingConfig) {
	k.labels(s.NodeSelector)
	k.affinity(s.NodeAffinity)
	if s.Affinity != nil {
		k.affinity(s.Affinity.NodeAffinity)
	}
	k.count(len(s.Tolerations))
	for i := range s.Tolerations {
		t := &s.Tolerations[i]
		k.text(t.Key, string(t.Operator), t.Value, string(t.Effect))
	}
	if s.RuntimeClass != nil {
		k.text("class", *s.RuntimeClass)
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
			k.text(reqs[i].Key, string(reqs[i].Operator))
			k.count(len(reqs[i].Values))
			k.text(reqs[i].Values...)
		}
	}
}

// extended writes the resources that a pool may or may not have.
func (k *shapeKey) extended(list corev1.ResourceList) {
	if len(list) == 0 {
		k.count(0)
		return
	}
	var few [8]corev1.ResourceName
	names := few[:0]
	for name := range list {
		if !isBasic(name) {
			names = append(names, name)
		}
	}
	k.count(len(names))
	slices.Sort(names)
	for _, name := range names {
		q := list[name]
		k.text(string(name))
		k.b = strconv.AppendInt(k.b, q.MilliValue(), 10)
		k.b = append(k.b, ';')
	}
}

// isBasic says whether every node has a resource.
func isBasic(name corev1.ResourceName) bool {
	return name == corev1.ResourceCPU || name == corev1.ResourceMemory || name == corev1.ResourceEphemeralStorage || name == corev1.ResourcePods
}
