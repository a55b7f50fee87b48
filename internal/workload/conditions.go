// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// Types of conditions that the API reference adds to Crossplane's own.
const (
	TypeAvailable   xpv2.ConditionType = "Available"
	TypeProgressing xpv2.ConditionType = "Progressing"
	TypeDegraded    xpv2.ConditionType = "Degraded"
)

// conditions tells one diagnosis in the terms of each condition type.
func conditions(p *v1alpha1.Performer, found Objects, dx diagnosis, s v1alpha1.PerformerStatus) []xpv2.Condition {
	reason, message := dx.reason, dx.message
	switch {
	case dx.ready && found.Service == nil:
		message = fmt.Sprintf("Pod %s is ready, but Service %s does not exist yet", PodName(p), PodName(p))
	case dx.ready && !s.Ready:
		reason = ReasonPodNotReady
		message = fmt.Sprintf("Pod %s is about to restart its container with image %s", PodName(p), p.Spec.Image)
	}
	progressing := condition(TypeProgressing, true, reason, message)
	if s.Ready {
		progressing = condition(TypeProgressing, false, ReasonServiceReady,
			fmt.Sprintf("Service %s leads to the Pod on port %d", PodName(p), Port(p)))
	}
	return []xpv2.Condition{
		ready(p, s).WithMessage(message),
		progressing,
		condition(TypeDegraded, dx.failing, reason, message),
		condition(TypeAvailable, s.Ready, reason, message),
	}
}

// ready is Crossplane's own summary: a Performer that was never ready is being
// created.
func ready(p *v1alpha1.Performer, s v1alpha1.PerformerStatus) xpv2.Condition {
	last := p.Status.GetCondition(xpv2.TypeReady).Reason
	switch {
	case meta.WasDeleted(p):
		return xpv2.Deleting()
	case s.Ready:
		return xpv2.Available()
	case last == "" || last == xpv2.ReasonCreating:
		return xpv2.Creating()
	}
	return xpv2.Unavailable()
}

func condition(t xpv2.ConditionType, yes bool, r xpv2.ConditionReason, message string) xpv2.Condition {
	status := corev1.ConditionFalse
	if yes {
		status = corev1.ConditionTrue
	}
	return xpv2.Condition{Type: t, Status: status, Reason: r, Message: message}
}

// stamped gives conditions their time and the generation that they speak of.
func stamped(cs []xpv2.Condition, generation int64, now time.Time) []xpv2.Condition {
	for i := range cs {
		cs[i].LastTransitionTime = metav1.NewTime(now)
		cs[i].ObservedGeneration = generation
	}
	return cs
}

// ordered puts Available last: the executor's own client reads the message of
// the last condition as the message of the whole status.
func ordered(cs []xpv2.Condition) []xpv2.Condition {
	order := []xpv2.ConditionType{xpv2.TypeSynced, v1alpha1.TypeTargetReachable, xpv2.TypeReady, TypeProgressing, TypeDegraded, TypeSingleSigner, TypeAvailable}
	slices.SortStableFunc(cs, func(a, b xpv2.Condition) int {
		return slices.Index(order, a.Type) - slices.Index(order, b.Type)
	})
	return cs
}
