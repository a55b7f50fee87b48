// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"github.com/crossplane-contrib/provider-hourglass/cluster/crossplane"
	"github.com/crossplane-contrib/provider-hourglass/cluster/standin"
)

type standinCmd struct {
	Kubeconfig string `required:"" help:"Kubeconfig of the cluster's administrator."`
	Dir        string `required:"" help:"Folder for what the Pods' processes need and write." type:"path"`
	Registry   string `required:"" help:"Address at which to serve the registry."`
	Proxy      string `required:"" help:"Address at which to serve the proxy to functions."`
}

// Run runs the Pods of Crossplane's packages until it is asked to end.
func (c standinCmd) Run(ctx context.Context) error {
	return standin.Serve(ctx, standin.Options{
		Kubeconfig: c.Kubeconfig,
		Namespace:  crossplane.Namespace,
		Dir:        c.Dir,
		Registry:   c.Registry,
		Proxy:      c.Proxy,
	})
}
