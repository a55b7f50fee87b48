// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/hardware"
)

// A Cluster is what is seen of a target cluster.
type Cluster struct {
	Nodes []corev1.Node
	// Used is what Pods of all namespaces take, by the name of their node.
	Used map[string]corev1.ResourceList
	// RuntimeClasses are all there are.
	RuntimeClasses []nodev1.RuntimeClass
}

// Observe returns what is known of the nodes that a pool selects, but for the
// conditions of its status. Facts about the nodes hold for each of them: labels that
// all have, taints that any has, the most that is allocatable. They are those of
// the nodes that take Pods, where there are any.
func Observe(selector map[string]string, c *Cluster) v1alpha1.HardwarePoolStatus {
	nodes := selected(selector, c.Nodes)
	taking := slices.DeleteFunc(slices.Clone(nodes), func(n *corev1.Node) bool { return !takesPods(n) })
	status := v1alpha1.HardwarePoolStatus{
		Nodes: int32(len(nodes)), ReadyNodes: int32(len(taking)), CordonedNodes: cordoned(nodes), //nolint:gosec // No cluster has that many.
	}
	facts := taking
	if len(facts) == 0 {
		facts = nodes
	}
	if len(facts) == 0 {
		return status
	}
	status.Labels = commonLabels(facts, selector)
	status.Taints = allTaints(facts)
	status.GPU = commonGPU(facts)
	status.Allocatable = mostAllocatable(facts)
	status.RuntimeClasses = classes(c.RuntimeClasses)
	status.TEEs = commonTEEs(facts)
	status.Hardware = inShort(facts, status.Allocatable, status.TEEs)
	status.Free = free(taking, status.Allocatable, c.Used)
	status.GPUs, status.FreeGPUs = countGPUs(taking, status.Free)
	return status
}

func cordoned(nodes []*corev1.Node) int32 {
	var n int32
	for _, node := range nodes {
		if node.Spec.Unschedulable {
			n++
		}
	}
	return n
}

// selected are the nodes that have all the labels, by name.
func selected(selector map[string]string, nodes []corev1.Node) []*corev1.Node {
	var found []*corev1.Node
	for i := range nodes {
		if hasAll(nodes[i].Labels, selector) {
			found = append(found, &nodes[i])
		}
	}
	slices.SortFunc(found, func(a, b *corev1.Node) int { return strings.Compare(a.Name, b.Name) })
	return found
}

func hasAll(labels, wanted map[string]string) bool {
	for key, value := range wanted {
		if have, ok := labels[key]; !ok || have != value {
			return false
		}
	}
	return true
}

// takesPods says whether the scheduler may give a node more Pods: not where it is
// cordoned, about to go, or tainted by its life.
func takesPods(n *corev1.Node) bool {
	if n.Spec.Unschedulable || n.DeletionTimestamp != nil || slices.ContainsFunc(n.Spec.Taints, keepsOut) {
		return false
	}
	return slices.ContainsFunc(n.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	})
}

// keepsOut says whether a taint means that a node is not to be used now, or is
// somebody's own.
func keepsOut(t corev1.Taint) bool {
	return hardware.KindOfTaint(t) == hardware.LifecycleTaint && t.Effect != corev1.TaintEffectPreferNoSchedule
}

// labelTimestamp changes whenever GPU Feature Discovery starts. Source:
// NVIDIA/k8s-device-plugin README.md, "Catalog of Labels".
const labelTimestamp = "nvidia.com/gfd.timestamp"

// mostLabels is how many labels a HardwarePool may have.
const mostLabels = 64

