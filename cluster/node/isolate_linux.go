// SPDX-License-Identifier: Apache-2.0

package node

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
)

// role is the environment variable that tells the program, started again, which part it plays.
const role = "HOURGLASS_NODE"

const (
	roleProbe  = "probe"
	roleInit   = "init"
	roleInside = "inside"
)

// Isolate runs prepare, and then this program again with the same arguments in network, mount and process namespaces of
// its own, where it comes by here again and runs inside. It returns what inside returned. All that was started inside has
// ended by then. There is no network inside, but for the node's: what must be downloaded is for prepare.
func Isolate(prepare func() error, inside func() int) (int, error) {
	switch os.Getenv(role) {
	case roleProbe:
		return 0, furnishNamespaces()
	case roleInit:
		return initialize()
	case roleInside:
		return inside(), nil
	}
	if err := prepare(); err != nil {
		return 0, err
	}
	return isolated()
}

// isolated starts the program in namespaces of its own.
func isolated() (int, error) {
	group, err := makeCgroups()
	if err != nil {
		return 0, err
	}
	defer group.remove()

	cmd := again(roleInit, cgroupVariable+"="+group.name)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr

	// The signal comes when the thread that has started the process ends, not only when the program does.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err = cmd.Run()
	if ended := (&exec.ExitError{}); errors.As(err, &ended) {
		return ended.ExitCode(), nil
	}
	return 0, err
}

// again is this program in namespaces of its own, which is killed when this one dies. When the first process of a process
// namespace ends, the kernel ends all others in it, and the mounts and interfaces go when nobody is left.
func again(part string, environment ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...) //nolint:gosec,noctx // It is this program, which ends with this one.
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(append(os.Environ(), role+"="+part), environment...)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID,
		Pdeathsig:  syscall.SIGKILL,
	}
	return cmd
}

// initialize is the first process in the namespaces: it furnishes them, starts the program once more and buries the
// processes whose parents have died, until the program ends.
func initialize() (int, error) {
	if err := furnishNamespaces(); err != nil {
		return 0, err
	}
	if err := errors.Join(os.Setenv(role, roleInside), os.Setenv("TMPDIR", temporary)); err != nil {
		return 0, err
	}
	pid, err := syscall.ForkExec("/proc/self/exe", os.Args, &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}}) //nolint:gosec // It is this program.
	if err != nil {
		return 0, fmt.Errorf("cannot start the program in its namespaces: %w", err)
	}
	for {
		var status syscall.WaitStatus
		ended, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return 0, fmt.Errorf("cannot wait for the program in its namespaces: %w", err)
		case ended == pid && status.Signaled():
			return 0, fmt.Errorf("the program in its namespaces was ended by signal %s", status.Signal())
		case ended == pid:
			return status.ExitStatus(), nil
		}
	}
}

// furnishNamespaces makes what the node needs in namespaces that are new.
func furnishNamespaces() error {
	if err := mountAll(); err != nil {
		return err
	}
	return connect()
}

// tunables are settings of the kernel that a kubelet wants so. They are the whole machine's, and stay what they are: the
// kubelet is shown these instead.
var tunables = []struct{ name, value string }{
	{"vm/overcommit_memory", "1"},
	{"vm/panic_on_oom", "0"},
	{"kernel/panic", "10"},
	{"kernel/panic_on_oops", "1"},
	{"kernel/keys/root_maxkeys", "1000000"},
	{"kernel/keys/root_maxbytes", "25000000"},
}

// mountAll hides the folders that a node writes to and that cannot be configured, and shows the processes of this namespace only.
func mountAll() error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("cannot make the mounts private: %w", err)
	}
	if err := syscall.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("cannot mount /proc: %w", err)
	}
	if err := syscall.Mount("tmpfs", "/run", "tmpfs", 0, ""); err != nil {
		return fmt.Errorf("cannot mount /run: %w", err)
	}
	if err := os.MkdirAll(temporary, 0o750); err != nil {
		return err
	}
	if err := errors.Join(cover("/etc"), cover("/var")); err != nil {
		return err
	}
	if err := nameServer(); err != nil {
		return err
	}
	return showTunables()
}

// cover makes what is written to a folder go to memory. What is in it stays to be seen.
func cover(folder string) error {
	upper, work := filepath.Join(state, "covers", folder, "upper"), filepath.Join(state, "covers", folder, "work")
	if err := errors.Join(os.MkdirAll(upper, 0o755), os.MkdirAll(work, 0o755)); err != nil { //nolint:gosec // The upper one's mode is the folder's.
		return err
	}
	if err := syscall.Mount("overlay", folder, "overlay", 0, "lowerdir="+folder+",upperdir="+upper+",workdir="+work); err != nil {
		return fmt.Errorf("cannot cover %s: %w", folder, err)
	}
	return nil
}

// nameServer has everybody ask the node's name server, as a Pod would. The file may be a link to one that is not there.
func nameServer() error {
	const file = "/etc/resolv.conf"
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	content := "nameserver " + Address + "\nsearch svc.cluster.local cluster.local\noptions ndots:5\n"
	return os.WriteFile(file, []byte(content), 0o644) //nolint:gosec // Everybody may read it.
}

func showTunables() error {
	for _, t := range tunables {
		shown := filepath.Join(state, "tunables", t.name)
		if err := os.MkdirAll(filepath.Dir(shown), 0o750); err != nil {
			return err
		}
		if err := os.WriteFile(shown, []byte(t.value+"\n"), 0o600); err != nil {
			return err
		}
		if err := syscall.Mount(shown, filepath.Join("/proc/sys", t.name), "", syscall.MS_BIND, ""); err != nil {
			return fmt.Errorf("cannot hide the kernel's %s: %w", t.name, err)
		}
	}
	return nil
}
