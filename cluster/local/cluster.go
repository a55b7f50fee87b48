package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// containerLog is what every simulated container has written, in the form that container runtimes use; see logs.yaml.
const containerLog = "2006-01-02T15:04:05Z stdout F This container is simulated and writes nothing.\n"

// Options say which cluster is meant.
type Options struct {
	// Name of the cluster. Its context in the kubeconfig is kwok-NAME.
	Name string

	// Dir holds everything that belongs to the cluster. No two clusters may share it.
	Dir string

	// NodeAddress is the address at which real nodes, and the containers on them, reach the API server. Without it the
	// nodes are simulated.
	NodeAddress string

	// Binaries to run, from Install. Create installs them when they are not given.
	Binaries Binaries

	// AuditPolicy is the path of the API server's audit policy. Nothing is audited when it is empty. See AuditLog.
	AuditPolicy string

	// Progress is told what is being done.
	Progress Progress
}

// A Cluster is a control plane. Its nodes are simulated, unless it was made for real ones.
type Cluster struct {
	// Kubeconfig is the path of a file with which an administrator reaches the cluster.
	Kubeconfig string

	// Binaries that the cluster runs, and the kubectl that fits it.
	Binaries Binaries

	name     string
	dir      string
	audit    string
	address  string
	progress Progress
}

// Open returns the cluster in a directory as it is, running or not.
func Open(o Options) (*Cluster, error) {
	if o.Name == "" || o.Dir == "" {
		return nil, errors.New("cannot tell which cluster is meant: set both a name and a directory")
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("cannot find the cluster's directory: %w", err)
	}
	return &Cluster{
		Kubeconfig: filepath.Join(dir, "kubeconfig"),
		Binaries:   o.Binaries,
		name:       o.Name,
		dir:        dir,
		audit:      o.AuditPolicy,
		address:    o.NodeAddress,
		progress:   o.Progress,
	}, nil
}

// Create makes a cluster and returns when its API server is ready. A cluster that is there already is kept: what has died
// of it is started again. It is made anew when that fails, or when it was made from other binaries or stages.
func Create(ctx context.Context, o Options) (*Cluster, error) {
	if o.Binaries == (Binaries{}) {
		b, err := Install(ctx, o.Progress)
		if err != nil {
			return nil, err
		}
		o.Binaries = b
	}
	c, err := Open(o)
	if err != nil {
		return nil, err
	}
	root, err := Root()
	if err != nil {
		return nil, err
	}
	stages, err := readStages(root)
	if err != nil {
		return nil, err
	}
	if c.exists() {
		if c.revive(ctx, stages) {
			return c, nil
		}
		if err := c.Delete(ctx); err != nil {
			return nil, err
		}
	}
	if err := c.create(ctx, stages); err != nil {
		return nil, err
	}
	return c, nil
}

// create makes a cluster where there is none.
func (c *Cluster) create(ctx context.Context, stages []byte) error {
	ports, err := FreePorts(6)
	if err != nil {
		return err
	}
	cfg := c.config()
	fingerprint, err := cfg.fingerprint(stages)
	if err != nil {
		return err
	}
	data, err := cfg.on(ports).render(stages)
	if err != nil {
		return err
	}
	if err := c.write(map[string]string{
		"config.yaml":   string(data),
		"fingerprint":   fingerprint,
		"container.log": containerLog,
	}); err != nil {
		return err
	}
	if err := c.kwokctl(ctx); err != nil {
		return errors.Join(err, c.endComponents(context.WithoutCancel(ctx)))
	}
	return nil
}

// config is what kwokctl is told about the cluster, but for the ports.
func (c *Cluster) config() config {
	if c.address == "" {
		return configure(c.Binaries, c.audit)
	}
	return configure(c.Binaries, c.audit).forNode(c.address)
}

// write writes files into the folder that is kwokctl's.
func (c *Cluster) write(files map[string]string) error {
	if err := os.MkdirAll(c.kwok(), 0o750); err != nil {
		return fmt.Errorf("cannot make the cluster's directory: %w", err)
	}
	for name, content := range files {
		if err := os.WriteFile(c.kwok(name), []byte(content), 0o600); err != nil {
			return fmt.Errorf("cannot write the cluster's %s: %w", name, err)
		}
	}
	return nil
}

// revive starts again what has died of the cluster, and says whether it is now the cluster that is wanted.
func (c *Cluster) revive(ctx context.Context, stages []byte) bool {
	want, err := c.config().fingerprint(stages)
	if err != nil {
		return false
	}
	if have, err := os.ReadFile(c.kwok("fingerprint")); err != nil || string(have) != want {
		c.progress.say("the cluster was made from other binaries or stages: making it anew")
		return false
	}
	dead := c.forgetDead()
	if len(dead) == 0 && c.ready(ctx) == nil {
		return true
	}
	if len(dead) == 0 {
		dead = []string{"an answer"}
	}
	c.progress.say("the cluster is there but not whole, it lacks " + strings.Join(dead, ", ") + ": starting it again")
	if err := c.kwokctl(ctx); err != nil {
		c.progress.say("it does not start again, making it anew: " + err.Error())
		return false
	}
	return true
}

// Delete ends every process of the cluster and removes what it has written. It is fine if there is no cluster.
func (c *Cluster) Delete(ctx context.Context) error {
	ps, err := recorded(c.dir)
	if err != nil {
		return err
	}
	for _, p := range ps {
		if err := p.Stop(ctx); err != nil {
			return err
		}
		_ = os.Remove(p.Log) // It may never have been written.
	}
	if err := c.endComponents(ctx); err != nil {
		return err
	}
	for _, path := range []string{c.kwok(), c.Kubeconfig, c.Path("processes"), c.Path("crossplane")} {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("cannot remove the cluster: %w", err)
		}
	}
	return nil
}
