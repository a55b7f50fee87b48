// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/cluster/test/plane"
)

func TestPerformerServes(t *testing.T) {
	ns := namespace(t)
	p := newPerformer(ns, "a", image(t, "v1", "RELEASE=v1"))
	hub.Make(t, p)
	p = hub.AwaitRunning(t, p)

	if diff := cmp.Diff("performer v1 starts\n", logs(t, p)); diff != "" {
		t.Errorf("kubectl logs must print what the container has written: -want, +got:\n%s", diff)
	}
	if diff := cmp.Diff("performer-a."+ns+".svc.cluster.local:9090", p.Status.GRPCEndpoint); diff != "" {
		t.Errorf("endpoint: -want, +got:\n%s", diff)
	}
	awaitServing(t, p)
}

func TestUpgradeInPlace(t *testing.T) {
	ns := namespace(t)
	p := newPerformer(ns, "a", image(t, "v1", "RELEASE=v1"))
	hub.Make(t, p)
	hub.AwaitRunning(t, p)
	before := hub.PodOf(t, p)

	phases := hub.WatchPhases(t, p)
	v2 := image(t, "v2", "RELEASE=v2")
	plane.Change(t, hub, p, func(p *v1alpha1.Performer) { p.Spec.Image = v2 })
	got := hub.Await(t, p, "has an upgraded container", func(p *v1alpha1.Performer) bool {
		return plane.Running(p) && p.Status.LastUpgrade != nil
	})

	after := hub.PodOf(t, p)
	if diff := cmp.Diff(plane.Identity(before), plane.Identity(after)); diff != "" {
		t.Errorf("a new image must not move the Pod: -before, +after:\n%s", diff)
	}
	old, current := before.Status.ContainerStatuses[0], after.Status.ContainerStatuses[0]
	if old.ContainerID == current.ContainerID || current.Image != v2 || current.RestartCount != 1 {
		t.Errorf("there must be a new container of %s: before %+v, after %+v", v2, old, current)
	}
	want := []v1alpha1.PerformerPhase{v1alpha1.PerformerRunning, v1alpha1.PerformerUpgrading}
	if diff := cmp.Diff(want, phases(got)); diff != "" {
		t.Errorf("the phase must go from Running to Upgrading and back: -want, +got:\n%s", diff)
	}
	if diff := cmp.Diff("performer v2 starts\n", logs(t, p)); diff != "" {
		t.Errorf("what runs must be the new image: -want, +got:\n%s", diff)
	}
	awaitServing(t, got)
}

func TestTroublesAreNamed(t *testing.T) {
	ns := namespace(t)
	crash := image(t, "crash", "RELEASE=v1", "CRASH=true")
	missing := image(t, "v1", "RELEASE=v1") + "-missing"
	cases := map[string]struct {
		reason  string
		image   string
		phase   v1alpha1.PerformerPhase
		trouble string
		words   []string
	}{
		"crash": {
			reason:  "A container that ends with an error again and again is said to crash, with the error's code and how to see more.",
			image:   crash,
			phase:   v1alpha1.PerformerFailed,
			trouble: "ContainerCrashed",
			words:   []string{"the container crashes on node real-0", "exit code 1 (Error)", "see kubectl logs --previous performer-crash"},
		},
		"missing": {
			reason:  "An image that is not there is named, in the words of who was asked for it.",
			image:   missing,
			phase:   v1alpha1.PerformerPending,
			trouble: "ImagePullFailed",
			words:   []string{"cannot pull image " + missing, missing + ": not found"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			p := newPerformer(ns, name, tc.image)
			hub.Make(t, p)
			hub.Await(t, p, "is "+tc.trouble+": "+tc.reason, func(p *v1alpha1.Performer) bool {
				c := p.Status.GetCondition("Degraded")
				return p.Status.Phase == tc.phase && c.Status == corev1.ConditionTrue && string(c.Reason) == tc.trouble &&
					plane.ContainsAll(c.Message, tc.words)
			})
		})
	}
}

func TestDeleteLeavesNothing(t *testing.T) {
	ns := namespace(t)
	p := newPerformer(ns, "a", image(t, "v1", "RELEASE=v1"))
	hub.Make(t, p)
	p = hub.AwaitRunning(t, p)
	pod := hub.PodOf(t, p)
	if n := processes(t, pod.UID); n < 2 {
		t.Fatalf("the container and the pause container must run on this machine, found %d processes", n)
	}

	if err := hub.Delete(t.Context(), p); err != nil {
		t.Fatalf("cannot delete the Performer: %v", err)
	}
	for _, o := range []client.Object{p, &corev1.Pod{ObjectMeta: plane.ObjectMeta(p)}, &corev1.Service{ObjectMeta: plane.ObjectMeta(p)}} {
		hub.AwaitGone(t, o)
	}
	plane.Eventually(t, "no process of the Pod is left", func(context.Context) (bool, string) {
		return processes(t, pod.UID) == 0, "there is one"
	})
	if _, err := health(t, p.Status.GRPCEndpoint); err == nil {
		t.Errorf("nothing must answer at %s any more", p.Status.GRPCEndpoint)
	}
}
