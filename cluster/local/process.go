package local

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// stopWithin is how long a process may take to end by itself after it was asked to.
const stopWithin = 15 * time.Second

// A Process was started by this package, perhaps by an earlier run of its program.
type Process struct {
	// Name of the process, of its log and of its record.
	Name string `json:"name"`

	// PID of the process.
	PID int `json:"pid"`

	// Command and its arguments, by which the process is told from a later one with the same PID.
	Command []string `json:"command"`

	// Binary is the digest of what was started, by which one that was built again is told from it.
	Binary string `json:"binary"`

	// Log is the file that holds what the process wrote.
	Log string `json:"log"`

	record string
	exited chan struct{} // Nil unless this very program started the process.
}

// start starts a process that outlives this one, with a log and a record in the folder.
func start(folder, name string, env []string, command ...string) (*Process, error) {
	p := &Process{
		Name:    name,
		Command: command,
		Log:     filepath.Join(folder, name+".log"),
		record:  filepath.Join(folder, "processes", name+".json"),
		exited:  make(chan struct{}),
	}
	if err := os.MkdirAll(filepath.Dir(p.record), 0o750); err != nil {
		return nil, fmt.Errorf("cannot make the folder for records of processes: %w", err)
	}
	log, err := os.Create(p.Log)
	if err != nil {
		return nil, fmt.Errorf("cannot make the log of %s: %w", name, err)
	}
	defer log.Close() //nolint:errcheck // The process has its own descriptor.

	if p.Binary, err = digest(command[0]); err != nil {
		return nil, fmt.Errorf("cannot start %s: %w", name, err)
	}
	cmd := exec.Command(command[0], command[1:]...) //nolint:gosec,noctx // It is meant to outlive us.
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // An interrupt at the terminal is not for it.
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("cannot start %s: %w", name, err)
	}
	p.PID = cmd.Process.Pid
	go func() {
		_ = cmd.Wait() // How it ended is in its log.
		close(p.exited)
	}()
	return p, p.save()
}

func (p *Process) save() error {
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if err := os.WriteFile(p.record, data, 0o600); err != nil {
		return fmt.Errorf("cannot record that %s was started: %w", p.Name, err)
	}
	return nil
}

// digest returns the digest of a file, which may be a command on the PATH.
func digest(command string) (string, error) {
	path, err := exec.LookPath(command)
	if err != nil {
		return "", err
	}
	f, err := os.Open(path) //nolint:gosec // It is about to be run.
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // It was only read.
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// recorded returns the processes that start has recorded in the folder, running or not.
func recorded(folder string) ([]*Process, error) {
	records, err := filepath.Glob(filepath.Join(folder, "processes", "*.json"))
	if err != nil {
		return nil, err
	}
	var ps []*Process
	for _, record := range records {
		data, err := os.ReadFile(record) //nolint:gosec // Our own record.
		if err != nil {
			return nil, fmt.Errorf("cannot read the record of a process: %w", err)
		}
		p := &Process{record: record}
		if err := json.Unmarshal(data, p); err != nil {
			return nil, fmt.Errorf("cannot read the record of a process, remove %s if it is damaged: %w", record, err)
		}
		ps = append(ps, p)
	}
	return ps, nil
}

// Alive says whether the process is running. One that an earlier program started is told by its command line from another
// that has got its PID since.
func (p *Process) Alive() bool {
	if p.exited == nil {
		return commandLine(p.PID) == strings.Join(p.Command, " ")
	}
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// Tail returns the last lines of the process's log.
func (p *Process) Tail() string { return tail(p.Log) }

// Stop asks the process to end, makes it end if it does not, and forgets it.
func (p *Process) Stop(ctx context.Context) error {
	if err := end(ctx, p.PID, stopWithin, p.Alive); err != nil {
		return fmt.Errorf("cannot stop %s: %w", p.Name, err)
	}
	if err := os.Remove(p.record); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("cannot forget %s: %w", p.Name, err)
	}
	return nil
}

// end asks a process to end until it is no longer alive, and when patience is over so that it cannot refuse.
func end(ctx context.Context, pid int, patience time.Duration, alive func() bool) error {
	for start := time.Now(); alive(); {
		signal := syscall.SIGTERM
		if time.Since(start) >= patience {
			signal = syscall.SIGKILL
		}
		if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("process %d: %w", pid, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("process %d is still running: %w", pid, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

// commandLine returns the command line of a running process, its arguments parted by spaces, or nothing.
func commandLine(pid int) string {
	if data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline")); err == nil {
		return strings.ReplaceAll(strings.TrimRight(string(data), "\x00"), "\x00", " ")
	}
	if _, err := os.Stat("/proc/self"); err == nil {
		return "" // There is a /proc, and no such process in it.
	}
	out, err := exec.Command("ps", "-ww", "-o", "command=", "-p", strconv.Itoa(pid)).Output() //nolint:gosec,noctx // A number.
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// tail returns the last lines of a file, or nothing.
func tail(path string) string {
	data, err := os.ReadFile(path) //nolint:gosec // A log of ours.
	if err != nil {
		return ""
	}
	return string(data[max(0, len(data)-2000):])
}
