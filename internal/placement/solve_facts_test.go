// SPDX-License-Identifier: Apache-2.0

package placement_test

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

// The dimensions of what a node has and a workload needs. GPUs are counted under
// the resource of the pool, so that they are one dimension for all pools.
const (
	dimCPU = iota
	dimMemory
	dimStorage
	dimPods
	dimGPUs
	dimEnclave
	dimensions
)

// endless is how much there is of what nothing limits. Many of it still fit into
// an int64.
const endless = int64(1) << 56

// Amounts are thousandths of a unit, by dimension.
type amounts [dimensions]int64

func (a amounts) plus(b amounts) amounts {
	for d := range a {
		a[d] += b[d]
	}
	return a
}

func (a amounts) minus(b amounts) amounts {
	for d := range a {
		a[d] -= b[d]
	}
	return a
}

func (a amounts) within(b amounts) bool {
	for d := range a {
		if a[d] > b[d] {
			return false
		}
	}
	return true
}

// A nodeGroup is nodes of a pool that have the same left.
type nodeGroup struct {
	nodes int
	free  amounts
}

// poolFacts are what counts of a pool.
type poolFacts struct {
	name   string
	weight float64
	// price of a node, in thousandths.
	price       float64
	allocatable amounts
	gpuResource corev1.ResourceName
	// observed says that it is known what is free on the nodes.
	observed bool
	groups   []nodeGroup
}

// A problem is what an instance comes to. Pools come first in the indices.
type problem struct {
	strategy placement.Strategy
	pools    []poolFacts
	// serves says which workloads a pool serves, whatever it has left.
	serves [][]bool
	need   [][]amounts
	cost   [][]float64
	// kept is the pool that a workload must stay in, or -1.
	kept []int
	// counted says that what a kept workload takes is not in what is free.
	counted []bool
	// waitsIn is the pool that a waiting workload keeps where nothing else fits, or
	// -1.
	waitsIn []int
}

// newProblem reads an instance as the API and the package define it.
func newProblem(in instance) *problem {
	n := len(in.workloads)
	p := &problem{strategy: in.strategy, kept: make([]int, n), counted: make([]bool, n), waitsIn: make([]int, n)}
	for i := range in.workloads {
		p.kept[i], p.waitsIn[i] = -1, -1
	}
	for k := range in.pools {
		pool := &in.pools[k]
		facts := readPool(pool, n)
		serves, need, cost := make([]bool, n), make([]amounts, n), make([]float64, n)
		for i := range in.workloads {
			w := &in.workloads[i]
			// A node that is too small when it is empty is of the wrong kind.
			need[i] = needIn(pool, facts.gpuResource, w)
			if serves[i] = serve(pool, w) && need[i].within(facts.allocatable); !serves[i] {
				continue
			}
			cost[i] = facts.price * shareOf(need[i], facts.allocatable)
			if w.Present == nil || w.Present.Pool != pool.Name {
				continue
			}
			if w.Present.Waiting {
				p.waitsIn[i] = k
			} else {
				p.kept[i], p.counted[i] = k, w.Present.Counted && facts.observed
			}
		}
		p.pools = append(p.pools, facts)
		p.serves, p.need, p.cost = append(p.serves, serves), append(p.need, need), append(p.cost, cost)
	}
	return p
}

// readPool returns the facts of a pool. Where the number of nodes is not known
// there is one for each workload.
func readPool(p *v1alpha1.HardwarePool, workloads int) poolFacts {
	nodes := effective(p)
	f := poolFacts{
		name:        p.Name,
		weight:      float64(p.Spec.Weight),
		allocatable: amounts{dimCPU: endless, dimMemory: endless, dimStorage: endless, dimPods: endless},
		gpuResource: gpuResourceOf(nodes),
		observed:    len(p.Status.Free) > 0,
	}
	if p.Spec.Price != nil {
		f.price = float64(p.Spec.Price.MilliValue())
	}
	if f.gpuResource != "" && nodes.GPU.Count != nil {
		f.allocatable[dimGPUs] = int64(*nodes.GPU.Count) * 1000
	}
	f.allocatable = overwritten(f.allocatable, nodes.Allocatable, f.gpuResource)
	total := 0
	for _, e := range p.Status.Free {
		total += int(e.Nodes)
		f.groups = append(f.groups, nodeGroup{int(e.Nodes), overwritten(f.allocatable, e.Resources, f.gpuResource)})
	}
	if further := numberOfNodes(p, workloads) - total; further > 0 {
		f.groups = append(f.groups, nodeGroup{further, f.allocatable})
	}
	return f
}

