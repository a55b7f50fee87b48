// SPDX-License-Identifier: Apache-2.0

// Package reach keeps managed resources as they are while their target cluster does
// not answer, tells them so, and has them reconciled as soon as it does.
package reach

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/target"
)

// AnnotationOrphan is the annotation, with the value "true", of a managed resource
// that is to be deleted without a look at its target cluster: what it has there is
// left behind.
const AnnotationOrphan = "hourglass.eigenlayer.io/orphan"

// Reasons of events.
const (
	reasonUnreachable event.Reason = "TargetUnreachable"
	reasonOrphaned    event.Reason = "Orphaned"
)

// A Reconciler passes managed resources on, but for those whose target cluster is
// known to be of no use: these are told, and nothing else happens to them.
type Reconciler struct {
	// Next reconciles those whose target can be used.
	Next reconcile.Reconciler
	// Kube is the client of the control plane that Next has too.
	Kube    client.Client
	Targets Targets
	Record  event.Recorder
	// New makes an empty managed resource.
	New func() resource.ModernManaged
	// Finalizer that Next adds.
	Finalizer resource.Finalizer
}

// Targets know what is wrong with target clusters.
type Targets interface {
	// Trouble with the cluster of a ProviderConfig, nil where none is known.
	Trouble(r target.Ref) *target.Trouble
	// Opening says whether it is yet to be seen whether there is any, which is told.
	Opening(r target.Ref) bool
}

// Reconcile a managed resource.
func (r Reconciler) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	mg := r.New()
	if err := r.Kube.Get(ctx, req.NamespacedName, mg); err != nil || meta.IsPaused(mg) || goesAnyway(mg) {
		return r.Next.Reconcile(ctx, req) //nolint:wrapcheck // It is the reconciler that errors are expected of.
	}
	if meta.WasDeleted(mg) && mg.GetAnnotations()[AnnotationOrphan] == "true" {
		return reconcile.Result{}, r.orphan(ctx, mg)
	}
	ref, err := target.RefOf(mg)
	if err != nil {
		return r.Next.Reconcile(ctx, req) //nolint:wrapcheck // As above.
	}
	if trouble := r.Targets.Trouble(ref); trouble != nil {
		return reconcile.Result{}, r.tell(ctx, mg, errors.Wrapf(trouble, "cannot use %s", ref), trouble.Reason)
	}
	if r.Targets.Opening(ref) {
		return reconcile.Result{}, nil
	}
	return r.Next.Reconcile(ctx, req) //nolint:wrapcheck // As above.
}

// goesAnyway says whether a managed resource that is being deleted has no right to
// delete anything, and so needs no target to go.
func goesAnyway(mg resource.ModernManaged) bool {
	p := mg.GetManagementPolicies()
	return meta.WasDeleted(mg) && len(p) > 0 && !slices.Contains(p, xpv2.ManagementActionAll) && !slices.Contains(p, xpv2.ManagementActionDelete)
}

// orphan lets go of a managed resource that is being deleted.
func (r Reconciler) orphan(ctx context.Context, mg resource.ModernManaged) error {
	if !slices.Contains(mg.GetFinalizers(), managed.FinalizerName) {
		return nil
	}
	r.Record.Event(mg, event.Normal(reasonOrphaned, "Left behind what is in the target cluster, as the annotation "+AnnotationOrphan+" says"))
	return errors.Wrap(r.Finalizer.RemoveFinalizer(ctx, mg), "cannot let go of what is in the target cluster")
}

// tell a managed resource what is wrong, once.
func (r Reconciler) tell(ctx context.Context, mg resource.ModernManaged, err error, reason xpv2.ConditionReason) error {
	why := err.Error()
	if meta.WasDeleted(mg) {
		why += "; it is deleted when the cluster can be used again; to have it deleted now and leave behind what is there, set the annotation " + AnnotationOrphan + `: "true"`
	}
	before := mg.GetCondition(v1alpha1.TypeTargetReachable)
	mg.SetConditions(xpv2.ReconcileError(err), v1alpha1.TargetUnreachable(reason, why))
	if before.Status != corev1.ConditionFalse {
		r.Record.Event(mg, event.Warning(reasonUnreachable, errors.New(why)))
	}
	return errors.Wrap(r.Kube.Status().Update(ctx, mg), "cannot tell that the target cluster cannot be used")
}

// Note in a managed resource whether its target cluster was reached just now. One
// that never had trouble has no condition that speaks of it.
func Note(mg resource.Conditioned, err error) {
	var trouble *target.Trouble
	switch {
	case errors.As(err, &trouble):
		mg.SetConditions(v1alpha1.TargetUnreachable(trouble.Reason, err.Error()))
	case err == nil && mg.GetCondition(v1alpha1.TypeTargetReachable).Status == corev1.ConditionFalse:
		mg.SetConditions(v1alpha1.TargetReachable())
	}
}

// Changes of target clusters have the managed resources reconciled that are in
// them.
func Changes(targets *target.Clusters, in func(ctx context.Context, r target.Ref) []reconcile.Request) source.Source {
	return source.Func(func(ctx context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
		targets.OnChange(func(r target.Ref) {
			for _, req := range in(ctx, r) {
				queue.Add(req)
			}
		})
		return nil
	})
}
