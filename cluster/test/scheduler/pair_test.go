// SPDX-License-Identifier: Apache-2.0

package scheduler

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

// labelPair keeps the nodes of each pair to themselves.
const labelPair = "test.hourglass.eigenlayer.io/pair"

// A pair is a workload and a pool, with the pool's nodes and what runs on them.
type pair struct {
	name    string
	kind    string
	pool    v1alpha1.HardwarePool
	nodes   []*corev1.Node
	fillers []*corev1.Pod
	demand  placement.Demand
}

// newPair makes the pair of a seed.
func newPair(seed uint64) pair {
	c := choose(seed)
	s := one(c, shapes...)(c)
	p := pair{name: fmt.Sprintf("p%03d", seed), kind: s.kind}
	labels, taints := surroundings(c)
	taints = append(slices.Clone(s.taints), taints...)
	n := 1 + c.IntN(3)
	p.nodes = s.nodesOf(p.name, n, labels, taints)
	grows := len(s.products) == 0 && c.chance(15)
	p.pool = s.pool(c, p.name, labels, taints, grows)
	there := n
	if grows {
		there = c.IntN(n + 1)
		p.pool.Spec.MinNodes, p.pool.Spec.MaxNodes = new(int32(0)), new(int32(n))
	}
	p.fillers = s.occupy(c, &p.pool, p.nodes[:there])
	p.demand = s.demand(c, p)
	*one(c, &p.pool.Spec.RuntimeClasses, &p.pool.Status.RuntimeClasses) = poolClasses()
	return p
}

// surroundings are labels and taints that have nothing to do with hardware.
func surroundings(c chooser) (map[string]string, []corev1.Taint) {
	labels := map[string]string{}
	for _, l := range []struct{ key, value string }{
		{"topology.kubernetes.io/zone", one(c, "a", "b")}, {"disk", one(c, "ssd", "hdd")}, {"tier", one(c, "1", "5", "12")},
	} {
		if c.chance(70) {
			labels[l.key] = l.value
		}
	}
	var taints []corev1.Taint
	for _, key := range []string{"dedicated", "team"} {
		if c.chance(15) {
			taints = append(taints, corev1.Taint{Key: key, Value: one(c, "avs", ""), Effect: one(c, corev1.TaintEffectNoSchedule, corev1.TaintEffectPreferNoSchedule, corev1.TaintEffectNoExecute)})
		}
	}
	return labels, taints
}

// pool declares the facts in the spec, or lets them have been observed.
func (s shape) pool(c chooser, pair string, labels map[string]string, taints []corev1.Taint, grows bool) v1alpha1.HardwarePool {
	p := v1alpha1.HardwarePool{ObjectMeta: metav1.ObjectMeta{Name: "pool-" + pair}}
	p.Spec.NodeSelector = v1alpha1.NodeLabels{labelPair: pair}
	observed := one(c, &p.Spec.PoolNodes, &p.Status.PoolNodes)
	if grows {
		observed = &p.Spec.PoolNodes // Of nodes that are not there nothing is observed.
	}
	observed.Labels = maps.Clone(labels)
	maps.Copy(observed.Labels, s.labels)
	observed.Taints = taints
	observed.Allocatable = s.capacity.DeepCopy()
	if !s.told || c.chance(50) {
		observed.GPU = s.gpu.DeepCopy()
		p.Spec.TEE = s.tee.DeepCopy()
	}
	if observed == &p.Spec.PoolNodes && c.chance(30) {
		// What is declared counts, not this.
		p.Status.Allocatable = quantities("cpu", "0")
		if len(taints) > 0 {
			p.Status.Taints = []corev1.Taint{{Key: "stale", Effect: corev1.TaintEffectNoSchedule}}
		}
	}
	if s.arch == "arm64" && s.gpu == nil {
		p.Spec.Architecture = "arm64"
	}
	return p
}

// occupy fills nodes with other Pods, cordons some, and reports what is left on
// the others.
func (s shape) occupy(c chooser, pool *v1alpha1.HardwarePool, nodes []*corev1.Node) (fillers []*corev1.Pod) {
	for i, node := range nodes {
		pool.Status.Nodes++
		if i > 0 && c.chance(10) {
			node.Spec.Unschedulable = true
			continue
		}
		pool.Status.ReadyNodes++
		free := node.Status.Allocatable.DeepCopy()
		if c.chance(45) {
			running := filler(c, node)
			fillers = append(fillers, running)
			for name, q := range running.Spec.Containers[0].Resources.Requests {
				left := free[name]
				left.Sub(q)
				free[name] = left
			}
			pods := free[corev1.ResourcePods]
			pods.Sub(resource.MustParse("1"))
			free[corev1.ResourcePods] = pods
		}
		entry := v1alpha1.FreeNodes{Nodes: 1, Resources: free}
		if s.products != nil {
			entry.GPUProduct = s.products[i]
		}
		pool.Status.Free = append(pool.Status.Free, entry)
	}
	return fillers
}

// filler is a Pod that runs on a node and takes a part of what it has.
func filler(c chooser, node *corev1.Node) *corev1.Pod {
	requests := corev1.ResourceList{}
	for _, name := range slices.Sorted(maps.Keys(node.Status.Allocatable)) {
		q := node.Status.Allocatable[name]
		switch {
		case name == corev1.ResourcePods || !c.chance(50):
		case name == corev1.ResourceCPU:
			requests[name] = *resource.NewMilliQuantity(q.MilliValue()*int64(1+c.IntN(4))/4, resource.DecimalSI)
		default:
			requests[name] = *resource.NewQuantity(q.Value()*int64(1+c.IntN(4))/4, q.Format)
		}
	}
	no := false
	pod := &corev1.Pod{}
	pod.Name, pod.Namespace = "filler-"+node.Name, namespace
	pod.Spec = corev1.PodSpec{
		NodeName:                     node.Name,
		AutomountServiceAccountToken: &no,
		Tolerations:                  []corev1.Toleration{{Operator: corev1.TolerationOpExists}},
		Containers:                   []corev1.Container{{Name: "filler", Image: "example.com/filler:v1", Resources: corev1.ResourceRequirements{Requests: requests, Limits: requests}}},
	}
	return pod
}

// poolClasses are the control plane's RuntimeClasses as a pool lists them.
func poolClasses() []v1alpha1.PoolRuntimeClass {
	var all []v1alpha1.PoolRuntimeClass
	for _, class := range classes {
		all = append(all, poolClass(class))
	}
	return all
}

func poolClass(class nodev1.RuntimeClass) v1alpha1.PoolRuntimeClass {
	c := v1alpha1.PoolRuntimeClass{Name: class.Name, Handler: class.Handler}
	if class.Overhead != nil {
		c.Overhead = class.Overhead.PodFixed
	}
	if class.Scheduling != nil {
		c.NodeSelector, c.Tolerations = class.Scheduling.NodeSelector, class.Scheduling.Tolerations
	}
	return c
}
