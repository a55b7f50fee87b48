// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/cluster/test/plane"
)

// awaitTakenBack waits until a Performer says that an upgrade was taken back, and
// runs again what ran before.
func awaitTakenBack(t *testing.T, p *v1alpha1.Performer, words ...string) *v1alpha1.Performer {
	t.Helper()
	return await(t, p, "has taken its upgrade back", func(q *v1alpha1.Performer) bool {
		return plane.Condition(q, "Degraded", "True", "UpgradeFailed", words...) && runsImage(t, q, imageV1) && q.Status.FailedUpgrade != nil
	})
}

// expectNotTriedAgain changes of a Performer what is not its spec, has it
// reconciled, and looks for an image in what becomes of its Pods.
func expectNotTriedAgain(t *testing.T, p *v1alpha1.Performer, image string) {
	t.Helper()
	pods := recordPods(t, p.Namespace)
	change(t, p, func(p *v1alpha1.Performer) { p.Labels = map[string]string{"touched": "yes"} })
	awaitReconciled(t, p)
	if s, tried := pods.Find(func(s plane.Sight[*corev1.Pod]) bool { return s.Object.Spec.Containers[0].Image == image }); tried {
		t.Errorf("what has failed must not be tried again before the spec changes, but Pod %s has image %s", s.Object.Name, image)
	}
}

// expectGoesOn gives a Performer whose upgrade was taken back an image that is
// well.
func expectGoesOn(t *testing.T, p *v1alpha1.Performer) {
	t.Helper()
	change(t, p, func(p *v1alpha1.Performer) { p.Spec.Image = imageV3 })
	await(t, p, "runs the good image, and nothing is said of the bad one", func(q *v1alpha1.Performer) bool {
		return runsImage(t, q, imageV3) && q.Status.GetCondition("Degraded").Status == corev1.ConditionFalse &&
			q.Status.FailedUpgrade == nil && q.Status.Upgrade == nil && q.Status.LastUpgrade != nil
	})
}

// TestRollbackInPlace gives a running Pod an image that crashes.
func TestRollbackInPlace(t *testing.T) {
	t.Parallel()
	p := newPerformer(namespace(t), "a", upgrades(t, v1alpha1.StrategyAuto, "3s", ""))
	create(t, p)
	awaitRunning(t, p)
	before := podOf(t, p)

	change(t, p, func(p *v1alpha1.Performer) { p.Spec.Image = imageCrash })
	await(t, p, "says that an upgrade is under way", func(q *v1alpha1.Performer) bool {
		u := q.Status.Upgrade
		return q.Status.Phase == v1alpha1.PerformerUpgrading && u != nil && !u.Started.IsZero() && u.Strategy != ""
	})
	await(t, p, "says that a container of the new image has started", func(q *v1alpha1.Performer) bool {
		return q.Status.Upgrade != nil && q.Status.Upgrade.Pulled != nil
	})
	got := awaitTakenBack(t, p, imageCrash, "exit code 1 (Error)")
	if got.Status.Upgrade != nil || got.Status.FailedUpgrade.Spec == "" || !containsAll(got.Status.FailedUpgrade.Message, []string{imageCrash}) {
		t.Errorf("the status must tell of an upgrade that has failed and of none that is under way: %+v, %+v", got.Status.Upgrade, got.Status.FailedUpgrade)
	}
	if diff := cmp.Diff(identity(before), identity(podOf(t, p))); diff != "" {
		t.Errorf("the way back must not move the Pod: -before, +after:\n%s", diff)
	}
	if e := findEvent(t, p, "RolledBack", "myavs/crash:v2"); e.Type != corev1.EventTypeWarning {
		t.Errorf("RolledBack must be a warning, it is %s", e.Type)
	}
	expectNotTriedAgain(t, p, imageCrash)
	expectGoesOn(t, p)
	if diff := cmp.Diff(identity(before), identity(podOf(t, p))); diff != "" {
		t.Errorf("nor may what comes after it: -before, +after:\n%s", diff)
	}
}

