// SPDX-License-Identifier: Apache-2.0

// Package safestart tests the provider as a process where its kinds come one by one, as Crossplane installs them for a
// provider with the capability safe-start.
package safestart

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/crossplane-contrib/provider-hourglass/cluster/local"
)

// setupWithin bounds the start of the control plane; the first build of its binaries takes minutes.
const setupWithin = 30 * time.Minute

// performers are one that needs no executor, and one that needs one.
const performers = `
apiVersion: hourglass.eigenlayer.io/v1alpha1
kind: Performer
metadata: {name: alone, namespace: default}
spec: {avsAddress: "0x1234567890abcdef1234567890abcdef12345678", image: "myavs/performer:v2.0.0"}
---
apiVersion: hourglass.eigenlayer.io/v1alpha1
kind: Performer
metadata: {name: member, namespace: default}
spec: {avsAddress: "0x1234567890abcdef1234567890abcdef12345678", image: "myavs/performer:v2.0.0", executorRef: my-executor}
`

func TestKindsComeLate(t *testing.T) {
	p := newPlane(t)
	process := p.startProvider(t) // Ready without any kind.

	// Crossplane installs these at once: they are no managed resources.
	p.serve(t, "providerconfigs", "providerconfigusages", "clusterproviderconfigs", "clusterproviderconfigusages")
	p.kubectl(t, "wait", "--for=create", "clusterproviderconfig/default", "--timeout=60s")

	// Performers start without the kind of executors.
	p.serve(t, "performers")
	p.apply(t, p.file(t, performers))
	p.kubectl(t, "wait", "--for=create", "pod/performer-alone", "--timeout=60s")

	// The target cluster is open by now. It is watched for executors all the same: polls are an hour apart, so that
	// only a watch tells that a Deployment is gone.
	p.serve(t, "hourglassexecutors")
	p.apply(t, filepath.Join(p.root, "examples", "executor", "minimal.yaml"))
	p.kubectl(t, "wait", "--for=create", "deployment/my-executor", "--timeout=60s")
	p.kubectl(t, "wait", "--for=condition=Synced", "hourglassexecutor/my-executor", "--timeout=60s")
	p.kubectl(t, "delete", "deployment/my-executor")
	p.kubectl(t, "wait", "--for=create", "deployment/my-executor", "--timeout=60s")

	// So is the executor, for the Performer that waits for it.
	p.kubectl(t, "wait", "--for=create", "pod/performer-member", "--timeout=60s")
	if !process.Alive() {
		t.Errorf("the provider must have stayed up, the end of its log:\n%s", process.Tail())
	}
}

// A plane is a control plane, at first without any of the provider's kinds.
type plane struct {
	root    string
	dir     string
	cluster *local.Cluster
}

func newPlane(t *testing.T) *plane {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), setupWithin)
	defer cancel()
	root, err := local.Root()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	c, err := local.Create(ctx, local.Options{Name: "safestart", Dir: dir, Progress: func(s string) { fmt.Println(s) }})
	if err != nil {
		t.Fatalf("cannot start the control plane: %v", err)
	}
	t.Cleanup(func() {
		if err := c.Delete(context.Background()); err != nil { //nolint:usetesting // The test's own context has ended.
			t.Errorf("cannot delete the control plane: %v", err)
		}
	})
	return &plane{root: root, dir: dir, cluster: c}
}

// startProvider builds and starts the provider and waits until it is ready.
func (p *plane) startProvider(t *testing.T) *local.Process {
	t.Helper()
	bin := filepath.Join(p.dir, "provider-binary")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "./cmd/provider")
	cmd.Dir = p.root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("cannot build the provider: %v\n%s", err, out)
	}
	ports, err := local.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	health := fmt.Sprintf("127.0.0.1:%d", ports[0])
	process, err := p.cluster.StartProvider(t.Context(), bin, "", "--poll=1h", "--metrics-bind-address=0", "--health-probe-bind-address="+health)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := process.WaitReady(ctx, "http://"+health+"/readyz"); err != nil {
		t.Fatal(err)
	}
	return process
}

// serve kinds of the provider.
func (p *plane) serve(t *testing.T, plurals ...string) {
	t.Helper()
	for _, plural := range plurals {
		p.apply(t, filepath.Join(p.root, "package", "provider", "crds", "hourglass.eigenlayer.io_"+plural+".yaml"))
	}
}

func (p *plane) apply(t *testing.T, path string) {
	t.Helper()
	if err := p.cluster.Apply(t.Context(), path); err != nil {
		t.Fatal(err)
	}
}

func (p *plane) kubectl(t *testing.T, args ...string) {
	t.Helper()
	if _, err := p.cluster.Kubectl(t.Context(), args...); err != nil {
		log, _ := os.ReadFile(filepath.Join(p.dir, "provider.log")) // It helps, where it is there.
		t.Fatalf("%v\nthe provider's log:\n%s", err, log)
	}
}

// file with manifests.
func (p *plane) file(t *testing.T, manifests string) string {
	t.Helper()
	path := filepath.Join(p.dir, "manifests.yaml")
	if err := os.WriteFile(path, []byte(manifests), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
