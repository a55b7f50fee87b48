// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/cluster/test/plane"
)

// standby says that a Pod is to take over: it does not serve yet.
func standby(s plane.Sight[*corev1.Pod]) bool {
	_, serves := s.Object.Labels[plane.LabelPerformer]
	return s.Object.Labels[plane.LabelRole] == plane.RoleStandby && !serves
}

// draining says that a Pod does not serve any more and still lives.
func draining(s plane.Sight[*corev1.Pod]) bool {
	_, serves := s.Object.Labels[plane.LabelPerformer]
	return s.Object.Labels[plane.LabelRole] == plane.RoleDraining && !serves && s.Object.DeletionTimestamp == nil
}

// gone says that an object was seen to go.
func gone(name string) func(plane.Sight[*corev1.Pod]) bool {
	return func(s plane.Sight[*corev1.Pod]) bool { return s.Object.Name == name && s.Type == watch.Deleted }
}

// TestSurge gives a Performer a new image by way of a second Pod. At no time does
// nobody serve.
func TestSurge(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	p := newPerformer(ns, "a", upgrades(t, v1alpha1.StrategySurge, "", "2s"))
	create(t, p)
	awaitRunning(t, p)
	eventually(t, "the Service leads to the Pod", servedBy(t, p, "performer-a"))
	pods, performers := recordPods(t, ns), recordPerformers(t, ns)
	slices := plane.Record[*discoveryv1.EndpointSlice](t, hub.Hub, &discoveryv1.EndpointSliceList{}, ns)

	change(t, p, newImage)
	second := pods.Await(t, "there is a second Pod that does not serve", standby)
	if name := second.Object.Name; !strings.HasPrefix(name, "performer-a-") || second.Object.Spec.Containers[0].Image != imageV2 {
		t.Errorf("the second Pod must be called performer-a-HASH and have the new image: %s, %s", name, second.Object.Spec.Containers[0].Image)
	}
	got := await(t, p, "has moved to the second Pod", func(q *v1alpha1.Performer) bool {
		return q.Status.PodName == second.Object.Name && q.Status.StandbyPodName == "" && q.Status.LastUpgrade != nil && runsImage(t, q, imageV2)
	})
	drained := pods.Await(t, "the old Pod is drained", func(s plane.Sight[*corev1.Pod]) bool { return s.Object.Name == "performer-a" && draining(s) })
	if _, err := time.Parse(time.RFC3339, drained.Object.Annotations[plane.AnnotationDrainingSince]); err != nil {
		t.Errorf("a Pod that is drained must say since when: %v", err)
	}
	end := pods.Await(t, "the old Pod is gone", gone("performer-a"))
	if end.At.Sub(drained.At) < time.Second {
		t.Errorf("the old Pod must live on for the drain time of 2s, it lived for %s", end.At.Sub(drained.At))
	}
	eventually(t, "the Service leads to the new Pod", servedBy(t, p, second.Object.Name))
	findEvent(t, p, "", "Surge")

	performers.Await(t, "the status names the second Pod", func(s plane.Sight[*v1alpha1.Performer]) bool {
		return s.Object.Status.StandbyPodName == second.Object.Name && s.Object.Status.PodName == "performer-a"
	})
	expectAlwaysReady(t, performers, got)
	for _, s := range slices.Sights() {
		if len(plane.Serving(s.Object)) == 0 {
			t.Errorf("the Service must lead to a Pod at all times, but there was an EndpointSlice of none: %+v", s.Object.Endpoints)
		}
	}
	expectAfterSurge(t, p, second.Object.Name)
}

// expectAfterSurge goes on with a Performer whose Pod has another name than at
// first: it is changed in place, and leaves nothing behind.
func expectAfterSurge(t *testing.T, p *v1alpha1.Performer, name string) {
	t.Helper()
	before := hub.LivePodOf(t, p)
	change(t, p, func(p *v1alpha1.Performer) {
		p.Spec.Upgrade.Strategy, p.Spec.Upgrade.Drain, p.Spec.Image = v1alpha1.StrategyInPlace, &metav1.Duration{}, imageV3
	})
	await(t, p, "is upgraded in place", func(q *v1alpha1.Performer) bool { return runsImage(t, q, imageV3) && q.Status.PodName == name })
	if diff := cmp.Diff(identity(before), identity(hub.LivePodOf(t, p))); diff != "" {
		t.Errorf("it must be the same Pod: -before, +after:\n%s", diff)
	}
	deleteIt(t, p)
	awaitGone(t, p)
	awaitGone(t, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: p.Namespace, Name: name}})
	awaitGone(t, &corev1.Service{ObjectMeta: objectMeta(p)})
}

// TestSurgeRolledBack surges to an image that crashes.
func TestSurgeRolledBack(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	p := newPerformer(ns, "a", upgrades(t, v1alpha1.StrategySurge, "3s", "0s"))
	create(t, p)
	awaitRunning(t, p)
	before := podOf(t, p)
	pods, performers := recordPods(t, ns), recordPerformers(t, ns)

	change(t, p, func(p *v1alpha1.Performer) { p.Spec.Image = imageCrash })
	second := pods.Await(t, "there is a second Pod that does not serve", standby).Object.Name
	got := awaitTakenBack(t, p, imageCrash, "exit code 1 (Error)")
	pods.Await(t, "the second Pod is gone", gone(second))
	got = await(t, got, "names its old Pod only", func(q *v1alpha1.Performer) bool {
		return running(q) && q.Status.PodName == "performer-a" && q.Status.StandbyPodName == ""
	})
	expectAlwaysReady(t, performers, got)
	if diff := cmp.Diff(untouched(before), untouched(podOf(t, p))); diff != "" {
		t.Errorf("the old Pod must not be touched: -before, +after:\n%s", diff)
	}
	again := recordPods(t, ns)
	awaitReconciled(t, p)
	if s, tried := again.Find(standby); tried {
		t.Errorf("what has failed must not be tried again, but there is Pod %s", s.Object.Name)
	}
	change(t, p, newImage)
	await(t, p, "has moved to a good image", func(q *v1alpha1.Performer) bool {
		return runsImage(t, q, imageV2) && q.Status.PodName != "performer-a" && q.Status.FailedUpgrade == nil
	})
}

// TestSurgeWithoutRoom surges where the only GPU is in use.
func TestSurgeWithoutRoom(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.pool("1")
	p := newPerformer(m.ns, "a", m.inPool, upgrades(t, v1alpha1.StrategySurge, "3s", "0s"))
	create(t, p)
	awaitRunning(t, p)
	m.awaitFree(0)
	before := podOf(t, p)
	pods, performers := recordPods(t, m.ns), recordPerformers(t, m.ns)

	change(t, p, newImage)
	second := pods.Await(t, "there is a second Pod that waits for a node", standby).Object.Name
	awaitTakenBack(t, p, "no node")
	pods.Await(t, "the second Pod is gone", gone(second))
	got := await(t, p, "names its old Pod only", func(q *v1alpha1.Performer) bool { return running(q) && q.Status.StandbyPodName == "" })
	expectAlwaysReady(t, performers, got)
	if diff := cmp.Diff(untouched(before), untouched(podOf(t, p))); diff != "" {
		t.Errorf("the old Pod must not be touched: -before, +after:\n%s", diff)
	}
}
