// SPDX-License-Identifier: Apache-2.0

// Package performer reconciles Performers with the Pod and the Service that
// each becomes in its target cluster.
package performer

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlcontroller "sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/ratelimiter"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/controller/options"
	"github.com/crossplane-contrib/provider-hourglass/internal/controller/quiet"
	"github.com/crossplane-contrib/provider-hourglass/internal/controller/reach"
	"github.com/crossplane-contrib/provider-hourglass/internal/target"
	"github.com/crossplane-contrib/provider-hourglass/internal/workload"
)

// Setup adds the controller of Performers to the manager.
func Setup(mgr ctrl.Manager, o options.Options) error {
	gvk := v1alpha1.SchemeGroupVersion.WithKind(v1alpha1.PerformerKind)
	name := managed.ControllerName(gvk.GroupKind().String())
	record := event.NewAPIRecorder(mgr.GetEventRecorderFor(name), o.EventFilterFunctions...) //nolint:staticcheck // crossplane-runtime records through this interface.

	quietly := quiet.Manager(mgr)
	finalizer := options.NewFinalizer(mgr.GetClient(), func(o resource.Object) string {
		return workload.PodName(o.(*v1alpha1.Performer)) //nolint:forcetypeassert // This controller has no other kind.
	})
	later, nodes := &later{}, &nodes{}
	next := managed.NewReconciler(quietly, resource.ManagedKind(gvk), append(options.Reconciler(o, name, record),
		managed.WithTypedExternalConnector(&connector{
			targets: o.Targets,
			track:   target.NewTracker(mgr.GetClient()),
			record:  record,
			kube:    mgr.GetClient(),
			live:    mgr.GetAPIReader(),
			nodes:   nodes,
			again:   later.again,
		}),
		managed.WithPollIntervalHook(options.PollInterval(o)),
		managed.WithFinalizer(finalizer))...)
	r := reach.Reconciler{
		Next: next, Kube: quietly.GetClient(), Targets: o.Targets, Record: record, Finalizer: finalizer,
		New: func() resource.ModernManaged { return &v1alpha1.Performer{} },
	}
	if err := options.AddStateMetrics(mgr, o, &v1alpha1.PerformerList{}); err != nil {
		return err
	}
	if err := metrics.Registry.Register(gauges{kube: mgr.GetClient()}); err != nil {
		return errors.Wrap(err, "cannot register the metrics of Performers")
	}
	if err := mgr.GetFieldIndexer().IndexField(context.Background(), &v1alpha1.Performer{}, indexPod, podName); err != nil {
		return errors.Wrap(err, "cannot index Performers by the names of their Pods")
	}
	changed := builder.WithPredicates(predicate.GenerationChangedPredicate{})
	c, err := ctrl.NewControllerManagedBy(mgr).
		Named(name).
		WithOptions(options.Controller(o)).
		For(&v1alpha1.Performer{}, builder.WithPredicates(predicate.Or(resource.DesiredStateChanged(), options.FinalizerLost()))).
		Watches(&v1alpha1.ProviderConfig{}, users(mgr.GetClient(), v1alpha1.ProviderConfigKind), changed).
		Watches(&v1alpha1.ClusterProviderConfig{}, users(mgr.GetClient(), v1alpha1.ClusterProviderConfigKind), changed).
		WatchesRawSource(reach.Changes(o.Targets, usersOf(mgr.GetClient()))).
		WatchesRawSource(later.source()).
		Build(ratelimiter.NewReconciler(name, r, o.GlobalRateLimiter))
	if err != nil {
		return errors.Wrap(err, "cannot build the controller of Performers")
	}
	nodes.watch = func(cache cache.Cache) error {
		return c.Watch(source.Kind(cache, client.Object(metadataOf()), performersOn(mgr.GetClient()), predicate.LabelChangedPredicate{}))
	}
	// A Performer without executorRef needs no executors, not even their kind.
	o.WhenServed(mgr, func() error {
		return c.Watch(source.Kind(mgr.GetCache(), client.Object(&v1alpha1.HourglassExecutor{}), performersOf(mgr.GetClient()), predicate.GenerationChangedPredicate{}))
	}, v1alpha1.HourglassExecutorKind)
	return o.Targets.Watch(func(cache cache.Cache) error { return watch(mgr.GetClient(), c, cache) })
}