// numberOfNodes returns how many nodes count.
func numberOfNodes(p *v1alpha1.HardwarePool, workloads int) int {
	switch {
	case p.Spec.MaxNodes != nil:
		return int(*p.Spec.MaxNodes)
	case len(p.Status.Free) > 0:
		return 0
	case p.Status.ReadyNodes > 0:
		return int(p.Status.ReadyNodes)
	case p.Spec.MinNodes != nil:
		return int(*p.Spec.MinNodes)
	}
	return workloads
}

// effective returns the facts about the nodes, of which the declared ones win.
func effective(p *v1alpha1.HardwarePool) v1alpha1.PoolNodes {
	n := p.Spec.PoolNodes
	if n.Labels == nil {
		n.Labels = p.Status.Labels
	}
	if n.Taints == nil {
		n.Taints = p.Status.Taints
	}
	if n.GPU == nil {
		n.GPU = p.Status.GPU
	}
	if n.Allocatable == nil {
		n.Allocatable = p.Status.Allocatable
	}
	if n.RuntimeClasses == nil {
		n.RuntimeClasses = p.Status.RuntimeClasses
	}
	return n
}

// gpuResourceOf returns the resource of the pool's GPUs, empty where it has none.
func gpuResourceOf(n v1alpha1.PoolNodes) corev1.ResourceName {
	switch {
	case n.GPU == nil:
		return ""
	case n.GPU.Resource != "":
		return corev1.ResourceName(n.GPU.Resource)
	case n.GPU.Product == productMI300X:
		return "amd.com/gpu"
	}
	return "nvidia.com/gpu"
}

// overwritten returns the amounts with those that a list names in their place.
func overwritten(a amounts, list corev1.ResourceList, gpu corev1.ResourceName) amounts {
	for name, q := range list {
		if d, ok := dimensionOf(name, gpu); ok {
			a[d] = q.MilliValue()
		}
	}
	return a
}

// dimensionOf returns the dimension of a resource.
func dimensionOf(name, gpu corev1.ResourceName) (int, bool) {
	switch name {
	case corev1.ResourceCPU:
		return dimCPU, true
	case corev1.ResourceMemory:
		return dimMemory, true
	case corev1.ResourceEphemeralStorage:
		return dimStorage, true
	case corev1.ResourcePods:
		return dimPods, true
	case resourceEnclave:
		return dimEnclave, true
	case gpu:
		return dimGPUs, gpu != ""
	}
	return 0, false
}

// needIn returns what a workload takes of a node of a pool that serves it.
func needIn(p *v1alpha1.HardwarePool, gpu corev1.ResourceName, w *placement.Workload) amounts {
	a := overwritten(amounts{}, w.Demand.Resources.Limits, gpu)
	a = overwritten(a, w.Demand.Resources.Requests, gpu)
	a[dimPods] = 1000
	if n := gpuCount(w); n > 0 {
		a[dimGPUs] = n * 1000
	}
	if c := classOf(p, w); c != nil {
		a = a.plus(overwritten(amounts{}, c.Overhead, ""))
	}
	return a
}

// shareOf returns the largest share of a node that a need keeps from others.
func shareOf(need, allocatable amounts) float64 {
	share := 0.0
	for d := range need {
		if d != dimPods && allocatable[d] > 0 && allocatable[d] < endless {
			share = max(share, float64(need[d])/float64(allocatable[d]))
		}
	}
	return share
}
