// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// TestStrategy changes one Performer each by a strategy that it asks for.
func TestStrategy(t *testing.T) {
	ns := namespace(t)
	image := func(p *v1alpha1.Performer) { p.Spec.Image = "myavs/performer:v2" }
	args := func(p *v1alpha1.Performer) { p.Spec.Config.Args = []string{"--x"} }
	cases := map[string]struct {
		reason   string
		strategy v1alpha1.UpgradeStrategy
		change   func(*v1alpha1.Performer)
		samePod  bool
		event    string
		words    []string
	}{
		"auto-image": {
			reason: "An image is changed in the Pod that runs.", change: image, samePod: true,
			event: "UpgradingInPlace", words: []string{"spec.image"},
		},
		"auto-args": {
			reason: "Arguments need a new Pod, and without an inventory nothing says that there is room for two.", change: args,
			event: "ReplacingPod", words: []string{"spec.config.args", "Recreate", "no HardwarePool with an inventory tells"},
		},
		"recreate-image": {
			reason: "Who wants a new Pod for each change gets one.", strategy: v1alpha1.StrategyRecreate, change: image,
			event: "ReplacingPod", words: []string{"spec.image", "Recreate", "spec.upgrade.strategy says so"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPerformer(ns, name, upgrades(tc.strategy, time.Minute, 0))
			create(t, p)
			p = awaitRunning(t, p)
			before := livePod(t, p)
			change(t, p, tc.change)
			awaitEvent(t, p, tc.event, tc.words...)
			p = await(t, p, "is upgraded", func(p *v1alpha1.Performer) bool { return running(p) && p.Status.LastUpgrade != nil })
			if same := before.UID == livePod(t, p).UID; same != tc.samePod {
				t.Errorf("%s The same Pod: %t", tc.reason, same)
			}
		})
	}
}

// TestStrategyInPlaceRefuses asks for what cannot be done in place.
func TestStrategyInPlaceRefuses(t *testing.T) {
	t.Parallel()
	p := newPerformer(namespace(t), "a", upgrades(v1alpha1.StrategyInPlace, time.Minute, 0))
	create(t, p)
	p = awaitRunning(t, p)
	before := livePod(t, p)
	change(t, p, func(p *v1alpha1.Performer) { p.Spec.Config.Args = []string{"--x"} })
	awaitNotSynced(t, p, "strategy InPlace does not allow", "spec.config.args")
	if diff := cmp.Diff(identity(before), identity(livePod(t, p))); diff != "" {
		t.Errorf("the Pod must run on as it is: -before, +after:\n%s", diff)
	}
	change(t, p, func(p *v1alpha1.Performer) { p.Spec.Config.Args = nil })
	await(t, p, "is synced again", func(p *v1alpha1.Performer) bool {
		return p.GetCondition(xpv2.TypeSynced).Status == corev1.ConditionTrue && running(p)
	})
}

// TestSurge replaces a Pod by another one that is ready before.
func TestSurge(t *testing.T) {
	t.Parallel()
	p := newPerformer(namespace(t), "a", upgrades(v1alpha1.StrategySurge, time.Minute, 2*time.Second))
	create(t, p)
	p = awaitRunning(t, p)
	unready := watchReady(t, p)
	change(t, p, func(p *v1alpha1.Performer) { p.Spec.Image = "myavs/slow:v2" })
	standing := await(t, p, "has a second Pod", func(p *v1alpha1.Performer) bool { return p.Status.StandbyPodName != "" })
	if standing.Status.PodName != "performer-a" || !strings.HasPrefix(standing.Status.StandbyPodName, "performer-a-") {
		t.Errorf("the first Pod serves until the second one does: %+v", standing.Status)
	}
	if c := standing.GetCondition("Progressing"); c.Status != corev1.ConditionTrue || !containsAll(c.Message, []string{standing.Status.StandbyPodName, "Surge"}) {
		t.Errorf("it must be told that a second Pod is to take over: %+v", c)
	}
	second := standing.Status.StandbyPodName
	awaitEvent(t, p, "StartedStandby", second, "Surge", "spec.upgrade.strategy says so")
	awaitEvent(t, p, "SwitchedToStandby", second)
	await(t, p, "has the second Pod", func(p *v1alpha1.Performer) bool {
		return running(p) && p.Status.PodName == second && p.Status.StandbyPodName == "" && p.Status.LastUpgrade != nil
	})
	awaitGone(t, &corev1.Pod{ObjectMeta: objectMeta(p)})
	if diff := cmp.Diff([]string{second}, podsOf(t, p)); diff != "" {
		t.Errorf("one Pod is left: -want, +got:\n%s", diff)
	}
	eventually(t, "the Service leads to the second Pod alone", func(ctx context.Context) (bool, string) {
		got := endpoints(ctx, p)
		return len(got) == 1 && got[0] == second, fmt.Sprint(got)
	})
	if times := unready(); len(times) > 0 {
		t.Errorf("the Performer must be Ready all the while, but was not:\n%s", strings.Join(times, "\n"))
	}
}

