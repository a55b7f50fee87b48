// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-hourglass/apis"
	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/cluster/local"
)

// settleWithin bounds each of the demo's waits.
const settleWithin = 2 * time.Minute

// The Performers of the demo that are not the reference's.
const (
	executor  = "main-executor"
	upgraded  = "my-performer"
	unplaced  = "unplaceable-performer"
	namespace = "default"
)

type demoCmd struct {
	place
}

// Run starts everything and shows the provider at work. It fails unless all that it shows was seen.
func (c demoCmd) Run(ctx context.Context, progress local.Progress) error {
	if err := (upCmd{place: c.place, Packages: true}).Run(ctx, progress); err != nil {
		return err
	}
	o, root, err := c.options(progress)
	if err != nil {
		return err
	}
	d, err := newDemo(ctx, o, root)
	if err != nil {
		return err
	}
	for _, step := range []struct {
		title string
		do    func(context.Context) error
	}{
		{"what Crossplane has installed", d.packages},
		{"saying which pools of nodes there are, claiming a stack for one team and making one for another", d.stacks},
		{"waiting for the claim to be Ready, and for all but one performer of the other team", d.awaitStacks},
		{"which pools the function chose, and what runs", d.chosen},
		{"why " + waiting + " is not placed, and what helps", d.mendStack},
		{"deleting the claim, which leaves nothing behind", d.deleteClaim},
		{"applying an executor, the API reference's Performers as printed, some more, and one that no node can take", d.apply},
		{"waiting for all of them but that one to run", d.await},
		{"what runs where", d.tables},
		{"why " + unplaced + " waits, as kubectl describe tells it", d.explain},
		{"upgrading " + upgraded + " with the API reference's own line", d.upgrade},
	} {
		fmt.Println()
		progress(step.title)
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w; logs are in %s", step.title, err, filepath.Join(o.Dir, "crossplane", "pods"))
		}
	}
	fmt.Println()
	progress("all of this was seen to hold; make down removes it again")
	return nil
}

// A demo is a running one.
type demo struct {
	client.Client

	cluster *local.Cluster
	root    string
	bin     string
	running []string
}

func newDemo(ctx context.Context, o local.Options, root string) (*demo, error) {
	b, err := local.Install(ctx, o.Progress)
	if err != nil {
		return nil, err
	}
	o.Binaries = b
	c, err := local.Open(o)
	if err != nil {
		return nil, err
	}
	cfg, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("cannot read the cluster's kubeconfig: %w", err)
	}
	s := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(s), apis.AddToScheme(s)); err != nil {
		return nil, fmt.Errorf("cannot register the API types: %w", err)
	}
	kube, err := client.New(cfg, client.Options{Scheme: s})
	if err != nil {
		return nil, fmt.Errorf("cannot reach the cluster: %w", err)
	}
	return &demo{Client: kube, cluster: c, root: root, bin: filepath.Join(o.Dir, "bin")}, nil
}

// until something holds of a Performer and its Pod, which it returns.
func (d *demo) until(ctx context.Context, name, what string, holds func(*v1alpha1.Performer, *corev1.Pod) bool) (*corev1.Pod, error) {
	p, pod := &v1alpha1.Performer{}, &corev1.Pod{}
	err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, settleWithin, true, func(ctx context.Context) (bool, error) {
		if err := d.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, p); err != nil {
			return false, client.IgnoreNotFound(err)
		}
		if err := d.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "performer-" + name}, pod); err != nil {
			return false, client.IgnoreNotFound(err)
		}
		return holds(p, pod), nil
	})
	if err != nil {
		return nil, fmt.Errorf("waited for Performer %s to be %s: %w; it is %s: %s", name, what, err, p.Status.Phase, p.Status.GetCondition("Available").Message)
	}
	return pod, nil
}

// shell runs a command line as its reader would, in the repository and with the cluster's kubectl.
func (d *demo) shell(ctx context.Context, line, stdin string) error {
	cmd := exec.CommandContext(ctx, "sh", "-c", line) //nolint:gosec // Lines of this demo and of the reference.
	cmd.Dir = d.root
	cmd.Env = append(os.Environ(), "KUBECONFIG="+d.cluster.Kubeconfig, "PATH="+d.bin+":"+os.Getenv("PATH"))
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("cannot run %q: %w", line, err)
	}
	return nil
}

func (d *demo) reference() string {
	return filepath.Join(d.root, "docs", "api-reference.md")
}
