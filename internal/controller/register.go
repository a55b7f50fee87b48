// SPDX-License-Identifier: Apache-2.0

// Package controller sets up the provider's controllers.
package controller

import (
	"context"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/customresourcesgate"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/controller/executor"
	"github.com/crossplane-contrib/provider-hourglass/internal/controller/hardwarepool"
	"github.com/crossplane-contrib/provider-hourglass/internal/controller/options"
	"github.com/crossplane-contrib/provider-hourglass/internal/controller/performer"
	"github.com/crossplane-contrib/provider-hourglass/internal/controller/providerconfig"
)

// Setup adds every controller of the provider to the manager: now the one that
// watches which kinds are served, and each other one when its kinds are. Where
// that fails then, the manager stops with the error.
func Setup(mgr ctrl.Manager, o options.Options) error {
	for _, c := range controllers() {
		o.WhenServed(mgr, func() error { return c.setup(mgr, o) }, c.kinds...)
	}
	if err := mgr.Add(manager.RunnableFunc(func(ctx context.Context) error {
		select {
		case err := <-o.Failed:
			return err
		case <-ctx.Done():
			return nil
		}
	})); err != nil {
		return errors.Wrap(err, "cannot watch the setup of the controllers")
	}
	return errors.Wrap(customresourcesgate.Setup(mgr, o.Options), "cannot build the controller that watches which kinds are served")
}

// A controller and the kinds without which it cannot start.
type controller struct {
	setup func(ctrl.Manager, options.Options) error
	kinds []string
}

func controllers() []controller {
	return []controller{
		{setup: providerconfig.Setup, kinds: []string{v1alpha1.ProviderConfigKind, v1alpha1.ProviderConfigUsageKind}},
		{setup: providerconfig.SetupCluster, kinds: []string{v1alpha1.ClusterProviderConfigKind, v1alpha1.ClusterProviderConfigUsageKind}},
		{setup: hardwarepool.Setup, kinds: []string{v1alpha1.HardwarePoolKind, v1alpha1.ProviderConfigKind, v1alpha1.ClusterProviderConfigKind}},
		{setup: executor.Setup, kinds: []string{v1alpha1.HourglassExecutorKind, v1alpha1.ProviderConfigKind, v1alpha1.ClusterProviderConfigKind}},
		{setup: performer.Setup, kinds: []string{v1alpha1.PerformerKind, v1alpha1.ProviderConfigKind, v1alpha1.ClusterProviderConfigKind}},
	}
}
