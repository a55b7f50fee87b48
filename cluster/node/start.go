// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/crossplane-contrib/provider-hourglass/cluster/local"
)

// Binaries are what a node and its control plane run.
type Binaries struct {
	Control local.Binaries
	Node    local.NodeBinaries

	// Pause is the path of the binary that keeps a Pod's namespaces.
	Pause string
}

// Start starts a control plane and the node, and returns when the node is Ready. It may be called once, isolated, and what
// it starts ends with the program.
func Start(ctx context.Context, b Binaries, progress local.Progress) (*local.Cluster, error) {
	if err := serveImages(ctx); err != nil {
		return nil, err
	}
	if _, err := Push(ctx, "pause", "v1", Image{Binary: b.Pause}); err != nil {
		return nil, err
	}
	cluster, err := local.Create(ctx, local.Options{
		Name: "node", Dir: Dir, NodeAddress: Address, Binaries: b.Control, Progress: progress,
	})
	if err != nil {
		return nil, err
	}
	if err := furnish(b.Node); err != nil {
		return nil, err
	}
	for _, command := range commands() {
		if err := spawn(command...); err != nil {
			return nil, err
		}
	}
	return cluster, wait(ctx, cluster)
}

// furnish puts the node's files where its processes look for them.
func furnish(b local.NodeBinaries) error {
	root, err := local.Root()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(logs, 0o750); err != nil {
		return err
	}
	if err := os.Symlink(filepath.Join(root, "cluster", "node", "config"), configs); err != nil {
		return fmt.Errorf("cannot link to the node's configuration: %w", err)
	}
	var files []string
	for _, folder := range []string{b.Kubelet, b.Containerd, b.CNI, b.CoreDNS} {
		found, err := filepath.Glob(filepath.Join(folder, "*"))
		if err != nil {
			return err
		}
		files = append(files, found...)
	}
	return local.Link(bin, files...)
}

// commands are the node's processes.
func commands() [][]string {
	return [][]string{
		{"containerd", "--config", filepath.Join(configs, "containerd.toml")},
		{"coredns", "-conf", filepath.Join(configs, "Corefile")},
		{"kube-proxy", "--config", filepath.Join(configs, "kube-proxy.yaml"), "--hostname-override", Name},
		{
			"kubelet", "--config", filepath.Join(configs, "kubelet.yaml"), "--kubeconfig", kubeconfig,
			"--root-dir", filepath.Join(state, "kubelet"), "--cert-dir", filepath.Join(state, "kubelet", "pki"),
			"--cgroup-root", "/" + os.Getenv(cgroupVariable), "--hostname-override", Name, "--node-ip", Address,
		},
	}
}

// spawn starts a process of the node with a log of its own.
func spawn(command ...string) error {
	log, err := os.Create(logOf(command[0]))
	if err != nil {
		return err
	}
	defer log.Close()                                                   //nolint:errcheck // The process has its own descriptor.
	cmd := exec.Command(filepath.Join(bin, command[0]), command[1:]...) //nolint:gosec,noctx // It is of the table, and is to run as long as we do.
	cmd.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("cannot start %s: %w", command[0], err)
	}
	go cmd.Wait() //nolint:errcheck // How it ended is in its log.
	return nil
}

func logOf(process string) string { return filepath.Join(logs, process+".log") }

// wait returns when the node is Ready.
func wait(ctx context.Context, c *local.Cluster) error {
	if _, err := c.Kubectl(ctx, "wait", "--for=create", "node/"+Name, "--timeout=60s"); err != nil {
		return fmt.Errorf("the kubelet does not register the node: %w\n%s", err, Logs())
	}
	if _, err := c.Kubectl(ctx, "wait", "--for=condition=Ready", "node/"+Name, "--timeout=60s"); err != nil {
		return fmt.Errorf("the node does not become Ready: %w\n%s", err, Logs())
	}
	return nil
}

// Logs returns the ends of what the node's processes have written.
func Logs() string {
	b := &strings.Builder{}
	for _, command := range commands() {
		data, _ := os.ReadFile(logOf(command[0])) // One that has not started has written nothing.
		fmt.Fprintf(b, "--- %s:\n%s\n", command[0], data[max(0, len(data)-4000):])
	}
	return b.String()
}
