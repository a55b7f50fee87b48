// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/cluster/test/plane"
)

// TestSpread makes a stack whose performers need what no single target has. No pool was written by hand: each goes where
// the inventories say that its hardware is.
func TestSpread(t *testing.T) {
	awaitPool(t, "east-a100", "has its nodes", counts(2, 2, 16, 16))
	awaitPool(t, "west-t4", "has its nodes", counts(2, 2, 2, 2))
	awaitPool(t, "west-snp", "proves its TEE", func(s v1alpha1.HardwarePoolStatus) bool {
		return s.ReadyNodes == 1 && len(s.TEEs) == 1 && s.TEEs[0].Type == "sev-snp" && s.TEEs[0].Mode == "node-vm"
	})
	ns := hub.Namespace(t)
	stack := makeStack(t, ns, "spread", map[string]map[string]any{
		"model":      {"gpuType": "a100", "gpuCount": int64(2)},
		"classifier": {"gpuType": "t4", "gpuCount": int64(1)},
		"vault":      {"teeRequired": true, "teeType": "sev-snp"},
	})
	eventually(t, "the stack is Ready", func(ctx context.Context) (bool, string) {
		if err := hub.Get(ctx, client.ObjectKeyFromObject(stack), stack); err != nil {
			return false, err.Error()
		}
		conditions, _, _ := unstructured.NestedSlice(stack.Object, "status", "conditions")
		for _, c := range conditions {
			if c, ok := c.(map[string]any); ok && c["type"] == "Ready" && c["status"] == "True" {
				return true, ""
			}
		}
		return false, fmt.Sprint(conditions)
	})

	want := map[string]string{
		"spread-model":      "east-a100 in ClusterProviderConfig east",
		"spread-classifier": "west-t4 in ClusterProviderConfig west",
		"spread-vault":      "west-snp in ClusterProviderConfig west",
	}
	if diff := cmp.Diff(want, placements(t, stack)); diff != "" {
		t.Errorf("status.placements: -want, +got:\n%s", diff)
	}
	expectPods(t, ns, hub)
	expectPods(t, ns, east.Hub, "performer-spread-model")
	expectPods(t, ns, west.Hub, "performer-spread-classifier", "performer-spread-vault")
	awaitPool(t, "east-a100", "has two GPUs less", counts(2, 2, 16, 14))
	awaitPool(t, "west-t4", "has one GPU less", counts(2, 2, 2, 1))

	if err := hub.Delete(t.Context(), stack, client.PropagationPolicy("Foreground")); err != nil {
		t.Fatal(err)
	}
	gone(t, hub, stack)
	for _, h := range []*plane.Hub{hub, east.Hub, west.Hub} {
		expectPods(t, ns, h)
	}
	awaitPool(t, "east-a100", "has all GPUs back", counts(2, 2, 16, 16))
}

// makeStack makes a HourglassStack with performers that need some hardware, and removes it when the test ends.
func makeStack(t *testing.T, ns, name string, needs map[string]map[string]any) *unstructured.Unstructured {
	t.Helper()
	var performers []any
	for _, n := range slices.Sorted(maps.Keys(needs)) {
		performers = append(performers, map[string]any{
			"name": n, "avsAddress": plane.AVS, "image": "myavs/performer:v1", "hardwareRequirements": needs[n],
		})
	}
	s := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"performers": performers}}}
	s.SetGroupVersionKind(schema.GroupVersionKind{Group: "platform.hourglass.eigenlayer.io", Version: "v1alpha1", Kind: "HourglassStack"})
	s.SetNamespace(ns)
	s.SetName(name)
	hub.Make(t, s)
	t.Cleanup(func() {
		if err := hub.Delete(context.WithoutCancel(t.Context()), s); client.IgnoreNotFound(err) != nil {
			t.Errorf("cannot delete the stack: %v", err)
		}
		gone(t, hub, s)
	})
	return s
}

// placements of a stack's performers, each with its pool and target. Each must say why.
func placements(t *testing.T, stack *unstructured.Unstructured) map[string]string {
	t.Helper()
	all, _, err := unstructured.NestedSlice(stack.Object, "status", "placements")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, p := range all {
		p, _ := p.(map[string]any)
		target, _ := p["target"].(map[string]any)
		got[fmt.Sprint(p["performer"])] = fmt.Sprintf("%v in %v %v", p["pool"], target["kind"], target["name"])
		if why, _ := p["why"].(string); why == "" {
			t.Errorf("the status must say why %v went to %v", p["performer"], p["pool"])
		}
	}
	return got
}

// expectPods checks that a namespace of a cluster has these Pods, all of which run, and no others.
func expectPods(t *testing.T, ns string, h *plane.Hub, want ...string) {
	t.Helper()
	l := &corev1.PodList{}
	if err := h.List(t.Context(), l, client.InNamespace(ns)); err != nil {
		t.Fatalf("cannot list Pods: %v", err)
	}
	var got []string
	for _, p := range l.Items {
		got = append(got, p.Name)
		if p.Status.Phase != corev1.PodRunning {
			t.Errorf("Pod %s must run, it is %s", p.Name, p.Status.Phase)
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Pods of the test at %s: -want, +got:\n%s", h.Config.Host, diff)
	}
}
