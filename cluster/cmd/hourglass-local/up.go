// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/crossplane-contrib/provider-hourglass/cluster/crossplane"
	"github.com/crossplane-contrib/provider-hourglass/cluster/local"
)

type upCmd struct {
	place

	Packages bool `default:"true" help:"Build, push and install this project's packages too." negatable:""`
}

// Run starts the control plane and Crossplane, and installs the packages.
func (c upCmd) Run(ctx context.Context, progress local.Progress) error {
	o, _, err := c.options(progress)
	if err != nil {
		return err
	}
	if o.Binaries, err = local.Install(ctx, progress); err != nil {
		return err
	}
	binaries, err := local.InstallCrossplane(ctx, progress)
	if err != nil {
		return err
	}
	if err := local.Link(filepath.Join(o.Dir, "bin"), o.Binaries.Kubectl(), binaries.CLI); err != nil {
		return err
	}
	progress("starting Kubernetes " + o.Binaries.KubernetesVersion)
	cluster, err := local.Create(ctx, o)
	if err != nil {
		return err
	}
	progress("applying runtime classes and nodes")
	if err := cluster.Populate(ctx); err != nil {
		return err
	}
	progress("starting Crossplane")
	plane := crossplane.Plane{Cluster: cluster, Binaries: binaries, Progress: progress}
	if err := plane.Start(ctx); err != nil {
		return err
	}
	if c.Packages {
		if err := plane.InstallPackages(ctx); err != nil {
			return err
		}
	}
	progress("ready")
	fmt.Print(next(o.Dir, cluster.Kubeconfig))
	return nil
}

// next says what to do with the cluster.
func next(dir, kubeconfig string) string {
	wd, _ := os.Getwd() // Paths stay absolute without it.
	short := func(path string) string {
		if rel, err := filepath.Rel(wd, path); err == nil && !strings.HasPrefix(rel, "..") {
			return rel
		}
		return path
	}
	return fmt.Sprintf(`
To use the cluster:

  export KUBECONFIG=%s PATH=%s:$PATH
  kubectl get pkg

The logs of the provider and the function are in %s, Crossplane's is %s. To stop everything and
remove it: make down
`, short(kubeconfig), filepath.Join(dir, "bin"), short(filepath.Join(dir, "crossplane", "pods")), short(filepath.Join(dir, "crossplane.log")))
}
