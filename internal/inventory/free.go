// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	resourcehelper "k8s.io/component-helpers/resource"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/hardware"
)

// steps is in how many steps what a node has left of cpu, memory and Pods is told:
// rounded down, so that nodes that have about the same left are one entry, and not
// every small Pod changes the status. GPUs and other devices are exact.
const steps = 32

// mostFree is how many entries a status may have. Where there are more nodes that
// differ, those with the most GPUs left are told.
const mostFree = 1024

// mostAllocatable is the most that any node has of each resource: what a workload
// must not ask more than, wherever it goes. One node that has lost a GPU, or all for
// as long as its device plugin restarts, takes none of the others'.
func mostAllocatable(nodes []*corev1.Node) corev1.ResourceList {
	most := corev1.ResourceList{}
	for _, n := range nodes {
		for name, q := range n.Status.Allocatable {
			if had := most[name]; q.Cmp(had) > 0 {
				most[name] = q.DeepCopy()
			}
		}
	}
	return most
}

// free is what nodes have left of all that any of them has, those that have the same
// together.
func free(nodes []*corev1.Node, allocatable corev1.ResourceList, used map[string]corev1.ResourceList) []v1alpha1.FreeNodes {
	differ := slices.ContainsFunc(nodes, func(n *corev1.Node) bool { return productOf(n) != productOf(nodes[0]) })
	groups := map[string]*v1alpha1.FreeNodes{}
	for _, n := range nodes {
		f := v1alpha1.FreeNodes{Nodes: 1, Resources: left(allocatable, n.Status.Allocatable, used[n.Name])}
		if differ {
			f.GPUProduct = productOf(n)
		}
		key := f.GPUProduct + " " + resources(f.Resources)
		if groups[key] != nil {
			groups[key].Nodes++
			continue
		}
		groups[key] = &f
	}
	return inOrder(groups)
}

// productOf a node's GPUs, as Pods select it.
func productOf(n *corev1.Node) string { return n.Labels[hardware.LabelGFDProduct] }

// Requests is what a Pod takes of its node, as the scheduler counts it; nil where
// it is on none, or has ended.
func Requests(p *corev1.Pod) corev1.ResourceList {
	if p.Spec.NodeName == "" || p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed {
		return nil
	}
	requests := resourcehelper.PodRequests(p, resourcehelper.PodResourcesOptions{UseStatusResources: true})
	requests[corev1.ResourcePods] = *resource.NewQuantity(1, resource.DecimalSI)
	return requests
}

// Take adds what a Pod takes to what others take of its node.
func Take(used, requests corev1.ResourceList) corev1.ResourceList {
	if used == nil {
		used = make(corev1.ResourceList, len(requests))
	}
	for name, q := range requests {
		sum := used[name]
		sum.Add(q)
		used[name] = sum
	}
	return used
}

// left is what a node has left of all that it has, and nothing of what only others
// have.
func left(all, allocatable, used corev1.ResourceList) corev1.ResourceList {
	out := corev1.ResourceList{}
	for name := range all {
		out[name] = *resource.NewQuantity(0, resource.DecimalSI)
	}
	for name, has := range allocatable {
		q := has.DeepCopy()
		q.Sub(used[name])
		out[name] = rounded(name, has, q)
	}
	return out
}

// rounded is at least 0. What every node has is rounded down.
func rounded(name corev1.ResourceName, has, left resource.Quantity) resource.Quantity {
	switch {
	case left.Sign() <= 0:
		return *resource.NewQuantity(0, has.Format)
	case left.Cmp(has) == 0:
		return has.DeepCopy()
	case name == corev1.ResourceCPU:
		step := max(1, has.MilliValue()/steps)
		return *resource.NewMilliQuantity(left.MilliValue()/step*step, has.Format)
	case name == corev1.ResourceMemory || name == corev1.ResourceEphemeralStorage || name == corev1.ResourcePods:
		step := max(1, has.Value()/steps)
		return *resource.NewQuantity(left.Value()/step*step, has.Format)
	}
	return left
}

// resources is a list of them as one line.
func resources(list corev1.ResourceList) string {
	parts := make([]string, 0, len(list))
	for name, q := range list {
		parts = append(parts, string(name)+"="+q.String())
	}
	slices.Sort(parts)
	return strings.Join(parts, " ")
}

// inOrder are the groups, those first that have the most GPUs left, as many as a
// status may have.
func inOrder(groups map[string]*v1alpha1.FreeNodes) []v1alpha1.FreeNodes {
	keys := make([]string, 0, len(groups))
	for key := range groups {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int {
		return cmp.Or(cmp.Compare(gpus(groups[b].Resources), gpus(groups[a].Resources)), strings.Compare(a, b))
	})
	var out []v1alpha1.FreeNodes
	for _, key := range keys[:min(len(keys), mostFree)] {
		out = append(out, *groups[key])
	}
	return out
}

// countGPUs of nodes that take Pods, and those that are free; nil where no node has
// any.
func countGPUs(nodes []*corev1.Node, free []v1alpha1.FreeNodes) (all int64, left *int64) {
	for _, n := range nodes {
		all += gpus(n.Status.Allocatable)
	}
	if all == 0 {
		return 0, nil
	}
	left = new(int64)
	for _, f := range free {
		*left += int64(f.Nodes) * gpus(f.Resources)
	}
	return all, left
}

// gpus in a list of resources.
func gpus(list corev1.ResourceList) int64 {
	var n int64
	for name, q := range list {
		if hardware.GPUVendor(name) != "" {
			n += q.Value()
		}
	}
	return n
}
