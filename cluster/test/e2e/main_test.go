// SPDX-License-Identifier: Apache-2.0

// Package e2e tests the provider as its users run it: a real API server,
// scheduler and controllers, the provider as a process, kubectl for hands. Only
// the nodes are simulated.
package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-hourglass/apis"
	"github.com/crossplane-contrib/provider-hourglass/cluster/local"
	"github.com/crossplane-contrib/provider-hourglass/cluster/test/proxy"
)

// setupWithin bounds the start of the control plane; the first build of its
// binaries takes minutes.
const setupWithin = 30 * time.Minute

// hub is the control plane that all tests share. Each test has its own
// namespace in it.
var hub *plane //nolint:gochecknoglobals // Set once, by TestMain.

// A plane is a control plane with the provider beside it.
type plane struct {
	root    string
	cluster *local.Cluster
	config  *rest.Config
	client.Client

	// proxy that the provider goes through; its kubeconfig.
	proxy      *proxy.Proxy
	kubeconfig string
	binary     string
	provider   *local.Process
	health     string
	metrics    string
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
		defer hub.cluster.Delete(context.Background()) //nolint:errcheck // The folder goes next.
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
		fmt.Fprintln(os.Stderr, "the end of the provider's log:\n"+hub.provider.Tail())
	}
	return code
}

// newPlane starts a control plane with the CRDs, nodes and runtime classes of
// the local one.
func newPlane(ctx context.Context, dir, name string) (*plane, error) {
	root, err := local.Root()
	if err != nil {
		return nil, err
	}
	c, err := local.Create(ctx, local.Options{Name: name, Dir: dir, Progress: func(s string) { fmt.Println(s) }})
	if err != nil {
		return nil, err
	}
	p := &plane{root: root, cluster: c, binary: filepath.Join(dir, "provider"), kubeconfig: filepath.Join(dir, "proxy.kubeconfig")}
	if err := p.populate(ctx); err != nil {
		return p, err
	}
	return p, p.connect(ctx)
}

func (p *plane) populate(ctx context.Context) error {
	if err := p.cluster.Populate(ctx); err != nil {
		return err
	}
	return p.cluster.Apply(ctx, filepath.Join(p.root, "package", "provider", "crds"))
}

// connect makes the tests' own client, and the proxy for the provider's.
func (p *plane) connect(ctx context.Context) error {
	var err error
	if p.config, err = clientcmd.BuildConfigFromFlags("", p.cluster.Kubeconfig); err != nil {
		return err
	}
	p.config.QPS = -1
	s := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(s); err != nil {
		return err
	}
	if err := apis.AddToScheme(s); err != nil {
		return err
	}
	if p.Client, err = client.New(p.config, client.Options{Scheme: s}); err != nil {
		return err
	}
	if p.proxy, err = proxy.New(ctx, p.config); err != nil {
		return err
	}
	return p.proxy.WriteKubeconfig(p.kubeconfig)
}

// startProvider builds the provider, if it was not, and starts it. Polling is
// slow on purpose: what the tests see happen must have come by watches.
func (p *plane) startProvider(ctx context.Context) error {
	if _, err := os.Stat(p.binary); err != nil {
		cmd := exec.CommandContext(ctx, "go", "build", "-o", p.binary, "./cmd/provider")
		cmd.Dir = p.root
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("cannot build the provider: %w\n%s", err, out)
		}
	}
	ports, err := local.FreePorts(2)
	if err != nil {
		return err
	}
	p.metrics = fmt.Sprintf("127.0.0.1:%d", ports[0])
	p.health = fmt.Sprintf("127.0.0.1:%d", ports[1])
	p.provider, err = p.cluster.StartProvider(ctx, p.binary, p.kubeconfig, "--debug", "--poll=1h",
		"--metrics-bind-address="+p.metrics, "--health-probe-bind-address="+p.health)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return p.provider.WaitReady(ctx, "http://"+p.health+"/readyz")
}

// log is what the provider has said since it was started last.
func (p *plane) log(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile(p.provider.Log)
	if err != nil {
		t.Fatalf("cannot read the provider's log: %v", err)
	}
	return string(raw)
}
