// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/cluster/test/plane"
)

// amount of cpu and memory; nothing where both are empty.
func amount(cpu, memory string) corev1.ResourceList {
	l := corev1.ResourceList{}
	for name, q := range map[corev1.ResourceName]string{corev1.ResourceCPU: cpu, corev1.ResourceMemory: memory} {
		if q != "" {
			l[name] = resource.MustParse(q)
		}
	}
	if len(l) == 0 {
		return nil
	}
	return l
}

// asks has a Performer ask for resources.
func asks(requests, limits corev1.ResourceList) func(*v1alpha1.Performer) {
	return func(p *v1alpha1.Performer) {
		p.Spec.Resources = corev1.ResourceRequirements{Requests: requests, Limits: limits}
	}
}

// TestResize changes nothing but how much cpu and memory a Performer asks for.
func TestResize(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	requests, limits := amount("100m", "64Mi"), amount("200m", "128Mi")
	cases := map[string]struct {
		reason           string
		requests, limits corev1.ResourceList
	}{
		"both":     {"Requests and limits of both are changed at once.", amount("200m", "96Mi"), amount("400m", "256Mi")},
		"requests": {"Requests alone.", amount("150m", "64Mi"), limits},
		"limits":   {"Limits alone.", requests, amount("300m", "192Mi")},
		"less":     {"Less is a change like any other.", amount("50m", "32Mi"), amount("100m", "128Mi")},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPerformer(ns, name, asks(requests, limits))
			create(t, p)
			awaitRunning(t, p)
			before, ready := podOf(t, p), recordPerformers(t, ns)

			change(t, p, asks(tc.requests, tc.limits))
			findEvent(t, p, "Resizing", `spec\.resources|cpu|memory`)
			eventually(t, "the container has its new resources", func(context.Context) (bool, string) {
				r := containerOf(podOf(t, p)).Resources
				return r != nil && equality.Semantic.DeepEqual(r.Requests, tc.requests) && equality.Semantic.DeepEqual(r.Limits, tc.limits), "it does not"
			})
			after := podOf(t, p)
			want := corev1.ResourceRequirements{Requests: tc.requests, Limits: tc.limits}
			if !equality.Semantic.DeepEqual(want, after.Spec.Containers[0].Resources) {
				t.Errorf("%s\nthe Pod must ask for %v, it asks for %v", tc.reason, want, after.Spec.Containers[0].Resources)
			}
			if diff := cmp.Diff(untouched(before), untouched(after)); diff != "" {
				t.Errorf("%s\nto resize is not to restart: -before, +after:\n%s", tc.reason, diff)
			}
			expectAlwaysReady(t, ready, await(t, p, "is well", running))
		})
	}
}

// TestResizePending says what becomes of a resize that the node puts off or
// refuses. Simulated nodes do neither, so the test writes what a kubelet would.
func TestResizePending(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	cases := map[string]struct {
		reason, pending, said   string
		condition, told, phrase string
	}{
		"deferred": {
			reason: "A resize that waits for room goes on by itself: nothing is wrong.", pending: corev1.PodReasonDeferred,
			said:      "Node didn't have enough resource: cpu, requested: 200, used: 15900, capacity: 16000",
			condition: "Progressing", told: "ResizeDeferred", phrase: "enough resource: cpu",
		},
		"infeasible": {
			reason: "A resize that the node can never make is told to people.", pending: corev1.PodReasonInfeasible,
			said:      "Node didn't have enough capacity: cpu, requested: 200000, capacity: 16000",
			condition: "Degraded", told: "ResizeInfeasible", phrase: "enough capacity: cpu",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPerformer(ns, name, asks(amount("100m", "64Mi"), nil))
			create(t, p)
			awaitRunning(t, p)
			before, ready := podOf(t, p), recordPerformers(t, ns)

			change(t, p, asks(amount("200m", "64Mi"), nil))
			findEvent(t, p, "Resizing", "")
			setPending(t, p, &corev1.PodCondition{Type: corev1.PodResizePending, Status: corev1.ConditionTrue, Reason: tc.pending, Message: tc.said})
			await(t, p, "says that its resize is "+name+": "+tc.reason, func(q *v1alpha1.Performer) bool {
				return running(q) && plane.Condition(q, tc.condition, "True", tc.told, tc.phrase)
			})
			setPending(t, p, nil)
			got := await(t, p, "says no more of it", func(q *v1alpha1.Performer) bool {
				return running(q) && q.Status.GetCondition("Progressing").Status == corev1.ConditionFalse && q.Status.GetCondition("Degraded").Status == corev1.ConditionFalse
			})
			expectAlwaysReady(t, ready, got)
			if diff := cmp.Diff(untouched(before), untouched(podOf(t, p))); diff != "" {
				t.Errorf("%s\nthe Pod runs on as it is: -before, +after:\n%s", tc.reason, diff)
			}
		})
	}
}

