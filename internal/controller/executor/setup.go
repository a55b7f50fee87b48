// SPDX-License-Identifier: Apache-2.0

// Package executor reconciles HourglassExecutors with the Deployment, the
// configuration and the rights that each becomes in its target cluster.
package executor

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlcontroller "sigs.k8s.io/controller-runtime/pkg/controller"
	ctrlevent "sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
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

// Setup adds the controller of HourglassExecutors to the manager.
func Setup(mgr ctrl.Manager, o options.Options) error {
	gvk := v1alpha1.SchemeGroupVersion.WithKind(v1alpha1.HourglassExecutorKind)
	name := managed.ControllerName(gvk.GroupKind().String())
	record := event.NewAPIRecorder(mgr.GetEventRecorderFor(name), o.EventFilterFunctions...) //nolint:staticcheck // crossplane-runtime records through this interface.

	quietly := quiet.Manager(mgr)
	finalizer := options.NewFinalizer(mgr.GetClient(), func(o resource.Object) string {
		return workload.ExecutorName(o.(*v1alpha1.HourglassExecutor)) //nolint:forcetypeassert // This controller has no other kind.
	})
	next := managed.NewReconciler(quietly, resource.ManagedKind(gvk), append(options.Reconciler(o, name, record),
		managed.WithTypedExternalConnector(&connector{
			targets: o.Targets,
			track:   target.NewTracker(mgr.GetClient()),
			record:  record,
			kube:    mgr.GetClient(),
			live:    mgr.GetAPIReader(),
		}),
		managed.WithPollIntervalHook(options.PollInterval(o)),
		managed.WithFinalizer(finalizer))...)
	r := reach.Reconciler{
		Next: next, Kube: quietly.GetClient(), Targets: o.Targets, Record: record, Finalizer: finalizer,
		New: func() resource.ModernManaged { return &v1alpha1.HourglassExecutor{} },
	}
	if err := options.AddStateMetrics(mgr, o, &v1alpha1.HourglassExecutorList{}); err != nil {
		return err
	}
	changed := builder.WithPredicates(predicate.GenerationChangedPredicate{})
	c, err := ctrl.NewControllerManagedBy(mgr).
		Named(name).
		WithOptions(options.Controller(o)).
		For(&v1alpha1.HourglassExecutor{}, builder.WithPredicates(resource.DesiredStateChanged())).
		Watches(&v1alpha1.ProviderConfig{}, users(mgr.GetClient(), v1alpha1.ProviderConfigKind), changed).
		Watches(&v1alpha1.ClusterProviderConfig{}, users(mgr.GetClient(), v1alpha1.ClusterProviderConfigKind), changed).
		WatchesMetadata(&corev1.Secret{}, referrers(mgr.GetClient())).
		WatchesRawSource(reach.Changes(o.Targets, usersOf(mgr.GetClient()))).
		Build(ratelimiter.NewReconciler(name, r, o.GlobalRateLimiter))
	if err != nil {
		return errors.Wrap(err, "cannot build the controller of HourglassExecutors")
	}
	return o.Targets.Watch(func(target cache.Cache) error { return watch(mgr.GetClient(), c, target) })
}

// watch has the controller reconcile an executor whenever one of its objects
// changes in a target cluster, and all of them when a signing key comes or goes:
// another may have the same.
func watch(kube client.Reader, c ctrlcontroller.Controller, target cache.Cache) error {
	all := handler.TypedEnqueueRequestsFromMapFunc(func(ctx context.Context, _ *appsv1.Deployment) []reconcile.Request {
		return where(ctx, kube, "", func(*v1alpha1.HourglassExecutor) bool { return true })
	})
	return errors.Join(
		watchKind[*appsv1.Deployment](c, target, &appsv1.Deployment{}),
		watchKind[*corev1.Pod](c, target, &corev1.Pod{}),
		watchKind[*corev1.Service](c, target, &corev1.Service{}),
		watchKind[*corev1.ConfigMap](c, target, &corev1.ConfigMap{}),
		watchKind[*corev1.Secret](c, target, &corev1.Secret{}),
		watchKind[*corev1.ServiceAccount](c, target, &corev1.ServiceAccount{}),
		watchKind[*rbacv1.Role](c, target, &rbacv1.Role{}),
		watchKind[*rbacv1.RoleBinding](c, target, &rbacv1.RoleBinding{}),
		c.Watch(source.Kind(target, &appsv1.Deployment{}, all, signerChanged())),
	)
}

func watchKind[T client.Object](c ctrlcontroller.Controller, target cache.Cache, o T) error {
	return c.Watch(source.Kind(target, o, handler.TypedEnqueueRequestsFromMapFunc(executorOf[T])))
}

// executorOf is the executor that an object in a target cluster belongs to.
func executorOf[T client.Object](_ context.Context, o T) []reconcile.Request {
	name, ns := o.GetLabels()[workload.LabelExecutor], o.GetLabels()[workload.LabelExecutorNamespace]
	if name == "" || ns == "" {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: ns, Name: name}}}
}

// signerChanged passes Deployments that come, go, or sign with another key.
func signerChanged() predicate.TypedFuncs[*appsv1.Deployment] {
	return predicate.TypedFuncs[*appsv1.Deployment]{
		UpdateFunc: func(e ctrlevent.TypedUpdateEvent[*appsv1.Deployment]) bool {
			return e.ObjectOld.Annotations[workload.AnnotationSigner] != e.ObjectNew.Annotations[workload.AnnotationSigner]
		},
	}
}

// users has the executors that refer to a ProviderConfig reconciled.
func users(kube client.Reader, kind string) handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, pc client.Object) []reconcile.Request {
		return usersOf(kube)(ctx, target.Ref{Kind: kind, Namespace: pc.GetNamespace(), Name: pc.GetName()})
	})
}

// usersOf finds the executors that refer to a ProviderConfig.
func usersOf(kube client.Reader) func(context.Context, target.Ref) []reconcile.Request {
	return func(ctx context.Context, pc target.Ref) []reconcile.Request {
		return where(ctx, kube, pc.Namespace, func(e *v1alpha1.HourglassExecutor) bool {
			r := e.GetProviderConfigReference()
			return r != nil && r.Kind == pc.Kind && r.Name == pc.Name
		})
	}
}

// referrers has the executors reconciled whose keys or RPC URLs are in a Secret.
func referrers(kube client.Reader) handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, s client.Object) []reconcile.Request {
		return where(ctx, kube, s.GetNamespace(), func(e *v1alpha1.HourglassExecutor) bool { return workload.RefersTo(e, s.GetName()) })
	})
}

// where lists the executors, in one namespace or in all, of which something holds.
func where(ctx context.Context, kube client.Reader, ns string, holds func(*v1alpha1.HourglassExecutor) bool) []reconcile.Request {
	l := &v1alpha1.HourglassExecutorList{}
	if err := kube.List(ctx, l, client.InNamespace(ns)); err != nil {
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
