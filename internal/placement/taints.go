// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"slices"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/internal/hardware"
)

// lastingTaints returns the taints that keep Pods off nodes that are set up.
func lastingTaints(taints []corev1.Taint) []corev1.Taint {
	return slices.DeleteFunc(slices.Clone(taints), func(t corev1.Taint) bool {
		return t.Effect == corev1.TaintEffectPreferNoSchedule || hardware.KindOfTaint(t) == hardware.StartupTaint
	})
}

// tolerates says whether one of the tolerations covers a taint, as the scheduler
// has it. It does not compare numbers, which Kubernetes does only where a feature
// gate that is off by default allows it.
func tolerates(tolerations []corev1.Toleration, taint corev1.Taint) bool {
	return slices.ContainsFunc(tolerations, func(t corev1.Toleration) bool {
		return t.ToleratesTaint(logr.Discard(), &taint, false)
	})
}

// mayTolerate says whether a workload is let past a taint of a pool that it does
// not tolerate by itself: where it asks for what the pool has and others have not.
// Taints that say that a node is not to be used are never passed.
func (p *pool) mayTolerate(taint corev1.Taint, s *shape) bool {
	wantsGPU, wantsTEE := s.gpus.count > 0, s.teeRequired
	switch hardware.KindOfTaint(taint) {
	case hardware.LifecycleTaint, hardware.StartupTaint:
		return false
	case hardware.GPUTaint:
		return wantsGPU
	case hardware.ArchTaint:
		return s.selects(hardware.LabelArch, p.node.Labels[hardware.LabelArch])
	default:
		hasGPU, hasTEE := len(p.gpus.resources) > 0, len(p.tees) > 0
		return !hasGPU && !hasTEE || hasGPU && wantsGPU || hasTEE && wantsTEE
	}
}

// toleration of a taint, whatever its value where that differs from place to
// place.
func toleration(t corev1.Taint) corev1.Toleration {
	if t.Value == "" || hardware.GPUVendor(corev1.ResourceName(t.Key)) != "" {
		return corev1.Toleration{Key: t.Key, Operator: corev1.TolerationOpExists, Effect: t.Effect}
	}
	return corev1.Toleration{Key: t.Key, Operator: corev1.TolerationOpEqual, Value: t.Value, Effect: t.Effect}
}

// blockedBy returns the first taint of the pool's nodes that keeps a workload off,
// or nil.
func (p *pool) blockedBy(s *shape, classTolerations []corev1.Toleration) *corev1.Taint {
	for i, t := range p.node.Spec.Taints {
		if !tolerates(s.tolerations(), t) && !tolerates(classTolerations, t) && !p.mayTolerate(t, s) {
			return &p.node.Spec.Taints[i]
		}
	}
	return nil
}
