// SPDX-License-Identifier: Apache-2.0

// Package controller sets up the provider's controllers.
package controller

import (
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/crossplane-contrib/provider-hourglass/internal/controller/executor"
	"github.com/crossplane-contrib/provider-hourglass/internal/controller/options"
	"github.com/crossplane-contrib/provider-hourglass/internal/controller/performer"
	"github.com/crossplane-contrib/provider-hourglass/internal/controller/providerconfig"
)

// Setup adds every controller of the provider to the manager.
func Setup(mgr ctrl.Manager, o options.Options) error {
	for _, setup := range []func(ctrl.Manager, options.Options) error{
		providerconfig.Setup,
		providerconfig.SetupCluster,
		executor.Setup,
		performer.Setup,
	} {
		if err := setup(mgr, o); err != nil {
			return err
		}
	}
	return nil
}
