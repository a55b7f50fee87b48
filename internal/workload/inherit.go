// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

// Inherit fills what a Performer leaves unset with the default scheduling of its
// HourglassExecutor. Neither is changed.
func Inherit(p *v1alpha1.Performer, e *v1alpha1.HourglassExecutor) *v1alpha1.Performer {
	if e.Spec.Config.Kubernetes == nil || e.Spec.Config.Kubernetes.DefaultScheduling == nil {
		return p
	}
	p = p.DeepCopy()
	p.Spec.Scheduling = placement.Inherit(p.Spec.Scheduling, e.Spec.Config.Kubernetes.DefaultScheduling)
	return p
}
