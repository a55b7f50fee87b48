// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"fmt"
	"maps"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// Labels that clouds give to the nodes of a pool.
const (
	karpenterPool = "karpenter.sh/nodepool"
	gkePool       = "cloud.google.com/gke-nodepool"
)

const nvidiaGPU corev1.ResourceName = "nvidia.com/gpu"

// eastNodes are two nodes with A100s, tainted as GPU nodes often are, and a plain one.
func eastNodes() []*corev1.Node {
	var nodes []*corev1.Node
	for i := range 2 {
		n := gpuNode(fmt.Sprintf("a100-%d", i), "NVIDIA-A100-SXM4-80GB", 8, map[string]string{karpenterPool: "a100"})
		n.Spec.Taints = []corev1.Taint{{Key: string(nvidiaGPU), Value: "present", Effect: corev1.TaintEffectNoSchedule}}
		nodes = append(nodes, n)
	}
	return append(nodes, node("cpu-0", map[string]string{karpenterPool: "plain"}))
}

// westNodes are two nodes with a T4, one that is a confidential virtual machine, and a plain one.
func westNodes() []*corev1.Node {
	return []*corev1.Node{
		gpuNode("t4-0", "Tesla-T4", 1, map[string]string{gkePool: "t4"}),
		gpuNode("t4-1", "Tesla-T4", 1, map[string]string{gkePool: "t4"}),
		node("snp-0", map[string]string{gkePool: "snp", "cloud.google.com/gke-confidential-nodes-instance-type": "SEV_SNP"}),
		node("cpu-0", map[string]string{gkePool: "plain"}),
	}
}

// node is a simulated one. It says of itself what a kubelet does when it registers.
func node(name string, labels map[string]string) *corev1.Node {
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{
		corev1.LabelArchStable: "amd64", corev1.LabelOSStable: "linux", corev1.LabelHostname: name,
	}}}
	maps.Copy(n.Labels, labels)
	n.Status.Capacity = corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("64"), corev1.ResourceMemory: resource.MustParse("256Gi"),
		corev1.ResourceEphemeralStorage: resource.MustParse("1Ti"), corev1.ResourcePods: resource.MustParse("110"),
	}
	n.Status.Allocatable = n.Status.Capacity
	return n
}

// gpuNode is a node with what GPU feature discovery and the device plugin say of its GPUs.
func gpuNode(name, product string, gpus int, labels map[string]string) *corev1.Node {
	n := node(name, labels)
	maps.Copy(n.Labels, map[string]string{
		"nvidia.com/gpu.present": "true", "nvidia.com/gpu.product": product, "nvidia.com/gpu.count": fmt.Sprint(gpus),
	})
	n.Status.Capacity[nvidiaGPU] = *resource.NewQuantity(int64(gpus), resource.DecimalSI)
	return n
}

// makeNodes makes nodes for one test, and removes those that are left when the test ends.
func makeNodes(t *testing.T, tg *target, nodes ...*corev1.Node) {
	t.Helper()
	for _, n := range nodes {
		tg.Make(t, n)
		t.Cleanup(func() {
			if err := tg.Delete(context.WithoutCancel(t.Context()), n); client.IgnoreNotFound(err) != nil {
				t.Errorf("cannot delete node %s: %v", n.Name, err)
			}
		})
	}
}

// awaitPool awaits a HardwarePool of which a condition holds.
func awaitPool(t *testing.T, name, what string, holds func(v1alpha1.HardwarePoolStatus) bool) {
	t.Helper()
	awaitPoolWithin(t, within, name, what, holds)
}

// awaitPoolWithin is awaitPool for what takes its time.
func awaitPoolWithin(t *testing.T, limit time.Duration, name, what string, holds func(v1alpha1.HardwarePoolStatus) bool) {
	t.Helper()
	p := &v1alpha1.HardwarePool{}
	eventuallyWithin(t, limit, fmt.Sprintf("HardwarePool %s %s", name, what), func(ctx context.Context) (bool, string) {
		if err := hub.Get(ctx, client.ObjectKey{Name: name}, p); err != nil {
			return false, err.Error()
		}
		return holds(p.Status), describePool(p.Status)
	})
}

func describePool(s v1alpha1.HardwarePoolStatus) string {
	free := "unknown"
	if s.FreeGPUs != nil {
		free = fmt.Sprint(*s.FreeGPUs)
	}
	return fmt.Sprintf("nodes %d, ready %d, cordoned %d, GPUs %d, free %s", s.Nodes, s.ReadyNodes, s.CordonedNodes, s.GPUs, free)
}

// counts says whether a pool has so many nodes, of which so many take Pods and have so many GPUs, and so many of them free.
func counts(nodes, ready int32, gpus, free int64) func(v1alpha1.HardwarePoolStatus) bool {
	return func(s v1alpha1.HardwarePoolStatus) bool {
		return s.Nodes == nodes && s.ReadyNodes == ready && s.GPUs == gpus && s.FreeGPUs != nil && *s.FreeGPUs == free
	}
}
