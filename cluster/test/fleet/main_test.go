// SPDX-License-Identifier: Apache-2.0

// Package fleet tests one provider that serves several target clusters: what it learns of their nodes, where performers go,
// and what becomes of them while a target cannot be reached. The hub is a control plane into which Crossplane itself has
// installed the packages. The targets, east and west, are control planes with simulated nodes, which the provider reaches
// through networks that can be cut.
package fleet

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/crossplane-contrib/provider-hourglass/cluster/crossplane"
	"github.com/crossplane-contrib/provider-hourglass/cluster/local"
	"github.com/crossplane-contrib/provider-hourglass/cluster/test/forwarder"
	"github.com/crossplane-contrib/provider-hourglass/cluster/test/plane"
)

// startWithin is how long the three control planes and the packages may take; the first build of their binaries takes
// minutes.
const startWithin = 40 * time.Minute

// The control planes that all tests share. Each test has its own namespaces in them.
var (
	hub        *plane.Hub
	east, west *target
)

// clusters that were started.
var clusters []*local.Cluster

// A target is a cluster that Performers run in.
type target struct {
	*plane.Hub

	// name of the target, and of the ClusterProviderConfig that leads to it.
	name string
	// options with which it was created.
	options local.Options
	// network between the provider and its API server.
	network *forwarder.Forwarder
}

func TestMain(m *testing.M) {
	flag.Parse()
	log.SetLogger(logr.Discard()) // API servers of the tests' own would speak through it.
	os.Exit(run(m))
}

func run(m *testing.M) int {
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()
	dir, err := os.MkdirTemp("", "hourglass-fleet-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "cannot make a folder for the control planes:", err)
		return 1
	}
	defer os.RemoveAll(dir) //nolint:errcheck // Only a temporary folder is left behind.
	defer func() {
		for _, c := range clusters {
			_ = c.Delete(context.Background()) // The folder goes next.
		}
	}()
	if err := start(ctx, dir); err != nil {
		fmt.Fprintln(os.Stderr, "cannot start the control planes:", err)
		return 1
	}
	return m.Run()
}

// start the hub with the packages, the targets, and what leads from one to the others.
func start(ctx context.Context, dir string) (err error) {
	if hub, err = startHub(ctx, filepath.Join(dir, "hub")); err != nil {
		return err
	}
	if east, err = startTarget(ctx, filepath.Join(dir, "east"), "east", eastNodes()); err != nil {
		return err
	}
	west, err = startTarget(ctx, filepath.Join(dir, "west"), "west", westNodes())
	return err
}

// startHub starts a control plane with Crossplane and the packages.
func startHub(ctx context.Context, dir string) (*plane.Hub, error) {
	binaries, err := local.InstallCrossplane(ctx, say)
	if err != nil {
		return nil, err
	}
	h, err := open(ctx, local.Options{Name: "hub", Dir: dir, Progress: say})
	if err != nil {
		return nil, err
	}
	if err := h.Cluster.Populate(ctx); err != nil {
		return nil, err
	}
	p := crossplane.Plane{Cluster: h.Cluster, Binaries: binaries, Progress: say}
	if err := p.Start(ctx); err != nil {
		return nil, err
	}
	return h, p.InstallPackages(ctx)
}

// startTarget starts a control plane with nodes, and makes a ClusterProviderConfig in the hub that leads to it.
func startTarget(ctx context.Context, dir, name string, nodes []*corev1.Node) (*target, error) {
	t := &target{name: name, options: local.Options{Name: name, Dir: dir, Progress: say}}
	var err error
	if t.Hub, err = open(ctx, t.options); err != nil {
		return nil, err
	}
	for _, n := range nodes {
		if err := t.Create(ctx, n); err != nil {
			return nil, err
		}
	}
	if t.network, err = forwarder.New(ctx, t.server()); err != nil {
		return nil, err
	}
	kubeconfig, err := t.kubeconfig(t.network.Address)
	if err != nil {
		return nil, err
	}
	for _, o := range config(name, kubeconfig, withInventory) {
		if err := hub.Create(ctx, o); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// open makes a control plane without a provider beside it.
func open(ctx context.Context, o local.Options) (*plane.Hub, error) {
	c, err := local.Create(ctx, o)
	if err != nil {
		return nil, err
	}
	clusters = append(clusters, c)
	return plane.New(c)
}

func say(sentence string) { fmt.Println(sentence) }
