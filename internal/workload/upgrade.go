// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// Annotations of a Pod that tell of its upgrade.
const (
	// AnnotationUpgradeStarted holds when a Pod's upgrade began, in RFC 3339.
	AnnotationUpgradeStarted = v1alpha1.Group + "/upgrade-started"
	// AnnotationUpgradeFrom holds the id of the container that an upgrade in
	// place replaces.
	AnnotationUpgradeFrom = v1alpha1.Group + "/upgrade-from"
	// AnnotationUpgradeBy holds the strategy of the upgrade and why it was taken.
	AnnotationUpgradeBy = v1alpha1.Group + "/upgrade-by"
	// AnnotationLastGoodImage holds the image that was ready before an upgrade in
	// place.
	AnnotationLastGoodImage = v1alpha1.Group + "/last-good-image"
	// AnnotationFallback is "true" on a Pod that a PodTemplate of the same name
	// can take the place of, should it not become ready.
	AnnotationFallback = v1alpha1.Group + "/fallback"
)

// strategyRollBack is what AnnotationUpgradeBy holds on a Pod that goes back to
// what ran before.
const strategyRollBack = "RollBack"

// An upgrade is what a Pod's annotations say of its last upgrade.
type upgrade struct {
	started *metav1.Time
	// pending says that it was not ready yet.
	pending bool
	// swapping says that the old container still stands, ready or not.
	swapping bool
}

func upgradeOf(p *v1alpha1.Performer, pod *corev1.Pod) upgrade {
	if pod == nil || pod.DeletionTimestamp != nil {
		return upgrade{}
	}
	started := upgradeStarted(pod)
	if started == nil {
		return upgrade{} // Never upgraded, or not by us.
	}
	if last := p.Status.LastUpgrade; last != nil && !last.Before(started) {
		return upgrade{started: started}
	}
	return upgrade{started: started, pending: true, swapping: isSwapping(pod)}
}

// upgradeStarted is when a Pod's upgrade began; nil where there was none.
func upgradeStarted(pod *corev1.Pod) *metav1.Time {
	t, err := time.Parse(time.RFC3339, pod.Annotations[AnnotationUpgradeStarted])
	if err != nil {
		return nil
	}
	started := metav1.NewTime(t)
	return &started
}

// isSwapping says whether the container that an upgrade replaces still stands.
func isSwapping(pod *corev1.Pod) bool {
	from := pod.Annotations[AnnotationUpgradeFrom]
	return from != "" && containerStatus(pod, ContainerName).ContainerID == from
}

// MarkUpgrade records on a Pod that its upgrade began now, and how it is done.
func MarkUpgrade(pod *corev1.Pod, by string, now time.Time) {
	setAnnotation(pod, AnnotationUpgradeStarted, now.UTC().Format(time.RFC3339))
	setAnnotation(pod, AnnotationUpgradeBy, by)
}

// UpgradeStart is when an upgrade that begins now begins. Times are told in whole
// seconds, and an upgrade is over that is not younger than the last one.
func UpgradeStart(p *v1alpha1.Performer, now time.Time) time.Time {
	if last := p.Status.LastUpgrade; last != nil && now.Before(last.Add(time.Second)) {
		return last.Add(time.Second)
	}
	return now
}

// StrategyOf is the strategy that a Pod's upgrade is done by.
func StrategyOf(pod *corev1.Pod) string {
	strategy, _, _ := strings.Cut(pod.Annotations[AnnotationUpgradeBy], ":")
	return strategy
}

// WentBack says whether a Pod's last upgrade was a return to what ran before.
func WentBack(pod *corev1.Pod) bool { return StrategyOf(pod) == strategyRollBack }

// TookToUpgrade is how long a Pod's upgrade took that was ready at a time.
func TookToUpgrade(pod *corev1.Pod, ready time.Time) time.Duration {
	if started := upgradeStarted(pod); started != nil {
		return max(0, ready.Sub(started.Time))
	}
	return 0
}

// underway is the Pod that an upgrade is to make ready: nil where there is none
// under way.
func underway(p *v1alpha1.Performer, found Objects) *corev1.Pod {
	if found.Standby != nil {
		return found.Standby
	}
	if upgradeOf(p, found.Pod).pending {
		return found.Pod
	}
	return nil
}

// progress is how the upgrade goes that is under way, nil if none is. What was
// seen of it before is in the Performer's status.
func progress(p *v1alpha1.Performer, found Objects, now time.Time) *v1alpha1.UpgradeStatus {
	pod := underway(p, found)
	if pod == nil || upgradeStarted(pod) == nil {
		return nil
	}
	u := &v1alpha1.UpgradeStatus{Started: *upgradeStarted(pod), Strategy: pod.Annotations[AnnotationUpgradeBy]}
	if before := p.Status.Upgrade; before != nil && before.Started.Equal(&u.Started) {
		u = before.DeepCopy()
	}
	cs := containerStatus(pod, ContainerName)
	if u.Pulled == nil && !isSwapping(pod) {
		u.Pulled = pulled(pod, u.Started, now)
	}
	reason := ""
	if w := cs.State.Waiting; w != nil && (!slices.Contains(pullFailures, w.Reason) || strings.Contains(w.Message, Image(pod))) {
		reason = w.Reason
	}
	if reason != u.Waiting && (reason == reasonErrImagePull || (reason == reasonImagePullBackOff && u.Waiting != reasonErrImagePull)) {
		u.PullFailures++
	}
	u.Waiting = reason
	return u
}

// What the kubelet calls an image that it could not pull, and the wait for the
// next try.
const (
	reasonErrImagePull     = "ErrImagePull"
	reasonImagePullBackOff = "ImagePullBackOff"
)

// pulled is when the image of an upgrade was pulled at the latest: when a container
// of it first started, or could not be. Nil while there is neither.
func pulled(pod *corev1.Pod, started metav1.Time, now time.Time) *metav1.Time {
	cs := containerStatus(pod, ContainerName)
	refused := cs.State.Waiting != nil && slices.Contains(badConfig, cs.State.Waiting.Reason)
	if cs.ContainerID == "" && !refused {
		return nil
	}
	at := metav1.NewTime(now).Rfc3339Copy()
	for _, start := range starts(cs, pod.Annotations[AnnotationUpgradeFrom]) {
		if start.Before(&at) && !start.Before(&started) {
			at = start
		}
	}
	return &at
}

// starts of containers that a status tells of, but for the one with an id.
func starts(cs corev1.ContainerStatus, but string) []metav1.Time {
	var all []metav1.Time
	if r := cs.State.Running; r != nil {
		all = append(all, r.StartedAt)
	}
	for _, t := range []*corev1.ContainerStateTerminated{cs.State.Terminated, cs.LastTerminationState.Terminated} {
		if t != nil && t.ContainerID != but {
			all = append(all, t.StartedAt)
		}
	}
	return all
}
