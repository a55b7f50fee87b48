// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/cluster/test/plane"
)

// servedBy says whether a Performer's Service leads to some Pods and no others.
func servedBy(t *testing.T, p *v1alpha1.Performer, pods ...string) func(context.Context) (bool, string) {
	t.Helper()
	return func(context.Context) (bool, string) {
		got := hub.EndpointsOf(t, p)
		return cmp.Equal(pods, got), fmt.Sprint(got)
	}
}

// grace is what TestDrain has containers end within, in seconds.
const grace int64 = 7

// TestDrain ends Pods that serve. Each leaves its Service first, and is asked to
// end when the drain time is over.
func TestDrain(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason string
		end    func(*testing.T, *v1alpha1.Performer)
	}{
		"delete": {"Nobody is sent to a Pod whose Performer is deleted.", func(t *testing.T, p *v1alpha1.Performer) {
			t.Helper()
			deleteIt(t, p)
			await(t, p, "is Terminating while its Pod is drained", func(q *v1alpha1.Performer) bool {
				pod := podOf(t, p)
				return q.Status.Phase == v1alpha1.PerformerTerminating && pod != nil && pod.DeletionTimestamp == nil
			})
		}},
		"recreate": {"Nor to one that another takes the place of.", func(t *testing.T, p *v1alpha1.Performer) { t.Helper(); change(t, p, newArgs) }},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ns := namespace(t)
			p := newPerformer(ns, "a", upgrades(t, v1alpha1.StrategyRecreate, "", "3s"), func(p *v1alpha1.Performer) {
				p.Spec.Config.TerminationGracePeriodSeconds = new(grace)
			})
			create(t, p)
			awaitRunning(t, p)
			eventually(t, "the Service leads to the Pod", servedBy(t, p, "performer-a"))
			old, pods := podOf(t, p), recordPods(t, ns)
			slices := plane.Record[*discoveryv1.EndpointSlice](t, hub.Hub, &discoveryv1.EndpointSliceList{}, ns)
			tc.end(t, p)
			expectDrained(t, tc.reason, old, pods, slices)
			if name == "delete" {
				awaitGone(t, p)
				return
			}
			await(t, p, "runs in a new Pod", func(q *v1alpha1.Performer) bool {
				pod := podOf(t, p)
				return running(q) && pod != nil && pod.UID != old.UID && pod.Labels[plane.LabelRole] == ""
			})
			eventually(t, "the Service leads to the new Pod", servedBy(t, p, "performer-a"))
		})
	}
}

// expectDrained checks in what order a Pod that serves went, and how long it took.
func expectDrained(t *testing.T, reason string, old *corev1.Pod, pods *plane.Recording[*corev1.Pod], slices *plane.Recording[*discoveryv1.EndpointSlice]) {
	t.Helper()
	left := pods.Await(t, "the Pod leaves its Service", func(s plane.Sight[*corev1.Pod]) bool { return s.Object.UID == old.UID && draining(s) })
	if _, err := time.Parse(time.RFC3339, left.Object.Annotations[plane.AnnotationDrainingSince]); err != nil {
		t.Errorf("%s\nthe Pod must say since when it is drained: %v", reason, err)
	}
	lost := slices.Await(t, "the Service leads to the Pod no more", func(s plane.Sight[*discoveryv1.EndpointSlice]) bool {
		return s.Type == watch.Deleted || s.Type == watch.Modified && len(plane.Serving(s.Object)) == 0
	})
	end := pods.Await(t, "the Pod is asked to end", func(s plane.Sight[*corev1.Pod]) bool {
		return s.Object.UID == old.UID && s.Object.DeletionTimestamp != nil
	})
	if !lost.At.Before(end.At) {
		t.Errorf("%s\nthe Pod must leave its Service before it is asked to end, it did so %s later", reason, lost.At.Sub(end.At))
	}
	// The annotation has whole seconds.
	if took := end.At.Sub(left.At); took < 2*time.Second || took > 15*time.Second {
		t.Errorf("%s\nthe Pod must be asked to end 3s after it has left its Service, it was after %s", reason, took)
	}
	if diff := cmp.Diff(new(grace), end.Object.DeletionGracePeriodSeconds); diff != "" {
		t.Errorf("%s\ngrace period: -want, +got:\n%s", reason, diff)
	}
	if diff := cmp.Diff(new(grace), old.Spec.TerminationGracePeriodSeconds); diff != "" {
		t.Errorf("%s\ngrace period in the Pod: -want, +got:\n%s", reason, diff)
	}
}

