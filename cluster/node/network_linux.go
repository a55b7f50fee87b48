// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"os/exec"
	"strings"
)

// interfaces give the node an address that is not loopback's, and a way for everything else that leads nowhere: without a
// route the kernel would refuse a packet to a Service before kube-proxy's rules could turn it.
const interfaces = `link set lo up
link add node0 type veth peer name nowhere
link set node0 up
link set nowhere up
address add ` + Address + `/32 dev node0
route add default dev node0
`

// connect makes the node's interfaces in this network namespace, which must be a new one, and looks whether packets can be
// filtered there.
func connect() error {
	cmd := exec.Command("ip", "-batch", "-") //nolint:noctx // It does not wait.
	cmd.Stdin = strings.NewReader(interfaces)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot make the node's interfaces: %w: %s", err, out)
	}
	if out, err := exec.Command("iptables", "-t", "nat", "-L", "-n").CombinedOutput(); err != nil { //nolint:noctx // It does not wait.
		return fmt.Errorf("cannot filter packets: %w: %s", err, out)
	}
	return nil
}
