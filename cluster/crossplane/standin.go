// SPDX-License-Identifier: Apache-2.0

package crossplane

import (
	"context"
	"errors"
	"fmt"
	"os/exec"

	"github.com/crossplane-contrib/provider-hourglass/cluster/local"
)

const processStandin = "standin"

const (
	registryFlag = "--registry="
	proxyFlag    = "--proxy="
)

// startStandin builds the stand-in and starts it unless it runs as it was just built.
func (p Plane) startStandin(ctx context.Context) (*local.Process, error) {
	root, err := local.Root()
	if err != nil {
		return nil, err
	}
	bin := p.Cluster.Path("crossplane", "hourglass-local")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", bin, "./cluster/cmd/hourglass-local") //nolint:gosec // Our own path.
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("cannot build the stand-in for Pods: %w\n%s", err, out)
	}
	running, err := p.Cluster.Process(processStandin)
	if err != nil {
		return nil, err
	}
	if running == nil || !running.Runs() {
		ports, err := p.standinPorts(running)
		if err != nil {
			return nil, err
		}
		running, err = p.Cluster.Start(ctx, processStandin, nil, bin, "standin",
			"--kubeconfig="+p.Cluster.Kubeconfig, "--dir="+p.Cluster.Path("crossplane", "pods"),
			registryFlag+ports[0], proxyFlag+ports[1])
		if err != nil {
			return nil, err
		}
	}
	return running, running.WaitReady(ctx, "http://"+running.Flag(registryFlag)+"/v2/")
}

// standinPorts returns where the stand-in is to listen: where it did before, since packages and Crossplane remember it.
func (p Plane) standinPorts(before *local.Process) ([]string, error) {
	if before != nil {
		return []string{before.Flag(registryFlag), before.Flag(proxyFlag)}, nil
	}
	ports, err := local.FreePorts(2)
	if err != nil {
		return nil, err
	}
	return []string{fmt.Sprintf("127.0.0.1:%d", ports[0]), fmt.Sprintf("127.0.0.1:%d", ports[1])}, nil
}

// Registry returns where the registry is that Crossplane installs from, HOST:PORT/PATH. The plane must have been started.
func (p Plane) Registry() (string, error) {
	if p.RealRegistry != "" {
		return p.RealRegistry + "/hourglass", nil
	}
	running, err := p.Cluster.Process(processStandin)
	if err != nil {
		return "", err
	}
	if running == nil {
		return "", errors.New("cannot find the registry: the control plane was not started, run make up")
	}
	return running.Flag(registryFlag) + "/hourglass", nil
}
