// SPDX-License-Identifier: Apache-2.0

package workload

import (
	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// ReasonTEEViolation is the reason of Degraded where a Pod that asks for a TEE runs
// on a node that has lost the label which proves it.
const ReasonTEEViolation xpv2.ConditionReason = "TEEViolation"

// teeDifference is that a Pod may not stay where there is no TEE any more.
func teeDifference(p *v1alpha1.Performer, found Objects) []Difference {
	if found.LostTEE == "" || p.Spec.HardwareRequirements.TEEViolationPolicy != v1alpha1.TEEViolationEnd {
		return nil
	}
	return []Difference{{Object: "Pod", Field: fieldNode, Note: found.LostTEE, Remedy: RemedyReplace}}
}
