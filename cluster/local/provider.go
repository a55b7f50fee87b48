package local

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

const provider = "provider"

// StartProvider starts a provider binary against the cluster, or against the one that another kubeconfig leads to. A
// provider that was started before and still runs is stopped first. Its log is Dir/provider.log.
func (c *Cluster) StartProvider(ctx context.Context, bin, kubeconfig string, args ...string) (*Process, error) {
	old, err := c.Provider()
	if err != nil {
		return nil, err
	}
	if old != nil {
		if err := old.Stop(ctx); err != nil {
			return nil, err
		}
	}
	if kubeconfig == "" {
		kubeconfig = c.Kubeconfig
	}
	return start(c.dir, provider, []string{"KUBECONFIG=" + kubeconfig}, append([]string{bin}, args...)...)
}

// Provider returns the provider that was started last for this cluster, running or not, or nil.
func (c *Cluster) Provider() (*Process, error) {
	ps, err := recorded(c.dir)
	if err != nil {
		return nil, err
	}
	for _, p := range ps {
		if p.Name == provider {
			return p, nil
		}
	}
	return nil, nil
}

// Runs says whether the process is alive and its binary is still the one that was started.
func (p *Process) Runs() bool {
	now, err := digest(p.Command[0])
	return err == nil && now == p.Binary && p.Alive()
}

// WaitReady returns when the process answers a URL with 200, or with why it never will.
func (p *Process) WaitReady(ctx context.Context, url string) error {
	for {
		if err := get(ctx, url); err == nil {
			return nil
		} else if !p.Alive() {
			return fmt.Errorf("cannot wait for %s: it has ended; the end of its log, %s:\n%s", p.Name, p.Log, p.Tail())
		} else if ctx.Err() != nil {
			return fmt.Errorf("cannot wait longer for %s to be ready: %w; the end of its log, %s:\n%s", p.Name, err, p.Log, p.Tail())
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func get(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // Nothing is read from it.
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, resp.Status)
	}
	return nil
}
