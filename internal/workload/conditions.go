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
func conditions(p *v1alpha1.Performer, found Objects, dx diagnosis, s v1alpha1.PerformerStatus, now time.Time) []xpv2.Condition {
	reason, message := dx.reason, dx.message
	switch {
	case dx.ready && found.Service == nil:
		message = fmt.Sprintf("Pod %s is ready, but Service %s does not exist yet", found.Pod.Name, PodName(p))
	case dx.ready && found.Pod.Labels[LabelRole] != "":
		reason = ReasonPodNotReady
		message = fmt.Sprintf("Pod %s has left its Service, to be ended", found.Pod.Name)
	case dx.ready && !s.Ready:
		reason = ReasonPodNotReady
		message = fmt.Sprintf("Pod %s is about to restart its container with image %s", found.Pod.Name, Image(found.Pod))
	}
	progressing := condition(TypeProgressing, true, reason, message)
	if s.Ready {
		progressing = settled(p, found, now)
	}
	return []xpv2.Condition{
		ready(p, s).WithMessage(message),
		progressing,
		degraded(found, dx, s, reason, message),
		condition(TypeAvailable, s.Ready, reason, message),
	}
}

// settled is Progressing for a Performer that is ready: True while a second Pod is
// to take over, or a resize waits.
func settled(p *v1alpha1.Performer, found Objects, now time.Time) xpv2.Condition {
	if found.Standby != nil {
		dx := diagnosePod(performerSubject(p, found.Standby, now), found.Standby)
		return condition(TypeProgressing, true, dx.reason, fmt.Sprintf("Pod %s is to take over (%s): %s", found.Standby.Name, found.Standby.Annotations[AnnotationUpgradeBy], dx.message))
	}
	if reason, why := resizeTrouble(found.Pod); reason == ReasonResizeDeferred {
		return condition(TypeProgressing, true, reason, why)
	}
	return condition(TypeProgressing, false, ReasonServiceReady, fmt.Sprintf("Service %s leads to the Pod on port %d", PodName(p), Port(p)))
}

// degraded says what is wrong though the Pod may serve, the gravest first.
func degraded(found Objects, dx diagnosis, s v1alpha1.PerformerStatus, r xpv2.ConditionReason, message string) xpv2.Condition {
	if found.LostTEE != "" {
		return condition(TypeDegraded, true, ReasonTEEViolation, found.LostTEE)
	}
	if s.FailedUpgrade != nil {
		why := failedWords(s.FailedUpgrade)
		if dx.failing {
			why += "; and now " + message
		}
		return condition(TypeDegraded, true, ReasonUpgradeFailed, why)
	}
	if found.Pod != nil && !dx.failing {
		if reason, why := resizeTrouble(found.Pod); reason == ReasonResizeInfeasible {
			return condition(TypeDegraded, true, reason, why)
		}
	}
	return condition(TypeDegraded, dx.failing, r, message)
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
	order := []xpv2.ConditionType{xpv2.TypeSynced, v1alpha1.TypeTargetReachable, xpv2.TypeReady, TypeProgressing, TypeDegraded, TypeDrifted, TypeSingleSigner, TypeAvailable}
	slices.SortStableFunc(cs, func(a, b xpv2.Condition) int {
		return slices.Index(order, a.Type) - slices.Index(order, b.Type)
	})
	return cs
}
