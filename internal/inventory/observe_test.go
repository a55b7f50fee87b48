// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// node is one of the pool a100 that takes Pods, with changes in YAML.
func node(t *testing.T, name, changes string) corev1.Node {
	t.Helper()
	n := corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"pool": "a100", "kubernetes.io/hostname": name, "zone": "a"}},
		Status: corev1.NodeStatus{
			Allocatable: list(t, "{cpu: 32, memory: 64Gi, pods: 64, nvidia.com/gpu: 8}"),
			Conditions:  []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}},
		},
	}
	if err := yaml.Unmarshal([]byte(changes), &n); err != nil {
		t.Fatalf("cannot read the node: %v", err)
	}
	return n
}

func list(t *testing.T, text string) corev1.ResourceList {
	t.Helper()
	l := corev1.ResourceList{}
	if err := yaml.Unmarshal([]byte(text), &l); err != nil {
		t.Fatalf("cannot read the resources: %v", err)
	}
	return l
}

// pod asks for resources on a node.
func pod(t *testing.T, on, requests, changes string) corev1.Pod {
	t.Helper()
	p := corev1.Pod{Spec: corev1.PodSpec{NodeName: on, Containers: []corev1.Container{{Resources: corev1.ResourceRequirements{Requests: list(t, requests)}}}}}
	if err := yaml.Unmarshal([]byte(changes), &p); err != nil {
		t.Fatalf("cannot read the Pod: %v", err)
	}
	return p
}

// taken is what Pods take, by node.
func taken(pods ...corev1.Pod) map[string]corev1.ResourceList {
	used := map[string]corev1.ResourceList{}
	for i := range pods {
		if r := Requests(&pods[i]); r != nil {
			used[pods[i].Spec.NodeName] = Take(used[pods[i].Spec.NodeName], r)
		}
	}
	return used
}

// some of the GPUs of a pool are free; its nodes are said to have a number each.
func some(s v1alpha1.HardwarePoolStatus, each string, all, free int64) v1alpha1.HardwarePoolStatus {
	s.GPUs, s.FreeGPUs, s.Hardware = all, &free, each
	return s
}

