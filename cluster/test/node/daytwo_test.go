// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/cluster/test/plane"
)

// upgraded says how a Performer is to be upgraded, and without a drain.
func upgraded(how v1alpha1.UpgradeStrategy, deadline time.Duration) *v1alpha1.UpgradePolicy {
	return &v1alpha1.UpgradePolicy{Strategy: how, Deadline: &metav1.Duration{Duration: deadline}, Drain: &metav1.Duration{}}
}

// containerOf a Performer's live Pod, with what was asked for it.
func containerOf(t *testing.T, p *v1alpha1.Performer) (corev1.Container, corev1.ContainerStatus) {
	t.Helper()
	pod := hub.LivePodOf(t, p)
	if pod == nil || len(pod.Status.ContainerStatuses) != 1 {
		return corev1.Container{}, corev1.ContainerStatus{}
	}
	return pod.Spec.Containers[0], pod.Status.ContainerStatuses[0]
}

// TestRollback changes running Performers for the worse. Each goes back to what
// ran before. They do so side by side, because a kubelet takes its time between
// tries. No other test runs beside this one, and the last of this package ends
// the provider, so that it is not parallel itself.
func TestRollback(t *testing.T) { //nolint:tparallel // See above.
	ns := namespace(t)
	good := image(t, "rollback-v1", "RELEASE=v1")
	crash := image(t, "rollback-crash", "RELEASE=v2", "CRASH=true")
	missing := good + "-missing"
	cases := map[string]struct {
		reason  string
		upgrade *v1alpha1.UpgradePolicy
		worsen  func(*v1alpha1.Performer)
		words   []string
		samePod bool
	}{
		"crash": {
			reason:  "A container that crashes until the deadline gets its old image back, in the same Pod.",
			upgrade: upgraded(v1alpha1.StrategyAuto, 5*time.Second), worsen: func(p *v1alpha1.Performer) { p.Spec.Image = crash },
			words: []string{crash, "exit code 1 (Error)"}, samePod: true,
		},
		"missing": {
			reason:  "An image that could not be pulled three times is given up, however long the deadline is.",
			upgrade: upgraded(v1alpha1.StrategyAuto, time.Hour), worsen: func(p *v1alpha1.Performer) { p.Spec.Image = missing },
			words: []string{missing}, samePod: true,
		},
		"command": {
			reason:  "A command that does not exist needs a new Pod, and the way back another one.",
			upgrade: upgraded(v1alpha1.StrategyRecreate, 5*time.Second), worsen: func(p *v1alpha1.Performer) { p.Spec.Config.Command = []string{"/no-such-command"} },
		},
		"environment": {
			reason:  "So does a variable that the performer cannot live with.",
			upgrade: upgraded(v1alpha1.StrategyRecreate, 5*time.Second), worsen: func(p *v1alpha1.Performer) { p.Spec.Config.Environment = map[string]string{"CRASH": "true"} },
			words: []string{"exit code 1 (Error)"},
		},
		"surge": {
			reason:  "A second Pod that crashes never takes over.",
			upgrade: upgraded(v1alpha1.StrategySurge, 5*time.Second), worsen: func(p *v1alpha1.Performer) { p.Spec.Image = crash },
			words: []string{crash, "exit code 1 (Error)"}, samePod: true,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPerformer(ns, name, good)
			p.Spec.Upgrade = tc.upgrade
			hub.Make(t, p)
			hub.AwaitRunning(t, p)
			before := hub.PodOf(t, p)
			plane.Change(t, hub, p, tc.worsen)
			if name == "missing" {
				// The kubelet waits longer and longer between tries.
				awaitPullFailures(t, p, 1)
				awaitPullFailures(t, p, 2)
			}
			hub.Await(t, p, "says that its upgrade has failed: "+tc.reason, func(q *v1alpha1.Performer) bool {
				return plane.Condition(q, "Degraded", "True", "UpgradeFailed", tc.words...) && q.Status.FailedUpgrade != nil
			})
			hub.AwaitEvent(t, p, "RolledBack")
			got := awaitWell(t, p, before)
			if diff := cmp.Diff(tc.samePod, before.UID == hub.PodOf(t, p).UID); diff != "" {
				t.Errorf("%s\nwhether it is the same Pod: -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff("performer v1 starts\n", logs(t, p)); diff != "" {
				t.Errorf("%s\nwhat runs: -want, +got:\n%s", tc.reason, diff)
			}
			awaitServing(t, got)
		})
	}
}

