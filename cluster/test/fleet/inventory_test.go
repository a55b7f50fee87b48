// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"flag"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/cluster/test/plane"
)

var rounds = flag.Int("rounds", 20, "how many Pods TestFreeGPUs makes, one after the other")

// TestFreeGPUs changes nodes, and Pods that are nobody's, in a target: the status of the pool tells what is true.
func TestFreeGPUs(t *testing.T) {
	const pool = "east-spare"
	spare := func(i int) *corev1.Node {
		return gpuNode(fmt.Sprintf("spare-%d", i), "NVIDIA-L40S", 4, map[string]string{karpenterPool: "spare"})
	}
	first, second := spare(0), spare(1)
	makeNodes(t, east, first, second)
	awaitPool(t, pool, "is discovered", counts(2, 2, 8, 8))
	expectDiscovered(t, pool)
	expectTable(t, pool)

	taken, freed := takeGPUs(t, pool, first.Name)
	t.Logf("the pool told of GPUs that were taken after %s (p50) and %s (max), of GPUs that were freed after %s (p50) and %s (max)",
		percentile(taken, 50), percentile(taken, 100), percentile(freed, 50), percentile(freed, 100))

	plane.Change(t, east.Hub, first, func(n *corev1.Node) { n.Spec.Unschedulable = true })
	awaitPool(t, pool, "has a node that is cordoned", func(s v1alpha1.HardwarePoolStatus) bool {
		return s.CordonedNodes == 1 && counts(2, 1, 4, 4)(s)
	})
	plane.Change(t, east.Hub, first, func(n *corev1.Node) { n.Spec.Unschedulable = false })
	awaitPool(t, pool, "has no node that is cordoned", func(s v1alpha1.HardwarePoolStatus) bool {
		return s.CordonedNodes == 0 && counts(2, 2, 8, 8)(s)
	})

	if err := east.Delete(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	awaitPool(t, pool, "has lost a node", counts(1, 1, 4, 4))
	plane.Change(t, east.Hub, first, func(n *corev1.Node) { n.Labels[karpenterPool] = "moved" })
	awaitPool(t, "east-moved", "has the node now", counts(1, 1, 4, 4))
	gone(t, hub, &v1alpha1.HardwarePool{ObjectMeta: metav1.ObjectMeta{Name: pool}})
	if err := east.Delete(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	gone(t, hub, &v1alpha1.HardwarePool{ObjectMeta: metav1.ObjectMeta{Name: "east-moved"}})
}

// expectDiscovered checks what the provider has written into the spec of a pool that it has made.
func expectDiscovered(t *testing.T, name string) {
	t.Helper()
	p := &v1alpha1.HardwarePool{}
	if err := hub.Get(t.Context(), client.ObjectKey{Name: name}, p); err != nil {
		t.Fatal(err)
	}
	if p.Labels[v1alpha1.LabelDiscovered] != "true" {
		t.Errorf("the pool must be labeled as discovered, its labels are %v", p.Labels)
	}
	want := v1alpha1.HardwarePoolSpec{
		ProviderConfigRef: &v1alpha1.PoolTarget{Kind: v1alpha1.ClusterProviderConfigKind, Name: "east"},
		NodeSelector:      v1alpha1.NodeLabels{karpenterPool: "spare"},
	}
	if diff := cmp.Diff(want, p.Spec); diff != "" {
		t.Errorf("spec of a pool that was discovered: -want, +got:\n%s", diff)
	}
}

// expectTable checks what kubectl prints of the pool.
func expectTable(t *testing.T, pool string) {
	t.Helper()
	out, err := hub.Cluster.Kubectl(t.Context(), "get", "hardwarepools")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("kubectl get hardwarepools:\n%s", out)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	want := []string{"NAME", "TARGET", "GPU", "TEE", "HARDWARE", "NODES", "READY", "GPUS", "FREE", "REACHABLE", "AGE"}
	if diff := cmp.Diff(want, strings.Fields(lines[0])); diff != "" {
		t.Errorf("columns: -want, +got:\n%s", diff)
	}
	row := regexp.MustCompile(`^` + pool + `\s+east\s.*(?i:L40S).*\s2\s+2\s+8\s+8\s+True\s`)
	if !slices.ContainsFunc(lines, row.MatchString) {
		t.Errorf("want a row like %s", row)
	}
}

// takeGPUs makes and deletes Pods that ask for GPUs of a node, one after the other, and returns how much later than the
// Pod's change in the target the pool's was seen.
func takeGPUs(t *testing.T, pool, on string) (taken, freed []time.Duration) {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "spare-"}}
	east.Make(t, ns)
	pods := follow[*corev1.Pod](t, east.Hub, &corev1.PodList{}, client.InNamespace(ns.Name))
	pools := follow[*v1alpha1.HardwarePool](t, hub, &v1alpha1.HardwarePoolList{}, client.MatchingFields{"metadata.name": pool})
	later := func(what string, change watch.EventType, free int64) time.Duration {
		seen := pods.await(t, "a Pod is "+what, func(e watch.EventType, _ *corev1.Pod) bool { return e == change })
		told := pools.await(t, fmt.Sprintf("%d GPUs are free", free), func(_ watch.EventType, p *v1alpha1.HardwarePool) bool {
			return p.Status.FreeGPUs != nil && *p.Status.FreeGPUs == free
		})
		return max(0, told.Sub(seen))
	}
	for i := range *rounds {
		asked := int64(1 + i%4)
		pod := gpuPod(ns.Name, fmt.Sprintf("p-%d", i), on, asked)
		east.Make(t, pod)
		taken = append(taken, later("made", watch.Added, 8-asked))
		if err := east.Delete(t.Context(), pod); err != nil {
			t.Fatal(err)
		}
		freed = append(freed, later("gone", watch.Deleted, 8))
	}
	return taken, freed
}

// gpuPod is a Pod on a node that asks for GPUs.
func gpuPod(ns, name, node string, gpus int64) *corev1.Pod {
	asked := corev1.ResourceList{nvidiaGPU: *resource.NewQuantity(gpus, resource.DecimalSI)}
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name},
		Spec: corev1.PodSpec{NodeName: node, Containers: []corev1.Container{{
			Name: "trainer", Image: "trainer:v1", Resources: corev1.ResourceRequirements{Requests: asked, Limits: asked},
		}}},
	}
}
