// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// labeled is a node with labels, KEY, VALUE, ....
func labeled(name string, labels ...string) corev1.Node {
	n := corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{corev1.LabelHostname: name}}}
	for i := 0; i < len(labels); i += 2 {
		n.Labels[labels[i]] = labels[i+1]
	}
	return n
}

func TestDiscover(t *testing.T) {
	const gke, karpenter, instance, arch, gpu = "cloud.google.com/gke-nodepool", "karpenter.sh/nodepool", corev1.LabelInstanceTypeStable, corev1.LabelArchStable, "nvidia.com/gpu.product"
	ours := labeled("control")
	ours.Spec.Taints = []corev1.Taint{{Key: "node-role.kubernetes.io/control-plane", Effect: corev1.TaintEffectNoSchedule}}
	cases := map[string]struct {
		reason   string
		nodes    []corev1.Node
		declared []map[string]string
		labels   []string
		want     []Find
		left     []string
	}{
		"Provisioners": {
			reason: "Who made the nodes says which belong together. Values become names.",
			nodes:  []corev1.Node{labeled("a", gke, "A100_Pool"), labeled("b", gke, "A100_Pool", instance, "x"), labeled("c", karpenter, "spot")},
			want:   []Find{{Name: "a100-pool", Selector: map[string]string{gke: "A100_Pool"}}, {Name: "spot", Selector: map[string]string{karpenter: "spot"}}},
		},
		"Admin": {
			reason: "What an administrator names counts before that, where a node has it.",
			nodes:  []corev1.Node{labeled("a", gke, "g", "team", "red"), labeled("b", gke, "g")},
			labels: []string{"team"},
			want:   []Find{{Name: "red", Selector: map[string]string{"team": "red"}}},
			left:   []string{"b"},
		},
		"SameName": {
			reason: "Pools that two provisioners call the same have different names.",
			nodes:  []corev1.Node{labeled("a", gke, "gpu"), labeled("b", karpenter, "gpu")},
			want:   []Find{{Name: "gpu-" + short(karpenter+"=gpu"), Selector: map[string]string{karpenter: "gpu"}}, {Name: "gpu-" + short(gke+"=gpu"), Selector: map[string]string{gke: "gpu"}}},
		},
		"Alike": {
			reason: "Without any such label, nodes with the same hardware are a pool.",
			nodes:  []corev1.Node{labeled("a", gpu, "NVIDIA-L4", arch, "amd64"), labeled("b", gpu, "NVIDIA-T4", arch, "amd64"), labeled("c", arch, "amd64", gpu, "NVIDIA-L4")},
			want: []Find{
				{Name: "nvidia-l4-" + short(arch+"=amd64,"+gpu+"=NVIDIA-L4"), Selector: map[string]string{arch: "amd64", gpu: "NVIDIA-L4"}},
				{Name: "nvidia-t4-" + short(arch+"=amd64,"+gpu+"=NVIDIA-T4"), Selector: map[string]string{arch: "amd64", gpu: "NVIDIA-T4"}},
			},
		},
		"NotExact": {
			reason: "Nodes that have no label of their own are no pool: what selects them would select others.",
			nodes:  []corev1.Node{labeled("a", gpu, "NVIDIA-L4", arch, "amd64"), labeled("b", arch, "amd64"), labeled("c")},
			want:   []Find{{Name: "nvidia-l4-" + short(arch+"=amd64,"+gpu+"=NVIDIA-L4"), Selector: map[string]string{arch: "amd64", gpu: "NVIDIA-L4"}}},
			left:   []string{"b", "c"},
		},
		"Declared": {
			reason:   "Nodes that somebody has declared a pool of are not found again, nor is a pool that would share some of them.",
			nodes:    []corev1.Node{labeled("a", gke, "g"), labeled("b", gke, "g", "mine", "yes"), labeled("c", gke, "h", "mine", "yes"), labeled("d", gke, "i")},
			declared: []map[string]string{{"mine": "yes"}},
			want:     []Find{{Name: "i", Selector: map[string]string{gke: "i"}}},
			left:     []string{"a"},
		},
		"ControlPlane": {
			reason: "Nodes of the control plane are nobody's.",
			nodes:  []corev1.Node{ours},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, left := Discover(tc.nodes, tc.declared, tc.labels)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nDiscover(...): -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.left, left); diff != "" {
				t.Errorf("\n%s\nDiscover(...): nodes that are left: -want, +got:\n%s", tc.reason, diff)
			}
			slices.Reverse(tc.nodes)
			if again, _ := Discover(tc.nodes, tc.declared, tc.labels); !cmp.Equal(got, again) {
				t.Errorf("the order of the nodes says nothing: -first, +second:\n%s", cmp.Diff(got, again))
			}
		})
	}
}
