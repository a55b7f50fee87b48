// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/hardware"
)

// A Result is where workloads go. Workloads are referred to by their index.
type Result struct {
	fleet *Fleet
	items []item
	// state of the pools with all workloads where they go.
	state *state
}

// Binding of a workload, or false where it has none.
func (r *Result) Binding(i int) (Binding, bool) {
	it := &r.items[i]
	if it.pool < 0 {
		return Binding{}, false
	}
	p := &r.fleet.pools[it.pool]
	b := Binding{Pool: p.name, Target: p.target, Why: r.why(it)}
	var err error
	if b.Demand, err = p.bind(it); err != nil {
		return Binding{}, false
	}
	// What was judged cannot be refused: it is the same plan.
	c, err := Constrain(b.Demand, p.classesFor(it))
	if err != nil {
		b.Warnings = []string{err.Error()}
		return b, true
	}
	b.Warnings = c.Warnings
	return b, true
}

// bind narrows the demand of an item to the pool.
func (p *pool) bind(it *item) (Demand, error) {
	o := it.shape.offerOf(it.pool)
	d := it.workload.Demand
	d.Pool = p.name
	d.Resources = *d.Resources.DeepCopy()
	for name, q := range o.plan.devices {
		setDevice(&d.Resources, name, q)
	}
	if d.Hardware != nil {
		d.Hardware = d.Hardware.DeepCopy()
		if it.shape.teeRequired && it.shape.tee == "" {
			d.Hardware.TEEType = string(o.plan.plan.tee.tees[0])
		}
	}
	s := v1alpha1.SchedulingConfig{}
	if d.Scheduling != nil {
		s = *d.Scheduling.DeepCopy()
	}
	s.NodeSelector = union(p.selecting(it.shape, o), s.NodeSelector)
	s.Tolerations = append(s.Tolerations, p.tolerationsFor(it.shape, o)...)
	if c := o.plan.plan.class; c != nil {
		s.RuntimeClass = &c.Name
	} else if o.plan.plan.tee.mode == inNodeVM {
		s.RuntimeClass = new(string)
	}
	err := p.requireProducts(&s, o)
	d.Scheduling = &s
	return d, err
}

// selecting returns the node labels that Pods of the pool select: its own, and the
// labels that prove the TEE and the GPU model, as far as its nodes are known to
// have them. Where nodes are yet to come, what is only known of a node that runs
// would keep them from coming.
func (p *pool) selecting(s *shape, o *offer) v1alpha1.NodeLabels {
	labels := v1alpha1.NodeLabels{}
	maps.Copy(labels, p.selector)
	if s.teeRequired {
		t := poolTEE{tee: o.plan.plan.tee.tees[0], mode: o.plan.plan.tee.mode}
		for _, a := range t.labels() {
			if !violates(p.node.Labels, a) {
				labels[a[0].Key] = p.node.Labels[a[0].Key]
				break
			}
		}
	}
	if s.gpus.model != nil && p.gpus.label != "" && len(p.kinds) == 1 && (!p.grows || !observedLater(p.gpus.label)) {
		labels[p.gpus.label] = p.gpus.labeled
	}
	return labels
}

// observedLater says whether a label is only set once a node runs, so that a
// provisioner does not know it.
func observedLater(label string) bool {
	return label == hardware.LabelGFDProduct || label == hardware.LabelAMDProduct || label == hardware.LabelAMDDevice || label == hardware.LabelIntelProduct
}

// tolerationsFor returns a toleration for each of the pool's taints that the user
// does not tolerate already.
func (p *pool) tolerationsFor(s *shape, o *offer) []corev1.Toleration {
	var add []corev1.Toleration
	for _, t := range p.node.Spec.Taints {
		if tolerates(s.tolerations(), t) || tolerates(o.plan.tolerations, t) || tolerates(add, t) {
			continue
		}
		add = append(add, toleration(t))
	}
	return add
}

// requireProducts narrows the node affinity to the kinds of nodes that serve,
// where the pool has others too.
func (p *pool) requireProducts(s *v1alpha1.SchedulingConfig, o *offer) error {
	if len(p.kinds) < 2 || o.kinds == nil || !slices.Contains(o.kinds, false) {
		return nil
	}
	var products []string
	for i, serves := range o.kinds {
		if serves && p.kinds[i].product != "" {
			products = append(products, p.kinds[i].product)
		}
	}
	key := p.productLabel()
	if len(products) == 1 {
		s.NodeSelector[key] = products[0]
		return nil
	}
	term := corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: key, Operator: corev1.NodeSelectorOpIn, Values: products}}}
	user, err := requiredTerms(s.NodeAffinity, pathNodeAffinity)
	if err != nil {
		return err
	}
	terms, err := product(user, []corev1.NodeSelectorTerm{term}, pathNodeAffinity)
	if err != nil {
		return err
	}
	if s.NodeAffinity == nil {
		s.NodeAffinity = &corev1.NodeAffinity{}
	}
	s.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution = &corev1.NodeSelector{NodeSelectorTerms: terms}
	return nil
}

// classesFor returns the RuntimeClasses that the item's Pod finds.
func (p *pool) classesFor(it *item) []nodev1.RuntimeClass {
	plan := it.shape.offerOf(it.pool).plan.plan
	if !it.shape.teeRequired {
		return p.runtimeClasses(nil, it.shape.className())
	}
	at := slices.IndexFunc(p.tees, func(t poolTEE) bool { return t.tee == plan.tee.tees[0] && t.mode == plan.tee.mode })
	return p.runtimeClasses(&p.tees[at], it.shape.className())
}
