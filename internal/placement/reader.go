// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/hardware"
)

// A reader finds out which pools serve workloads. What many of them have in common
// it finds out once: each part of their shapes has the set of pools that it fits,
// and a shape is served where all of them fit.
type reader struct {
	fleet *Fleet
	key   shapeKey
	// shapes by the whole key, and what follows from its parts.
	shapes     map[string]*shape
	cores      map[string]*core
	passing    map[passKey]set
	labeled    map[string]set
	affinities map[string]*affinity
	// meeting are the pools that meet a requirement of a node affinity.
	meeting map[string]set
	models  knownModels
	// found and offers are used again for every shape.
	found  set
	offers []*offer
}

// A core is a shape without what it says about nodes: it selects none by their
// labels, and tolerates all taints.
type core struct {
	*shape

	// offers of the pools that were judged and serve, by pool.
	offers         []offer
	judged, served set
}

// A passKey is what passing taints depends on.
type passKey struct {
	tolerations string
	gpus, tee   bool
}

// An affinity is what a workload requires by node affinity.
type affinity struct {
	terms []corev1.NodeSelectorTerm
	err   error
	pools set
}

func (f *Fleet) newReader() *reader {
	return &reader{
		fleet: f, shapes: map[string]*shape{}, cores: map[string]*core{}, passing: map[passKey]set{}, labeled: map[string]set{},
		affinities: map[string]*affinity{}, meeting: map[string]set{}, models: knownModels{}, found: newSet(len(f.pools)),
	}
}

// read returns the shape of a workload, and how much of the plain resources its
// container asks for.
func (r *reader) read(w *Workload) (*shape, [basics]int64) {
	plain := r.key.write(w)
	s, ok := r.shapes[string(r.key.b)]
	if !ok {
		s = r.shapeOf(w)
		r.shapes[string(r.key.b)] = s
	}
	return s, plain
}

// shapeOf makes the shape of the workload that the key is of.
func (r *reader) shapeOf(w *Workload) *shape {
	c, a := r.coreOf(w), r.affinityOf(w)
	if c.err != nil || a.err != nil {
		return newShape(w)
	}
	s := *c.shape
	s.demand, s.plans, s.terms = w.Demand, nil, a.terms
	s.asksPart = s.anyGPU() && asksPart(s.demand, s.terms)
	if s.asksPart {
		s.offers = r.fleet.judgeAll(&s) // Which GPUs serve depends on the labels too.
	} else {
		s.offers = r.offersFor(&s, c, a)
	}
	if len(s.offers) == 0 {
		s.err = s.conceivable()
	}
	return &s
}

// offersFor combines what the parts of the key lead to.
func (r *reader) offersFor(s *shape, c *core, a *affinity) []*offer {
	x := &r.fleet.index
	labels, labeled := r.labels(s)
	copy(r.found, a.pools)
	r.found.keep(labels)
	r.found.keep(r.tolerant(s))
	r.found.join(x.apart)
	if labeled && s.teeRequired {
		r.found.join(x.vouched)
	}
	r.offers = r.offers[:0]
	for pool := range r.found.pools() {
		o := c.offerOf(r.fleet, pool)
		if o == nil {
			continue
		}
		// Labels of the user may contradict those that the hardware needs.
		if x.apart.has(pool) || (labeled && (s.teeRequired || len(o.plan.keys) > 0)) {
			own, ok := r.fleet.judge(s, pool)
			if !ok {
				continue
			}
			o = &own
		}
		r.offers = append(r.offers, o)
	}
	return slices.Clone(r.offers)
}

func (r *reader) coreOf(w *Workload) *core {
	key := r.key.part(keyCore)
	c, ok := r.cores[string(key)]
	if !ok {
		n := len(r.fleet.pools)
		c = &core{shape: newShape(coreOf(w)), offers: make([]offer, n), judged: newSet(n), served: newSet(n)}
		c.models = r.models.of(c.gpus.model)
		r.cores[string(key)] = c
	}
	return c
}

// coreOf returns a workload without what it says about nodes.
func coreOf(w *Workload) *Workload {
	c := *w
	c.Demand.Scheduling = &v1alpha1.SchedulingConfig{Tolerations: []corev1.Toleration{{Operator: corev1.TolerationOpExists}}}
	if s := w.Demand.Scheduling; s != nil {
		c.Demand.Scheduling.RuntimeClass = s.RuntimeClass
	}
	if hw := w.Demand.Hardware; hw != nil {
		c.Demand.Hardware = new(*hw)
		c.Demand.Hardware.CustomLabels = nil
	}
	return &c
}

// offerOf a pool, nil where it does not serve.
func (c *core) offerOf(f *Fleet, pool int) *offer {
	if !c.judged.has(pool) {
		c.judged.add(pool)
		if o, ok := f.judge(c.shape, pool); ok {
			c.offers[pool] = o
			c.served.add(pool)
		}
	}
	if !c.served.has(pool) {
		return nil
	}
	return &c.offers[pool]
}

// tolerant returns the pools whose taints let the shape pass.
func (r *reader) tolerant(s *shape) set {
	tolerations := r.key.part(keyTolerations)
	found, ok := r.passing[passKey{tolerations: string(tolerations), gpus: s.gpus.count > 0, tee: s.teeRequired}]
	if !ok {
		found = r.fleet.passing(s)
		r.passing[passKey{tolerations: string(tolerations), gpus: s.gpus.count > 0, tee: s.teeRequired}] = found
	}
	return found
}

// labels returns the pools with the labels that the user selects, and whether there
// are any such labels.
func (r *reader) labels(s *shape) (set, bool) {
	key := r.key.part(keyLabels)
	if len(key) == 0 {
		return r.fleet.index.all, false
	}
	found, ok := r.labeled[string(key)]
	if !ok {
		found = newSet(len(r.fleet.pools))
		if all, err := requiredLabels(s.demand, gpuGrant{}, teePlan{}); err == nil {
			found = r.fleet.index.labeled(all.values)
		}
		r.labeled[string(key)] = found
	}
	return found, true
}

// affinityOf a workload.
func (r *reader) affinityOf(w *Workload) *affinity {
	key := r.key.part(keyAffinity)
	a, ok := r.affinities[string(key)]
	if !ok {
		a = &affinity{pools: r.fleet.index.all}
		if a.terms, a.err = userTerms(w.Demand.Scheduling); a.terms != nil {
			a.pools = r.matching(a.terms)
		}
		r.affinities[string(key)] = a
	}
	return a
}

// matching returns the pools that one of the terms matches. Fields of nodes are not
// known and match.
func (r *reader) matching(terms []corev1.NodeSelectorTerm) set {
	found := newSet(len(r.fleet.pools))
	for i := range terms {
		matched := slices.Clone(r.fleet.index.all)
		for e := range terms[i].MatchExpressions {
			matched.keep(r.requirement(&terms[i].MatchExpressions[e]))
		}
		found.join(matched)
	}
	return found
}

func (r *reader) requirement(q *corev1.NodeSelectorRequirement) set {
	k := shapeKey{}
	k.requirement(q)
	found, ok := r.meeting[string(k.b)]
	if !ok {
		found = r.fleet.index.meeting(*q)
		r.meeting[string(k.b)] = found
	}
	return found
}

// knownModels says of each model that was asked for which products are it.
type knownModels map[hardware.GPU]map[modelKey]bool

func (m knownModels) of(model *hardware.GPU) map[modelKey]bool {
	if model == nil {
		return nil
	}
	if m[*model] == nil {
		m[*model] = map[modelKey]bool{}
	}
	return m[*model]
}