func TestObserve(t *testing.T) {
	whole := list(t, "{cpu: 32, memory: 64Gi, pods: 64, nvidia.com/gpu: 8}")
	zone := v1alpha1.PoolNodes{Labels: v1alpha1.NodeLabels{"zone": "a"}, Allocatable: whole, RuntimeClasses: []v1alpha1.PoolRuntimeClass{}}
	cases := map[string]struct {
		reason string
		c      Cluster
		want   v1alpha1.HardwarePoolStatus
	}{
		"None": {
			reason: "Of a pool without nodes nothing is known.",
			c:      Cluster{Nodes: []corev1.Node{node(t, "other", "{metadata: {labels: {pool: t4}}}")}},
		},
		"Alike": {
			reason: "Nodes that have the same left are one entry.",
			c:      Cluster{Nodes: []corev1.Node{node(t, "b", ""), node(t, "a", "")}},
			want:   some(v1alpha1.HardwarePoolStatus{PoolNodes: zone, Nodes: 2, ReadyNodes: 2, Free: []v1alpha1.FreeNodes{{Nodes: 2, Resources: whole}}}, "8 x GPU", 16, 16),
		},
		"InUse": {
			reason: "GPUs are counted one by one, cpu and memory rounded down to a thirty-second of the node. Pods that have ended or run elsewhere take nothing.",
			c: Cluster{
				Nodes: []corev1.Node{node(t, "a", ""), node(t, "b", "")},
				Used: taken(
					pod(t, "a", `{cpu: 100m, memory: 1Gi, nvidia.com/gpu: 3}`, ""),
					pod(t, "a", `{nvidia.com/gpu: 2}`, "{status: {phase: Succeeded}}"),
					pod(t, "", `{nvidia.com/gpu: 1}`, "{status: {phase: Pending}}"),
					pod(t, "elsewhere", `{nvidia.com/gpu: 1}`, ""),
				),
			},
			want: some(v1alpha1.HardwarePoolStatus{PoolNodes: zone, Nodes: 2, ReadyNodes: 2, Free: []v1alpha1.FreeNodes{
				{Nodes: 1, Resources: whole},
				{Nodes: 1, Resources: list(t, "{cpu: 31, memory: 62Gi, pods: 62, nvidia.com/gpu: 5}")},
			}}, "8 x GPU", 16, 13),
		},
		"Overhead": {
			reason: "What the RuntimeClass adds to a Pod, and init containers, count as the scheduler counts them.",
			c: Cluster{
				Nodes: []corev1.Node{node(t, "a", "")},
				Used:  taken(pod(t, "a", "{cpu: 1}", "{spec: {overhead: {cpu: 1}, initContainers: [{resources: {requests: {cpu: 7}}}]}}")),
			},
			want: some(v1alpha1.HardwarePoolStatus{PoolNodes: zone, Nodes: 1, ReadyNodes: 1, Free: []v1alpha1.FreeNodes{
				{Nodes: 1, Resources: list(t, "{cpu: 24, memory: 64Gi, pods: 62, nvidia.com/gpu: 8}")},
			}}, "8 x GPU", 8, 8),
		},
		"TakenAway": {
			reason: "A node that lost a GPU that is in use has none left, not less than none.",
			c: Cluster{
				Nodes: []corev1.Node{node(t, "a", "{status: {allocatable: {nvidia.com/gpu: 1}}}")},
				Used:  taken(pod(t, "a", "{nvidia.com/gpu: 2}", "")),
			},
			want: some(v1alpha1.HardwarePoolStatus{
				PoolNodes: v1alpha1.PoolNodes{Labels: zone.Labels, Allocatable: list(t, "{cpu: 32, memory: 64Gi, pods: 64, nvidia.com/gpu: 1}"), RuntimeClasses: zone.RuntimeClasses},
				Nodes:     1, ReadyNodes: 1, Free: []v1alpha1.FreeNodes{{Nodes: 1, Resources: list(t, "{cpu: 32, memory: 64Gi, pods: 62, nvidia.com/gpu: 0}")}},
			}, "1 x GPU", 1, 0),
		},
		"TakesNoPods": {
			reason: "Nodes that are cordoned, being deleted or not ready are nodes, but have nothing to give, and say nothing of the others.",
			c: Cluster{Nodes: []corev1.Node{
				node(t, "a", ""), node(t, "b", "{metadata: {labels: {zone: b}}, spec: {unschedulable: true}}"),
				node(t, "c", "{status: {conditions: [{type: Ready, status: Unknown}], allocatable: {cpu: 1}}}"),
				node(t, "d", "{metadata: {deletionTimestamp: '2026-01-02T03:04:05Z'}}"),
				node(t, "e", "{spec: {taints: [{key: node.kubernetes.io/memory-pressure, effect: NoSchedule}]}}"),
			}},
			want: some(v1alpha1.HardwarePoolStatus{PoolNodes: zone, Nodes: 5, ReadyNodes: 1, CordonedNodes: 1, Free: []v1alpha1.FreeNodes{{Nodes: 1, Resources: whole}}}, "8 x GPU", 8, 8),
		},
		"AllCordoned": {
			reason: "Where none takes Pods, it is still known what they are.",
			c:      Cluster{Nodes: []corev1.Node{node(t, "a", "{spec: {unschedulable: true}}")}},
			want:   v1alpha1.HardwarePoolStatus{PoolNodes: zone, Nodes: 1, CordonedNodes: 1, Hardware: "8 x GPU"},
		},
		"Differ": {
			reason: "What holds for each node is what all have: labels; or any: taints, but for those that pass, and the most that is allocatable. What a node lacks is not free on it.",
			c: Cluster{Nodes: []corev1.Node{
				node(t, "a", "{spec: {taints: [{key: nvidia.com/gpu, effect: NoSchedule}, {key: startup-taint.cluster-autoscaler.kubernetes.io/x, effect: NoExecute}]}}"),
				node(t, "b", "{metadata: {labels: {zone: b, mine: b}}, status: {allocatable: {memory: 32Gi, extra.com/x: 1}}, spec: {taints: [{key: team, value: b, effect: NoExecute}, {key: soft, effect: PreferNoSchedule}]}}"),
			}},
			want: some(v1alpha1.HardwarePoolStatus{
				PoolNodes: v1alpha1.PoolNodes{
					Labels: v1alpha1.NodeLabels{}, Allocatable: list(t, "{cpu: 32, memory: 64Gi, pods: 64, nvidia.com/gpu: 8, extra.com/x: 1}"), RuntimeClasses: zone.RuntimeClasses,
					Taints: []corev1.Taint{{Key: "nvidia.com/gpu", Effect: corev1.TaintEffectNoSchedule}, {Key: "team", Value: "b", Effect: corev1.TaintEffectNoExecute}},
				},
				Nodes: 2, ReadyNodes: 2, Free: []v1alpha1.FreeNodes{
					{Nodes: 1, Resources: list(t, "{cpu: 32, extra.com/x: 0, memory: 64Gi, pods: 64, nvidia.com/gpu: 8}")},
					{Nodes: 1, Resources: list(t, "{cpu: 32, extra.com/x: 1, memory: 32Gi, pods: 64, nvidia.com/gpu: 8}")},
				},
			}, "8 x GPU", 16, 16),
		},
		"Products": {
			reason: "Where nodes differ in their GPU, each entry says which.",
			c: Cluster{Nodes: []corev1.Node{
				node(t, "a", "{metadata: {labels: {nvidia.com/gpu.product: NVIDIA-A100-SXM4-40GB, nvidia.com/gpu.memory: '40960'}}}"),
				node(t, "b", "{metadata: {labels: {nvidia.com/gpu.product: NVIDIA-A100-SXM4-80GB, nvidia.com/gpu.memory: '81920'}}}"),
			}},
			want: some(v1alpha1.HardwarePoolStatus{PoolNodes: zone, Nodes: 2, ReadyNodes: 2, Free: []v1alpha1.FreeNodes{
				{Nodes: 1, GPUProduct: "NVIDIA-A100-SXM4-40GB", Resources: whole}, {Nodes: 1, GPUProduct: "NVIDIA-A100-SXM4-80GB", Resources: whole},
			}}, "8 x NVIDIA-A100-SXM4-40GB or others", 16, 16),
		},
		"MixedMIG": {
			reason: "Where GPUs are sliced, each kind of slice is counted. Of whole ones there are none, whatever the product says.",
			c: Cluster{
				Nodes: []corev1.Node{node(t, "a", "{metadata: {labels: {nvidia.com/gpu.product: NVIDIA-A100-SXM4-40GB}}, status: {allocatable: {nvidia.com/gpu: 0, nvidia.com/mig-1g.5gb: 4, nvidia.com/mig-3g.20gb: 1}}}")},
				Used:  taken(pod(t, "a", "{nvidia.com/mig-1g.5gb: 3}", "")),
			},
			want: some(v1alpha1.HardwarePoolStatus{
				PoolNodes: v1alpha1.PoolNodes{
					Labels:      v1alpha1.NodeLabels{"zone": "a", "nvidia.com/gpu.product": "NVIDIA-A100-SXM4-40GB"},
					Allocatable: list(t, "{cpu: 32, memory: 64Gi, pods: 64, nvidia.com/mig-1g.5gb: 4, nvidia.com/mig-3g.20gb: 1}"),
				},
				Nodes: 1, ReadyNodes: 1, Free: []v1alpha1.FreeNodes{
					{Nodes: 1, Resources: list(t, "{cpu: 32, memory: 64Gi, pods: 62, nvidia.com/gpu: 0, nvidia.com/mig-1g.5gb: 1, nvidia.com/mig-3g.20gb: 1}")},
				},
			}, "4 x NVIDIA-A100-SXM4-40GB mig-1g.5gb, 1 x NVIDIA-A100-SXM4-40GB mig-3g.20gb", 5, 2),
		},
		"Memory": {
			reason: "The memory of a GPU tells apart what has one name and several sizes.",
			c:      Cluster{Nodes: []corev1.Node{node(t, "a", "{metadata: {labels: {nvidia.com/gpu.product: NVIDIA-GH200, nvidia.com/gpu.memory: '97871'}}}")}},
			want: some(v1alpha1.HardwarePoolStatus{
				PoolNodes: v1alpha1.PoolNodes{
					Labels: v1alpha1.NodeLabels{"zone": "a", "nvidia.com/gpu.product": "NVIDIA-GH200", "nvidia.com/gpu.memory": "97871"},
					GPU:    &v1alpha1.PoolGPU{Product: "NVIDIA-GH200", MemoryMiB: ptr.To[int32](97871)}, Allocatable: whole, RuntimeClasses: zone.RuntimeClasses,
				},
				Nodes: 1, ReadyNodes: 1, Free: []v1alpha1.FreeNodes{{Nodes: 1, Resources: whole}},
			}, "8 x NVIDIA-GH200", 8, 8),
		},
		"RuntimeClasses": {
			reason: "A pool lists the RuntimeClasses of its cluster, with what they add to a Pod.",
			c: Cluster{
				Nodes: []corev1.Node{node(t, "a", "")},
				RuntimeClasses: []nodev1.RuntimeClass{
					{ObjectMeta: metav1.ObjectMeta{Name: "kata"}, Handler: "kata-qemu", Overhead: &nodev1.Overhead{PodFixed: list(t, "{cpu: 1}")}},
					{ObjectMeta: metav1.ObjectMeta{Name: "gvisor"}, Handler: "runsc", Scheduling: &nodev1.Scheduling{NodeSelector: map[string]string{"sandbox": "yes"}}},
				},
			},
			want: some(v1alpha1.HardwarePoolStatus{
				PoolNodes: v1alpha1.PoolNodes{Labels: zone.Labels, Allocatable: whole, RuntimeClasses: []v1alpha1.PoolRuntimeClass{
					{Name: "gvisor", Handler: "runsc", NodeSelector: v1alpha1.NodeLabels{"sandbox": "yes"}}, {Name: "kata", Handler: "kata-qemu", Overhead: list(t, "{cpu: 1}")},
				}},
				Nodes: 1, ReadyNodes: 1, Free: []v1alpha1.FreeNodes{{Nodes: 1, Resources: whole}},
			}, "8 x GPU", 8, 8),
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := Observe(map[string]string{"pool": "a100"}, &tc.c)
			if diff := cmp.Diff(tc.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("\n%s\nObserve(...): -want, +got:\n%s", tc.reason, diff)
			}
			slices.Reverse(tc.c.Nodes)
			if diff := cmp.Diff(got, Observe(map[string]string{"pool": "a100"}, &tc.c)); diff != "" {
				t.Errorf("the order in which objects come says nothing: -first, +second:\n%s", diff)
			}
		})
	}
}

func TestManyLabels(t *testing.T) {
	n := node(t, "a", "{metadata: {labels: {intel.feature.node.kubernetes.io/tdx: 'true', feature.node.kubernetes.io/cpu-security.tdx.enabled: 'true'}}}")
	for i := range 100 {
		n.Labels[fmt.Sprintf("feature.node.kubernetes.io/cpu-cpuid.%03d", i)] = "true"
	}
	got := Observe(map[string]string{"pool": "a100"}, &Cluster{Nodes: []corev1.Node{n}}).Labels
	if len(got) != 64 || got["feature.node.kubernetes.io/cpu-security.tdx.enabled"] != "true" || got["zone"] != "a" {
		t.Errorf("of too many labels those of the processor are left out, not those that prove a TEE: got %d: %v", len(got), got)
	}
}