// TestDrainGraceChangesNothing changes how long a running container may take to
// end.
func TestDrainGraceChangesNothing(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	p := newPerformer(ns, "a", upgrades(t, "", "", "0s"))
	create(t, p)
	awaitRunning(t, p)
	before := podOf(t, p)
	change(t, p, func(p *v1alpha1.Performer) { p.Spec.Config.TerminationGracePeriodSeconds = new(grace) })
	awaitReconciled(t, p)
	await(t, p, "is well", running)
	if diff := cmp.Diff(untouched(before), untouched(podOf(t, p))); diff != "" {
		t.Errorf("it must change nothing that runs: -before, +after:\n%s", diff)
	}
	pods := recordPods(t, ns)
	deleteIt(t, p)
	end := pods.Await(t, "the Pod is asked to end", func(s plane.Sight[*corev1.Pod]) bool { return s.Object.DeletionTimestamp != nil })
	if diff := cmp.Diff(new(grace), end.Object.DeletionGracePeriodSeconds); diff != "" {
		t.Errorf("what is asked to end has the time that the spec gives it now: -want, +got:\n%s", diff)
	}
}

// TestDrainOnlyWhatServes deletes a Performer whose Pod was never ready.
func TestDrainOnlyWhatServes(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	p := newPerformer(ns, "a", upgrades(t, "", "", "1h"), func(p *v1alpha1.Performer) { p.Spec.Image = "myavs/missing:v1" })
	create(t, p)
	await(t, p, "cannot start", func(q *v1alpha1.Performer) bool { return plane.Condition(q, "Degraded", "True", "ImagePullFailed") })
	pods := recordPods(t, ns)
	deleteIt(t, p)
	awaitGone(t, p)
	if s, was := pods.Find(draining); was {
		t.Errorf("a Pod that nobody is sent to needs no drain: %v", s.Object.Labels)
	}
}

// TestDrainResumed kills the provider while a Pod is drained. It ends the
// provider of all tests for a moment, so no other test runs beside it.
func TestDrainResumed(t *testing.T) {
	ns := namespace(t)
	p := newPerformer(ns, "a", upgrades(t, "", "", "6s"))
	create(t, p)
	awaitRunning(t, p)
	pods := recordPods(t, ns)
	deleteIt(t, p)
	left := pods.Await(t, "the Pod is drained", draining)
	if err := syscall.Kill(hub.Provider.PID, syscall.SIGKILL); err != nil {
		t.Fatalf("cannot kill the provider: %v", err)
	}
	if err := hub.startProvider(t.Context()); err != nil {
		t.Fatalf("cannot start the provider again: %v", err)
	}
	end := pods.Await(t, "the Pod is asked to end", func(s plane.Sight[*corev1.Pod]) bool { return s.Object.DeletionTimestamp != nil })
	if took := end.At.Sub(left.At); took < 5*time.Second {
		t.Errorf("the Pod must live on for the drain time of 6s, it was asked to end after %s", took)
	}
	awaitGone(t, p)
	since := left.Object.Annotations[plane.AnnotationDrainingSince]
	for _, s := range pods.Sights() {
		if a := s.Object.Annotations[plane.AnnotationDrainingSince]; s.At.After(left.At) && a != since {
			t.Errorf("a drain goes on where it was: it was said to have begun at %q, and then at %q", since, a)
		}
	}
}