// indexPod is the field by which Performers can be listed by their Pod's name.
const indexPod = "pod-name"

func podName(o client.Object) []string {
	return []string{workload.PodName(o.(*v1alpha1.Performer))} //nolint:forcetypeassert // Only Performers are indexed.
}

// watch has the controller reconcile a Performer whenever its Pod or its Service
// changes in a target cluster.
func watch(kube client.Reader, c ctrlcontroller.Controller, target cache.Cache) error {
	return errors.Join(
		c.Watch(source.Kind(target, &corev1.Pod{}, named[*corev1.Pod](kube))),
		c.Watch(source.Kind(target, &corev1.Service{}, named[*corev1.Service](kube))),
	)
}

// named has the Performers reconciled that an object has the name of the Pod of:
// its owner, and those that only observe it. A second Pod has another name, and
// names its owner.
func named[T client.Object](kube client.Reader) handler.TypedEventHandler[T, reconcile.Request] {
	return handler.TypedEnqueueRequestsFromMapFunc(func(ctx context.Context, o T) []reconcile.Request {
		in := client.InNamespace(o.GetNamespace())
		reqs := where(ctx, kube, func(*v1alpha1.Performer) bool { return true }, in, client.MatchingFields{indexPod: o.GetName()})
		if base := workload.FirstName(o.GetName()); base != "" {
			reqs = append(reqs, where(ctx, kube, func(p *v1alpha1.Performer) bool { return workload.Owns(p, o) }, in, client.MatchingFields{indexPod: base})...)
		}
		return reqs
	})
}

// users has the Performers that refer to a ProviderConfig reconciled when it
// appears or changes.
func users(kube client.Reader, kind string) handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, pc client.Object) []reconcile.Request {
		return usersOf(kube)(ctx, target.Ref{Kind: kind, Namespace: pc.GetNamespace(), Name: pc.GetName()})
	})
}

// usersOf finds the Performers that refer to a ProviderConfig.
func usersOf(kube client.Reader) func(context.Context, target.Ref) []reconcile.Request {
	return func(ctx context.Context, pc target.Ref) []reconcile.Request {
		return where(ctx, kube, func(p *v1alpha1.Performer) bool {
			r := p.GetProviderConfigReference()
			return r != nil && r.Kind == pc.Kind && r.Name == pc.Name
		}, client.InNamespace(pc.Namespace))
	}
}

// performersOf has the Performers of an executor reconciled when it appears,
// changes or goes: they inherit its defaults.
func performersOf(kube client.Reader) handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, e client.Object) []reconcile.Request {
		return where(ctx, kube, func(p *v1alpha1.Performer) bool { return p.Spec.ExecutorRef == e.GetName() }, client.InNamespace(e.GetNamespace()))
	})
}

// performersOn has the Performers on a node reconciled that require a TEE.
func performersOn(kube client.Reader) handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, node client.Object) []reconcile.Request {
		return where(ctx, kube, func(p *v1alpha1.Performer) bool {
			return p.Status.NodeName == node.GetName() && workload.RequiresTEE(p)
		})
	})
}

// where lists the Performers of which something holds.
func where(ctx context.Context, kube client.Reader, holds func(*v1alpha1.Performer) bool, opts ...client.ListOption) []reconcile.Request {
	l := &v1alpha1.PerformerList{}
	if err := kube.List(ctx, l, opts...); err != nil {
		return nil // The cache is shutting down.
	}
	var reqs []reconcile.Request
	for i := range l.Items {
		if holds(&l.Items[i]) {
			reqs = append(reqs, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&l.Items[i])})
		}
	}
	return reqs
}
