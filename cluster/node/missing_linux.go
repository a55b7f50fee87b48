// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// Missing returns what the machine lacks to run a node, as a sentence, or nothing. What calls it must call Isolate next.
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
	if out, err := again(roleProbe).CombinedOutput(); err != nil {
		why := strings.Join(append(strings.Fields(string(out)), err.Error()), " ")
		return "a real node needs network, mount and process namespaces, interfaces, overlays and packet filters: " + why
	}
	group, err := makeCgroups()
	if err != nil {
		return fmt.Sprintf("a real node needs cgroups of its own: %v", err)
	}
	group.remove()
	return ""
}
