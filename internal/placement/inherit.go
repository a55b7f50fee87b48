// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"cmp"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// Inherit returns a workload's own scheduling with what it leaves unset filled
// from the defaults of its executor: maps merge with the workload's keys winning,
// lists unite, single values are the workload's. Either may be nil; neither is
// changed.
func Inherit(own, defaults *v1alpha1.SchedulingConfig) *v1alpha1.SchedulingConfig {
	if defaults == nil || own == nil {
		return cmp.Or(own, defaults).DeepCopy()
	}
	s, from := own.DeepCopy(), defaults.DeepCopy()
	s.NodeSelector = union(from.NodeSelector, s.NodeSelector)
	for _, t := range from.Tolerations {
		if !slices.ContainsFunc(s.Tolerations, func(own corev1.Toleration) bool { return equality.Semantic.DeepEqual(own, t) }) {
			s.Tolerations = append(s.Tolerations, t)
		}
	}
	s.NodeAffinity = cmp.Or(s.NodeAffinity, from.NodeAffinity)
	s.Affinity = cmp.Or(s.Affinity, from.Affinity)
	s.RuntimeClass = cmp.Or(s.RuntimeClass, from.RuntimeClass)
	if s.PriorityClassName == "" {
		s.PriorityClassName = from.PriorityClassName
	}
	return s
}

func union(defaults, own v1alpha1.NodeLabels) v1alpha1.NodeLabels {
	if len(defaults) == 0 {
		return own
	}
	out := maps.Clone(defaults)
	maps.Copy(out, own)
	return out
}
