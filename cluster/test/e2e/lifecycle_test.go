// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

func TestUpgradeInPlace(t *testing.T) {
	p := newPerformer(namespace(t), "a", func(p *v1alpha1.Performer) {
		p.Spec.HardwareRequirements = &v1alpha1.HardwareRequirements{GPUType: "nvidia-a100", GPUCount: ptr.To[int32](1)}
	})
	create(t, p)
	awaitRunning(t, p)
	before := podOf(t, p)

	phases := watchPhases(t, p)
	change(t, p, func(p *v1alpha1.Performer) { p.Spec.Image = "myavs/performer:v2" })
	got := await(t, p, "has an upgraded container", func(p *v1alpha1.Performer) bool {
		return running(p) && p.Status.LastUpgrade != nil
	})

	after := podOf(t, p)
	if diff := cmp.Diff(identity(before), identity(after)); diff != "" {
		t.Errorf("a new image must not move the Pod: -before, +after:\n%s", diff)
	}
	if diff := cmp.Diff("myavs/performer:v2", after.Status.ContainerStatuses[0].Image); diff != "" {
		t.Errorf("the container must run the new image: -want, +got:\n%s", diff)
	}
	if got.Status.ReadyTime == nil || got.Status.LastUpgrade.Before(&got.CreationTimestamp) {
		t.Errorf("readyTime and lastUpgrade must tell of the upgrade, got %+v", got.Status)
	}
	if diff := cmp.Diff([]v1alpha1.PerformerPhase{v1alpha1.PerformerRunning, v1alpha1.PerformerUpgrading}, phases(got)); diff != "" {
		t.Errorf("the phase must go from Running to Upgrading and back: -want, +got:\n%s", diff)
	}
	awaitEvent(t, p, "UpgradingInPlace", "spec.image")
}

func TestFailedUpgradeSaysWhy(t *testing.T) {
	p := newPerformer(namespace(t), "a")
	create(t, p)
	awaitRunning(t, p)
	before := podOf(t, p)

	change(t, p, func(p *v1alpha1.Performer) { p.Spec.Image = "myavs/missing:v2" })
	await(t, p, "says that the image cannot be pulled", func(p *v1alpha1.Performer) bool {
		c := p.Status.GetCondition("Degraded")
		return p.Status.Phase == v1alpha1.PerformerUpgrading && !p.Status.Ready &&
			c.Status == corev1.ConditionTrue && c.Reason == "ImagePullFailed" && containsAll(c.Message, []string{"myavs/missing:v2"})
	})
	change(t, p, func(p *v1alpha1.Performer) { p.Spec.Image = "myavs/performer:v1" })
	awaitRunning(t, p)
	if diff := cmp.Diff(identity(before), identity(podOf(t, p))); diff != "" {
		t.Errorf("neither the failed upgrade nor the way back may move the Pod: -before, +after:\n%s", diff)
	}
}

func TestImmutableChangeReplacesPod(t *testing.T) {
	p := newPerformer(namespace(t), "a")
	create(t, p)
	awaitRunning(t, p)
	before := podOf(t, p)

	change(t, p, func(p *v1alpha1.Performer) { p.Spec.Config.Args = []string{"--fast"} })
	await(t, p, "runs with the new arguments", func(q *v1alpha1.Performer) bool {
		pod := podOf(t, p)
		return running(q) && q.Status.LastUpgrade != nil && pod != nil && pod.UID != before.UID
	})
	if diff := cmp.Diff([]string{"--fast"}, podOf(t, p).Spec.Containers[0].Args); diff != "" {
		t.Errorf("arguments: -want, +got:\n%s", diff)
	}
	awaitEvent(t, p, "ReplacingPod", "spec.config.args")
}

func TestPortChangeReachesService(t *testing.T) {
	p := newPerformer(namespace(t), "a")
	create(t, p)
	awaitRunning(t, p)

	change(t, p, func(p *v1alpha1.Performer) { p.Spec.Config.GRPCPort = 7000 })
	await(t, p, "serves on the new port", func(q *v1alpha1.Performer) bool {
		svc := serviceOf(t, p)
		return running(q) && q.Status.LastUpgrade != nil && len(svc.Spec.Ports) == 1 && svc.Spec.Ports[0].Port == 7000 &&
			q.Status.GRPCEndpoint == "performer-a."+p.Namespace+".svc.cluster.local:7000"
	})
}

func TestVersionChangesNothingThatRuns(t *testing.T) {
	p := newPerformer(namespace(t), "a")
	create(t, p)
	awaitRunning(t, p)
	before := podOf(t, p)

	change(t, p, func(p *v1alpha1.Performer) { p.Spec.Version = "v9" })
	eventually(t, "the version is noted on the Pod", func(context.Context) (bool, string) {
		return podOf(t, p).Annotations["hourglass.eigenlayer.io/version"] == "v9", "it is not"
	})
	after := podOf(t, p)
	if diff := cmp.Diff(before.Status.ContainerStatuses, after.Status.ContainerStatuses); diff != "" {
		t.Errorf("the container must not notice: -before, +after:\n%s", diff)
	}
}

// TestLostFinalizerComesBack takes a Performer's finalizer away, as a Composition does that composed it and does so no more.
func TestLostFinalizerComesBack(t *testing.T) {
	p := newPerformer(namespace(t), "a")
	create(t, p)
	awaitRunning(t, p)
	change(t, p, func(p *v1alpha1.Performer) { p.Finalizers = nil })
	await(t, p, "has its finalizer again", func(q *v1alpha1.Performer) bool { return len(q.Finalizers) == 1 })
}

