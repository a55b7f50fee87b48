// SPDX-License-Identifier: Apache-2.0

package placement_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

func BenchmarkNewFleet(b *testing.B) {
	in := largeInstance(0, fullSize, loadFits)
	b.ReportAllocs()
	for b.Loop() {
		placement.NewFleet(in.pools)
	}
}

// BenchmarkPlace10000 places ten thousand workloads on five thousand nodes.
func BenchmarkPlace10000(b *testing.B) {
	for _, c := range []struct {
		name string
		load float64
	}{{"JustFits", loadFits}, {"Oversubscribed", loadOver}} {
		in := largeInstance(0, fullSize, c.load)
		fleet := placement.NewFleet(in.pools)
		for _, s := range strategies {
			b.Run(c.name+"/"+string(s), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					fleet.Place(in.workloads, s)
				}
				b.ReportMetric(float64(len(in.workloads)*b.N)/b.Elapsed().Seconds(), "workloads/s")
			})
		}
	}
}

// BenchmarkPlaceOneMore places one workload on nodes that are taken by ten thousand
// others, as when a Performer is made.
func BenchmarkPlaceOneMore(b *testing.B) {
	in := largeInstance(0, fullSize, loadFits)
	fleet := placement.NewFleet(taken(in))
	more := largeInstance(1, fullSize, loadFits).workloads
	for _, s := range strategies {
		b.Run(string(s), func(b *testing.B) {
			b.ReportAllocs()
			bound, n := 0, 0
			for b.Loop() {
				i := n % len(more)
				n++
				if _, ok := fleet.Place(more[i:i+1], s).Binding(0); ok {
					bound++
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "workloads/s")
			b.ReportMetric(100*float64(bound)/float64(n), "%bound")
		})
	}
}

// taken returns the pools of an instance with what is free after its workloads are
// placed.
func taken(in instance) []v1alpha1.HardwarePool {
	p := newProblem(in)
	placed, _ := p.placedBy(placement.NewFleet(in.pools).Place(in.workloads, in.strategy))
	pools := copied(in).pools
	for k := range pools {
		alike := map[amounts]int{}
		for _, free := range p.pack(k, placed).free {
			alike[free]++
		}
		pools[k].Spec.MaxNodes, pools[k].Status.Free = nil, nil
		for _, free := range slices.SortedFunc(maps.Keys(alike), func(a, b amounts) int { return slices.Compare(a[:], b[:]) }) {
			pools[k].Status.Free = append(pools[k].Status.Free, freeNodes(p.pools[k], free, alike[free]))
		}
	}
	return pools
}

// freeNodes says what nodes have left, of what the pool limits.
func freeNodes(p poolFacts, free amounts, nodes int) v1alpha1.FreeNodes {
	e := v1alpha1.FreeNodes{Nodes: int32(nodes), Resources: corev1.ResourceList{}}
	for d, name := range [dimensions]corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourceEphemeralStorage, corev1.ResourcePods, p.gpuResource, resourceEnclave} {
		if name != "" && free[d] < endless/2 {
			e.Resources[name] = *resource.NewMilliQuantity(free[d], resource.DecimalSI)
		}
	}
	return e
}

// TestTaken keeps honest what BenchmarkPlaceOneMore measures on: what is free after
// the workloads are placed is what was free before without their needs.
func TestTaken(t *testing.T) {
	in := largeInstance(0, tenth, loadFits)
	before, after := newProblem(in), newProblem(instance{pools: taken(in)})
	placed, _ := before.placedBy(placement.NewFleet(in.pools).Place(in.workloads, in.strategy))
	for k := range before.pools {
		want := before.pools[k].total()
		for _, i := range before.pack(k, placed).packed() {
			want = want.minus(before.need[k][i])
		}
		if diff := cmp.Diff(want, after.pools[k].total()); diff != "" {
			t.Errorf("%s has not free what is left: -want, +got:\n%s", before.pools[k].name, diff)
		}
	}
}

// total is what is free on all nodes of a pool together, of what is limited.
func (p *poolFacts) total() amounts {
	var sum amounts
	for _, g := range p.groups {
		for d := range sum {
			if g.free[d] < endless/2 {
				sum[d] += int64(g.nodes) * g.free[d]
			}
		}
	}
	return sum
}
