// SPDX-License-Identifier: Apache-2.0

// Package hardwarepool keeps an inventory of target clusters: it tells in the status of
// HardwarePools what nodes they have and what is free on them, and makes HardwarePools
// of nodes that have none.
package hardwarepool

import (
	"context"

	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/controller/options"
	"github.com/crossplane-contrib/provider-hourglass/internal/target"
)

const name = "inventory/hardwarepool"

// Setup adds the controller of HardwarePools to the manager. What it reconciles are
// target clusters, each with all its pools.
func Setup(mgr ctrl.Manager, o options.Options) error {
	r := &reconciler{
		kube:    mgr.GetClient(),
		targets: o.Targets,
		record:  event.NewAPIRecorder(mgr.GetEventRecorderFor(name), o.EventFilterFunctions...), //nolint:staticcheck // crossplane-runtime records through this interface.
		surveys: newSurveys(),
		pace:    newPace(),
	}
	c, err := controller.NewTyped(name, mgr, controller.TypedOptions[target.Ref]{
		Reconciler:              r,
		MaxConcurrentReconciles: o.MaxConcurrentReconciles,
		RateLimiter:             workqueue.NewTypedItemExponentialFailureRateLimiter[target.Ref](options.MinBackoff, options.MaxBackoff),
	})
	if err != nil {
		return errors.Wrap(err, "cannot build the controller of HardwarePools")
	}
	return errors.Wrap(errors.Join(
		c.Watch(source.TypedKind(mgr.GetCache(), &v1alpha1.HardwarePool{}, toRef(refOf), declared())),
		c.Watch(source.TypedKind(mgr.GetCache(), &v1alpha1.ClusterProviderConfig{}, toRef(func(pc *v1alpha1.ClusterProviderConfig) target.Ref {
			return target.Ref{Kind: v1alpha1.ClusterProviderConfigKind, Name: pc.Name}
		}), predicate.TypedGenerationChangedPredicate[*v1alpha1.ClusterProviderConfig]{})),
		c.Watch(source.TypedKind(mgr.GetCache(), &v1alpha1.ProviderConfig{}, toRef(func(pc *v1alpha1.ProviderConfig) target.Ref {
			return target.Ref{Kind: v1alpha1.ProviderConfigKind, Namespace: pc.Namespace, Name: pc.Name}
		}), predicate.TypedGenerationChangedPredicate[*v1alpha1.ProviderConfig]{})),
		c.Watch(source.TypedFunc[target.Ref](func(_ context.Context, queue workqueue.TypedRateLimitingInterface[target.Ref]) error {
			o.Targets.OnChange(queue.Add)
			r.surveys.announce(queue)
			return nil
		})),
	), "cannot watch what HardwarePools depend on")
}

// toRef has the target of an object reconciled.
func toRef[T client.Object](of func(T) target.Ref) handler.TypedEventHandler[T, target.Ref] {
	return handler.TypedEnqueueRequestsFromMapFunc(func(_ context.Context, o T) []target.Ref { return []target.Ref{of(o)} })
}

// refOf is the target of a pool.
func refOf(p *v1alpha1.HardwarePool) target.Ref {
	if t := p.Spec.ProviderConfigRef; t != nil {
		return target.Ref{Kind: t.Kind, Namespace: t.Namespace, Name: t.Name}
	}
	return target.Ref{Kind: v1alpha1.ClusterProviderConfigKind, Name: "default"}
}

// declared passes pools that come, go, or are declared otherwise.
func declared() predicate.TypedPredicate[*v1alpha1.HardwarePool] {
	return predicate.Or[*v1alpha1.HardwarePool](
		predicate.TypedGenerationChangedPredicate[*v1alpha1.HardwarePool]{},
		predicate.TypedLabelChangedPredicate[*v1alpha1.HardwarePool]{},
	)
}