// awaitPullFailures waits until an upgrade has failed so often to pull its image, or
// has been given up.
func awaitPullFailures(t *testing.T, p *v1alpha1.Performer, n int32) {
	t.Helper()
	got := &v1alpha1.Performer{}
	plane.Eventually(t, fmt.Sprintf("%d pulls have failed", n), func(ctx context.Context) (bool, string) {
		err := hub.Get(ctx, client.ObjectKeyFromObject(p), got)
		return err == nil && (got.Status.FailedUpgrade != nil || (got.Status.Upgrade != nil && got.Status.Upgrade.PullFailures >= n)),
			fmt.Sprintf("%v %+v", err, got.Status.Upgrade)
	})
}

// awaitWell waits until a Performer runs what its Pod was made of.
func awaitWell(t *testing.T, p *v1alpha1.Performer, before *corev1.Pod) *v1alpha1.Performer {
	t.Helper()
	want := before.Spec.Containers[0]
	return hub.Await(t, p, "runs what ran before", func(q *v1alpha1.Performer) bool {
		c, status := containerOf(t, p)
		return plane.Running(q) && q.Status.StandbyPodName == "" && status.Ready && status.Image == want.Image &&
			c.Image == want.Image && cmp.Equal(want.Command, c.Command) && cmp.Equal(want.Env, c.Env)
	})
}

// TestRollbackAndOn gives a Performer whose upgrade was taken back an image that
// is well.
func TestRollbackAndOn(t *testing.T) {
	ns := namespace(t)
	p := newPerformer(ns, "a", image(t, "on-v1", "RELEASE=v1"))
	p.Spec.Upgrade = upgraded(v1alpha1.StrategyAuto, 5*time.Second)
	hub.Make(t, p)
	hub.AwaitRunning(t, p)
	before := hub.PodOf(t, p)
	crash, v3 := image(t, "on-crash", "RELEASE=v2", "CRASH=true"), image(t, "on-v3", "RELEASE=v3")
	plane.Change(t, hub, p, func(p *v1alpha1.Performer) { p.Spec.Image = crash })
	hub.Await(t, p, "says that its upgrade has failed", func(q *v1alpha1.Performer) bool {
		return plane.Condition(q, "Degraded", "True", "UpgradeFailed", crash)
	})
	plane.Change(t, hub, p, func(p *v1alpha1.Performer) { p.Spec.Image, p.Spec.Upgrade.Deadline = v3, nil })
	hub.Await(t, p, "runs the good image", func(q *v1alpha1.Performer) bool {
		_, status := containerOf(t, p)
		return plane.Running(q) && status.Image == v3 && q.Status.FailedUpgrade == nil && q.Status.GetCondition("Degraded").Status == corev1.ConditionFalse
	})
	if diff := cmp.Diff(plane.Identity(before), plane.Identity(hub.PodOf(t, p))); diff != "" {
		t.Errorf("all of it must be in one Pod: -before, +after:\n%s", diff)
	}
	if diff := cmp.Diff("performer v3 starts\n", logs(t, p)); diff != "" {
		t.Errorf("what runs: -want, +got:\n%s", diff)
	}
}

