// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"time"
)

// Start starts a process that belongs to the cluster: Delete ends it. One of the same name that was started before and
// still runs is stopped first. Its log is Dir/NAME.log.
func (c *Cluster) Start(ctx context.Context, name string, env []string, command ...string) (*Process, error) {
	old, err := c.Process(name)
	if err != nil {
		return nil, err
	}
	if old != nil {
		if err := old.Stop(ctx); err != nil {
			return nil, err
		}
	}
	return start(c.dir, name, env, command...)
}

// Process returns the process of this name that was started last for the cluster, running or not, or nil.
func (c *Cluster) Process(name string) (*Process, error) {
	ps, err := recorded(c.dir)
	if err != nil {
		return nil, err
	}
	for _, p := range ps {
		if p.Name == name {
			return p, nil
		}
	}
	return nil, nil
}

// Path returns a path in the cluster's directory.
func (c *Cluster) Path(elem ...string) string {
	return filepath.Join(append([]string{c.dir}, elem...)...)
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

// Flag returns the value of a flag in the process's command, which is NAME=VALUE, or nothing.
func (p *Process) Flag(name string) string {
	for _, arg := range p.Command {
		if value, ok := strings.CutPrefix(arg, name); ok {
			return value
		}
	}
	return ""
}
