// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/internal/hardware"
)

// An offer is how a pool serves the workloads of a shape.
type offer struct {
	pool int
	// kinds of the pool's nodes that serve, nil for all.
	kinds []bool
	plan  *planned
}

// no says that a pool does not serve the shape. The sentence is only made where
// somebody asked for it; the first one counts.
func (s *shape) no(sentence func() string) bool {
	if s.explaining && s.why == "" {
		s.why = sentence()
	}
	return false
}

// judge says how a pool serves a shape, and whether it does; if not, the shape has
// the first reason, where it is explaining. The tests are in the order in which
// people would ask: is it in the right place, has it the hardware, may the workload
// go there, is a node big enough.
func (f *Fleet) judge(s *shape, index int) (offer, bool) {
	p := &f.pools[index]
	o := offer{pool: index}
	if p.invalid != "" {
		return o, s.no(func() string { return p.invalid })
	}
	if !p.reachable(s) {
		return o, false
	}
	k := planKey{likeness: p.likeness}
	if s.gpus.count > 0 && len(s.gpus.listed) < 2 {
		var ok bool
		if k.resource, ok = s.resourceIn(&p.gpus); !ok {
			return o, false
		}
		if o.kinds, ok = p.kindsWith(s, k.resource); !ok {
			return o, false
		}
	}
	var ok bool
	if o.plan, ok = p.planIn(s, f.scale, k); !ok {
		return o, false
	}
	if o.kinds, ok = p.matching(s, o.plan, o.kinds); !ok {
		return o, false
	}
	if t := p.blockedBy(s, o.plan.tolerations); t != nil {
		return o, s.no(func() string { return "taint " + describeTaint(*t) + " is not tolerated" })
	}
	if o.plan.unknown != "" {
		return o, s.no(func() string { return "its nodes have no " + string(o.plan.unknown) })
	}
	if at := f.scale.beyond(o.plan.need, f.allocatable[index]); at >= 0 {
		return o, s.no(func() string { return f.tooSmall(at, o.plan.need[at], f.allocatable[index][at]) })
	}
	return o, true
}

// reachable says whether the pool's cluster is one for the workload.
func (p *pool) reachable(s *shape) bool {
	if p.target.Namespace != "" && p.target.Namespace != s.namespace {
		return s.no(func() string { return fmt.Sprintf("is for the namespace %s, not %s", p.target.Namespace, s.namespace) })
	}
	if t := s.target; t != nil && (t.Kind != p.target.Kind || t.Name != p.target.Name) {
		return s.no(func() string {
			return fmt.Sprintf("is in the cluster of %s %s, but the workload belongs to that of %s %s", p.target.Kind, p.target.Name, t.Kind, t.Name)
		})
	}
	return true
}

// kindsWith returns the kinds of nodes that have the GPUs that are asked for.
func (p *pool) kindsWith(s *shape, resource corev1.ResourceName) ([]bool, bool) {
	if len(p.kinds) == 1 {
		return nil, s.takesKind(p, 0, resource)
	}
	kinds, some := make([]bool, len(p.kinds)), false
	for i := range p.kinds {
		kinds[i] = s.takesKind(p, i, resource)
		some = some || kinds[i]
	}
	if some {
		s.why = ""
	}
	return kinds, some
}

// takesKind says whether a kind of a pool's nodes has the GPUs that are asked for.
func (s *shape) takesKind(p *pool, kind int, resource corev1.ResourceName) bool {
	k := &p.kinds[kind]
	return s.hasModel(&p.gpus, k, resource) && s.takesParts(&p.gpus, k, resource)
}

// planIn plans for the first of the pool's TEEs that serves, or for none where
// none is required.
func (p *pool) planIn(s *shape, scale scale, k planKey) (*planned, bool) {
	if !s.teeRequired {
		return p.planAs(s, scale, k, nil)
	}
	if len(p.tees) == 0 {
		return nil, s.no(func() string { return fmt.Sprintf("has no TEE, and %s is required", s.teeName()) })
	}
	if class, err := namedClass(s.demand.Scheduling, p.runtimeClasses(nil, s.className())); err == nil {
		if err := neverInTEE(class); err != nil {
			return nil, s.no(err.Error)
		}
	}
	other := true
	for i := range p.tees {
		if s.tee != "" && s.tee != p.tees[i].tee {
			continue
		}
		other = false
		k.tee = i + 1
		if planned, ok := p.planAs(s, scale, k, &p.tees[i]); ok {
			s.why = ""
			return planned, true
		}
	}
	return nil, other && s.no(func() string { return fmt.Sprintf("TEE %s is not %s", p.tees[0].tee, s.tee) })
}

func (s *shape) teeName() string {
	if s.tee == "" {
		return "one"
	}
	return string(s.tee)
}