// TestResize gives a running container other resources, such as the node has and
// such as no node has.
func TestResize(t *testing.T) {
	ns := namespace(t)
	cpu := func(q string) corev1.ResourceList {
		return corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(q)}
	}
	p := newPerformer(ns, "a", image(t, "resize-v1", "RELEASE=v1"))
	p.Spec.Resources.Requests = cpu("50m")
	hub.Make(t, p)
	hub.AwaitRunning(t, p)
	before := hub.PodOf(t, p)
	performers := plane.Record[*v1alpha1.Performer](t, hub, &v1alpha1.PerformerList{}, ns)

	ask := func(q string) {
		t.Helper()
		plane.Change(t, hub, p, func(p *v1alpha1.Performer) { p.Spec.Resources.Requests = cpu(q) })
	}
	ask("60m")
	awaitResized(t, p, "60m")
	hub.AwaitEvent(t, p, "Resizing")
	ask("1000")
	hub.Await(t, p, "says that its node cannot do that, and is Ready", func(q *v1alpha1.Performer) bool {
		return plane.Running(q) && plane.Condition(q, "Degraded", "True", "ResizeInfeasible", "goes on as it was", "allocatable")
	})
	ask("70m")
	awaitResized(t, p, "70m")
	got := hub.Await(t, p, "is well", func(q *v1alpha1.Performer) bool {
		return plane.Running(q) && q.Status.GetCondition("Degraded").Status == corev1.ConditionFalse
	})

	if lapses := plane.NotReady(t, performers, got); len(lapses) > 0 {
		t.Errorf("to resize is not to stop: %v", lapses)
	}
	after := hub.PodOf(t, p)
	old, current := before.Status.ContainerStatuses[0], after.Status.ContainerStatuses[0]
	if before.UID != after.UID || old.ContainerID != current.ContainerID || current.RestartCount != 0 {
		t.Errorf("to resize is not to restart: before %+v, after %+v", old, current)
	}
}

// awaitResized waits until the kubelet has seen how much cpu a Pod asks for, and
// has nothing left to do about it.
func awaitResized(t *testing.T, p *v1alpha1.Performer, cpu string) {
	t.Helper()
	plane.Eventually(t, "the kubelet has made "+cpu+" of cpu of it", func(context.Context) (bool, string) {
		pod := hub.PodOf(t, p)
		asked := pod.Spec.Containers[0].Resources.Requests[corev1.ResourceCPU]
		idle := !slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
			return c.Type == corev1.PodResizePending || c.Type == corev1.PodResizeInProgress
		})
		seen := pod.Status.ObservedGeneration == pod.Generation
		return seen && idle && asked.Cmp(resource.MustParse(cpu)) == 0, fmt.Sprintf("%s is asked for, seen: %t, done: %t", asked.String(), seen, idle)
	})
}

// TestPin has somebody push another image under the tag that a Performer runs.
func TestPin(t *testing.T) {
	ns := namespace(t)
	ref := image(t, "pinned", "RELEASE=first")
	p := newPerformer(ns, "a", ref)
	// The node must not go by what it has pulled already.
	p.Spec.ImagePolicy, p.Spec.ImagePullPolicy = v1alpha1.ImagePin, corev1.PullAlways
	p.Spec.Upgrade = upgraded(v1alpha1.StrategyRecreate, 5*time.Minute)
	hub.Make(t, p)
	got := hub.Await(t, p, "runs and stays with its image", func(q *v1alpha1.Performer) bool {
		return plane.Running(q) && q.Status.PinnedImage != nil && q.Status.PinnedImage.Image == ref
	})
	first := hub.PodOf(t, p)
	pinned := ref + "@" + got.Status.PinnedImage.Digest

	image(t, "pinned", "RELEASE=second")
	plane.Change(t, hub, p, func(p *v1alpha1.Performer) { p.Spec.Config.Args = []string{"--port=9090"} })
	awaitOther(t, p, first)
	c, _ := containerOf(t, p)
	if diff := cmp.Diff([]string{pinned, "performer first starts\n"}, []string{c.Image, logs(t, p)}); diff != "" {
		t.Errorf("the image, and what runs: -want, +got:\n%s", diff)
	}

	second := hub.PodOf(t, p)
	plane.Change(t, hub, p, func(p *v1alpha1.Performer) { p.Spec.ImagePolicy, p.Spec.Config.Args = "", nil })
	awaitOther(t, p, second)
	if diff := cmp.Diff("performer second starts\n", logs(t, p)); diff != "" {
		t.Errorf("without the policy the tag decides: -want, +got:\n%s", diff)
	}
}

// awaitOther waits until a Performer runs in another Pod.
func awaitOther(t *testing.T, p *v1alpha1.Performer, than *corev1.Pod) {
	t.Helper()
	hub.Await(t, p, "runs in another Pod", func(q *v1alpha1.Performer) bool {
		pod := hub.LivePodOf(t, p)
		return plane.Running(q) && pod != nil && pod.UID != than.UID
	})
}
