// SPDX-License-Identifier: Apache-2.0

// Package stack tests the packages where they belong: installed by Crossplane itself into a real control plane with
// simulated nodes, the provider and the function under the service accounts that Crossplane gave them, and used through
// claims and composite resources.
package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-hourglass/apis"
	"github.com/crossplane-contrib/provider-hourglass/cluster/crossplane"
	"github.com/crossplane-contrib/provider-hourglass/cluster/local"
)

// installWithin is how long the control plane and the packages may take.
const installWithin = 20 * time.Minute

// A hub is the control plane of the tests.
type hub struct {
	client.Client

	config *rest.Config
	plane  crossplane.Plane
	root   string
}

var control *hub

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	ctx, cancel := context.WithTimeout(context.Background(), installWithin)
	defer cancel()
	dir, err := os.MkdirTemp("", "hourglass-stack-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "cannot make a folder for the control plane:", err)
		return 1
	}
	defer os.RemoveAll(dir) //nolint:errcheck // Only a temporary folder is left behind.
	cluster, err := start(ctx, dir)
	if cluster != nil {
		defer cluster.Delete(context.Background()) //nolint:errcheck // The folder goes next.
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "cannot start the control plane:", err)
		return 1
	}
	return m.Run()
}

// start the control plane, Crossplane and the packages.
func start(ctx context.Context, dir string) (*local.Cluster, error) {
	say := func(s string) { fmt.Println(s) }
	root, err := local.Root()
	if err != nil {
		return nil, err
	}
	binaries, err := local.InstallCrossplane(ctx, say)
	if err != nil {
		return nil, err
	}
	cluster, err := local.Create(ctx, local.Options{
		Name: "stack", Dir: dir, Progress: say,
		AuditPolicy: filepath.Join(root, "cluster", "test", "stack", "testdata", "audit.yaml"),
	})
	if err != nil {
		return nil, err
	}
	if err := cluster.Populate(ctx); err != nil {
		return cluster, err
	}
	h := &hub{plane: crossplane.Plane{Cluster: cluster, Binaries: binaries, Progress: say}, root: root}
	if err := h.plane.Start(ctx); err != nil {
		return cluster, err
	}
	if err := h.plane.InstallPackages(ctx); err != nil {
		return cluster, err
	}
	control = h
	return cluster, h.connect(ctx)
}

// connect makes the tests' own client, and the pools that the examples need.
func (h *hub) connect(ctx context.Context) error {
	cfg, err := clientcmd.BuildConfigFromFlags("", h.plane.Cluster.Kubeconfig)
	if err != nil {
		return err
	}
	cfg.QPS = -1
	h.config = cfg
	s := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(s), apis.AddToScheme(s)); err != nil {
		return err
	}
	if h.Client, err = client.New(cfg, client.Options{Scheme: s}); err != nil {
		return err
	}
	return h.plane.Cluster.Apply(ctx, filepath.Join(h.root, "examples", "local", "pools.yaml"))
}
