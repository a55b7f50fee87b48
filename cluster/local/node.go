// SPDX-License-Identifier: Apache-2.0

package local

import "context"

// NodeBinaries are the folders that hold what InstallNode has installed.
type NodeBinaries struct {
	// Kubelet holds kubelet and kube-proxy.
	Kubelet string

	// Containerd holds containerd and its shim.
	Containerd string

	// CNI holds the plugins that connect Pods to the node.
	CNI string

	// CoreDNS holds coredns.
	CoreDNS string
}

// nodeTools are what a node that is not simulated needs, beside runc. A cluster does not need them.
var nodeTools = []tool{
	{
		name:     "kubelet",
		source:   "kubernetes",
		module:   "k8s.io/kubernetes",
		packages: []string{"k8s.io/kubernetes/cmd/kubelet", "k8s.io/kubernetes/cmd/kube-proxy"},
		binaries: []string{"kubelet", "kube-proxy"},
		stamp:    "k8s.io/component-base/version",
	},
	{
		name:     "containerd",
		module:   "github.com/containerd/containerd/v2",
		binaries: []string{"containerd", "containerd-shim-runc-v2"},
		tags:     []string{"no_btrfs", "no_devmapper", "no_zfs"},
		variable: "github.com/containerd/containerd/v2/version.Version",
	},
	{
		name:     "cni",
		module:   "github.com/containernetworking/plugins",
		binaries: []string{"host-local", "loopback", "ptp"},
	},
	{name: "coredns", module: "github.com/coredns/coredns", binaries: []string{"coredns"}},
}

// InstallNode builds what is missing of a real node's binaries and returns where they are. Like those of Install they are
// built once for each version and stay in the user's cache folder.
func InstallNode(ctx context.Context, progress Progress) (NodeBinaries, error) {
	all, err := installAll(ctx, nodeTools, progress)
	if err != nil {
		return NodeBinaries{}, err
	}
	return NodeBinaries{
		Kubelet:    all["kubelet"].folder,
		Containerd: all["containerd"].folder,
		CNI:        all["cni"].folder,
		CoreDNS:    all["coredns"].folder,
	}, nil
}
