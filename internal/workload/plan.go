// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// An Act is what is done to a Pod.
type Act string

// The acts.
const (
	// ActNone leaves all as it is.
	ActNone Act = ""
	// ActPatch changes what can be changed in place.
	ActPatch Act = "Patch"
	// ActResize gives a Pod that runs more or less cpu and memory.
	ActResize Act = "Resize"
	// ActStart creates a second Pod.
	ActStart Act = "Start"
	// ActPromote has the Service lead to the second Pod.
	ActPromote Act = "Promote"
	// ActDrain has a Pod leave its Service.
	ActDrain Act = "Drain"
	// ActEnd deletes a Pod that is not needed any more.
	ActEnd Act = "End"
	// ActReplace deletes a Pod so that another one can be created in its place.
	ActReplace Act = "Replace"
	// ActRollBack undoes an upgrade.
	ActRollBack Act = "RollBack"
	// ActRefuse does nothing, because what would have to be done is not allowed.
	ActRefuse Act = "Refuse"
)

// A Move is the next thing to do about a Performer's Pods.
type Move struct {
	Act Act
	// Pod as it was found; nil where one is created.
	Pod *corev1.Pod
	// Next is how it is to be; nil where it ends.
	Next *corev1.Pod
	// Strategy that the move is part of; "" for none.
	Strategy v1alpha1.UpgradeStrategy
	// Why, in words.
	Why string
}

// NextMove is the next thing to do about a Performer's Pods, given how the one
// that serves differs from what is wanted. Taken again and again, with what is
// found then, the moves lead there.
func NextMove(p *v1alpha1.Performer, want, found Objects, d []Difference, room Room, now time.Time) Move {
	for _, pod := range found.Leaving {
		if m := leave(p, pod, "another Pod serves", now); m.Act != ActNone {
			return m
		}
	}
	live := found.Pod
	if live == nil || live.DeletionTimestamp != nil {
		return Move{}
	}
	if Ended(live) || !Owns(p, live) {
		return plain(want.Pod, live, d, now)
	}
	if why, _ := upgradeFailure(p, found, now); why != "" && !failed(p, want.Pod, live) && attempts(p, want.Pod, found) {
		return goBack(p, want.Pod, found, why, now)
	}
	c := choose(p, want.Pod, found, d, room)
	if c.strategy == v1alpha1.StrategySurge {
		return surge(p, want.Pod, found, c, now)
	}
	if found.Standby != nil {
		return Move{Act: ActEnd, Pod: found.Standby, Why: "a second Pod is not needed any more"}
	}
	if len(d) == 0 {
		return Move{}
	}
	return change(p, want.Pod, live, d, c, now)
}

// plain is the move for a Pod with which no upgrade can begin: one that has ended,
// or is yet to be taken over.
func plain(want, live *corev1.Pod, d []Difference, now time.Time) Move {
	switch {
	case len(d) == 0:
		return Move{}
	case RemedyFor(d) == RemedyReplace:
		return Move{Act: ActReplace, Pod: live, Why: Words(d)}
	}
	return Move{Act: ActPatch, Pod: live, Next: PatchedPod(want, live, d, now), Why: Words(d)}
}

// change the Pod that runs, or have it make place for another.
func change(p *v1alpha1.Performer, want, live *corev1.Pod, d []Difference, c choice, now time.Time) Move {
	m := Move{Pod: live, Strategy: c.strategy, Why: Words(d)}
	switch {
	case c.strategy == v1alpha1.StrategyRecreate:
		m.Act, m.Why = ActReplace, fmt.Sprintf("%s (%s)", Words(d), c)
		if leaving := leave(p, live, "", now); leaving.Act == ActDrain || drainLeft(p, live, now) > 0 {
			leaving.Strategy, leaving.Why = c.strategy, m.Why
			return leaving
		}
		return m
	case RemedyFor(d) == RemedyReplace:
		m.Act = ActRefuse
		m.Why = fmt.Sprintf("spec.upgrade.strategy InPlace does not allow what needs a new Pod (%s); the Pod runs on as it is: let the strategy be Auto, Recreate or Surge, or undo the change", Words(d))
	case RemedyFor(d) == RemedyResize:
		m.Act, m.Next = ActResize, resized(want, live, d)
		m.Why = resizeWords(m.Next, live)
	default:
		m.Act, m.Next = ActPatch, PatchedPod(want, live, d, UpgradeStart(p, now))
		forget(p, live, m.Next, d)
		if changesSpec(d) {
			m.Why = fmt.Sprintf("%s (%s)", Words(d), c)
		}
	}
	return m
}

