// SPDX-License-Identifier: Apache-2.0

// Package crossplane runs Crossplane beside a local cluster, as processes of this machine, and installs packages into it.
//
// Crossplane takes itself for installed as usual: it makes a Deployment for each package, whose Pods are simulated like
// all others. A stand-in (see cluster/standin) runs what these Pods would run.
package crossplane

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/crossplane-contrib/provider-hourglass/cluster/local"
)

// Namespace that Crossplane and its packages are in.
const Namespace = "crossplane-system"

// Names of the processes, and with .log of their logs.
const (
	processCore = "crossplane"
	processRBAC = "crossplane-rbac"
)

const (
	clientSecret = "crossplane-tls-client"
	healthFlag   = "--health-probe-port="
)

// startWithin is how long Crossplane may take to be ready.
const startWithin = 2 * time.Minute

// A Plane is a local cluster that Crossplane manages.
type Plane struct {
	// Cluster that it manages.
	Cluster *local.Cluster

	// Binaries of Crossplane.
	Binaries local.CrossplaneBinaries

	// RealRegistry is where the registry is that packages are pushed to and nodes pull from, HOST:PORT, when the nodes are
	// real. Nothing stands in for their Pods then, and the names of Services must be known to this machine.
	RealRegistry string

	// Progress is told what is being done.
	Progress local.Progress
}

// Start starts Crossplane, its RBAC manager and the stand-in, or what is not running of them, and returns when Crossplane
// is ready.
func (p Plane) Start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	environment := []string{"KUBECONFIG=" + p.Cluster.Kubeconfig}
	if p.RealRegistry == "" {
		beside, err := p.startStandin(ctx)
		if err != nil {
			return err
		}
		// What the name of a function's Service means only the proxy knows. What is on this machine is not asked of it.
		environment = append(environment, "HTTPS_PROXY=http://"+beside.Flag(proxyFlag), "NO_PROXY=127.0.0.1,localhost")
	}
	core, err := p.Cluster.Process(processCore)
	if err != nil {
		return err
	}
	if core == nil || !core.Runs() {
		if core, err = p.startCore(ctx, environment); err != nil {
			return err
		}
	}
	if err := p.startRBAC(ctx); err != nil {
		return err
	}
	return core.WaitReady(ctx, "http://127.0.0.1:"+core.Flag(healthFlag)+"/readyz")
}

// startCore makes the cluster ready for Crossplane and starts it.
func (p Plane) startCore(ctx context.Context, environment []string) (*local.Process, error) {
	root, err := local.Root()
	if err != nil {
		return nil, err
	}
	if err := p.Cluster.Apply(ctx, filepath.Join(root, "cluster", "crossplane.yaml")); err != nil {
		return nil, err
	}
	if err := p.initialize(ctx); err != nil {
		return nil, err
	}
	certs, err := p.certificates(ctx)
	if err != nil {
		return nil, err
	}
	packageCache := p.Cluster.Path("crossplane", "xpkg")
	if err := os.MkdirAll(packageCache, 0o750); err != nil {
		return nil, fmt.Errorf("cannot make a folder for Crossplane's packages: %w", err)
	}
	ports, err := local.FreePorts(2)
	if err != nil {
		return nil, err
	}
	return p.Cluster.Start(ctx, processCore, environment, p.Binaries.Core, "core", "start", "--debug",
		"--enable-webhooks=false",
		"--tls-client-secret-name="+clientSecret,
		"--tls-client-certs-dir="+certs,
		"--xpkg-cache-dir="+packageCache,
		fmt.Sprintf("--metrics-port=%d", ports[0]),
		fmt.Sprintf("%s%d", healthFlag, ports[1]))
}

// initialize has Crossplane install its kinds and certificates. It fails until the API server serves the kinds that it
// has just installed, so it is run until it does not.
func (p Plane) initialize(ctx context.Context) error {
	for {
		cmd := exec.CommandContext(ctx, p.Binaries.Core, "core", "init", //nolint:gosec // Our own paths.
			"--cr-ds-path="+p.Binaries.CoreCRDs,
			"--enable-webhooks=false",
			"--tlsca-secret-name=crossplane-root-ca",
			"--tls-client-secret-name="+clientSecret,
			"--activation=*")
		cmd.Env = append(os.Environ(), "KUBECONFIG="+p.Cluster.Kubeconfig)
		out, err := cmd.CombinedOutput()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("cannot prepare the cluster for Crossplane: %w: %s", err, out)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// startRBAC starts the RBAC manager, which gives each provider its role, unless it runs.
func (p Plane) startRBAC(ctx context.Context) error {
	running, err := p.Cluster.Process(processRBAC)
	if err != nil || running != nil && running.Runs() {
		return err
	}
	_, err = p.Cluster.Start(ctx, processRBAC, []string{"KUBECONFIG=" + p.Cluster.Kubeconfig},
		p.Binaries.Core, "rbac", "start", "--debug")
	return err
}
