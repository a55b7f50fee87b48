// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/hardware"
)

// A shape is what workloads have in common that the same pools serve.
type shape struct {
	demand    Demand
	namespace string
	target    *v1alpha1.PoolTarget
	// err says what in the demand no pool can meet.
	err error

	gpus gpuAsk
	// wanted is the gpuType as the user wrote it.
	wanted string
	// teeRequired says whether a TEE is, and tee which; empty for any.
	teeRequired bool
	tee         hardware.TEE
	// terms of the user's required node affinity, nil where there is none, and the
	// same to match nodes by once that was needed.
	terms    []corev1.NodeSelectorTerm
	affinity *nodeaffinity.LazyErrorNodeSelector
	// asksPart says of MIG slices and of shares whether the user's node labels ask
	// for them.
	asksPart bool

	plans map[planKey]*planned
	// models says of products whether they are the model that is asked for.
	models map[modelKey]bool
	// offers of the pools that serve, by pool.
	offers []*offer
	// why the pool that was judged last does not serve, where the shape is
	// explaining.
	why        string
	explaining bool
}

// A modelKey is what a product is compared by.
type modelKey struct {
	// product and memory, by a number that stands for both.
	product  int
	resource corev1.ResourceName
}

// newShape reads a workload's demand. What it gets wrong by itself is in err.
func newShape(w *Workload) *shape {
	s := &shape{demand: w.Demand, namespace: w.Namespace, target: w.Target}
	hw := hardwareOf(w.Demand)
	s.wanted = strings.TrimSpace(hw.GPUType)
	if s.gpus, s.err = askGPUs(w.Demand); s.err != nil {
		return s
	}
	if s.terms, s.err = userTerms(w.Demand.Scheduling); s.err != nil {
		return s
	}
	s.asksPart = s.anyGPU() && asksPart(w.Demand, s.terms)
	s.teeRequired = teeRequired(hw, strings.TrimSpace(hw.TEEType) != "")
	if s.teeRequired && strings.TrimSpace(hw.TEEType) != "" {
		if s.tee, s.err = hardware.ParseTEE(hw.TEEType); s.err != nil {
			s.err = fmt.Errorf("%s: %w", pathTEEType, s.err)
		}
	}
	return s
}

// anyGPU says whether GPUs of no particular model are asked for.
func (s *shape) anyGPU() bool { return s.gpus.count > 0 && s.gpus.model == nil }

// matches says whether the user's required node affinity matches a node, as the
// scheduler would.
func (s *shape) matches(node *corev1.Node) bool {
	if s.terms == nil {
		return true
	}
	if s.affinity == nil {
		s.affinity = nodeaffinity.NewLazyErrorNodeSelector(&corev1.NodeSelector{NodeSelectorTerms: s.terms})
	}
	matched, err := s.affinity.Match(node)
	return matched && err == nil
}

// asksPart says whether the user's node labels ask for slices or shares.
func asksPart(d Demand, terms []corev1.NodeSelectorTerm) bool {
	labels, err := requiredLabels(d, gpuGrant{}, teePlan{})
	if err != nil {
		return false // Every plan has this error.
	}
	asked := labels.requirements()
	for _, t := range terms {
		asked = concat(asked, t.MatchExpressions)
	}
	return slices.ContainsFunc(parts, func(p part) bool { return p.askedBy(asked) })
}

// conceivable says why no pool could serve the demand, however it were made; nil
// where one could. What a RuntimeClass is depends on the pool's cluster, so that
// its name tells nothing here.
func (s *shape) conceivable() error {
	d := s.demand
	if named(d) {
		scheduling := *d.Scheduling
		scheduling.RuntimeClass = nil
		d.Scheduling = &scheduling
	}
	_, first := planFor(d, nil, planFrame{})
	if first == nil || !s.teeRequired {
		return first
	}
	tees := hardware.TEEs()
	if s.tee != "" {
		tees = []hardware.TEE{s.tee}
	}
	for _, t := range tees {
		for _, mode := range modesOf(t) {
			offered := poolTEE{tee: t, mode: mode, declared: true}
			if _, err := planFor(d, (&pool{}).runtimeClasses(&offered, ""), planFrame{tee: &offered}); err == nil {
				return nil
			}
		}
	}
	return first
}