// TestStrategyByRoom lets the provider choose, with one pool that has room for a
// second Pod and one that has a single GPU, which is taken.
func TestStrategyByRoom(t *testing.T) {
	ns := namespace(t)
	create(t, &v1alpha1.ProviderConfig{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "watched"},
		Spec: v1alpha1.ProviderConfigSpec{
			Credentials: v1alpha1.ProviderCredentials{Source: xpv2.CredentialsSourceInjectedIdentity}, Inventory: &v1alpha1.Inventory{},
		},
	})
	cases := map[string]struct {
		reason string
		node   string
		gpu    string
		event  string
		words  []string
	}{
		"room": {
			reason: "Eight GPUs, one of which is taken.", node: "a100-0", gpu: "a100",
			event: "StartedStandby", words: []string{"Surge", "has room"},
		},
		"full": {
			reason: "One GPU, which is taken: the old Pod has to go first, and the upgrade ends.", node: "t4-0", gpu: "t4",
			event: "ReplacingPod", words: []string{"Recreate", "no pool has room"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			pool := &v1alpha1.HardwarePool{
				ObjectMeta: metav1.ObjectMeta{Name: ns + "-" + name},
				Spec: v1alpha1.HardwarePoolSpec{
					NodeSelector:      map[string]string{corev1.LabelHostname: tc.node},
					ProviderConfigRef: &v1alpha1.PoolTarget{Kind: v1alpha1.ProviderConfigKind, Namespace: ns, Name: "watched"},
				},
			}
			create(t, pool)
			t.Cleanup(func() { _ = hub.Delete(context.WithoutCancel(t.Context()), pool) })
			p := newPerformer(ns, name, upgrades("", time.Minute, 0), func(p *v1alpha1.Performer) {
				p.Spec.ProviderConfigReference = &xpv2.ProviderConfigReference{Kind: v1alpha1.ProviderConfigKind, Name: "watched"}
				p.Spec.HardwareRequirements = &v1alpha1.HardwareRequirements{GPUType: tc.gpu}
				p.Spec.Scheduling = &v1alpha1.SchedulingConfig{NodeSelector: v1alpha1.NodeLabels{corev1.LabelHostname: tc.node}}
			})
			create(t, p)
			awaitRunning(t, p)
			eventually(t, "the inventory counts the Performer's GPU", func(ctx context.Context) (bool, string) {
				err := hub.Get(ctx, client.ObjectKeyFromObject(pool), pool)
				return err == nil && pool.Status.FreeGPUs != nil && *pool.Status.FreeGPUs == pool.Status.GPUs-1, fmt.Sprintf("%v %+v", err, pool.Status)
			})
			change(t, p, func(p *v1alpha1.Performer) { p.Spec.Config.Args = []string{"--x"} })
			awaitEvent(t, p, tc.event, tc.words...)
			await(t, p, "is upgraded: "+tc.reason, func(p *v1alpha1.Performer) bool {
				return running(p) && p.Status.LastUpgrade != nil && len(livePod(t, p).Spec.Containers[0].Args) == 1
			})
		})
	}
}

// TestSurgeWithoutRoom asks for two Pods where there is room for one: it ends, and
// the one that runs is not touched.
func TestSurgeWithoutRoom(t *testing.T) {
	p := newPerformer(namespace(t), "a", upgrades(v1alpha1.StrategySurge, 3*time.Second, 0), func(p *v1alpha1.Performer) {
		p.Spec.HardwareRequirements = &v1alpha1.HardwareRequirements{GPUType: "t4"}
	})
	create(t, p)
	p = awaitRunning(t, p)
	before := livePod(t, p)
	change(t, p, func(p *v1alpha1.Performer) { p.Spec.Image = "myavs/performer:v2" })
	awaitDegraded(t, p, true, "UpgradeFailed", "not ready within 3s", "no node can take Pod performer-a-", "Insufficient nvidia.com/gpu")
	eventually(t, "the second Pod is gone", func(context.Context) (bool, string) {
		n := podsOf(t, p)
		return len(n) == 1 && n[0] == before.Name, fmt.Sprint(n)
	})
	if diff := cmp.Diff(identity(before), identity(livePod(t, p))); diff != "" {
		t.Errorf("the Pod must run on: -before, +after:\n%s", diff)
	}
}
