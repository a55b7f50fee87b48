// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/crossplane-contrib/provider-hourglass/cluster/local"
)

// stopAPIServer ends the process of west's API server. Its components and nodes live on.
func stopAPIServer(t *testing.T) {
	t.Helper()
	home := west.Cluster.Path("kwok", "clusters", west.name)
	raw, err := os.ReadFile(west.Cluster.Path("kwok", "clusters", west.name, "pids", "kube-apiserver.pid"))
	if err != nil {
		t.Fatalf("cannot tell which process is the API server: %v", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil {
		t.Fatalf("cannot tell which process is the API server: %v", err)
	}
	if command := strings.Join(commandLine(pid), " "); !strings.Contains(command, home) {
		t.Fatalf("process %d is not the API server of west: %s", pid, command)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatalf("cannot end the API server: %v", err)
	}
	eventually(t, "nothing listens where the API server did", func(ctx context.Context) (bool, string) {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", west.server())
		if err != nil {
			return true, ""
		}
		return c.Close() != nil, "it still does"
	})
}

// startAPIServer starts again what is missing of west.
func startAPIServer(t *testing.T) {
	t.Helper()
	if _, err := local.Create(context.WithoutCancel(t.Context()), west.options); err != nil {
		t.Fatalf("cannot start the API server again: %v", err)
	}
}