// setPending writes what a kubelet says of a resize that it has not made, or
// takes it away.
func setPending(t *testing.T, p *v1alpha1.Performer, c *corev1.PodCondition) {
	t.Helper()
	eventually(t, "the Pod's status is written", func(ctx context.Context) (bool, string) {
		pod := podOf(t, p)
		var kept []corev1.PodCondition
		for _, has := range pod.Status.Conditions {
			if has.Type != corev1.PodResizePending {
				kept = append(kept, has)
			}
		}
		if c != nil {
			c.LastTransitionTime, c.ObservedGeneration = metav1.Now(), pod.Generation
			kept = append(kept, *c)
		}
		pod.Status.Conditions = kept
		if err := hub.Status().Update(ctx, pod); err != nil {
			return false, err.Error()
		}
		return true, ""
	})
}

// TestResizeRefused changes resources in ways that no running Pod can follow.
func TestResizeRefused(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	burstable := asks(amount("100m", "64Mi"), nil)
	cases := map[string]struct {
		reason        string
		before, after func(*v1alpha1.Performer)
		words         string
	}{
		"guaranteed": {
			reason: "Limits that equal the requests would make a Burstable Pod a Guaranteed one.",
			before: burstable, after: asks(amount("100m", "64Mi"), amount("100m", "64Mi")), words: "resize.*qos",
		},
		"nothing": {
			reason: "Without requests and limits a Burstable Pod would be a BestEffort one.",
			before: burstable, after: asks(nil, nil), words: "resize.*(qos|removed)",
		},
		"limits": {
			reason: "Limits cannot be taken from a running container.",
			before: asks(amount("100m", "64Mi"), amount("200m", "128Mi")), after: asks(amount("100m", "64Mi"), nil), words: "resize.*removed",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPerformer(ns, name, upgrades(t, "", "", "0s"), tc.before)
			create(t, p)
			awaitRunning(t, p)
			before := podOf(t, p)
			change(t, p, tc.after)
			want := p.Spec.Resources
			await(t, p, "runs in a new Pod: "+tc.reason, func(q *v1alpha1.Performer) bool {
				pod := podOf(t, p)
				return running(q) && pod != nil && pod.UID != before.UID && equality.Semantic.DeepEqual(want, pod.Spec.Containers[0].Resources)
			})
			findEvent(t, p, "ReplacingPod", tc.words)
		})
	}
}

// TestResizeNeverOfGPUs changes how many GPUs a Performer asks for.
func TestResizeNeverOfGPUs(t *testing.T) {
	t.Parallel()
	p := newPerformer(namespace(t), "a", upgrades(t, "", "", "0s"), func(p *v1alpha1.Performer) {
		p.Spec.HardwareRequirements = &v1alpha1.HardwareRequirements{GPUType: "v100", GPUCount: new(int32(1))}
	})
	create(t, p)
	awaitRunning(t, p)
	before := podOf(t, p)
	change(t, p, func(p *v1alpha1.Performer) { p.Spec.HardwareRequirements.GPUCount = new(int32(2)) })
	await(t, p, "has two GPUs in a new Pod", func(q *v1alpha1.Performer) bool {
		pod := podOf(t, p)
		if !running(q) || pod == nil || pod.UID == before.UID {
			return false
		}
		gpus := pod.Spec.Containers[0].Resources.Limits["nvidia.com/gpu"]
		return gpus.Value() == 2
	})
	events, err := eventsOf(t.Context(), p)
	if err != nil {
		t.Fatalf("cannot list events: %v", err)
	}
	for _, e := range events {
		if e.Reason == "Resizing" {
			t.Errorf("GPUs are not resized: %s", e.Message)
		}
	}
}
