package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/crossplane-contrib/provider-hourglass/cluster/local"
)

// readyWithin is how long the provider may take to become ready.
const readyWithin = time.Minute

const healthFlag = "--health-probe-bind-address="

type upCmd struct {
	place

	Provider bool `default:"true" help:"Build and start the provider too." negatable:""`
}

// Run starts the control plane and the provider.
func (c upCmd) Run(ctx context.Context, progress local.Progress) error {
	o, root, err := c.options(progress)
	if err != nil {
		return err
	}
	if o.Binaries, err = local.Install(ctx, progress); err != nil {
		return err
	}
	bin := filepath.Join(o.Dir, "bin")
	if err := local.Link(bin, o.Binaries.Kubectl()); err != nil {
		return err
	}
	if c.Provider {
		progress("building the provider")
		if err := build(ctx, root, filepath.Join(bin, "provider")); err != nil {
			return err
		}
	}
	progress("starting Kubernetes " + o.Binaries.KubernetesVersion)
	cluster, err := local.Create(ctx, o)
	if err != nil {
		return err
	}
	if err := populate(ctx, cluster, root, progress); err != nil {
		return err
	}
	if c.Provider {
		if err := startProvider(ctx, cluster, filepath.Join(bin, "provider"), progress); err != nil {
			return err
		}
	}
	progress("ready")
	fmt.Print(next(o.Dir, cluster.Kubeconfig))
	return nil
}

// build builds the provider.
func build(ctx context.Context, root, bin string) error {
	if _, err := os.Stat(filepath.Join(root, "cmd", "provider")); err != nil {
		return fmt.Errorf("cannot find the provider, add --no-provider to start the control plane alone: %w", err)
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-o", bin, "./cmd/provider") //nolint:gosec // Our own path.
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot build the provider, mend it or add --no-provider: %w\n%s", err, out)
	}
	return nil
}

// populate fills the cluster with runtime classes and nodes to run Pods, and with the provider's kinds.
func populate(ctx context.Context, c *local.Cluster, root string, progress local.Progress) error {
	progress("applying runtime classes and nodes")
	if err := c.Apply(ctx, filepath.Join(root, "cluster", "runtimeclasses.yaml")); err != nil {
		return err
	}
	if err := c.ApplyNodes(ctx, filepath.Join(root, "cluster", "nodes.yaml")); err != nil {
		return err
	}
	progress("applying the provider's kinds")
	return c.Apply(ctx, filepath.Join(root, "package", "provider", "crds"))
}

// startProvider starts the provider unless it already runs as it was last built, and waits until it is ready.
func startProvider(ctx context.Context, c *local.Cluster, bin string, progress local.Progress) error {
	p, err := c.Provider()
	if err != nil {
		return err
	}
	if p == nil || !p.Runs() {
		progress("starting the provider")
		ports, err := local.FreePorts(2)
		if err != nil {
			return err
		}
		p, err = c.StartProvider(ctx, bin, "",
			fmt.Sprintf("--metrics-bind-address=127.0.0.1:%d", ports[0]),
			fmt.Sprintf("%s127.0.0.1:%d", healthFlag, ports[1]))
		if err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	return p.WaitReady(ctx, "http://"+flag(p.Command, healthFlag)+"/readyz")
}

// flag returns the value of a flag in a command.
func flag(command []string, name string) string {
	for _, arg := range command {
		if value, ok := strings.CutPrefix(arg, name); ok {
			return value
		}
	}
	return ""
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

  export KUBECONFIG=%s
  %s get nodes

The provider's log is %s. To stop everything and remove it: hourglass-local down
`, short(kubeconfig), short(filepath.Join(dir, "bin", "kubectl")), short(filepath.Join(dir, "provider.log")))
}
