// SPDX-License-Identifier: Apache-2.0

// Package e2e tests the provider as its users run it: a real API server,
// scheduler and controllers, the provider as a process, kubectl for hands. Only
// the nodes are simulated.
package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/crossplane-contrib/provider-hourglass/cluster/local"
	"github.com/crossplane-contrib/provider-hourglass/cluster/test/plane"
	"github.com/crossplane-contrib/provider-hourglass/cluster/test/proxy"
)

// setupWithin bounds the start of the control plane; the first build of its
// binaries takes minutes.
const setupWithin = 30 * time.Minute

// hub is the control plane that all tests share. Each test has its own
// namespace in it.
var hub *proxied //nolint:gochecknoglobals // Set once, by TestMain.

// A proxied plane has a proxy between the provider and the API server.
type proxied struct {
	*plane.Hub

	// proxy that the provider goes through; its kubeconfig.
	proxy      *proxy.Proxy
	kubeconfig string
	binary     string
}

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	ctx, cancel := context.WithTimeout(context.Background(), setupWithin)
	defer cancel()
	dir, err := os.MkdirTemp("", "hourglass-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "cannot make a folder for the control plane:", err)
		return 1
	}
	defer os.RemoveAll(dir) //nolint:errcheck // Only a temporary folder is left behind.

	hub, err = newPlane(ctx, dir, "e2e")
	if hub != nil {
		defer hub.Cluster.Delete(context.Background()) //nolint:errcheck // The folder goes next.
	}
	if err == nil {
		hub.binary, err = plane.Build(ctx, dir, "cmd/provider")
	}
	if err == nil {
		err = hub.startProvider(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "cannot start the control plane:", err)
		return 1
	}
	code := m.Run()
	if code != 0 {
		fmt.Fprintln(os.Stderr, "the end of the provider's log:\n"+hub.Provider.Tail())
	}
	return code
}

// newPlane starts a control plane with the CRDs, nodes and runtime classes of
// the local one.
func newPlane(ctx context.Context, dir, name string) (*proxied, error) {
	c, err := local.Create(ctx, local.Options{Name: name, Dir: dir, Progress: func(s string) { fmt.Println(s) }})
	if err != nil {
		return nil, err
	}
	inner, err := plane.New(c)
	if err != nil {
		return nil, errors.Join(err, c.Delete(ctx))
	}
	p := &proxied{Hub: inner, kubeconfig: filepath.Join(dir, "proxy.kubeconfig")}
	if err := p.populate(ctx); err != nil {
		return p, err
	}
	if p.proxy, err = proxy.New(ctx, p.Config); err != nil {
		return p, err
	}
	return p, p.proxy.WriteKubeconfig(p.kubeconfig)
}

func (p *proxied) populate(ctx context.Context) error {
	if err := p.Cluster.Populate(ctx); err != nil {
		return err
	}
	return p.Define(ctx)
}

// startProvider starts the provider behind the proxy.
func (p *proxied) startProvider(ctx context.Context) error {
	return p.StartProvider(ctx, p.binary, p.kubeconfig)
}
