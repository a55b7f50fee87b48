// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// Inherit fills what a Performer leaves unset with the default scheduling of its
// HourglassExecutor: maps merge with the performer's keys winning, lists unite,
// single values are the performer's. Neither is changed.
func Inherit(p *v1alpha1.Performer, e *v1alpha1.HourglassExecutor) *v1alpha1.Performer {
	if e.Spec.Config.Kubernetes == nil || e.Spec.Config.Kubernetes.DefaultScheduling == nil {
		return p
	}
	from := e.Spec.Config.Kubernetes.DefaultScheduling.DeepCopy()
	p = p.DeepCopy()
	if p.Spec.Scheduling == nil {
		p.Spec.Scheduling = from
		return p
	}
	s := p.Spec.Scheduling
	s.NodeSelector = union(from.NodeSelector, s.NodeSelector)
	for _, t := range from.Tolerations {
		if !slices.ContainsFunc(s.Tolerations, func(own corev1.Toleration) bool { return equality.Semantic.DeepEqual(own, t) }) {
			s.Tolerations = append(s.Tolerations, t)
		}
	}
	if s.NodeAffinity == nil {
		s.NodeAffinity = from.NodeAffinity
	}
	if s.Affinity == nil {
		s.Affinity = from.Affinity
	}
	if s.RuntimeClass == nil {
		s.RuntimeClass = from.RuntimeClass
	}
	if s.PriorityClassName == "" {
		s.PriorityClassName = from.PriorityClassName
	}
	return p
}

func union(defaults, own v1alpha1.NodeLabels) v1alpha1.NodeLabels {
	if len(defaults) == 0 {
		return own
	}
	out := maps.Clone(defaults)
	maps.Copy(out, own)
	return out
}
