// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/cluster/test/plane"
)

func newArgs(p *v1alpha1.Performer)  { p.Spec.Config.Args = []string{"--new"} }
func newImage(p *v1alpha1.Performer) { p.Spec.Image = imageV2 }

// TestStrategy changes running Performers, each of which says how that is to be
// done. None is in a pool.
func TestStrategy(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	cases := map[string]struct {
		reason   string
		strategy v1alpha1.UpgradeStrategy
		change   func(*v1alpha1.Performer)
		samePod  bool
		// event that tells of it, and a pattern of what it says.
		event, says string
	}{
		"inplace-image":  {"A running Pod can be given another image.", v1alpha1.StrategyInPlace, newImage, true, "UpgradingInPlace", "spec.image.*InPlace|InPlace.*spec.image"},
		"auto-image":     {"In place comes first.", v1alpha1.StrategyAuto, newImage, true, "UpgradingInPlace", "spec.image.*InPlace|InPlace.*spec.image"},
		"default-image":  {"Auto is what a Performer has that says nothing.", "", newImage, true, "UpgradingInPlace", "InPlace"},
		"recreate-image": {"Who wants a new Pod gets one, even where the old one could be changed.", v1alpha1.StrategyRecreate, newImage, false, "ReplacingPod", "spec.image.*Recreate|Recreate.*spec.image"},
		"auto-args":      {"Nobody knows of room for a second Pod outside of pools.", v1alpha1.StrategyAuto, newArgs, false, "ReplacingPod", "spec.config.args.*Recreate|Recreate.*spec.config.args"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPerformer(ns, name, upgrades(t, tc.strategy, "", "0s"))
			create(t, p)
			awaitRunning(t, p)
			before := podOf(t, p)
			change(t, p, tc.change)
			await(t, p, "is upgraded", func(q *v1alpha1.Performer) bool {
				return q.Status.LastUpgrade != nil && runsImage(t, q, p.Spec.Image)
			})
			after := podOf(t, p)
			if diff := cmp.Diff(tc.samePod, before.UID == after.UID); diff != "" {
				t.Errorf("%s\nwhether it is the same Pod: -want, +got:\n%s", tc.reason, diff)
			}
			want := []any{p.Spec.Image, p.Spec.Config.Args}
			if diff := cmp.Diff(want, []any{after.Spec.Containers[0].Image, after.Spec.Containers[0].Args}); diff != "" {
				t.Errorf("%s\nimage and arguments: -want, +got:\n%s", tc.reason, diff)
			}
			findEvent(t, p, tc.event, tc.says)
		})
	}
}

// TestStrategyInPlaceRefuses changes what no running Pod can follow.
func TestStrategyInPlaceRefuses(t *testing.T) {
	t.Parallel()
	p := newPerformer(namespace(t), "a", upgrades(t, v1alpha1.StrategyInPlace, "", ""))
	create(t, p)
	awaitRunning(t, p)
	before := podOf(t, p)
	change(t, p, newArgs)
	awaitNotSynced(t, p, "InPlace", "spec.config.args")
	if diff := cmp.Diff(untouched(before), untouched(podOf(t, p))); diff != "" {
		t.Errorf("the Pod must not be touched: -before, +after:\n%s", diff)
	}
	change(t, p, upgrades(t, v1alpha1.StrategyRecreate, "", "0s"))
	await(t, p, "has the arguments as soon as it may", func(q *v1alpha1.Performer) bool {
		pod := podOf(t, p)
		return running(q) && pod != nil && pod.UID != before.UID && cmp.Equal([]string{"--new"}, pod.Spec.Containers[0].Args)
	})
}

// TestStrategyAutoInPool changes the arguments of Performers in pools.
func TestStrategyAutoInPool(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason, gpus string
		free         int64
		// pods are the names that there may be; says is the strategy that an event
		// tells of.
		second bool
		says   string
	}{
		"room":   {reason: "A pool with a free GPU has room for a second Pod.", gpus: "2", free: 1, second: true, says: "Surge"},
		"noroom": {reason: "Where the only GPU is in use, the old Pod must end first, or nothing would ever come.", gpus: "1", free: 0, says: "Recreate"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.pool(tc.gpus)
			p := newPerformer(m.ns, "a", m.inPool, upgrades(t, v1alpha1.StrategyAuto, "", "1s"))
			create(t, p)
			awaitRunning(t, p)
			m.awaitFree(tc.free)
			pods := recordPods(t, m.ns)
			old := podOf(t, p).UID

			change(t, p, newArgs)
			await(t, p, "runs with the new arguments", func(q *v1alpha1.Performer) bool {
				pod := hub.LivePodOf(t, p)
				return running(q) && q.Status.LastUpgrade != nil && pod != nil && pod.UID != old && cmp.Equal([]string{"--new"}, pod.Spec.Containers[0].Args)
			})
			findEvent(t, p, "", tc.says)
			_, second := pods.Find(func(s plane.Sight[*corev1.Pod]) bool { return strings.HasPrefix(s.Object.Name, "performer-a-") })
			if diff := cmp.Diff(tc.second, second); diff != "" {
				t.Errorf("%s\nwhether there was a second Pod: -want, +got:\n%s", tc.reason, diff)
			}
			m.awaitFree(tc.free)
		})
	}
}