// commonLabels are the labels that all nodes have with the same value, but for
// those that the pool selects them by and for the name of a node that is alone.
// Where there are too many, those that Node Feature Discovery finds of processors
// and kernels are left out first.
func commonLabels(nodes []*corev1.Node, selector map[string]string) v1alpha1.NodeLabels {
	var keys []string
	for key, value := range nodes[0].Labels {
		_, selects := selector[key]
		if selects || key == corev1.LabelHostname || key == labelTimestamp || slices.ContainsFunc(nodes, func(n *corev1.Node) bool { return !hasAll(n.Labels, map[string]string{key: value}) }) {
			continue
		}
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int {
		if x, y := isFeature(a), isFeature(b); x != y {
			if x {
				return 1
			}
			return -1
		}
		return strings.Compare(a, b)
	})
	labels := v1alpha1.NodeLabels{}
	for _, key := range keys[:min(len(keys), mostLabels)] {
		labels[key] = nodes[0].Labels[key]
	}
	return labels
}

// isFeature says whether a label is one of the many that Node Feature Discovery
// sets, and proves no TEE.
func isFeature(key string) bool {
	if !strings.HasPrefix(key, "feature.node.kubernetes.io/") {
		return false
	}
	for _, t := range hardware.TEEs() {
		for _, a := range slices.Concat(hardware.HostLabels(t), hardware.GuestLabels(t)) {
			if slices.ContainsFunc(a, func(r corev1.NodeSelectorRequirement) bool { return r.Key == key }) {
				return false
			}
		}
	}
	return true
}

// How many taints and RuntimeClasses a HardwarePool may have. Nobody has been seen
// to have as many; the first by name are told.
const (
	mostTaints  = 32
	mostClasses = 64
)

// allTaints are the taints of any of the nodes that are there to stay: what is
// started on a pool must tolerate each.
func allTaints(nodes []*corev1.Node) []corev1.Taint {
	var taints []corev1.Taint
	for _, n := range nodes {
		for _, t := range n.Spec.Taints {
			if hardware.KindOfTaint(t) == hardware.StartupTaint || t.Effect == corev1.TaintEffectPreferNoSchedule {
				continue
			}
			t.TimeAdded = nil
			taints = append(taints, t)
		}
	}
	slices.SortFunc(taints, func(a, b corev1.Taint) int {
		return strings.Compare(a.Key+"="+a.Value+":"+string(a.Effect), b.Key+"="+b.Value+":"+string(b.Effect))
	})
	taints = slices.Compact(taints)
	return taints[:min(len(taints), mostTaints)]
}

// labelGPUMemory is the memory of one GPU in MiB. Source: NVIDIA/k8s-device-plugin
// README.md, "Catalog of Labels".
const labelGPUMemory = "nvidia.com/gpu.memory"

// commonGPU is the GPU of all nodes where its memory is known beside its product.
// All else the labels tell.
func commonGPU(nodes []*corev1.Node) *v1alpha1.PoolGPU {
	product, memory := nodes[0].Labels[hardware.LabelGFDProduct], nodes[0].Labels[labelGPUMemory]
	mib, err := strconv.ParseInt(memory, 10, 32)
	if product == "" || err != nil || mib < 1 {
		return nil
	}
	same := map[string]string{hardware.LabelGFDProduct: product, labelGPUMemory: memory}
	if slices.ContainsFunc(nodes, func(n *corev1.Node) bool { return !hasAll(n.Labels, same) }) {
		return nil
	}
	return &v1alpha1.PoolGPU{Product: product, MemoryMiB: new(int32(mib))}
}

// classes are RuntimeClasses as a HardwarePool has them, by name.
func classes(all []nodev1.RuntimeClass) []v1alpha1.PoolRuntimeClass {
	found := make([]v1alpha1.PoolRuntimeClass, 0, len(all))
	for i := range all {
		c := v1alpha1.PoolRuntimeClass{Name: all[i].Name, Handler: all[i].Handler}
		if o := all[i].Overhead; o != nil {
			c.Overhead = o.PodFixed
		}
		if s := all[i].Scheduling; s != nil {
			c.NodeSelector, c.Tolerations = s.NodeSelector, s.Tolerations
		}
		found = append(found, c)
	}
	slices.SortFunc(found, func(a, b v1alpha1.PoolRuntimeClass) int { return strings.Compare(a.Name, b.Name) })
	return found[:min(len(found), mostClasses)]
}
