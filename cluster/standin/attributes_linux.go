// SPDX-License-Identifier: Apache-2.0

package standin

import "syscall"

// attributes have the kernel end a Pod's process when the stand-in is killed.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
