// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// probe uses what is needed of the kernel, in namespaces that end with it.
const probe = "ip link add node0 type veth peer name nowhere && iptables -t nat -L -n"

// Missing returns what the machine lacks to run a node, as a sentence, or nothing.
func Missing() string {
	if os.Getenv(role) != "" {
		return ""
	}
	if os.Geteuid() != 0 {
		return "a real node needs root: containers get interfaces, mounts and cgroups"
	}
	for _, program := range []string{"runc", "iptables", "ip"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Sprintf("a real node needs the program %s: install it and try again", program)
		}
	}
	cmd := exec.Command("sh", "-c", probe) //nolint:noctx // It does not wait.
	cmd.SysProcAttr = namespaces()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Sprintf("a real node needs network, mount and process namespaces with interfaces and packet filters: %v: %s", err, strings.TrimSpace(string(out)))
	}
	group, err := makeCgroups()
	if err != nil {
		return fmt.Sprintf("a real node needs cgroups of its own: %v", err)
	}
	group.remove()
	return ""
}
