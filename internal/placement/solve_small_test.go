// SPDX-License-Identifier: Apache-2.0

package placement_test

import (
	"fmt"
	"math/rand/v2"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

// An instance is what Place is asked.
type instance struct {
	pools     []v1alpha1.HardwarePool
	workloads []placement.Workload
	strategy  placement.Strategy
}

// strategies are all of them.
var strategies = []placement.Strategy{placement.Price, placement.LeastWaste, placement.Spread}

// A smallSize bounds an instance.
type smallSize struct{ pools, nodes, workloads int }

// small makes instances that can be solved exactly. All that a node has is a power
// of two times the least unit, so that costs are exact in floating point and ties
// are ties.
type small struct {
	*rand.Rand

	smallSize

	products []string
	clusters int
	classes  bool
}

// smallInstance makes the instance of a seed.
func smallInstance(seed uint64, size smallSize) instance {
	g := small{Rand: rand.New(rand.NewPCG(seed, 17)), smallSize: size, clusters: 1}
	all := []string{productT4, productL4, productA10080}
	g.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	g.products = all[:1+g.IntN(len(all))]
	if g.chance(10) {
		g.clusters = 2
	}
	g.classes = g.chance(10)
	in := instance{strategy: strategies[seed%3]}
	weighted := g.chance(40)
	for k := range 1 + g.IntN(g.pools) {
		pool := g.pool(fmt.Sprintf("pool-%d", k))
		if weighted {
			pool.Spec.Weight = int32(g.IntN(4) * 5)
		}
		in.pools = append(in.pools, pool)
	}
	for i := range 1 + g.IntN(g.workloads) {
		in.workloads = append(in.workloads, g.workload(fmt.Sprintf("workload-%d", i)))
	}
	if g.chance(50) {
		g.present(&in)
	}
	return in
}

func (g *small) chance(percent int) bool { return g.IntN(100) < percent }

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

func count(n int) *int32 { c := int32(n); return &c }

func milli(n int) resource.Quantity { return *resource.NewMilliQuantity(int64(n), resource.DecimalSI) }

func gib(n int) resource.Quantity { return *resource.NewQuantity(int64(n)<<30, resource.BinarySI) }

func units(n int) resource.Quantity { return *resource.NewQuantity(int64(n), resource.DecimalSI) }

// pool makes a pool. Some of the facts are declared, others observed, and what is
// both is observed to be something else, which must not count.
func (g *small) pool(name string) v1alpha1.HardwarePool {
	p := v1alpha1.HardwarePool{ObjectMeta: metav1.ObjectMeta{Name: name}}
	p.Spec.NodeSelector = v1alpha1.NodeLabels{"pool": name}
	if g.clusters > 1 {
		p.Spec.ProviderConfigRef = &v1alpha1.PoolTarget{Kind: "ClusterProviderConfig", Name: pick(g.Rand, "east", "west")}
	}
	if g.chance(85) {
		price := milli(100 * (1 + g.IntN(300)))
		p.Spec.Price = &price
	}
	n := g.nodeFacts()
	if g.chance(75) {
		p.Spec.PoolNodes = n
		p.Status.Allocatable = corev1.ResourceList{corev1.ResourceCPU: milli(250), corev1.ResourceMemory: gib(1)}
		p.Status.Taints = []corev1.Taint{{Key: "observed", Effect: corev1.TaintEffectNoSchedule}}
		if n.Taints == nil || n.Allocatable == nil {
			p.Status.PoolNodes = v1alpha1.PoolNodes{}
		}
	} else {
		p.Status.PoolNodes = n
	}
	g.nodesOf(&p)
	return p
}

// nodeFacts makes what the nodes of a pool have in common.
func (g *small) nodeFacts() v1alpha1.PoolNodes {
	n := v1alpha1.PoolNodes{Allocatable: corev1.ResourceList{}}
	if g.chance(90) {
		n.Allocatable[corev1.ResourceCPU] = milli(pick(g.Rand, 4000, 8000, 8000, 16000))
	}
	if g.chance(90) {
		n.Allocatable[corev1.ResourceMemory] = gib(pick(g.Rand, 8, 16, 32))
	}
	if g.chance(20) {
		n.Allocatable[corev1.ResourcePods] = units(pick(g.Rand, 1, 2, 3, 110))
	}
	if g.chance(65) {
		c := pick(g.Rand, 1, 2, 4, 4, 8)
		n.GPU = &v1alpha1.PoolGPU{Product: pick(g.Rand, g.products...)}
		if how := g.IntN(4); how != 0 {
			n.GPU.Count = count(c)
		}
		if n.GPU.Count == nil || g.chance(30) {
			n.Allocatable["nvidia.com/gpu"] = units(c)
		}
		if g.chance(30) {
			n.Taints = append(n.Taints, corev1.Taint{Key: "nvidia.com/gpu", Value: "present", Effect: corev1.TaintEffectNoSchedule})
		}
	}
	if g.chance(20) {
		n.Taints = append(n.Taints, corev1.Taint{
			Key: "dedicated", Value: pick(g.Rand, "red", "blue"),
			Effect: pick(g.Rand, corev1.TaintEffectNoSchedule, corev1.TaintEffectNoExecute, corev1.TaintEffectPreferNoSchedule),
		})
	}
	if g.chance(70) {
		n.Labels = v1alpha1.NodeLabels{"disk": pick(g.Rand, "ssd", "hdd"), "zone": pick(g.Rand, "a", "b")}
	}
	if len(n.Allocatable) == 0 {
		n.Allocatable = nil
	}
	if g.classes {
		n.RuntimeClasses = []v1alpha1.PoolRuntimeClass{{Name: "plain", Handler: "runc"}}
		if g.chance(70) {
			n.RuntimeClasses = append(n.RuntimeClasses, v1alpha1.PoolRuntimeClass{
				Name: "gvisor", Handler: "runsc",
				Overhead: corev1.ResourceList{corev1.ResourceCPU: milli(500), corev1.ResourceMemory: gib(1)},
			})
		}
	}
	return n
}

// nodesOf says how many nodes a pool has, in one of the ways, and what is free.
func (g *small) nodesOf(p *v1alpha1.HardwarePool) {
	n := 1 + g.IntN(g.nodes)
	switch way := g.IntN(100); {
	case way < 35:
		p.Spec.MaxNodes = count(n)
		p.Spec.MinNodes = count(0)
		p.Status.ReadyNodes = int32(g.IntN(2))
	case way < 50:
		p.Spec.MinNodes = count(1)
		p.Status.ReadyNodes = int32(n)
	case way < 58:
		p.Spec.MinNodes = count(n)
	case way < 62:
	default:
		g.free(p, n)
	}
}

// free says what is left on nodes that are partly taken. Sometimes the pool grows
// beyond them, sometimes it has more of them than it should.
func (g *small) free(p *v1alpha1.HardwarePool, n int) {
	facts := effective(p)
	capacity := readPool(p, 0).allocatable
	for left := n; left > 0; {
		e := v1alpha1.FreeNodes{Nodes: int32(1 + g.IntN(left)), Resources: corev1.ResourceList{}}
		if q, ok := facts.Allocatable[corev1.ResourceCPU]; ok && g.chance(60) {
			e.Resources[corev1.ResourceCPU] = milli(g.IntN(int(q.MilliValue())/500+1) * 500)
		}
		if q, ok := facts.Allocatable[corev1.ResourceMemory]; ok && g.chance(60) {
			e.Resources[corev1.ResourceMemory] = gib(g.IntN(int(q.Value()>>30) + 1))
		}
		if q, ok := facts.Allocatable[corev1.ResourcePods]; ok && g.chance(50) {
			e.Resources[corev1.ResourcePods] = units(g.IntN(int(q.Value()) + 1))
		}
		if c := int(capacity[dimGPUs] / 1000); c > 0 && g.chance(60) {
			e.Resources["nvidia.com/gpu"] = units(g.IntN(c + 1))
		}
		left -= int(e.Nodes)
		p.Status.Free = append(p.Status.Free, e)
	}
	p.Status.Nodes, p.Status.ReadyNodes = int32(n), int32(n)
	if g.chance(40) {
		p.Spec.MaxNodes = count(max(0, n-1+g.IntN(3)))
	}
}

// workload makes a workload.
func (g *small) workload(name string) placement.Workload {
	w := placement.Workload{Name: name, Namespace: "default"}
	if g.clusters > 1 && g.chance(40) {
		w.Target = &v1alpha1.PoolTarget{Kind: "ClusterProviderConfig", Name: pick(g.Rand, "east", "west")}
	}
	list := corev1.ResourceList{
		corev1.ResourceCPU:    milli(pick(g.Rand, 250, 500, 500, 1000, 1500, 2000, 3000, 4000, 6000)),
		corev1.ResourceMemory: gib(pick(g.Rand, 1, 1, 2, 3, 4, 6, 8, 12)),
	}
	switch g.IntN(4) {
	case 0:
		w.Demand.Resources.Limits = list
	case 1:
		w.Demand.Resources.Requests = list
		w.Demand.Resources.Limits = corev1.ResourceList{corev1.ResourceCPU: milli(8000), corev1.ResourceMemory: gib(16)}
	case 2:
		delete(list, pick(g.Rand, corev1.ResourceCPU, corev1.ResourceMemory))
		w.Demand.Resources.Requests = list
	default:
		w.Demand.Resources.Requests = list
	}
	if g.chance(50) {
		g.gpusFor(&w)
	}
	g.schedulingFor(&w)
	return w
}

// gpusFor asks for GPUs in one of the ways.
func (g *small) gpusFor(w *placement.Workload) {
	n := pick(g.Rand, 1, 1, 1, 2, 2, 3, 4, 8)
	switch way := g.IntN(10); {
	case way == 0:
		if w.Demand.Resources.Limits == nil {
			w.Demand.Resources.Limits = corev1.ResourceList{}
		}
		w.Demand.Resources.Limits["nvidia.com/gpu"] = units(n)
	case way < 4:
		w.Demand.Hardware = &v1alpha1.HardwareRequirements{GPUCount: count(n)}
	default:
		w.Demand.Hardware = &v1alpha1.HardwareRequirements{GPUType: map[string]string{
			productT4:     pick(g.Rand, "nvidia-tesla-t4", "T4"),
			productL4:     "nvidia-l4",
			productA10080: pick(g.Rand, "NVIDIA A100", "nvidia-a100-80gb"),
		}[pick(g.Rand, g.products...)]}
		if n > 1 || g.chance(50) {
			w.Demand.Hardware.GPUCount = count(n)
		}
	}
}

// schedulingFor says what kind of nodes are wanted, of a workload in three.
func (g *small) schedulingFor(w *placement.Workload) {
	s := &v1alpha1.SchedulingConfig{}
	if g.chance(30) {
		s.Tolerations = []corev1.Toleration{
			{Key: "dedicated", Operator: corev1.TolerationOpEqual, Value: pick(g.Rand, "red", "blue")},
		}
		if g.chance(40) {
			s.Tolerations = []corev1.Toleration{{Key: "dedicated", Operator: corev1.TolerationOpExists}}
		}
	}
	if g.chance(12) {
		s.NodeSelector = v1alpha1.NodeLabels{"disk": pick(g.Rand, "ssd", "hdd")}
	}
	if g.chance(12) {
		s.NodeSelector = v1alpha1.NodeLabels{"zone": pick(g.Rand, "a", "b")}
	}
	if g.classes && g.chance(40) {
		name := "gvisor"
		s.RuntimeClass = &name
	}
	if g.chance(90) || s.RuntimeClass != nil || s.NodeSelector != nil || s.Tolerations != nil {
		w.Demand.Scheduling = s
	}
}

// present says of some workloads where they are. It may be a pool that does not
// serve them any more or is gone, and one that has no room.
func (g *small) present(in *instance) {
	for i := range in.workloads {
		w := &in.workloads[i]
		if !g.chance(40) {
			continue
		}
		var serving []string
		for k := range in.pools {
			facts := readPool(&in.pools[k], 1)
			if serve(&in.pools[k], w) && needIn(&in.pools[k], facts.gpuResource, w).within(facts.allocatable) {
				serving = append(serving, in.pools[k].Name)
			}
		}
		w.Present = &placement.Present{Pool: pick(g.Rand, in.pools...).Name}
		if g.chance(15) {
			w.Present.Pool = "gone"
		} else if len(serving) > 0 && g.chance(90) {
			w.Present.Pool = pick(g.Rand, serving...)
		}
		switch g.IntN(3) {
		case 0:
			w.Present.Waiting = true
		case 1:
			w.Present.Counted = true
		}
	}
}
