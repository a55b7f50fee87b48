// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// A PoolView is a pool and what sits in it, for people to look at.
type PoolView struct {
	Pool   string
	Target v1alpha1.PoolTarget
	// GPU and TEE of the nodes; empty where they have none.
	GPU string
	TEE string
	// Nodes of the pool, those that are alike as one.
	Nodes []NodeView
	// Elsewhere are the workloads of the pool that sit on a node that is not
	// known, by their index.
	Elsewhere []int
}

// A NodeView is nodes that are alike.
type NodeView struct {
	// Count of the nodes, -1 where nobody knows how many there may be.
	Count int64
	// GPUs of each node, and how many of them are free.
	GPUs, FreeGPUs int64
	// Workloads that were placed on the node, by their index. The scheduler may
	// choose another node of the pool.
	Workloads []int
	// Taken is how many GPUs each of them takes.
	Taken map[int]int64
}

// Pools returns the pools by name, with the workloads where they go.
func (r *Result) Pools() []PoolView {
	views, sitting := make([]PoolView, len(r.fleet.pools)), r.sitting()
	for i := range r.fleet.pools {
		p := &r.fleet.pools[i]
		views[i] = PoolView{Pool: p.name, Target: p.target}
		if len(p.gpus.resources) > 0 {
			views[i].GPU = p.gpus.name("")
		}
		if len(p.tees) > 0 {
			views[i].TEE = string(p.tees[0].tee) + " " + string(modeName(p.tees[0].mode))
		}
		total := r.fleet.scale.gpusIn(r.fleet.allocatable[i])
		for n, g := range r.state.pools[i].groups {
			on := sitting[seat{pool: i, node: n}]
			n := NodeView{Count: g.nodes, GPUs: total, FreeGPUs: g.gpus, Workloads: on, Taken: r.gpusOf(i, on)}
			if g.nodes >= unlimited {
				n.Count = -1
			}
			if g.nodes > 0 {
				views[i].Nodes = append(views[i].Nodes, n)
			}
		}
		views[i].Elsewhere = sitting[seat{pool: i, node: -1}]
	}
	return views
}

// A seat is a group of nodes of a pool, or -1 for nodes that are not known.
type seat struct{ pool, node int }

// sitting returns which workloads sit where.
func (r *Result) sitting() map[seat][]int {
	on := map[seat][]int{}
	for _, it := range r.state.kept {
		at := seat{pool: it.pool, node: it.node}
		on[at] = append(on[at], it.index)
	}
	return on
}

// gpusOf returns how many GPUs items take in a pool.
func (r *Result) gpusOf(pool int, items []int) map[int]int64 {
	taken := make(map[int]int64, len(items))
	for _, i := range items {
		taken[i] = r.fleet.scale.gpusIn(r.items[i].need(nil, r.items[i].shape.offerOf(pool)))
	}
	return taken
}
