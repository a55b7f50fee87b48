// SPDX-License-Identifier: Apache-2.0

package performer

import (
	"context"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
	"github.com/crossplane-contrib/provider-hourglass/internal/workload"
)

// room asks the HardwarePools whether there is room for a second Pod, where that
// matters. Only those count whose nodes are watched: what else they say was
// declared, and may be taken.
func (e *external) room(ctx context.Context, p *v1alpha1.Performer, found workload.Objects, d []workload.Difference) (workload.Room, error) {
	if !workload.NeedsRoom(p, found, d) {
		return workload.Room{}, nil
	}
	l := &v1alpha1.HardwarePoolList{}
	if err := e.kube.List(ctx, l); err != nil && !meta.IsNoMatchError(err) {
		return workload.Room{}, errors.Wrap(err, "cannot list HardwarePools to see whether there is room for a second Pod")
	}
	q, err := e.inherit(ctx, p)
	if err != nil {
		return workload.Room{}, err
	}
	return roomIn(q, l.Items), nil
}

// roomIn finds the pool that has room for another Pod of a Performer.
func roomIn(p *v1alpha1.Performer, pools []v1alpha1.HardwarePool) workload.Room {
	given := p.GetLabels()[placement.LabelPool]
	pools = slices.DeleteFunc(slices.Clone(pools), func(pool v1alpha1.HardwarePool) bool {
		return pool.Status.Free == nil || (given != "" && pool.GetName() != given)
	})
	if len(pools) == 0 {
		return workload.Room{Why: "no HardwarePool with an inventory tells whether there is room for it beside the old one"}
	}
	result := placement.NewFleet(pools).Place([]placement.Workload{{
		Name: p.GetName(), Namespace: p.GetNamespace(), Target: poolTarget(p),
		Demand: placement.Demand{
			Hardware: p.Spec.HardwareRequirements, Scheduling: p.Spec.Scheduling, Resources: p.Spec.Resources, Pool: given,
		},
	}}, placement.Price)
	if b, ok := result.Binding(0); ok {
		return workload.Room{Pool: b.Pool}
	}
	return workload.Room{Why: "no pool has room for it beside the old one"}
}

// poolTarget is the cluster that a Performer is in, as HardwarePools name it.
func poolTarget(p *v1alpha1.Performer) *v1alpha1.PoolTarget {
	r := p.GetProviderConfigReference()
	if r == nil {
		return nil
	}
	t := &v1alpha1.PoolTarget{Kind: r.Kind, Name: r.Name}
	if r.Kind == v1alpha1.ProviderConfigKind {
		t.Namespace = p.GetNamespace()
	}
	return t
}
