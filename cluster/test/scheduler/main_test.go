// SPDX-License-Identifier: Apache-2.0

// Package scheduler compares what placement decides with what the real kube-scheduler does with the Pods that come of it,
// on simulated nodes that have just what their pools say.
package scheduler

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-hourglass/cluster/local"
)

// setupWithin bounds the start of the control plane; the first build of its
// binaries takes minutes.
const setupWithin = 30 * time.Minute

// within bounds everything that a test waits for. It is no measure of speed.
const within = 5 * time.Minute

// namespace is where all Pods are.
const namespace = corev1.NamespaceDefault

var (
	// server is the control plane's API server.
	server client.WithWatch
	// classes are its RuntimeClasses.
	classes []nodev1.RuntimeClass
)

func TestMain(m *testing.M) {
	flag.Parse()
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// run runs the tests with a control plane of their own.
func run(m *testing.M) (int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), setupWithin)
	defer cancel()
	dir, err := os.MkdirTemp("", "hourglass-scheduler-")
	if err != nil {
		return 1, fmt.Errorf("cannot make a folder for the control plane: %w", err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // Only a temporary folder is left behind.

	c, err := local.Create(ctx, local.Options{Name: "scheduler", Dir: dir, Progress: func(s string) { fmt.Println(s) }})
	if err != nil {
		return 1, fmt.Errorf("cannot start the control plane: %w", err)
	}
	defer c.Delete(context.Background()) //nolint:errcheck // The folder goes next.
	if err := connect(ctx, c); err != nil {
		return 1, fmt.Errorf("cannot prepare the control plane: %w", err)
	}
	return m.Run(), nil
}

// connect makes the client and what every Pod needs to be created.
func connect(ctx context.Context, c *local.Cluster) error {
	root, err := local.Root()
	if err != nil {
		return err
	}
	if err := c.Apply(ctx, filepath.Join(root, "cluster", "runtimeclasses.yaml")); err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig)
	if err != nil {
		return err
	}
	config.QPS = -1 // Without a limit: there are many nodes.
	if server, err = client.NewWithWatch(config, client.Options{Scheme: clientgoscheme.Scheme}); err != nil {
		return err
	}
	for _, class := range moreClasses() {
		if err := server.Create(ctx, &class); err != nil {
			return err
		}
	}
	list := &nodev1.RuntimeClassList{}
	if err := server.List(ctx, list); err != nil {
		return err
	}
	classes = list.Items
	account := client.ObjectKey{Namespace: namespace, Name: "default"}
	if err := wait.PollUntilContextTimeout(ctx, 20*time.Millisecond, within, true, func(ctx context.Context) (bool, error) {
		return server.Get(ctx, account, &corev1.ServiceAccount{}) == nil, nil
	}); err != nil {
		return fmt.Errorf("cannot wait any longer for the service account that Pods run as: %w", err)
	}
	return nil
}

// moreClasses are a class whose handler alone tells what it is, and which takes no
// key, and one that tolerates a taint for its Pods.
func moreClasses() []nodev1.RuntimeClass {
	kata := nodev1.RuntimeClass{Handler: "kata-qemu-tdx", Overhead: &nodev1.Overhead{PodFixed: quantities("cpu", "1", "memory", "2Gi")}}
	kata.Name = "kata"
	kata.Scheduling = &nodev1.Scheduling{NodeSelector: map[string]string{"katacontainers.io/kata-runtime": "true"}}
	dedicated := nodev1.RuntimeClass{Handler: "runsc"}
	dedicated.Name = "dedicated"
	dedicated.Scheduling = &nodev1.Scheduling{Tolerations: []corev1.Toleration{{Key: "dedicated", Operator: corev1.TolerationOpExists}}}
	return []nodev1.RuntimeClass{kata, dedicated}
}