// className is the RuntimeClass that the user names, or "".
func (s *shape) className() string {
	if named(s.demand) {
		return *s.demand.Scheduling.RuntimeClass
	}
	return ""
}

// tolerations of the user.
func (s *shape) tolerations() []corev1.Toleration {
	if s.demand.Scheduling == nil {
		return nil
	}
	return s.demand.Scheduling.Tolerations
}

// selects says whether the user or the GPU asks for nodes with a label.
func (s *shape) selects(key, value string) bool {
	if key == hardware.LabelArch && value == hardware.ArchARM64 && s.gpus.model != nil && s.gpus.model.ARM64Only() {
		return true
	}
	if hardwareOf(s.demand).CustomLabels[key] == value {
		return true
	}
	if s.demand.Scheduling != nil && s.demand.Scheduling.NodeSelector[key] == value {
		return true
	}
	for _, t := range s.terms {
		for _, r := range about(t.MatchExpressions, key) {
			if r.Operator == corev1.NodeSelectorOpIn && meets(map[string]string{key: value}, r) {
				return true
			}
		}
	}
	return false
}

// A planKey is what plans for one shape differ by.
type planKey struct {
	// likeness is the number of pools with the same RuntimeClasses.
	likeness int
	// tee is the place of the TEE that is to serve among those of the pool, and one
	// more; 0 for none.
	tee int
	// resource that GPUs are counted under, empty for the default one.
	resource corev1.ResourceName
}

// A planFrame is what a plan has to keep to.
type planFrame struct {
	// tee that is to serve, nil for none.
	tee *poolTEE
	// resource that count GPUs are counted under, empty for the default one.
	resource corev1.ResourceName
	count    int64
}

// A planned is how a demand is met in pools that are alike.
type planned struct {
	err  error
	plan plan
	// labels that a node must have, the RuntimeClass's included, and their keys.
	labels nodeLabels
	keys   []string
	// tolerations that the RuntimeClass adds.
	tolerations []corev1.Toleration
	// devices that its container asks for, and resources that a Pod takes, its
	// overhead included, but for the plain ones of its container.
	devices, resources corev1.ResourceList
	// need is the same resources on the fleet's scale, and unknown what is not on it.
	need    amount
	unknown corev1.ResourceName
}

// planFor plans for a pool's TEE and GPU resource, under the RuntimeClasses of its
// cluster.
func planFor(d Demand, classes []nodev1.RuntimeClass, k planFrame) (*planned, error) {
	out := &planned{}
	d.Pool = "any"
	if k.tee != nil {
		d = d.narrowedTo(*k.tee)
	}
	if k.resource != "" {
		d.Resources = *d.Resources.DeepCopy()
		setDevice(&d.Resources, k.resource, *resource.NewQuantity(k.count, resource.DecimalSI))
	}
	var err error
	if out.plan, err = decide(d, classes); err != nil {
		return nil, err
	}
	if k.tee != nil && out.plan.tee.mode != k.tee.mode {
		return nil, fmt.Errorf("TEE %s is in the mode %s, but the demand makes it %s", k.tee.tee, modeName(k.tee.mode), modeName(out.plan.tee.mode))
	}
	if out.labels, err = requiredLabels(d, out.plan.grant, out.plan.tee); err != nil {
		return nil, err
	}
	class := findClass(classes, out.plan.class)
	if out.labels, err = out.labels.withClass(class); err != nil {
		return nil, err
	}
	out.keys = sortedKeys(out.labels.values)
	if out.plan.grant.count > 0 || out.plan.tee.mode == inProcess {
		if d.Resources, err = withDevices(d.Resources, out.plan.grant, out.plan.tee); err != nil {
			return nil, err
		}
	}
	out.devices = extended(d.Resources)
	out.resources = out.devices
	out.addOverhead(class)
	return out, nil
}

// addOverhead adds what the RuntimeClass takes and brings.
func (p *planned) addOverhead(class *nodev1.RuntimeClass) {
	if class == nil {
		return
	}
	if class.Scheduling != nil {
		p.tolerations = class.Scheduling.Tolerations
	}
	if class.Overhead == nil {
		return
	}
	p.resources = maps.Clone(p.resources)
	for name, q := range class.Overhead.PodFixed {
		sum := p.resources[name].DeepCopy()
		sum.Add(q)
		p.resources[name] = sum
	}
}
