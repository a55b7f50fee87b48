// SPDX-License-Identifier: Apache-2.0

package scheduler

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
	"github.com/crossplane-contrib/provider-hourglass/internal/workload"
)

const (
	// wanted is how many pairs the scheduler judges.
	wanted = 450
	// many is how many more are judged by what it goes by.
	many = 10_000
	// shown is how many disagreements are worth reading.
	shown = 20
)

// A decision is what placement says about a pair, and the Pod that comes of it.
type decision struct {
	pair
	// pool that the workload is given to; empty if it is not.
	given string
	why   string
	pod   *corev1.Pod
}

// decide returns what placement says. There is no Pod where nothing may be
// rendered for the workload, whatever the pool.
func (p pair) decide() (decision, error) {
	d := decision{pair: p}
	result := placement.NewFleet([]v1alpha1.HardwarePool{p.pool}).Place([]placement.Workload{{Name: p.name, Namespace: namespace, Demand: p.demand}}, placement.Price)
	binding, bound := result.Binding(0)
	if !bound {
		d.why = fmt.Sprint(result.Err(0), result.Rejections(0))
		c, err := placement.Constrain(p.demand, classes)
		if err != nil {
			return d, nil //nolint:nilerr // To refuse is the right answer to what no pool takes.
		}
		d.pod = workload.Pod(p.performer(p.demand), c)
		d.pod.Spec.NodeSelector = maps.Clone(d.pod.Spec.NodeSelector)
		if d.pod.Spec.NodeSelector == nil {
			d.pod.Spec.NodeSelector = map[string]string{}
		}
		d.pod.Spec.NodeSelector[labelPair] = p.name
		return d, nil
	}
	d.given = binding.Pool
	performer := p.performer(binding.Demand)
	performer.Labels = map[string]string{placement.LabelPool: binding.Pool}
	c, err := placement.Constrain(placement.Demand{
		Hardware: performer.Spec.HardwareRequirements, Scheduling: performer.Spec.Scheduling, Resources: performer.Spec.Resources,
		Pool: performer.Labels[placement.LabelPool],
	}, classes)
	if err != nil {
		return d, fmt.Errorf("given to the pool, but %w", err)
	}
	d.pod = workload.Pod(performer, c)
	return d, nil
}

func (p pair) performer(d placement.Demand) *v1alpha1.Performer {
	return &v1alpha1.Performer{
		ObjectMeta: metav1.ObjectMeta{Name: p.name, Namespace: namespace, UID: "1"},
		Spec: v1alpha1.PerformerSpec{
			AVSAddress: "0x1234567890abcdef1234567890abcdef12345678", Image: "myavs/performer:v1",
			HardwareRequirements: d.Hardware, Scheduling: d.Scheduling, Resources: d.Resources,
		},
	}
}

func (p pair) String() string {
	raw, err := yaml.Marshal(map[string]any{"pool": p.pool, "demand": p.demand})
	if err != nil {
		return err.Error()
	}
	used := ""
	for _, f := range p.fillers {
		used += fmt.Sprintf("%s: %v\n", f.Name, f.Spec.Containers[0].Resources.Requests)
	}
	return string(raw) + used
}

// TestAgreement checks that a workload that is given to a pool is bound to one of
// its nodes by the scheduler, and that one that is not given to it could not have
// been bound there.
func TestAgreement(t *testing.T) {
	start := time.Now()
	decisions, nodes, fillers := decideAll(t)
	each(t, nodes, createNode)
	each(t, fillers, func(ctx context.Context, p *corev1.Pod) error { return server.Create(ctx, p) })
	awaitScheduler(t)
	pods := map[string]*corev1.Pod{}
	for _, d := range decisions {
		pods[d.name] = d.pod
	}
	each(t, decisions, func(ctx context.Context, d decision) error {
		if err := server.Create(ctx, d.pod.DeepCopy()); err != nil {
			return fmt.Errorf("%s (%s): the API server refuses the Pod: %w\n%s", d.name, d.kind, err, d)
		}
		return nil
	})
	found := verdicts(t, pods)
	binds, never := 0, 0
	for _, d := range decisions {
		v := found[d.name]
		if v.node == "" {
			never++
		} else {
			binds++
		}
		if problem := d.disagrees(v); problem != "" {
			t.Errorf("%s (%s): %s\n%s", d.name, d.kind, problem, d)
		}
		if e := d.expected(); (e.node == "") != (v.node == "") {
			t.Errorf("%s (%s): want the scheduler to do %v, got %v\n%s", d.name, d.kind, e, v, d)
		}
	}
	t.Logf("%d pairs on %d nodes: %d bind, %d never do; %s", len(decisions), len(nodes), binds, never, time.Since(start).Round(time.Second))
	if 4*min(binds, never) < len(decisions) {
		t.Errorf("a quarter of the pairs must bind and a quarter must not, or the test shows little: %d of %d bind", binds, len(decisions))
	}
}

// TestManyMore checks far more pairs than the scheduler has time for, against the
// helpers that it goes by.
func TestManyMore(t *testing.T) {
	start := time.Now()
	binds, never, disagreed := 0, 0, 0
	for seed := range uint64(many) {
		p := newPair(wanted + seed)
		d, err := p.decide()
		if err != nil {
			t.Errorf("%s (%s): %v\n%s", p.name, p.kind, err, p)
		}
		if d.pod == nil {
			continue
		}
		v := d.expected()
		if v.node == "" {
			never++
		} else {
			binds++
		}
		if problem := d.disagrees(v); problem != "" {
			disagreed++
			if disagreed <= shown {
				t.Errorf("%s (%s): %s\n%s", d.name, d.kind, problem, d)
			}
		}
	}
	if disagreed > shown {
		t.Errorf("and %d more", disagreed-shown)
	}
	t.Logf("%d pairs: %d bind, %d never do; %s", binds+never, binds, never, time.Since(start).Round(time.Second))
}

// decideAll makes pairs until there are enough that something can be rendered for.
func decideAll(t *testing.T) (decisions []decision, nodes []*corev1.Node, fillers []*corev1.Pod) {
	t.Helper()
	refused := map[string]int{}
	for seed := uint64(0); len(decisions) < wanted; seed++ {
		p := newPair(seed)
		d, err := p.decide()
		switch {
		case err != nil:
			t.Errorf("%s (%s): %v\n%s", p.name, p.kind, err, p)
		case d.pod == nil:
			refused[p.kind]++
		default:
			decisions = append(decisions, d)
			nodes = slices.Concat(nodes, p.nodes)
			fillers = slices.Concat(fillers, p.fillers)
		}
	}
	t.Logf("refused for any pool, and not counted: %v", refused)
	return decisions, nodes, fillers
}

// disagrees says in words how placement and the scheduler differ.
func (d decision) disagrees(v verdict) string {
	switch {
	case d.given == "" && v.node != "":
		return fmt.Sprintf("not given to the pool, but bound to %s; %s", v.node, d.why)
	case d.given != "" && v.node == "":
		return "given to the pool, but never bound; " + v.why
	case d.given != "" && !strings.HasPrefix(v.node, d.name+"-"):
		return "given to the pool, but bound outside of it, to " + v.node
	}
	return ""
}
