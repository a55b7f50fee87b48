// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// TestRollback gives a Performer an image that crashes, by each strategy.
func TestRollback(t *testing.T) {
	ns := namespace(t)
	cases := map[string]struct {
		reason   string
		strategy v1alpha1.UpgradeStrategy
		change   func(*v1alpha1.Performer)
		words    []string
		samePod  bool
	}{
		"in-place": {
			reason:   "The image goes back on the same Pod.",
			strategy: v1alpha1.StrategyAuto,
			change:   func(p *v1alpha1.Performer) { p.Spec.Image = "myavs/crash:v2" },
			words:    []string{"not ready within 2s", "exit code 1 (Error)"},
			samePod:  true,
		},
		"surge": {
			reason:   "The old Pod is not touched.",
			strategy: v1alpha1.StrategySurge,
			change:   func(p *v1alpha1.Performer) { p.Spec.Image = "myavs/crash:v2" },
			words:    []string{"not ready within 2s", "exit code 1 (Error)"},
			samePod:  true,
		},
		"recreate": {
			reason:   "A Pod like the old one takes the place of the new one, command and image alike.",
			strategy: v1alpha1.StrategyRecreate,
			change: func(p *v1alpha1.Performer) {
				p.Spec.Image, p.Spec.Config.Command = "myavs/crash:v2", []string{"/bin/other"}
			},
			words: []string{"not ready within 2s", "exit code 1 (Error)"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPerformer(ns, name, upgrades(tc.strategy, 2*time.Second, 0), func(p *v1alpha1.Performer) {
				p.Spec.Config.Command = []string{"/bin/performer"}
			})
			create(t, p)
			p = awaitRunning(t, p)
			before := livePod(t, p)

			change(t, p, tc.change)
			awaitEvent(t, p, "RolledBack", tc.words...)
			awaitDegraded(t, p, true, "UpgradeFailed", tc.words...)
			reconciled(t, p)
			after := livePod(t, p)
			if diff := cmp.Diff(commandAndImage(before), commandAndImage(after)); diff != "" {
				t.Errorf("%s -before, +after:\n%s", tc.reason, diff)
			}
			if same := before.UID == after.UID; same != tc.samePod {
				t.Errorf("%s The same Pod: %t", tc.reason, same)
			}
			eventually(t, "there is one Pod", func(context.Context) (bool, string) {
				pods := podsOf(t, p)
				return len(pods) == 1, fmt.Sprint(pods)
			})

			change(t, p, func(p *v1alpha1.Performer) { p.Spec.Image = "myavs/performer:v3" })
			await(t, p, "is upgraded to what was asked for since", func(p *v1alpha1.Performer) bool {
				return running(p) && !isDegraded(p) && p.Status.FailedUpgrade == nil && livePod(t, p).Spec.Containers[0].Image == "myavs/performer:v3"
			})
		})
	}
}

func commandAndImage(pod *corev1.Pod) []string {
	return append([]string{pod.Spec.Containers[0].Image}, pod.Spec.Containers[0].Command...)
}

// TestRollbackOutlivesThePod loses the Pod that runs in place of what failed.
func TestRollbackOutlivesThePod(t *testing.T) {
	t.Parallel()
	p := newPerformer(namespace(t), "a", upgrades("", 2*time.Second, 0))
	create(t, p)
	p = awaitRunning(t, p)
	change(t, p, func(p *v1alpha1.Performer) { p.Spec.Image = "myavs/crash:v2" })
	p = awaitDegraded(t, p, true, "UpgradeFailed")
	before := livePod(t, p)
	if err := hub.Delete(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	await(t, p, "has another Pod that runs what was good", func(q *v1alpha1.Performer) bool {
		pod := podOf(t, p)
		return running(q) && pod != nil && pod.UID != before.UID && pod.Spec.Containers[0].Image == "myavs/performer:v1" && isDegraded(q)
	})
}
