// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// TestObservedPools has a pool be observed in ways that leave nothing for who is new.
func TestObservedPools(t *testing.T) {
	eight := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("8")}
	observed := func(nodes int32, c xpv2.Condition) v1alpha1.HardwarePoolStatus {
		s := v1alpha1.HardwarePoolStatus{Nodes: nodes, ReadyNodes: nodes}
		if nodes > 0 {
			s.Free = []v1alpha1.FreeNodes{{Nodes: nodes, Resources: eight}}
		}
		s.SetConditions(c)
		return s
	}
	const away = "the cluster of ClusterProviderConfig default cannot be used now (Unreachable)"
	lost := v1alpha1.TargetUnreachable(v1alpha1.ReasonUnreachable, "boom")
	cases := map[string]struct {
		reason  string
		status  v1alpha1.HardwarePoolStatus
		max     *int32
		present *Present
		want    string
		why     string
	}{
		"Never": {reason: "Of a pool that nobody observes nobody knows how many nodes it has.", want: "a"},
		"Free":  {reason: "What is free is taken.", status: observed(1, v1alpha1.TargetReachable()), want: "a"},
		"None":  {reason: "A pool that has no nodes takes nothing.", status: observed(0, v1alpha1.TargetReachable()), why: "has no node that takes Pods"},
		"Grows": {reason: "Unless it grows from none.", status: observed(0, v1alpha1.TargetReachable()), max: new(int32(2)), want: "a"},
		"Lost":  {reason: "A cluster that cannot be used gets nothing new, whatever was free in it.", status: observed(1, lost), why: away},
		"LostGrows": {
			reason: "Nor does it where it could grow.",
			status: observed(0, lost), max: new(int32(2)), why: away,
		},
		"LostPresent": {
			reason: "What is in it stays.",
			status: observed(1, lost), present: &Present{Pool: "a", Counted: true}, want: "a",
		},
		"LostStarting": {
			reason: "So does what was about to start.",
			status: observed(1, lost), present: &Present{Pool: "a"}, want: "a",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			pool := v1alpha1.HardwarePool{Spec: v1alpha1.HardwarePoolSpec{NodeSelector: v1alpha1.NodeLabels{"pool": "a"}, MaxNodes: tc.max}, Status: tc.status}
			pool.Name = "a"
			r := NewFleet([]v1alpha1.HardwarePool{pool}).Place([]Workload{{Name: "w", Present: tc.present}}, Price)
			b, _ := r.Binding(0)
			if diff := cmp.Diff(tc.want, b.Pool); diff != "" {
				t.Errorf("\n%s\nBinding(0).Pool: -want, +got:\n%s", tc.reason, diff)
			}
			why := ""
			if all := r.Rejections(0); len(all) > 0 {
				why = all[0].Reason
			}
			if diff := cmp.Diff(tc.why, why); diff != "" {
				t.Errorf("\n%s\nRejections(0): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestGrowingPool places on a pool of which one node was seen, and others are to come.
func TestGrowingPool(t *testing.T) {
	pool := v1alpha1.HardwarePool{Spec: v1alpha1.HardwarePoolSpec{NodeSelector: v1alpha1.NodeLabels{"karpenter.sh/nodepool": "gpu"}, MaxNodes: new(int32(3))}}
	pool.Name = "gpu"
	eight := corev1.ResourceList{"nvidia.com/gpu": resource.MustParse("8")}
	pool.Status = v1alpha1.HardwarePoolStatus{Nodes: 1, ReadyNodes: 1, Free: []v1alpha1.FreeNodes{{Nodes: 1, Resources: corev1.ResourceList{"nvidia.com/gpu": resource.MustParse("0")}}}}
	pool.Status.Labels = v1alpha1.NodeLabels{"nvidia.com/gpu.product": "NVIDIA-A100-SXM4-80GB", "karpenter.k8s.aws/instance-gpu-name": "a100"}
	pool.Status.Allocatable = eight
	pool.Status.SetConditions(v1alpha1.TargetReachable())
	whole := Workload{Demand: Demand{Hardware: &v1alpha1.HardwareRequirements{GPUType: "a100", GPUCount: new(int32(8))}}}
	var workloads []Workload
	for _, name := range []string{"a", "b", "c"} {
		w := whole
		w.Name = name
		workloads = append(workloads, w)
	}
	r := NewFleet([]v1alpha1.HardwarePool{pool}).Place(workloads, Price)
	placed := 0
	for i := range workloads {
		b, ok := r.Binding(i)
		if !ok {
			continue
		}
		placed++
		want := v1alpha1.NodeLabels{"karpenter.sh/nodepool": "gpu"}
		if diff := cmp.Diff(want, b.Demand.Scheduling.NodeSelector); diff != "" {
			t.Errorf("what only a node that runs is known to have would keep the next one from coming: -want, +got:\n%s", diff)
		}
	}
	if placed != 2 {
		t.Errorf("the node that is there is full, and two more may come: want 2 placed, got %d", placed)
	}
}
