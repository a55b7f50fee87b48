// SPDX-License-Identifier: Apache-2.0

// Package performer reconciles Performers with the Pod and the Service that
// each becomes in its target cluster.
package performer

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlcontroller "sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/feature"
	"github.com/crossplane/crossplane-runtime/v2/pkg/ratelimiter"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/crossplane/crossplane-runtime/v2/pkg/statemetrics"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/controller/options"
	"github.com/crossplane-contrib/provider-hourglass/internal/controller/quiet"
	"github.com/crossplane-contrib/provider-hourglass/internal/target"
	"github.com/crossplane-contrib/provider-hourglass/internal/workload"
)

// Backoff of a Performer whose reconcile failed. It starts short: most failures
// are a cache that is a moment behind.
const (
	minBackoff = 10 * time.Millisecond
	maxBackoff = time.Minute
)

// Setup adds the controller of Performers to the manager.
func Setup(mgr ctrl.Manager, o options.Options) error {
	gvk := v1alpha1.SchemeGroupVersion.WithKind(v1alpha1.PerformerKind)
	name := managed.ControllerName(gvk.GroupKind().String())

	r := managed.NewReconciler(quiet.Manager(mgr), resource.ManagedKind(gvk), reconcilerOptions(mgr, o, name)...)
	if err := addStateMetrics(mgr, o); err != nil {
		return err
	}
	c, err := ctrl.NewControllerManagedBy(mgr).
		Named(name).
		WithOptions(controllerOptions(o)).
		For(&v1alpha1.Performer{}, builder.WithPredicates(resource.DesiredStateChanged())).
		Watches(&v1alpha1.ProviderConfig{}, users(mgr.GetClient(), v1alpha1.ProviderConfigKind), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.ClusterProviderConfig{}, users(mgr.GetClient(), v1alpha1.ClusterProviderConfigKind), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Build(ratelimiter.NewReconciler(name, r, o.GlobalRateLimiter))
	if err != nil {
		return errors.Wrap(err, "cannot build the controller of Performers")
	}
	o.Targets.Watch(func(cache cache.Cache) error { return watch(c, cache) })
	return nil
}

func reconcilerOptions(mgr ctrl.Manager, o options.Options, name string) []managed.ReconcilerOption {
	record := event.NewAPIRecorder(mgr.GetEventRecorderFor(name), o.EventFilterFunctions...) //nolint:staticcheck // crossplane-runtime records through this interface.
	ro := []managed.ReconcilerOption{
		managed.WithTypedExternalConnector(&connector{
			targets: o.Targets,
			track:   target.NewTracker(mgr.GetClient()),
			record:  record,
		}),
		managed.WithLogger(o.Logger.WithValues("controller", name)),
		managed.WithRecorder(record),
		managed.WithPollInterval(o.PollInterval),
		managed.WithMinPollInterval(o.MinPollInterval),
		managed.WithPollJitterHook(o.PollJitter),
		// Names are known before anything is created, so a create that was cut
		// off is simply done again.
		managed.WithInitializers(),
		managed.WithDeterministicExternalName(true),
		managed.WithCreationGracePeriod(0),
		managed.WithCriticalAnnotationUpdater(managed.CriticalAnnotationUpdateFn(func(context.Context, client.Object) error { return nil })),
		managed.WithFinalizer(newFinalizer(mgr.GetClient())),
	}
	if o.Features.Enabled(feature.EnableBetaManagementPolicies) {
		ro = append(ro, managed.WithManagementPolicies())
	}
	if o.Features.Enabled(feature.EnableAlphaChangeLogs) {
		ro = append(ro, managed.WithChangeLogger(o.ChangeLogOptions.ChangeLogger))
	}
	if o.MetricOptions != nil && o.MetricOptions.MRMetrics != nil {
		ro = append(ro, managed.WithMetricRecorder(o.MetricOptions.MRMetrics))
	}
	return ro
}

func addStateMetrics(mgr ctrl.Manager, o options.Options) error {
	if o.MetricOptions == nil || o.MetricOptions.MRStateMetrics == nil {
		return nil
	}
	rec := statemetrics.NewMRStateRecorder(mgr.GetClient(), o.Logger, o.MetricOptions.MRStateMetrics, &v1alpha1.PerformerList{}, o.MetricOptions.PollStateMetricInterval)
	return errors.Wrap(mgr.Add(rec), "cannot record the state metrics of Performers")
}

func controllerOptions(o options.Options) ctrlcontroller.Options {
	co := o.ForControllerRuntime()
	co.RateLimiter = workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](minBackoff, maxBackoff)
	return co
}

// watch has the controller reconcile a Performer whenever its Pod or its Service
// changes in a target cluster.
func watch(c ctrlcontroller.Controller, target cache.Cache) error {
	if err := c.Watch(source.Kind(target, &corev1.Pod{}, handler.TypedEnqueueRequestsFromMapFunc(performerOf[*corev1.Pod]))); err != nil {
		return errors.Wrap(err, "cannot watch Pods")
	}
	err := c.Watch(source.Kind(target, &corev1.Service{}, handler.TypedEnqueueRequestsFromMapFunc(performerOf[*corev1.Service])))
	return errors.Wrap(err, "cannot watch Services")
}

// performerOf is the Performer that an object in a target cluster belongs to.
func performerOf[T client.Object](_ context.Context, o T) []reconcile.Request {
	name := o.GetLabels()[workload.LabelPerformer]
	if name == "" {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: o.GetNamespace(), Name: name}}}
}

// users has the Performers that refer to a ProviderConfig reconciled when it
// appears or changes.
func users(kube client.Reader, kind string) handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, pc client.Object) []reconcile.Request {
		l := &v1alpha1.PerformerList{}
		if err := kube.List(ctx, l, client.InNamespace(pc.GetNamespace())); err != nil {
			return nil // The cache is shutting down.
		}
		var reqs []reconcile.Request
		for i := range l.Items {
			if r := l.Items[i].GetProviderConfigReference(); r != nil && r.Kind == kind && r.Name == pc.GetName() {
				reqs = append(reqs, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&l.Items[i])})
			}
		}
		return reqs
	})
}
