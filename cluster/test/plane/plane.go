// SPDX-License-Identifier: Apache-2.0

// Package plane is what end-to-end tests share: a control plane with the
// provider as a process beside it, and hands to work with both.
package plane

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-hourglass/apis"
	"github.com/crossplane-contrib/provider-hourglass/cluster/local"
)

// A Hub is a control plane with the provider beside it.
type Hub struct {
	// Client of the tests' own.
	client.Client

	// Root of the repository.
	Root string
	// Cluster that the provider and the tests talk to.
	Cluster *local.Cluster
	// Config of the tests' own client.
	Config *rest.Config

	// Provider that was started last.
	Provider *local.Process
	// Health and Metrics are where it serves them.
	Health, Metrics string
}

// New returns a hub without a provider.
func New(c *local.Cluster) (*Hub, error) {
	h := &Hub{Cluster: c}
	var err error
	if h.Root, err = local.Root(); err != nil {
		return nil, err
	}
	if h.Config, err = clientcmd.BuildConfigFromFlags("", c.Kubeconfig); err != nil {
		return nil, err
	}
	h.Config.QPS = -1
	s := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(s); err != nil {
		return nil, err
	}
	if err := apis.AddToScheme(s); err != nil {
		return nil, err
	}
	h.Client, err = client.New(h.Config, client.Options{Scheme: s})
	return h, err
}

// Define applies the provider's CRDs.
func (h *Hub) Define(ctx context.Context) error {
	return h.Cluster.Apply(ctx, filepath.Join(h.Root, "package", "provider", "crds"))
}

// Compile commands of the repository, so that Build finds all it needs on this
// machine.
func Compile(ctx context.Context, commands ...string) error {
	args := []string{"build"}
	for _, c := range commands {
		args = append(args, "./"+c)
	}
	return run(ctx, args...)
}

// Build a command of the repository into a folder and return its path.
func Build(ctx context.Context, dir, command string) (string, error) {
	binary := filepath.Join(dir, filepath.Base(command))
	return binary, run(ctx, "build", "-o", binary, "./"+command)
}

// run Go. What is built needs no libraries.
func run(ctx context.Context, args ...string) error {
	root, err := local.Root()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", args...) //nolint:gosec // Our own arguments.
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot run go %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

// StartProvider starts the provider against what the kubeconfig leads to.
// Polling is slow on purpose: what the tests see happen must have come by
// watches.
func (h *Hub) StartProvider(ctx context.Context, binary, kubeconfig string) error {
	ports, err := local.FreePorts(2)
	if err != nil {
		return err
	}
	h.Metrics = fmt.Sprintf("127.0.0.1:%d", ports[0])
	h.Health = fmt.Sprintf("127.0.0.1:%d", ports[1])
	h.Provider, err = h.Cluster.StartProvider(ctx, binary, kubeconfig, "--debug", "--poll=1h",
		"--metrics-bind-address="+h.Metrics, "--health-probe-bind-address="+h.Health)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return h.Provider.WaitReady(ctx, "http://"+h.Health+"/readyz")
}

// Log is what the provider has said since it was started last.
func (h *Hub) Log(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile(h.Provider.Log)
	if err != nil {
		t.Fatalf("cannot read the provider's log: %v", err)
	}
	return string(raw)
}
