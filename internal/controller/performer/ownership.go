// SPDX-License-Identifier: Apache-2.0

package performer

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/controller/options"
	"github.com/crossplane-contrib/provider-hourglass/internal/target"
	"github.com/crossplane-contrib/provider-hourglass/internal/workload"
)

// mustOwn refuses objects that belong to someone else, unless they may be
// adopted or are only to be observed. It also refuses to go on where the
// Performer has a Pod under another name: there must never be two.
func (e *external) mustOwn(ctx context.Context, p *v1alpha1.Performer, found workload.Objects) error {
	if onlyObserves(p) {
		return nil
	}
	if found.Pod != nil && !workload.Owns(p, found.Pod) {
		if err := e.mayTake(ctx, p, "Pod", found.Pod); err != nil {
			return err
		}
	}
	if found.Service != nil && !workload.Owns(p, found.Service) {
		if err := e.mayTake(ctx, p, "Service", found.Service); err != nil {
			return err
		}
	}
	return e.noOtherPod(ctx, p)
}

// mayTake says whether somebody else's object may be taken over: with the
// Performer's consent, and not from another Performer that is there.
func (e *external) mayTake(ctx context.Context, p *v1alpha1.Performer, kind string, o client.Object) error {
	may, err := options.MayAdopt(ctx, e.live, p)
	if err != nil {
		return err
	}
	if !may {
		return errors.New(workload.OwnedByOther(kind, o))
	}
	l := &v1alpha1.PerformerList{}
	if err := e.kube.List(ctx, l, client.InNamespace(p.GetNamespace())); err != nil {
		return errors.Wrap(err, "cannot list Performers to see who owns the "+kind)
	}
	for i := range l.Items {
		if workload.Owns(&l.Items[i], o) {
			return errors.Errorf("%s %s/%s belongs to Performer %s, which is there; it cannot be taken over", kind, o.GetNamespace(), o.GetName(), l.Items[i].GetName())
		}
	}
	return nil
}

// noOtherPod looks for a Pod of the Performer that has not its name.
func (e *external) noOtherPod(ctx context.Context, p *v1alpha1.Performer) error {
	l := &corev1.PodList{}
	if err := e.cluster.List(ctx, l, client.InNamespace(p.GetNamespace()), client.MatchingFields{target.IndexOwner: string(p.GetUID())}); err != nil {
		return errors.Wrap(err, "cannot list the Performer's Pods")
	}
	for i := range l.Items {
		if name := l.Items[i].GetName(); !workload.IsNameOf(p, name) {
			return errors.Errorf("Pod %s of this Performer still runs under another name: set the annotation crossplane.io/external-name back to %s, or delete that Pod and its Service", name, name)
		}
	}
	return nil
}
