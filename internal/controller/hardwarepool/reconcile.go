// SPDX-License-Identifier: Apache-2.0

package hardwarepool

import (
	"context"
	"maps"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/inventory"
	"github.com/crossplane-contrib/provider-hourglass/internal/target"
)

// lookAgain is how soon a target is tried again for which there are no credentials.
// Of one that does not answer, its changes are told.
const lookAgain = 10 * time.Second

// askAgain is how soon a target is asked again that forbade to list its nodes.
const askAgain = time.Minute

// Reasons of events of a ProviderConfig.
const (
	// reasonNoPool tells of nodes in no pool.
	reasonNoPool event.Reason = "NodesInNoPool"
	// reasonForbidden tells of a right that the inventory lacks.
	reasonForbidden event.Reason = "InventoryForbidden"
)

// A reconciler keeps the inventory of target clusters.
type reconciler struct {
	kube    client.Client
	targets *target.Clusters
	record  event.Recorder
	surveys *surveys
	pace    *pace
}

// Reconcile all HardwarePools of a target.
func (r *reconciler) Reconcile(ctx context.Context, ref target.Ref) (reconcile.Result, error) {
	pools, err := r.poolsOf(ctx, ref)
	if err != nil {
		return reconcile.Result{}, err
	}
	on, err := r.inventoryOf(ctx, ref)
	if err != nil {
		return reconcile.Result{}, err
	}
	if on == nil {
		r.surveys.end(ref)
		return reconcile.Result{}, r.forget(ctx, pools)
	}
	cl, err := r.targets.Open(ctx, ref)
	if err != nil {
		return r.unreachable(ctx, pools, err)
	}
	s, err := r.surveys.current(ctx, ref, cl)
	if kerrors.IsForbidden(err) {
		return r.forbidden(ctx, ref, pools, err)
	}
	if err != nil {
		return reconcile.Result{}, err
	}
	seen, err := s.contents(ctx)
	if err != nil {
		return reconcile.Result{}, err
	}
	err = r.tell(ctx, ref, *on, pools, seen)
	if kerrors.IsConflict(err) {
		return reconcile.Result{RequeueAfter: soon}, nil // The cache is behind.
	}
	return reconcile.Result{}, err
}

// inventoryOf is what a ProviderConfig says of the inventory, nil where there is to
// be none.
func (r *reconciler) inventoryOf(ctx context.Context, ref target.Ref) (*v1alpha1.Inventory, error) {
	spec, err := ref.Spec(ctx, r.kube)
	if kerrors.IsNotFound(err) {
		return nil, nil
	}
	return spec.Inventory, err //nolint:wrapcheck // It names the ProviderConfig.
}

// poolsOf are the HardwarePools of a target.
func (r *reconciler) poolsOf(ctx context.Context, ref target.Ref) ([]v1alpha1.HardwarePool, error) {
	l := &v1alpha1.HardwarePoolList{}
	if err := r.kube.List(ctx, l); err != nil {
		return nil, errors.Wrap(err, "cannot list HardwarePools")
	}
	var pools []v1alpha1.HardwarePool
	for i := range l.Items {
		if p := &l.Items[i]; p.DeletionTimestamp == nil && refOf(p) == ref {
			pools = append(pools, *p)
		}
	}
	return pools, nil
}

// forget what was observed of pools whose target has no inventory any more: nobody
// sees to it that it stays true.
func (r *reconciler) forget(ctx context.Context, pools []v1alpha1.HardwarePool) error {
	var errs []error
	for i := range pools {
		if pristine(&pools[i]) {
			errs = append(errs, r.delete(ctx, &pools[i]))
			continue
		}
		// A status that nobody here has written is nobody's business here.
		if pools[i].Status.GetCondition(v1alpha1.TypeTargetReachable).Status != corev1.ConditionUnknown {
			errs = append(errs, r.write(ctx, &pools[i], v1alpha1.HardwarePoolStatus{}))
		}
	}
	return errors.Join(errs...)
}

// unreachable tells pools that their target cannot be used. All else is as it was
// seen last.
func (r *reconciler) unreachable(ctx context.Context, pools []v1alpha1.HardwarePool, why error) (reconcile.Result, error) {
	result, reason := reconcile.Result{}, v1alpha1.ReasonUnusable
	var trouble *target.Trouble
	switch {
	case target.IsOpening(why):
		return result, nil
	case errors.As(why, &trouble):
		reason = trouble.Reason
	case kerrors.IsForbidden(why):
		reason, result.RequeueAfter = v1alpha1.ReasonForbidden, askAgain
	default:
		result.RequeueAfter = lookAgain
	}
	var errs []error
	for i := range pools {
		status := *pools[i].Status.DeepCopy()
		status.SetConditions(v1alpha1.TargetUnreachable(reason, why.Error()))
		errs = append(errs, r.write(ctx, &pools[i], status))
	}
	return result, errors.Join(errs...)
}

// forbidden tells that the target does not let its nodes be seen.
func (r *reconciler) forbidden(ctx context.Context, ref target.Ref, pools []v1alpha1.HardwarePool, why error) (reconcile.Result, error) {
	if pc, err := ref.Get(ctx, r.kube); err == nil {
		r.record.Event(pc, event.Warning(reasonForbidden, why))
	}
	return r.unreachable(ctx, pools, why)
}

