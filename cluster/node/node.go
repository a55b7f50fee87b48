// SPDX-License-Identifier: Apache-2.0

// Package node runs a node that is not simulated: kubelet, kube-proxy, containerd and a name server, so that containers
// really run, without a container engine on the machine.
//
// Isolate takes the program into namespaces of its own first. Whatever is started there ends when the program ends, even
// when it is killed, and the machine's interfaces, packet filters, mounts and folders stay as they are.
package node

// The node's folders. They are the same in every run, and no two runs see each other's: what is below state is in memory
// and belongs to one program's namespaces. The files in config name them, too.
const (
	state   = "/run/hourglass"
	configs = state + "/config"
	bin     = state + "/bin"
	logs    = state + "/logs"

	temporary = state + "/tmp"
)

// kubeconfig of the control plane, with which the node's processes reach it.
const kubeconfig = Dir + "/kubeconfig"

// cgroupVariable is the environment variable that names the cgroup of the node's containers.
const cgroupVariable = "HOURGLASS_NODE_CGROUP"

const (
	// Name of the node.
	Name = "real-0"

	// Address of the node, at which its Pods reach what listens on it. It is set aside for examples, so that nothing else
	// has it.
	Address = "192.0.2.1"

	// Registry is where the node's images come from. Push images there.
	Registry = "127.0.0.1:5000"

	// Dir is for files that are to end with the node.
	Dir = state + "/cluster"
)
