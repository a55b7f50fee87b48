// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// startWithin is how long a function may take until it listens.
const startWithin = time.Minute

// A function is a composition function as a process.
type function struct {
	name    string
	address string // At which it listens.
	ended   chan struct{}
}

// hasEnded says whether the function runs no longer. Who asks it for something then waits for a minute.
func (f function) hasEnded() bool {
	select {
	case <-f.ended:
		return true
	default:
		return false
	}
}

// build builds our function and returns the path of it.
func build(t *testing.T, root string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "function")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./fn")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("cannot build the function: %v\n%s", err, out)
	}
	return binary
}

// serve runs a function until the test ends.
func serve(t *testing.T, name, binary string) function {
	t.Helper()
	f := function{name: name, address: freeAddress(t), ended: make(chan struct{})}
	var log bytes.Buffer
	cmd := exec.CommandContext(t.Context(), binary, "--insecure", "--address="+f.address)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatalf("cannot start %s: %v", name, err)
	}
	go func() {
		_ = cmd.Wait() // It is killed, or its log says why it ended.
		close(f.ended)
	}()
	t.Cleanup(func() { // The context of the test, and the process with it, has ended by now.
		<-f.ended
		if t.Failed() {
			t.Logf("the log of %s:\n%s", name, &log)
		}
	})

	ctx, cancel := context.WithTimeout(t.Context(), startWithin)
	defer cancel()
	if err := f.await(ctx); err != nil {
		t.Fatalf("cannot reach %s: %v", name, err)
	}
	return f
}

// freeAddress returns an address on the loopback interface that nothing listens at.
func freeAddress(t *testing.T) string {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("cannot find a free port: %v", err)
	}
	defer l.Close() //nolint:errcheck // Nobody has connected to it.
	return l.Addr().String()
}

// await returns when the function listens, or with why it never will.
func (f function) await(ctx context.Context) error {
	for {
		var dialer net.Dialer
		conn, err := dialer.DialContext(ctx, "tcp", f.address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-f.ended:
			return errors.New("it has ended")
		case <-ctx.Done():
			return fmt.Errorf("it does not listen: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