// planAs plans for one TEE and checks the node labels that it asks for.
func (p *pool) planAs(s *shape, scale scale, k planKey, t *poolTEE) (*planned, bool) {
	plan, ok := s.plans[k]
	if !ok {
		var err error
		if plan, err = planFor(s.demand, p.runtimeClasses(t, s.className()), planFrame{tee: t, resource: k.resource, count: s.gpus.count}); err != nil {
			plan = &planned{err: err}
		}
		plan.need, plan.unknown = scale.measure(plan.resources)
		plan.need[scale.at[corev1.ResourcePods]] = 1
		if s.plans == nil {
			s.plans = map[planKey]*planned{}
		}
		s.plans[k] = plan
	}
	if plan.err != nil {
		return nil, s.no(plan.err.Error)
	}
	for _, key := range plan.keys {
		want := plan.labels.values[key]
		have, ok := p.node.Labels[key]
		if (ok && have == want) || (len(p.kinds) > 1 && key == p.productLabel()) || (!ok && t != nil && p.vouchesFor(*t, key)) {
			continue
		}
		return nil, s.no(func() string {
			if ok {
				return fmt.Sprintf("node label %s is %q, and %s wants %q", key, have, plan.labels.askedBy[key], want)
			}
			return fmt.Sprintf("its nodes have no label %s, which %s wants to be %q", key, plan.labels.askedBy[key], want)
		})
	}
	if t != nil && t.mode == inNodeVM && s.gpus.count > 0 && p.node.Labels[hardware.LabelConfidentialGPUReady] == "false" {
		return nil, s.no(func() string {
			return "node label " + hardware.LabelConfidentialGPUReady + ` is "false", so that its GPUs are not in the TEE`
		})
	}
	return plan, true
}

// vouchesFor says whether the declaration of a TEE includes a node label that is
// not declared. Of GPUs whose mode is labeled, the labels tell all, and so they do
// where the RuntimeClasses that select them are known.
func (p *pool) vouchesFor(t poolTEE, key string) bool {
	if !t.declared {
		return false
	}
	if key == hardware.LabelConfidentialGPUReady {
		return p.classes == nil && p.node.Labels[hardware.LabelConfidentialMode] == "" && p.node.Labels[hardware.LabelConfidentialModeState] == ""
	}
	return slices.ContainsFunc(t.labels(), func(a hardware.Alternative) bool { return a[0].Key == key })
}

// matching returns those of the kinds of nodes that the user's node labels and
// required node affinity match, as the scheduler would.
func (p *pool) matching(s *shape, plan *planned, kinds []bool) ([]bool, bool) {
	product, selected := "", false
	if len(p.kinds) > 1 {
		product, selected = plan.labels.values[p.productLabel()]
	}
	if s.terms == nil && !selected {
		return kinds, true
	}
	if len(p.kinds) == 1 && s.matches(p.node) {
		return nil, true
	}
	matched, some := make([]bool, len(p.kinds)), false
	for i := range p.kinds {
		if kinds != nil && !kinds[i] {
			continue
		}
		matched[i] = (!selected || p.kinds[i].product == product) && s.matches(p.kinds[i].node)
		some = some || matched[i]
	}
	return matched, some || s.no(func() string {
		if s.terms == nil {
			return fmt.Sprintf("none of its nodes has the label %s with the value %q", p.productLabel(), product)
		}
		return p.unmatched(s.terms)
	})
}

// unmatched says what in the node affinity the nodes do not match.
func (p *pool) unmatched(terms []corev1.NodeSelectorTerm) string {
	more := ""
	if len(terms) > 1 {
		more = fmt.Sprintf(", nor does any of its other %d terms match", len(terms)-1)
	}
	for _, r := range terms[0].MatchExpressions {
		if p.node.Labels[r.Key] == "" && r.Operator != corev1.NodeSelectorOpDoesNotExist && r.Operator != corev1.NodeSelectorOpNotIn {
			return fmt.Sprintf("required node affinity wants %s, and its nodes have no such label%s", describe([]corev1.NodeSelectorRequirement{r}, ""), more)
		}
		if !matches(r, p.node) {
			return fmt.Sprintf("required node affinity wants %s, and the label is %q%s", describe([]corev1.NodeSelectorRequirement{r}, ""), p.node.Labels[r.Key], more)
		}
	}
	return fmt.Sprintf("required node affinity does not match its nodes: %s", strings.TrimSuffix(describe(terms[0].MatchExpressions, ", ")+"; "+describe(terms[0].MatchFields, ", "), "; "))
}

func describeTaint(t corev1.Taint) string {
	if t.Value == "" {
		return t.Key + ":" + string(t.Effect)
	}
	return t.Key + "=" + t.Value + ":" + string(t.Effect)
}

// tooSmall says that one node has less of a resource than a workload needs.
func (f *Fleet) tooSmall(at int, need, has int64) string {
	name := f.scale.names[at]
	if hardware.GPUVendor(name) != "" {
		return fmt.Sprintf("%d GPUs per node are fewer than %d (%s)", has, need, name)
	}
	return fmt.Sprintf("%s %s per node is less than %s", f.scale.quantity(at, has), name, f.scale.quantity(at, need))
}