// forget on a Pod whose image changes what can be gone back to, unless it is from
// just before: what was good once may be long ago, and what only sets right what
// somebody else changed is never taken back.
func forget(p *v1alpha1.Performer, live, next *corev1.Pod, d []Difference) {
	if !ChangesImage(d) {
		return
	}
	if !slices.ContainsFunc(d, func(d Difference) bool { return d.Field == FieldImage }) || (!isReady(live) && !upgradeOf(p, live).pending) {
		delete(next.Annotations, AnnotationLastGoodImage)
	}
	if isReady(live) || !upgradeOf(p, live).pending {
		delete(next.Annotations, AnnotationFallback)
	}
}

// surge starts a second Pod, waits until it is ready, and has it take over.
func surge(p *v1alpha1.Performer, want *corev1.Pod, found Objects, c choice, now time.Time) Move {
	m := Move{Strategy: c.strategy, Why: c.String()}
	second := standby(p, want)
	switch {
	case found.Standby == nil:
		m.Act, m.Next = ActStart, second
		MarkUpgrade(m.Next, c.String(), UpgradeStart(p, now))
	case found.Standby.Name != second.Name:
		m.Act, m.Pod, m.Why = ActEnd, found.Standby, "it is not what is wanted any more"
	case strategy(p) == v1alpha1.StrategyAuto && unschedulable(found.Standby):
		// There was no room after all. The choice is noted before the second Pod
		// goes, or it would be started again.
		m.Act, m.Pod, m.Strategy = ActPatch, found.Pod, v1alpha1.StrategyRecreate
		m.Next = found.Pod.DeepCopy()
		m.Why = "no node can take a second Pod: " + podCondition(found.Standby, corev1.PodScheduled).Message
		setAnnotation(m.Next, AnnotationChoice, SpecID(p, want)+" "+m.Why)
	case isReady(found.Standby):
		m.Act, m.Pod, m.Next = ActPromote, found.Standby, promoted(p, found.Standby)
	}
	return m
}

func unschedulable(pod *corev1.Pod) bool {
	c := podCondition(pod, corev1.PodScheduled)
	return c != nil && c.Status == corev1.ConditionFalse && c.Reason == corev1.PodReasonUnschedulable
}

// leave is how a Pod that nobody needs ends: it leaves its Service first, where it
// serves, and stays for a while. Nothing is to be done meanwhile.
func leave(p *v1alpha1.Performer, pod *corev1.Pod, why string, now time.Time) Move {
	switch {
	case pod.DeletionTimestamp != nil:
		return Move{}
	case mustDrain(p, pod):
		return Move{Act: ActDrain, Pod: pod, Next: draining(pod, now), Why: why}
	case drainLeft(p, pod, now) > 0:
		return Move{}
	}
	return Move{Act: ActEnd, Pod: pod, Why: why}
}

// Leave is how a Performer's Pods end that is being deleted.
func Leave(p *v1alpha1.Performer, pod *corev1.Pod, now time.Time) Move {
	return leave(p, pod, "the Performer is being deleted", now)
}

// goBack undoes an upgrade. What failed is noted on the Pod that runs before
// anything ends, so that it is not tried again.
func goBack(p *v1alpha1.Performer, want *corev1.Pod, found Objects, why string, now time.Time) Move {
	m := Move{Act: ActRollBack, Pod: found.Pod, Why: why}
	switch {
	case found.Standby != nil:
		m.Strategy = v1alpha1.StrategySurge
		m.Next = withFailure(found.Pod.DeepCopy(), SpecID(p, want), why)
	case found.Pod.Annotations[AnnotationLastGoodImage] != "":
		m.Strategy = v1alpha1.StrategyInPlace
		m.Next = rolledBack(p, want, found.Pod, why, UpgradeStart(p, now))
	default:
		m.Strategy = v1alpha1.StrategyRecreate
	}
	return m
}

// Wake is how long all may stay as it is without anything happening until it has
// to be looked at again: 0 for as long as it likes.
func Wake(p *v1alpha1.Performer, found Objects, now time.Time) time.Duration {
	var waits []time.Duration
	if pod := found.Pod; pod != nil && Ended(pod) && waitsToBeReplaced(p, pod, now) {
		waits = append(waits, pod.CreationTimestamp.Add(ReplaceWait(p)).Sub(now))
	}
	_, left := upgradeFailure(p, found, now)
	waits = append(waits, left)
	for _, pod := range found.Pods() {
		waits = append(waits, drainLeft(p, pod, now))
	}
	var soonest time.Duration
	for _, w := range waits {
		if w > 0 && (soonest == 0 || w < soonest) {
			soonest = w
		}
	}
	return soonest
}