// tell what was seen of a target: in the status of the pools that somebody declared,
// and of those that are found.
func (r *reconciler) tell(ctx context.Context, ref target.Ref, how v1alpha1.Inventory, pools []v1alpha1.HardwarePool, seen *inventory.Cluster) error {
	var selectors []map[string]string
	for i := range pools {
		if !discovered(&pools[i]) {
			selectors = append(selectors, pools[i].Spec.NodeSelector)
		}
	}
	finds, left := inventory.Discover(seen.Nodes, selectors, how.PoolLabels)
	var errs []error
	for i := range pools {
		p := &pools[i]
		if pristine(p) && !isFound(p, finds) {
			err := r.delete(ctx, p)
			if err == nil {
				continue
			}
			errs = append(errs, err) // As long as it is there, it tells what is.
		}
		errs = append(errs, r.observe(ctx, p, seen))
	}
	for _, f := range finds {
		if !hasPool(f, pools) {
			errs = append(errs, r.create(ctx, ref, f, seen))
		}
	}
	r.tellLeft(ctx, ref, left)
	return errors.Join(errs...)
}

// tellLeft tells which nodes are in no pool, whenever these are others than before.
func (r *reconciler) tellLeft(ctx context.Context, ref target.Ref, left []string) {
	if !r.surveys.leaves(ref, left) || len(left) == 0 {
		return
	}
	pc, err := ref.Get(ctx, r.kube)
	if err != nil {
		return // It is gone, and with it who could read this.
	}
	r.record.Event(pc, event.Warning(reasonNoPool, errors.Errorf("%d nodes of the target are in no HardwarePool, because no label is theirs only, or a pool that is declared has some of those that are like them: %s; "+
		"declare a HardwarePool, or label them and name that label in spec.inventory.poolLabels", len(left), some(left))))
}

// some names of many.
func some(names []string) string {
	const most = 5
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:most], ", ") + ", ..."
}

// observe a pool. What is free may have to wait.
func (r *reconciler) observe(ctx context.Context, p *v1alpha1.HardwarePool, seen *inventory.Cluster) error {
	status := inventory.Observe(p.Spec.NodeSelector, seen)
	status.ConditionedStatus = *p.Status.ConditionedStatus.DeepCopy()
	status.SetConditions(v1alpha1.TargetReachable())
	if equality.Semantic.DeepEqual(p.Status, status) {
		return nil
	}
	if left := r.pace.wait(p.Name, &p.Status, &status, time.Now()); left > 0 {
		r.surveys.again(refOf(p), left)
		return nil
	}
	return r.write(ctx, p, status)
}

// create the pool of a find.
func (r *reconciler) create(ctx context.Context, ref target.Ref, f inventory.Find, seen *inventory.Cluster) error {
	l := &v1alpha1.HardwarePoolList{}
	if err := r.kube.List(ctx, l); err != nil {
		return errors.Wrap(err, "cannot list HardwarePools")
	}
	taken := map[string]bool{}
	for i := range l.Items {
		taken[l.Items[i].Name] = true
	}
	within := ref.Name
	if ref.Namespace != "" {
		within = ref.Namespace + "-" + ref.Name
	}
	p := &v1alpha1.HardwarePool{ObjectMeta: metav1.ObjectMeta{
		Name:   inventory.Name(within, ref.String(), f, func(name string) bool { return taken[name] }),
		Labels: map[string]string{v1alpha1.LabelDiscovered: "true"},
	}}
	p.Spec.ProviderConfigRef = &v1alpha1.PoolTarget{Kind: ref.Kind, Namespace: ref.Namespace, Name: ref.Name}
	p.Spec.NodeSelector = f.Selector
	if err := r.kube.Create(ctx, p); err != nil {
		return errors.Wrapf(err, "cannot create HardwarePool %s of nodes that were found", p.Name)
	}
	return r.observe(ctx, p, seen)
}

// delete a pool that no nodes make any more.
func (r *reconciler) delete(ctx context.Context, p *v1alpha1.HardwarePool) error {
	return errors.Wrapf(resource.IgnoreNotFound(r.kube.Delete(ctx, p)), "cannot delete HardwarePool %s, which no nodes make any more", p.Name)
}

// write a pool's status, if it is another.
func (r *reconciler) write(ctx context.Context, p *v1alpha1.HardwarePool, status v1alpha1.HardwarePoolStatus) error {
	if equality.Semantic.DeepEqual(p.Status, status) {
		return nil
	}
	p.Status = status
	return errors.Wrapf(resource.IgnoreNotFound(r.kube.Status().Update(ctx, p)), "cannot update the status of HardwarePool %s", p.Name)
}

// discovered says whether a pool was made here.
func discovered(p *v1alpha1.HardwarePool) bool { return p.Labels[v1alpha1.LabelDiscovered] == "true" }

// pristine says whether a pool was made here and nobody has touched it since: its spec,
// its labels or its annotations.
func pristine(p *v1alpha1.HardwarePool) bool {
	return discovered(p) && p.Generation <= 1 && len(p.Labels) == 1 && len(p.Annotations) == 0 &&
		equality.Semantic.DeepEqual(p.Spec, v1alpha1.HardwarePoolSpec{ProviderConfigRef: p.Spec.ProviderConfigRef, NodeSelector: p.Spec.NodeSelector})
}

func isFound(p *v1alpha1.HardwarePool, finds []inventory.Find) bool {
	for _, f := range finds {
		if maps.Equal(f.Selector, p.Spec.NodeSelector) {
			return true
		}
	}
	return false
}

func hasPool(f inventory.Find, pools []v1alpha1.HardwarePool) bool {
	for i := range pools {
		if discovered(&pools[i]) && maps.Equal(f.Selector, pools[i].Spec.NodeSelector) {
			return true
		}
	}
	return false
}
