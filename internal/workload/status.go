// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// Status is a Performer's status in the light of what was found and how that
// differs from what is wanted. What only the status remembers, when an upgrade
// was last ready, is carried over from the Performer.
func Status(p *v1alpha1.Performer, found Objects, d []Difference, now time.Time) v1alpha1.PerformerStatus {
	dx := diagnose(p, found.Pod, now)
	up := upgradeOf(p, found.Pod)

	s := *p.Status.DeepCopy()
	s.PodName, s.StandbyPodName, s.NodeName, s.ServiceName = "", "", "", ""
	s.Upgrade, s.FailedUpgrade = progress(p, found, now), failedUpgrade(p, found.Pod)
	s.GRPCEndpoint = Endpoint(p)
	if found.Pod != nil {
		s.PodName, s.NodeName = found.Pod.Name, found.Pod.Spec.NodeName
	}
	if found.Standby != nil {
		s.StandbyPodName = found.Standby.Name
	}
	if found.Service != nil {
		s.ServiceName = found.Service.Name
	}
	s.Ready = dx.ready && found.Service != nil && !up.swapping && found.Pod.Labels[LabelRole] == ""
	s.ReadyTime = nil
	if s.Ready {
		s.ReadyTime = readySince(found.Pod)
	}
	if s.Ready {
		s.FailedPods = 0
	}
	if s.Ready && up.pending {
		s.LastUpgrade = latest(readySince(found.Pod), up.started)
		up.pending = false
		if found.Standby == nil {
			s.Upgrade = nil
		}
	}
	s.PinnedImage = pinnedImage(p, found.Pod, s.Ready && s.FailedUpgrade == nil)
	s.Phase = phase(p, found.Pod, dx, up, d)
	refused := p.Status.GetCondition(TypeDegraded)
	s.SetConditions(stamped(conditions(p, found, dx, s, now), p.GetGeneration(), now)...)
	if refused.Reason == ReasonResizeInfeasible && RemedyFor(d) == RemedyResize && s.Ready {
		s.SetConditions(refused) // It is asked for still: what was said of it holds until it is asked again.
	}
	s.Conditions = ordered(s.Conditions)
	return s
}

// phase is the Pod's own, but for the Performer's deletion and for upgrades.
func phase(p *v1alpha1.Performer, pod *corev1.Pod, dx diagnosis, up upgrade, d []Difference) v1alpha1.PerformerPhase {
	switch {
	case meta.WasDeleted(p):
		return v1alpha1.PerformerTerminating
	case up.pending:
		return v1alpha1.PerformerUpgrading
	case pod != nil && pod.DeletionTimestamp == nil && !Ended(pod) && upgrades(p, d):
		return v1alpha1.PerformerUpgrading
	case (pod == nil || pod.DeletionTimestamp != nil) && p.Status.Phase == v1alpha1.PerformerUpgrading:
		return v1alpha1.PerformerUpgrading
	}
	return dx.phase
}

// upgrades says whether what differs will restart the container or the Pod.
func upgrades(p *v1alpha1.Performer, d []Difference) bool {
	if slices.ContainsFunc(d, func(d Difference) bool { return d.Field == fieldNode }) {
		return false // It loses its place, for nothing new.
	}
	if RemedyFor(d) == RemedyReplace {
		return strategy(p) != v1alpha1.StrategyInPlace
	}
	return ChangesImage(d)
}

func readySince(pod *corev1.Pod) *metav1.Time {
	c := podCondition(pod, corev1.PodReady)
	if c == nil {
		return nil
	}
	t := c.LastTransitionTime
	return &t
}

func latest(a, b *metav1.Time) *metav1.Time {
	if a == nil || a.Before(b) {
		return b
	}
	return a
}

// Backoff of the replacement of Pods that end before they were ever ready.
const (
	minReplaceWait = 10 * time.Second
	maxReplaceWait = 5 * time.Minute
)

// ReplaceWait is how long after its creation a Pod that has ended is replaced: at
// once where the Performer was ready since, and later and later where one Pod
// after the other ends before it is ready.
func ReplaceWait(p *v1alpha1.Performer) time.Duration {
	wait := minReplaceWait
	for range p.Status.FailedPods - 1 {
		wait = min(2*wait, maxReplaceWait)
	}
	if p.Status.FailedPods == 0 {
		return 0
	}
	return wait
}

// Hindered tells in a Performer's status what keeps its Pod from being made, in
// every condition that somebody may read.
func Hindered(p *v1alpha1.Performer, s v1alpha1.PerformerStatus, r xpv2.ConditionReason, message string, now time.Time) v1alpha1.PerformerStatus {
	cs := []xpv2.Condition{condition(TypeDegraded, true, r, message)}
	if !s.Ready {
		cs = []xpv2.Condition{
			ready(p, s).WithMessage(message),
			condition(TypeProgressing, false, r, message),
			condition(TypeDegraded, true, r, message),
			condition(TypeAvailable, false, r, message),
		}
	}
	s.SetConditions(stamped(cs, p.GetGeneration(), now)...)
	s.Conditions = ordered(s.Conditions)
	return s
}
