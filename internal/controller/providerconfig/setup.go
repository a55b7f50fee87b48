// SPDX-License-Identifier: Apache-2.0

// Package providerconfig accounts for who uses which ProviderConfig, says whether its
// cluster can be used, lets go of that of one that is deleted, and creates the default
// one.
package providerconfig

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/ratelimiter"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/providerconfig"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/controller/options"
	"github.com/crossplane-contrib/provider-hourglass/internal/controller/quiet"
	"github.com/crossplane-contrib/provider-hourglass/internal/controller/reach"
	"github.com/crossplane-contrib/provider-hourglass/internal/target"
)

// Setup adds the controller of ProviderConfigs to the manager.
func Setup(mgr ctrl.Manager, o options.Options) error {
	return setup(mgr, o, kinds(v1alpha1.ProviderConfigKind), &v1alpha1.ProviderConfig{}, &v1alpha1.ProviderConfigUsage{})
}

// SetupCluster adds the controller of ClusterProviderConfigs to the manager.
func SetupCluster(mgr ctrl.Manager, o options.Options) error {
	return setup(mgr, o, kinds(v1alpha1.ClusterProviderConfigKind), &v1alpha1.ClusterProviderConfig{}, &v1alpha1.ClusterProviderConfigUsage{})
}

// kinds are those of a ProviderConfig and its usages, which are named after it.
func kinds(config string) resource.ProviderConfigKinds {
	gvk := func(kind string) schema.GroupVersionKind { return v1alpha1.SchemeGroupVersion.WithKind(kind) }
	return resource.ProviderConfigKinds{
		Config:    gvk(config),
		Usage:     gvk(config + "Usage"),
		UsageList: gvk(config + "UsageList"),
	}
}

func setup(mgr ctrl.Manager, o options.Options, of resource.ProviderConfigKinds, config, usage client.Object) error {
	name := providerconfig.ControllerName(of.Config.GroupKind().String())
	record := event.NewAPIRecorder(mgr.GetEventRecorderFor(name), o.EventFilterFunctions...) //nolint:staticcheck // crossplane-runtime records through this interface.

	r := reconciler{
		next: providerconfig.NewReconciler(quiet.Manager(mgr), of,
			providerconfig.WithLogger(o.Logger.WithValues("controller", name)),
			providerconfig.WithRecorder(record)),
		kube:    mgr.GetClient(),
		kind:    of.Config.Kind,
		config:  config,
		targets: o.Targets,
	}
	changes := reach.Changes(o.Targets, func(_ context.Context, r target.Ref) []reconcile.Request {
		if r.Kind != of.Config.Kind {
			return nil
		}
		return []reconcile.Request{{NamespacedName: client.ObjectKey{Namespace: r.Namespace, Name: r.Name}}}
	})
	err := ctrl.NewControllerManagedBy(mgr).
		Named(name).
		WithOptions(o.ForControllerRuntime()).
		For(config).
		Watches(usage, &resource.EnqueueRequestForProviderConfig{Kind: of.Config.Kind}).
		WatchesMetadata(&corev1.Secret{}, readers(mgr.GetClient(), of.Config.Kind)).
		WatchesRawSource(changes).
		Complete(ratelimiter.NewReconciler(name, r, o.GlobalRateLimiter))
	return errors.Wrapf(err, "cannot build the controller of %ss", of.Config.Kind)
}
