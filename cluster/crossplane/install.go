// SPDX-License-Identifier: Apache-2.0

package crossplane

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/crossplane-contrib/provider-hourglass/cluster/local"
	"github.com/crossplane-contrib/provider-hourglass/cluster/packages"
)

// healthyWithin is how long all packages may take to be Healthy.
const healthyWithin = 3 * time.Minute

// exampleRegistry and exampleVersion are what the manifests in examples/install name.
const (
	exampleRegistry = "registry.example.org/hourglass/"
	exampleVersion  = ":v0.1.0"
)

// InstallPackages builds the packages from the repository, pushes them to the registry of the plane, which must have been
// started, and installs them.
func (p Plane) InstallPackages(ctx context.Context) error {
	root, err := local.Root()
	if err != nil {
		return err
	}
	version, err := sourceVersion(root)
	if err != nil {
		return err
	}
	return p.InstallVersion(ctx, root, version)
}

// InstallVersion builds the packages from a copy of the repository, pushes them and installs them as a version. Where
// another version is installed, that is an upgrade.
func (p Plane) InstallVersion(ctx context.Context, root, version string) error {
	registry, err := p.Registry()
	if err != nil {
		return err
	}
	built, err := packages.Build(ctx, packages.Options{
		Root: root, Dir: p.Cluster.Path("crossplane", "packages"), Registry: registry, Version: version,
		Arch: []string{runtime.GOARCH}, CLI: p.Binaries.CLI, Progress: p.Progress,
	})
	if err != nil {
		return err
	}
	for _, b := range built {
		if err := packages.Push(ctx, p.Binaries.CLI, b); err != nil {
			return err
		}
	}
	return p.install(ctx, registry, version)
}

// install does what docs/install.md says, in its order: each package when those that it depends on are Healthy.
func (p Plane) install(ctx context.Context, registry, version string) error {
	root, err := local.Root()
	if err != nil {
		return err
	}
	if err := p.Cluster.Apply(ctx, filepath.Join(root, "package", "rbac")); err != nil {
		return err
	}
	for _, kind := range []string{"provider", "function", "configuration"} {
		p.Progress("installing the " + kind + " " + version)
		manifest, err := os.ReadFile(filepath.Join(root, "examples", "install", kind+".yaml")) //nolint:gosec // A file of the repository.
		if err != nil {
			return fmt.Errorf("cannot read how to install the %s: %w", kind, err)
		}
		manifest = bytes.ReplaceAll(manifest, []byte(exampleRegistry), []byte(registry+"/"))
		manifest = bytes.ReplaceAll(manifest, []byte(exampleVersion), []byte(":"+version))
		path := p.Cluster.Path("crossplane", kind+".yaml")
		if err := os.WriteFile(path, manifest, 0o600); err != nil { //nolint:gosec // In the folder of the cluster.
			return fmt.Errorf("cannot write what to install: %w", err)
		}
		if err := p.Cluster.Apply(ctx, path); err != nil {
			return err
		}
		if err := awaitHealthy(ctx, p.Cluster, kind); err != nil {
			return err
		}
	}
	// A configuration is healthy before what it defines can be used.
	if err := p.Cluster.AwaitCRDs(ctx, stacks...); err != nil {
		return fmt.Errorf("cannot use what the configuration defines: %w", err)
	}
	return nil
}

// stacks are the kinds that the configuration defines.
var stacks = []string{
	"hourglassstacks.platform.hourglass.eigenlayer.io",
	"xhourglassstacks.platform.hourglass.eigenlayer.io",
	"hourglassstackclaims.platform.hourglass.eigenlayer.io",
}

// packageColumns tell whether a package is what it should be: which it should be, which it is, and how that is.
const packageColumns = `custom-columns=NAME:.metadata.name,WANT:.spec.package,HAVE:.status.currentIdentifier,` +
	`INSTALLED:.status.conditions[?(@.type=="Installed")].status,HEALTHY:.status.conditions[?(@.type=="Healthy")].status`

// awaitHealthy returns when the packages of a kind are Healthy in the version that is wanted, or with what is not.
func awaitHealthy(ctx context.Context, c *local.Cluster, kind string) error {
	var problem error
	err := wait.PollUntilContextTimeout(ctx, 200*time.Millisecond, healthyWithin, true, func(ctx context.Context) (bool, error) {
		var out string
		if out, problem = c.Kubectl(ctx, "get", kind+".pkg", "--no-headers", "-o", packageColumns); problem != nil {
			return false, nil //nolint:nilerr // It may not serve the kinds yet.
		}
		problem = unhealthy(out)
		return problem == nil, nil
	})
	if err == nil {
		return nil
	}
	out, _ := c.Kubectl(context.WithoutCancel(ctx), "get", "pkgrev", "-o", "yaml") // Said if it can be.
	return fmt.Errorf("cannot install the %s: %w; the revisions are:\n%s", kind, errors.Join(err, problem), out)
}

// unhealthy returns what is not as it should be among the rows of packageColumns.
func unhealthy(table string) error {
	var problems []error
	for line := range strings.Lines(table) {
		row := strings.Fields(line)
		if len(row) != 5 {
			problems = append(problems, fmt.Errorf("not a row of a package: %s", line))
		} else if row[1] != row[2] || row[3] != "True" || row[4] != "True" {
			problems = append(problems, fmt.Errorf("not healthy: %s wants %s, has %s, Installed is %s, Healthy is %s", row[0], row[1], row[2], row[3], row[4]))
		}
	}
	return errors.Join(problems...)
}
