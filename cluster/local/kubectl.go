package local

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// fieldManager owns what this package applies.
const fieldManager = "hourglass-local"

// Kubectl runs kubectl against the cluster and returns what it printed.
func (c *Cluster) Kubectl(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, c.Binaries.Kubectl(), append([]string{"--kubeconfig", c.Kubeconfig, "--cache-dir", c.kwok("kubectl")}, args...)...) //nolint:gosec // That is what this is for.
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("cannot run kubectl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}

// Apply applies manifests, files or folders, in this order, and returns when the API server serves the kinds that they define.
func (c *Cluster) Apply(ctx context.Context, paths ...string) error {
	for _, path := range paths {
		out, err := c.Kubectl(ctx, "apply", "--server-side", "--force-conflicts", "--field-manager", fieldManager, "-o", "name", "-f", path)
		if err != nil {
			return fmt.Errorf("cannot apply %s: %w", path, err)
		}
		crds := definitions(out)
		if len(crds) == 0 {
			continue
		}
		if err := c.await(ctx, "Established", crds...); err != nil {
			return fmt.Errorf("cannot apply %s: the API server does not serve its kinds: %w", path, err)
		}
	}
	return nil
}

// definitions returns the CustomResourceDefinitions among the names that kubectl has printed.
func definitions(names string) []string {
	var crds []string
	for name := range strings.FieldsSeq(names) {
		if strings.HasPrefix(name, "customresourcedefinition.") {
			crds = append(crds, name)
		}
	}
	return crds
}

// ApplyNodes applies nodes with their resources, which are status, and returns when all are Ready.
func (c *Cluster) ApplyNodes(ctx context.Context, path string) error {
	if err := c.Apply(ctx, path); err != nil {
		return err
	}
	if _, err := c.Kubectl(ctx, "apply", "--server-side", "--force-conflicts", "--field-manager", fieldManager, "--subresource", "status", "-f", path); err != nil {
		return fmt.Errorf("cannot set the resources of the nodes in %s: %w", path, err)
	}
	if err := c.await(ctx, "Ready", "-f", path); err != nil {
		return fmt.Errorf("cannot get the nodes in %s Ready, see %s: %w", path, c.logs(), err)
	}
	return nil
}

// Populate makes the runtime classes and simulated nodes of the local control plane, and returns when the nodes are Ready.
func (c *Cluster) Populate(ctx context.Context) error {
	root, err := Root()
	if err != nil {
		return err
	}
	if err := c.Apply(ctx, filepath.Join(root, "cluster", "runtimeclasses.yaml")); err != nil {
		return err
	}
	return c.ApplyNodes(ctx, filepath.Join(root, "cluster", "nodes.yaml"))
}

// AwaitCRDs returns when the API server serves the kinds of CustomResourceDefinitions.
func (c *Cluster) AwaitCRDs(ctx context.Context, names ...string) error {
	return c.await(ctx, "Established", append([]string{"crds"}, names...)...)
}

// await returns when a condition is True of all objects that kubectl get gets. (kubectl wait takes 100 ms for each object.)
func (c *Cluster) await(ctx context.Context, condition string, get ...string) error {
	columns := fmt.Sprintf(`custom-columns=NAME:.metadata.name,STATUS:.status.conditions[?(@.type==%q)].status`, condition)
	return poll(ctx, time.Minute, func() error {
		out, err := c.Kubectl(ctx, append([]string{"get", "--no-headers", "-o", columns}, get...)...)
		if err != nil {
			return err
		}
		if names := lacking(out); len(names) > 0 {
			return fmt.Errorf("not %s: %s", condition, strings.Join(names, ", "))
		}
		return nil
	})
}

// lacking returns the names in a table of names and statuses whose status is not True.
func lacking(table string) []string {
	var names []string
	for line := range strings.Lines(table) {
		if row := strings.Fields(line); len(row) > 0 && row[len(row)-1] != "True" {
			names = append(names, row[0])
		}
	}
	return names
}

// poll calls f until it returns no error, and returns its last error when time is up.
func poll(ctx context.Context, patience time.Duration, f func() error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := f()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(100 * time.Millisecond):
		}
	}
}
