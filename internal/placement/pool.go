// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/hardware"
)

// DefaultTarget is the cluster of pools that name none.
var DefaultTarget = v1alpha1.PoolTarget{Kind: "ClusterProviderConfig", Name: "default"} //nolint:gochecknoglobals // A constant, but for its type.

// A pool is what a HardwarePool says, made ready to be compared with demands.
type pool struct {
	name   string
	target v1alpha1.PoolTarget
	// invalid says how the pool contradicts itself; empty where it does not.
	invalid string
	// selector is what Pods of the pool select nodes by.
	selector map[string]string
	// node stands for each of the nodes: their labels, and their taints that keep
	// Pods away.
	node *corev1.Node
	gpus poolGPUs
	tees []poolTEE
	// classes are the RuntimeClasses of the target, nil where they are not known.
	classes []nodev1.RuntimeClass
	weight  int64
	// price of a node, in millionths.
	price int64
	// grows says that there may be more nodes than there are now.
	grows       bool
	allocatable corev1.ResourceList
	groups      []nodeGroup
	// observed says that what the nodes have free is known, and is without what
	// Pods that run take.
	observed bool
	// away says why the pool takes nothing new for now; empty where it does.
	away string
	// kinds are the GPU products of its nodes, one with an empty product where
	// they are alike.
	kinds []poolKind
	// likeness is the same for pools under which a demand makes the same plan.
	likeness int
}

// A poolKind is the nodes of a pool that have one GPU product.
type poolKind struct {
	product string
	// model that the product, or that of the pool, says it is, where it is known.
	model hardware.GPU
	known bool
	// number is the same for kinds that are the same models.
	number int
	node   *corev1.Node
}

// A nodeGroup is nodes of a pool that have the same left.
type nodeGroup struct {
	// nodes is how many there are, unlimited where nobody knows.
	nodes int64
	// product of the GPUs, empty where it is that of the pool.
	product string
	// free overrides the allocatable resources.
	free corev1.ResourceList
}

// unlimited is more than any number of nodes, or of anything on a node, but small
// enough to be added to and subtracted from.
const unlimited = int64(1) << 60

// preparePool makes a pool of what is declared and, where nothing is, of what was
// observed.
func preparePool(hp *v1alpha1.HardwarePool) pool {
	facts := factsOf(hp)
	p := pool{
		name:     hp.Name,
		node:     &corev1.Node{},
		target:   *cmp.Or(hp.Spec.ProviderConfigRef, &DefaultTarget),
		selector: hp.Spec.NodeSelector,
		classes:  classesOf(facts.RuntimeClasses),
		weight:   int64(hp.Spec.Weight),
		grows:    hp.Spec.MaxNodes != nil && *hp.Spec.MaxNodes > max(hp.Status.Nodes, hp.Status.ReadyNodes),
	}
	p.node.Labels = maps.Clone(hp.Status.Labels)
	if p.node.Labels == nil {
		p.node.Labels = map[string]string{}
	}
	for _, declared := range []map[string]string{hp.Spec.Labels, hp.Spec.NodeSelector} {
		maps.Copy(p.node.Labels, declared)
	}
	p.node.Spec.Taints = lastingTaints(facts.Taints)
	if hp.Spec.Price != nil {
		p.price = hp.Spec.Price.ScaledValue(-6)
	}
	p.tees, p.invalid = teesOf(hp.Spec.TEE, p.node.Labels)
	p.gpus = gpusOf(facts, p)
	p.setArchitecture(hp.Spec.Architecture)
	p.invalid = cmp.Or(p.invalid, p.contradiction(&hp.Spec))
	p.allocatable = p.gpus.addTo(facts.Allocatable)
	p.groups, p.observed = groupsOf(hp), len(hp.Status.Free) > 0
	p.leaveAway(hp)
	if p.kinds = p.kindsOf(); len(p.kinds) == 1 {
		p.node = p.kinds[0].node
	}
	return p
}

// leaveAway lets nothing new into a pool whose cluster cannot be used. What is in it
// stays.
func (p *pool) leaveAway(hp *v1alpha1.HardwarePool) {
	c := hp.Status.GetCondition(v1alpha1.TypeTargetReachable)
	if c.Status != corev1.ConditionFalse {
		return
	}
	p.away = fmt.Sprintf("the cluster of %s %s cannot be used now (%s)", p.target.Kind, p.target.Name, c.Reason)
	for i := range p.groups {
		p.groups[i].nodes = 0
	}
}

// number gives pools and kinds of nodes that are alike the same numbers.
func number(pools []pool) {
	numbers := map[string]int{}
	of := func(what ...any) int {
		key := fmt.Sprint(what...)
		n, ok := numbers[key]
		if !ok {
			n = len(numbers)
			numbers[key] = n
		}
		return n
	}
	for i := range pools {
		p := &pools[i]
		tdx, snp := p.hasKeys()
		p.likeness = of("classes", len(p.gpus.resources) > 0, p.tees, tdx, snp, p.classes)
		for k := range p.kinds {
			product := cmp.Or(p.kinds[k].product, p.gpus.product)
			if product == "" || p.gpus.labels[hardware.LabelGKEAccelerator] != "" {
				p.kinds[k].number = of("kind", i, k) // The labels decide, and are the pool's own.
				continue
			}
			p.kinds[k].number = of("product", product, p.gpus.memoryMiB)
		}
	}
}

