// SPDX-License-Identifier: Apache-2.0

package standin

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/crossplane-contrib/provider-hourglass/cluster/local"
)

// Labels that Crossplane puts on the Pods of packages (crossplane's pkg/v1 API).
const (
	labelFunction = "pkg.crossplane.io/function"
	labelProvider = "pkg.crossplane.io/provider"
)

// stopWithin is how long a process may take to end by itself.
const stopWithin = 10 * time.Second

func ofPackage(pod *corev1.Pod) bool {
	return pod.Labels[labelFunction] != "" || pod.Labels[labelProvider] != ""
}

// A process is what a Pod runs.
type process struct {
	pod  types.UID
	cmd  *exec.Cmd
	port int
	done chan struct{}
}

// run starts a process for a Pod. A Pod has an address of its own where all ports are free, a process has not: it is
// told to listen elsewhere, by the flags that functions and this provider have. Its log is Dir/POD.log.
func run(pod *corev1.Pod, env, command []string, dir string) (*process, error) {
	ports, err := local.FreePorts(2)
	if err != nil {
		return nil, err
	}
	if pod.Labels[labelFunction] != "" {
		command = append(command, fmt.Sprintf("--address=127.0.0.1:%d", ports[0]))
	} else {
		command = append(command,
			fmt.Sprintf("--metrics-bind-address=127.0.0.1:%d", ports[0]),
			fmt.Sprintf("--health-probe-bind-address=127.0.0.1:%d", ports[1]))
	}
	log, err := os.OpenFile(filepath.Join(dir, pod.Name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600) //nolint:gosec // In our own folder.
	if err != nil {
		return nil, fmt.Errorf("cannot make a log: %w", err)
	}
	defer log.Close()                               //nolint:errcheck // The process has its own descriptor.
	cmd := exec.Command(command[0], command[1:]...) //nolint:gosec,noctx // What the cluster's administrator has installed.
	cmd.Env, cmd.Stdout, cmd.Stderr = env, log, log
	cmd.SysProcAttr = attributes()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("cannot start: %w", err)
	}
	p := &process{pod: pod.UID, cmd: cmd, port: ports[0], done: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // How it ended is in its log.
		close(p.done)
	}()
	return p, nil
}

func (p *process) alive() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// stop asks the process to end, and ends it when it does not.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // It may have ended already.
	select {
	case <-p.done:
	case <-time.After(stopWithin):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}