// TestRollbackOldSpec has the user take a bad image back, instead of the provider.
func TestRollbackOldSpec(t *testing.T) {
	t.Parallel()
	p := newPerformer(namespace(t), "a", upgrades(t, v1alpha1.StrategyAuto, "3s", ""))
	create(t, p)
	awaitRunning(t, p)
	change(t, p, func(p *v1alpha1.Performer) { p.Spec.Image = imageCrash })
	awaitTakenBack(t, p, imageCrash)
	before := podOf(t, p)

	change(t, p, func(p *v1alpha1.Performer) { p.Spec.Image = imageV1 })
	await(t, p, "says nothing of the bad image", func(q *v1alpha1.Performer) bool {
		return running(q) && q.Status.GetCondition("Degraded").Status == corev1.ConditionFalse && q.Status.FailedUpgrade == nil
	})
	if diff := cmp.Diff(untouched(before), untouched(podOf(t, p))); diff != "" {
		t.Errorf("the Pod ran the image that is wanted now already: -before, +after:\n%s", diff)
	}
}

// TestRollbackNotWhilePulling gives a running Pod an image that takes longer than
// the deadline until a container of it starts.
func TestRollbackNotWhilePulling(t *testing.T) {
	t.Parallel()
	p := newPerformer(namespace(t), "a", upgrades(t, v1alpha1.StrategyAuto, "2s", ""))
	create(t, p)
	awaitRunning(t, p)
	change(t, p, func(p *v1alpha1.Performer) { p.Spec.Image = imageSlow })
	await(t, p, "runs the slow image", func(q *v1alpha1.Performer) bool {
		return runsImage(t, q, imageSlow) && q.Status.LastUpgrade != nil
	})
	events, err := eventsOf(t.Context(), p)
	if err != nil {
		t.Fatalf("cannot list events: %v", err)
	}
	for _, e := range events {
		if e.Reason == "RolledBack" {
			t.Errorf("the deadline must not run before a container of the new image has started: %s", e.Message)
		}
	}
}

// TestRollbackRecreate takes back what needed a new Pod. On simulated nodes only
// the image decides what becomes of a Pod, so it changes with the arguments.
func TestRollbackRecreate(t *testing.T) {
	t.Parallel()
	p := newPerformer(namespace(t), "a", upgrades(t, v1alpha1.StrategyRecreate, "3s", "0s"), func(p *v1alpha1.Performer) {
		p.Spec.Config.Command, p.Spec.Config.Args = []string{"/performer"}, []string{"--old"}
	})
	create(t, p)
	awaitRunning(t, p)
	before := podOf(t, p)

	change(t, p, func(p *v1alpha1.Performer) {
		p.Spec.Image, p.Spec.Config.Command, p.Spec.Config.Args = imageCrash, []string{"/other"}, []string{"--new"}
	})
	awaitTakenBack(t, p, "exit code 1 (Error)")
	after := podOf(t, p)
	if after.UID == before.UID {
		t.Error("a Pod that was recreated must be another one")
	}
	want, got := before.Spec.Containers[0], after.Spec.Containers[0]
	if diff := cmp.Diff([]any{want.Image, want.Command, want.Args}, []any{got.Image, got.Command, got.Args}); diff != "" {
		t.Errorf("image, command and arguments must be the old ones again: -want, +got:\n%s", diff)
	}
	if e := findEvent(t, p, "RolledBack", ""); e.Type != corev1.EventTypeWarning {
		t.Errorf("RolledBack must be a warning, it is %s", e.Type)
	}
	expectNotTriedAgain(t, p, imageCrash)
	if diff := cmp.Diff(untouched(after), untouched(podOf(t, p))); diff != "" {
		t.Errorf("the old Pod must be left alone: -before, +after:\n%s", diff)
	}
	expectGoesOn(t, p)
	if diff := cmp.Diff([]string{"--new"}, podOf(t, p).Spec.Containers[0].Args); diff != "" {
		t.Errorf("the arguments that were taken back come with an image that is well: -want, +got:\n%s", diff)
	}
}

// TestRollbackOutlivesThePod loses the Pod that runs in place of what failed.
func TestRollbackOutlivesThePod(t *testing.T) {
	t.Parallel()
	p := newPerformer(namespace(t), "a", upgrades(t, v1alpha1.StrategyAuto, "3s", "0s"))
	create(t, p)
	awaitRunning(t, p)
	change(t, p, func(p *v1alpha1.Performer) { p.Spec.Image = imageCrash })
	awaitTakenBack(t, p, imageCrash)
	before := podOf(t, p)
	if err := hub.Delete(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	await(t, p, "has another Pod that runs what was good", func(q *v1alpha1.Performer) bool {
		pod := podOf(t, p)
		return running(q) && pod != nil && pod.UID != before.UID && pod.Spec.Containers[0].Image == imageV1 &&
			plane.Condition(q, "Degraded", "True", "UpgradeFailed")
	})
}