func TestLostObjectsComeBack(t *testing.T) {
	p := newPerformer(namespace(t), "a")
	create(t, p)
	awaitRunning(t, p)

	for name, lose := range map[string]func(*corev1.Pod){
		"Deleted": func(pod *corev1.Pod) {
			if err := hub.Delete(t.Context(), pod, client.GracePeriodSeconds(0)); err != nil {
				t.Fatalf("cannot delete the Pod: %v", err)
			}
		},
		"Evicted": func(pod *corev1.Pod) {
			pod.Status.Phase, pod.Status.Reason = corev1.PodFailed, "Evicted"
			if err := hub.Status().Update(t.Context(), pod); err != nil {
				t.Fatalf("cannot evict the Pod: %v", err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			lost := podOf(t, p)
			lose(lost)
			await(t, p, "has a new Pod that runs", func(q *v1alpha1.Performer) bool {
				pod := podOf(t, p)
				return running(q) && pod != nil && pod.UID != lost.UID
			})
		})
	}
	t.Run("Service", func(t *testing.T) {
		lost := serviceOf(t, p)
		if err := hub.Delete(t.Context(), lost); err != nil {
			t.Fatalf("cannot delete the Service: %v", err)
		}
		await(t, p, "has a new Service", func(q *v1alpha1.Performer) bool {
			svc := serviceOf(t, p)
			return running(q) && svc != nil && svc.UID != lost.UID
		})
	})
}

func TestUnplaceableWaitsAndSaysWhy(t *testing.T) {
	p := newPerformer(namespace(t), "a", func(p *v1alpha1.Performer) {
		p.Spec.HardwareRequirements = &v1alpha1.HardwareRequirements{GPUType: "b200", GPUCount: ptr.To[int32](4)}
	})
	create(t, p)
	unplaced := func(p *v1alpha1.Performer) bool {
		if len(p.Status.Conditions) == 0 {
			return false
		}
		c := p.Status.Conditions[len(p.Status.Conditions)-1]
		return p.Status.Phase == v1alpha1.PerformerPending && c.Type == "Available" && c.Reason == "SchedulingFailed" &&
			containsAll(c.Message, []string{"nodes are available", "4 GPUs of type b200"})
	}
	await(t, p, "says why no node can take it", unplaced)
	before := podOf(t, p)

	change(t, p, func(p *v1alpha1.Performer) { p.Annotations = map[string]string{"touched": "yes"} })
	change(t, p, func(p *v1alpha1.Performer) { p.Spec.Version = "v2" })
	eventually(t, "the version is noted on the Pod", func(context.Context) (bool, string) {
		return podOf(t, p).Annotations["hourglass.eigenlayer.io/version"] == "v2", "it is not"
	})
	if diff := cmp.Diff(before.UID, podOf(t, p).UID); diff != "" {
		t.Errorf("a Pod that only waits must not be deleted: -before, +after:\n%s", diff)
	}
}

func TestTroublesAreNamed(t *testing.T) {
	ns := namespace(t)
	cases := map[string]struct {
		reason, image string
		phase         v1alpha1.PerformerPhase
		words         []string
	}{
		"missing": {reason: "ImagePullFailed", image: "myavs/missing:v1", phase: v1alpha1.PerformerPending, words: []string{"cannot pull image myavs/missing:v1"}},
		"crash":   {reason: "ContainerCrashed", image: "myavs/crash:v1", phase: v1alpha1.PerformerFailed, words: []string{"exit code 1"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			p := newPerformer(ns, name, func(p *v1alpha1.Performer) { p.Spec.Image = tc.image })
			create(t, p)
			await(t, p, "is "+tc.reason, func(p *v1alpha1.Performer) bool {
				c := p.Status.GetCondition("Degraded")
				return p.Status.Phase == tc.phase && c.Status == corev1.ConditionTrue && string(c.Reason) == tc.reason && containsAll(c.Message, tc.words)
			})
		})
	}
}

func TestDeleteLeavesNothing(t *testing.T) {
	p := newPerformer(namespace(t), "a", func(p *v1alpha1.Performer) {
		p.Spec.WriteConnectionSecretToReference = &xpv2.LocalSecretReference{Name: "endpoint"}
	})
	create(t, p)
	awaitRunning(t, p)

	secret := &corev1.Secret{}
	key := client.ObjectKey{Namespace: p.Namespace, Name: "endpoint"}
	if err := hub.Get(t.Context(), key, secret); err != nil {
		t.Fatalf("cannot get the connection secret: %v", err)
	}
	want := map[string][]byte{
		"endpoint": []byte("performer-a." + p.Namespace + ".svc.cluster.local:9090"),
		"host":     []byte("performer-a." + p.Namespace + ".svc.cluster.local"),
		"port":     []byte("9090"),
	}
	if diff := cmp.Diff(want, secret.Data); diff != "" {
		t.Errorf("connection details: -want, +got:\n%s", diff)
	}

	if err := hub.Delete(t.Context(), p); err != nil {
		t.Fatalf("cannot delete the Performer: %v", err)
	}
	for _, o := range []client.Object{p, &corev1.Pod{ObjectMeta: objectMeta(p)}, &corev1.Service{ObjectMeta: objectMeta(p)}, secret} {
		awaitGone(t, o)
	}
	eventually(t, "no usage of the ProviderConfig is left", func(ctx context.Context) (bool, string) {
		l := &v1alpha1.ClusterProviderConfigUsageList{}
		err := hub.List(ctx, l, client.InNamespace(p.Namespace))
		return err == nil && len(l.Items) == 0, "there is one"
	})
}
