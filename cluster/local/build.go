package local

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"
)

// reportEvery is how often a build says how far it is.
const reportEvery = 10 * time.Second

// install builds the tool into the folder unless it is there. The folder appears when it is complete, and processes that
// want the same tool at once wait for the first one's build.
func (t tool) install(ctx context.Context, root, folder, version string, progress Progress) error {
	if t.installed(folder) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(folder), 0o750); err != nil {
		return fmt.Errorf("cannot make the folder to install %s into: %w", t.name, err)
	}
	unlock, err := lock(folder + ".lock")
	if err != nil {
		return fmt.Errorf("cannot wait for another installation of %s: %w", t.name, err)
	}
	defer unlock()
	if t.installed(folder) {
		return nil
	}

	tmp, err := os.MkdirTemp(filepath.Dir(folder), filepath.Base(folder)+".tmp-")
	if err != nil {
		return fmt.Errorf("cannot make a folder to build %s in: %w", t.name, err)
	}
	defer os.RemoveAll(tmp) //nolint:errcheck // Nothing is left there when all went well.

	if err := t.build(ctx, root, tmp, version, progress); err != nil {
		return err
	}
	if err := os.RemoveAll(folder); err != nil {
		return fmt.Errorf("cannot replace the incomplete %s: %w", folder, err)
	}
	if err := os.Rename(tmp, folder); err != nil {
		return fmt.Errorf("cannot put %s in place: %w", t.name, err)
	}
	return nil
}

// installed says whether the folder holds all of the tool's binaries.
func (t tool) installed(folder string) bool {
	for _, name := range t.binaries {
		if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
			return false
		}
	}
	return true
}

// build runs go install for the tool's packages.
func (t tool) build(ctx context.Context, root, folder, version string, progress Progress) error {
	start := time.Now()
	progress.say(fmt.Sprintf("building %s %s from its Go modules, once: this can take minutes", t.name, version))

	//nolint:gosec // Every argument is from the table of tools.
	cmd := exec.CommandContext(ctx, "go", t.arguments(version)...)
	cmd.Dir = t.folder(root)
	cmd.Env = append(os.Environ(), "GOBIN="+folder, "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")

	var count atomic.Int64
	stop := every(reportEvery, func() {
		progress.say(fmt.Sprintf("building %s %s: %d packages so far, %.0f s",
			t.name, version, count.Load(), time.Since(start).Seconds()))
	})
	defer stop()

	if err := runCounting(cmd, &count); err != nil {
		return fmt.Errorf("cannot build %s %s: %w", t.name, version, err)
	}
	return t.rename(folder)
}

// rename gives a tool's only binary the name it should have: go install names it after its package.
func (t tool) rename(folder string) error {
	if t.installed(folder) {
		return nil
	}
	built, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(built) != 1 || len(t.binaries) != 1 {
		return fmt.Errorf("cannot find %q among what go install has built for %s: %q", t.binaries, t.name, built)
	}
	return os.Rename(built[0], filepath.Join(folder, t.binaries[0]))
}

// runCounting runs a go command, counts the lines it writes, one for each package, and puts the last ones into the error.
func runCounting(cmd *exec.Cmd, count *atomic.Int64) error {
	r, w := io.Pipe()
	cmd.Stdout, cmd.Stderr = w, w

	last := make(chan string)
	go func() {
		var tail []byte
		for s := bufio.NewScanner(r); s.Scan(); count.Add(1) {
			tail = append(append(tail, s.Bytes()...), '\n')
			tail = tail[max(0, len(tail)-2000):]
		}
		last <- string(tail)
	}()

	err := cmd.Run()
	_ = w.Close() // The error of closing a pipe is always nil.
	if tail := <-last; err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd, err, tail)
	}
	return nil
}

// every calls f again and again until the returned function is called.
func every(d time.Duration, f func()) (stop func()) {
	done := make(chan struct{})
	go func() {
		ticker := time.NewTicker(d)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				f()
			case <-done:
				return
			}
		}
	}()
	return func() { close(done) }
}

// lock waits for and takes an exclusive lock, which ends with this process at the latest.
func lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // Beside the folder that it guards.
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		_ = f.Close() // It was only opened to be locked.
		return nil, err
	}
	return func() { _ = f.Close() }, nil
}
