// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"
)

// TypeTargetReachable is the type of the condition that says whether a target
// cluster answers. While it does not, everything else in a status is what was seen
// last. Managed resources have it once their target did not answer.
const TypeTargetReachable xpv2.ConditionType = "TargetReachable"

// Reasons of TypeTargetReachable.
const (
	// ReasonReachable: the cluster answers.
	ReasonReachable xpv2.ConditionReason = "Reachable"
	// ReasonUnreachable: it does not, or answers that it is not able to.
	ReasonUnreachable xpv2.ConditionReason = "Unreachable"
	// ReasonCredentialsRefused: it does not know who asks, as with a token that has
	// expired.
	ReasonCredentialsRefused xpv2.ConditionReason = "CredentialsRefused"
	// ReasonForbidden: who asks lacks a right without which nothing can be done.
	ReasonForbidden xpv2.ConditionReason = "Forbidden"
	// ReasonNotTrusted: the certificate that it shows is not the one to expect.
	ReasonNotTrusted xpv2.ConditionReason = "NotTrusted"
	// ReasonUnusable: there are no credentials that could be used.
	ReasonUnusable xpv2.ConditionReason = "Unusable"
)

// TargetReachable is the condition of a target cluster that answers.
func TargetReachable() xpv2.Condition {
	return xpv2.Condition{Type: TypeTargetReachable, Status: corev1.ConditionTrue, Reason: ReasonReachable, LastTransitionTime: metav1.Now()}
}

// TargetUnreachable is the condition of a target cluster that is of no use, and
// says why.
func TargetUnreachable(reason xpv2.ConditionReason, why string) xpv2.Condition {
	return xpv2.Condition{Type: TypeTargetReachable, Status: corev1.ConditionFalse, Reason: reason, Message: why, LastTransitionTime: metav1.Now()}
}
