package local

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// kwokctl has kwokctl make what is missing of the cluster, and waits for the API server.
func (c *Cluster) kwokctl(ctx context.Context) error {
	//nolint:gosec // Our own paths.
	cmd := exec.CommandContext(ctx, filepath.Join(c.Binaries.Kwok, "kwokctl"), "create", "cluster",
		"--name", c.name, "--config", c.kwok("config.yaml"), "--kubeconfig", "", "--timeout", "1m")
	cmd.Dir = c.kwok()
	cmd.Env = append(os.Environ(),
		"KWOK_WORKDIR="+c.kwok(),
		"PATH="+c.Binaries.Kubernetes+string(os.PathListSeparator)+os.Getenv("PATH"))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot start the cluster, see %s: %w: %s", c.logs(), err, out)
	}
	if err := c.writeKubeconfig(ctx); err != nil {
		return err
	}
	if err := poll(ctx, time.Minute, func() error { return c.ready(ctx) }); err != nil {
		return fmt.Errorf("cannot reach the cluster, see %s: %w", c.logs(), err)
	}
	return nil
}

// writeKubeconfig writes a kubeconfig that holds all it needs, so that it can also be the content of a Secret.
func (c *Cluster) writeKubeconfig(ctx context.Context) error {
	inner := *c
	inner.Kubeconfig = c.kwok("clusters", c.name, "kubeconfig.yaml")
	out, err := inner.Kubectl(ctx, "config", "view", "--raw", "--flatten")
	if err != nil {
		return fmt.Errorf("cannot read the cluster's kubeconfig: %w", err)
	}
	if err := os.WriteFile(c.Kubeconfig, []byte(out), 0o600); err != nil {
		return fmt.Errorf("cannot write the cluster's kubeconfig: %w", err)
	}
	return nil
}

// ready returns why the API server does not serve, or nothing.
func (c *Cluster) ready(ctx context.Context) error {
	_, err := c.Kubectl(ctx, "get", "--raw", "/readyz", "--request-timeout", "5s")
	return err
}

// exists says whether kwokctl has made the cluster, or has begun to.
func (c *Cluster) exists() bool {
	_, err := os.Stat(c.kwok())
	return err == nil
}

// kwok returns a path in the folder that is kwokctl's.
func (c *Cluster) kwok(elem ...string) string {
	return filepath.Join(append([]string{c.dir, "kwok"}, elem...)...)
}

// logs returns the folder with the logs of the cluster's components.
func (c *Cluster) logs() string { return c.kwok("clusters", c.name, "logs") }

// AuditLog returns the file that what an audit policy asks for is written to, one event on each line.
func (c *Cluster) AuditLog() string { return filepath.Join(c.logs(), "audit.log") }
