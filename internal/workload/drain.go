// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// AnnotationDraining holds when a Pod left its Service to be ended, in RFC 3339.
const AnnotationDraining = v1alpha1.Group + "/draining-since"

// DefaultDrain is how long a Pod stays alive after it has left its Service: long
// enough for what routes to Services to have heard of it.
const DefaultDrain = 5 * time.Second

// drainPeriod is how long a Performer's Pods drain.
func drainPeriod(p *v1alpha1.Performer) time.Duration {
	if u := p.Spec.Upgrade; u != nil && u.Drain != nil {
		return u.Drain.Duration
	}
	return DefaultDrain
}

// mustDrain says whether a Pod has to leave its Service before it is ended: that
// is so for one that serves.
func mustDrain(p *v1alpha1.Performer, pod *corev1.Pod) bool {
	return drainPeriod(p) > 0 && pod.DeletionTimestamp == nil && pod.Labels[LabelRole] == "" && isReady(pod)
}

// drainLeft is how long a Pod that has left its Service is still to live. A time
// that cannot be read has passed.
func drainLeft(p *v1alpha1.Performer, pod *corev1.Pod, now time.Time) time.Duration {
	since, err := time.Parse(time.RFC3339, pod.Annotations[AnnotationDraining])
	if err != nil || pod.DeletionTimestamp != nil {
		return 0
	}
	return min(max(0, since.Add(drainPeriod(p)).Sub(now)), drainPeriod(p))
}

// draining is a Pod that leaves its Service now.
func draining(found *corev1.Pod, now time.Time) *corev1.Pod {
	pod := found.DeepCopy()
	delete(pod.Labels, LabelPerformer)
	setLabel(pod, LabelRole, RoleDraining)
	setAnnotation(pod, AnnotationDraining, now.UTC().Format(time.RFC3339Nano))
	return pod
}

// GracePeriod is how many seconds a Performer's container may take to end; nil for
// what its Pod says.
func GracePeriod(p *v1alpha1.Performer) *int64 { return p.Spec.Config.TerminationGracePeriodSeconds }

// IsGood says whether a Pod is ready, so that what it runs is known to be good.
func IsGood(pod *corev1.Pod) bool { return isReady(pod) && !isSwapping(pod) }

func isReady(pod *corev1.Pod) bool {
	c := podCondition(pod, corev1.PodReady)
	return c != nil && c.Status == corev1.ConditionTrue
}

func setLabel(pod *corev1.Pod, key, value string) {
	if pod.Labels == nil {
		pod.Labels = map[string]string{}
	}
	pod.Labels[key] = value
}

func setAnnotation(pod *corev1.Pod, key, value string) {
	if pod.Annotations == nil {
		pod.Annotations = map[string]string{}
	}
	pod.Annotations[key] = value
}