// hasKeys says of which of the keys of confidential virtual machines the nodes
// have any.
func (p *pool) hasKeys() (tdx, snp bool) {
	_, tdx = p.allocatable[hardware.TEEKeys(hardware.TDX)]
	_, snp = p.allocatable[hardware.TEEKeys(hardware.SEVSNP)]
	return tdx, snp
}

// kindsOf returns the kinds of nodes, by product.
func (p *pool) kindsOf() []poolKind {
	var kinds []poolKind
	for _, g := range p.groups {
		if len(kinds) > 0 && kinds[len(kinds)-1].product == g.product {
			continue
		}
		k := poolKind{product: g.product, node: p.node, model: p.gpus.model, known: p.gpus.known}
		if g.product != "" {
			k.node = p.node.DeepCopy()
			k.node.Labels[p.productLabel()] = g.product
			k.model, k.known = hardware.ReadProduct(g.product)
		}
		kinds = append(kinds, k)
	}
	return kinds
}

// productLabel is the label by which nodes with different GPUs are told apart.
func (p *pool) productLabel() string {
	return cmp.Or(p.gpus.label, hardware.LabelGFDProduct)
}

// factsOf unites what is declared with what was observed: of each fact what is
// declared, where anything is.
func factsOf(hp *v1alpha1.HardwarePool) v1alpha1.PoolNodes {
	f, seen := hp.Spec.PoolNodes, hp.Status.PoolNodes
	f.GPU = cmp.Or(f.GPU, seen.GPU)
	if f.Taints == nil {
		f.Taints = seen.Taints
	}
	if f.Allocatable == nil {
		f.Allocatable = seen.Allocatable
	}
	if f.RuntimeClasses == nil {
		f.RuntimeClasses = seen.RuntimeClasses
	}
	return f
}

// setArchitecture labels the node with the architecture and the operating system,
// as every kubelet does.
func (p *pool) setArchitecture(declared string) {
	arch := cmp.Or(declared, p.node.Labels[hardware.LabelArch])
	if arch == "" && p.gpus.armOnly() {
		arch = hardware.ArchARM64
	}
	p.node.Labels[hardware.LabelArch] = cmp.Or(arch, hardware.ArchAMD64)
	if p.node.Labels[corev1.LabelOSStable] == "" {
		p.node.Labels[corev1.LabelOSStable] = string(corev1.Linux)
	}
}

// groupsOf returns the nodes that take Pods, and those that the pool may grow by.
// Where nobody knows how many there are, there are as many as it takes.
func groupsOf(hp *v1alpha1.HardwarePool) []nodeGroup {
	var groups []nodeGroup
	var listed int64
	for _, f := range hp.Status.Free {
		groups = append(groups, nodeGroup{nodes: int64(f.Nodes), product: f.GPUProduct, free: f.Resources})
		listed += int64(f.Nodes)
	}
	seen := max(int64(hp.Status.Nodes), int64(hp.Status.ReadyNodes))
	empty := unlimited
	switch {
	case hp.Spec.MaxNodes != nil:
		// A node that takes no Pods now counts to the most all the same.
		empty = max(0, int64(*hp.Spec.MaxNodes)-max(listed, seen))
		if len(groups) == 0 {
			empty += int64(hp.Status.ReadyNodes)
		}
	case len(groups) > 0:
		empty = 0
	case seen > 0, wasObserved(hp):
		empty = int64(hp.Status.ReadyNodes)
	case hp.Spec.MinNodes != nil:
		empty = int64(*hp.Spec.MinNodes)
	}
	if empty > 0 || len(groups) == 0 {
		groups = append(groups, nodeGroup{nodes: empty})
	}
	slices.SortStableFunc(groups, func(a, b nodeGroup) int { return cmp.Compare(a.product, b.product) })
	return groups
}

// wasObserved says whether what a pool has is known, be it nothing.
func wasObserved(hp *v1alpha1.HardwarePool) bool {
	return hp.Status.GetCondition(v1alpha1.TypeTargetReachable).Status != corev1.ConditionUnknown
}

// classesOf returns RuntimeClasses as the target cluster has them, nil where none
// are listed.
func classesOf(listed []v1alpha1.PoolRuntimeClass) []nodev1.RuntimeClass {
	var classes []nodev1.RuntimeClass
	for _, c := range listed {
		class := nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: c.Name}, Handler: c.Handler}
		if len(c.Overhead) > 0 {
			class.Overhead = &nodev1.Overhead{PodFixed: c.Overhead}
		}
		if len(c.NodeSelector) > 0 || len(c.Tolerations) > 0 {
			class.Scheduling = &nodev1.Scheduling{NodeSelector: c.NodeSelector, Tolerations: c.Tolerations}
		}
		classes = append(classes, class)
	}
	slices.SortFunc(classes, func(a, b nodev1.RuntimeClass) int { return cmp.Compare(a.Name, b.Name) })
	return classes
}
