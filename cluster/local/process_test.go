package local

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestProcess(t *testing.T) {
	dir := t.TempDir()
	p, err := start(dir, "sleeper", nil, "sleep", "60")
	if err != nil {
		t.Fatal(err)
	}
	ps, err := recorded(dir)
	if err != nil || len(ps) != 1 {
		t.Fatalf("want the one process that was started, got %v, %v", ps, err)
	}
	again := ps[0]
	for commandLine(p.PID) == "" {
		time.Sleep(time.Millisecond) // The system sets it a moment after the start.
	}
	if !p.Alive() || !again.Alive() {
		t.Error("the process should be alive, also for a later run of the program")
	}

	other := *again
	other.Command = []string{"another", "command"}
	if other.Alive() {
		t.Error("a process with another command line is not the one that was recorded")
	}
	if err := other.Stop(t.Context()); err != nil || !p.Alive() {
		t.Errorf("a process that is not ours must not be ended: alive %t, %v", p.Alive(), err)
	}

	if err := again.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if p.Alive() || again.Alive() {
		t.Error("the process should have ended")
	}
	if ps, err := recorded(dir); err != nil || len(ps) != 0 {
		t.Errorf("want no record of the process, got %v, %v", ps, err)
	}
}

func TestEndStubborn(t *testing.T) {
	p, err := start(t.TempDir(), "stubborn", nil, "sh", "-c", "trap '' TERM; echo trapped; while :; do sleep 0.1; done")
	if err != nil {
		t.Fatal(err)
	}
	for p.Tail() == "" {
		time.Sleep(10 * time.Millisecond)
	}
	if err := end(t.Context(), p.PID, 100*time.Millisecond, p.Alive); err != nil || p.Alive() {
		t.Errorf("a process that refuses to end must be made to: alive %t, %v", p.Alive(), err)
	}
}

func TestRuns(t *testing.T) {
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(t.TempDir(), "sleep")
	if err := os.Symlink(sleep, bin); err != nil {
		t.Fatal(err)
	}
	p, err := start(t.TempDir(), "p", nil, bin, "60")
	if err != nil {
		t.Fatal(err)
	}
	if !p.Runs() {
		t.Error("a process runs after its start")
	}
	built := *p
	built.Binary = "another"
	if built.Runs() {
		t.Error("a process whose binary was built again does not run as it was last built")
	}
	if err := p.Stop(t.Context()); err != nil || p.Runs() {
		t.Errorf("a process does not run after its end: %v", err)
	}
}

func TestWaitReady(t *testing.T) {
	calls := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if calls++; calls < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer srv.Close()

	cases := map[string]struct {
		reason  string
		command []string
		url     string
		want    string
	}{
		"Ready": {
			reason:  "It is ready when it says so, not when it first answers.",
			command: []string{"sleep", "60"},
			url:     srv.URL,
		},
		"Ended": {
			reason:  "When the process has ended, the error shows what it wrote last.",
			command: []string{"sh", "-c", "echo no such kind; exit 1"},
			url:     "http://127.0.0.1:1",
			want:    "no such kind",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			p, err := start(t.TempDir(), "p", nil, tc.command...)
			if err != nil {
				t.Fatal(err)
			}
			defer p.Stop(t.Context()) //nolint:errcheck // It may have ended.
			got := fmt.Sprint(p.WaitReady(t.Context(), tc.url))
			if tc.want == "" && got != fmt.Sprint(error(nil)) || !strings.Contains(got, tc.want) {
				t.Errorf("%s\nWaitReady(...): want %q, got %q", tc.reason, tc.want, got)
			}
		})
	}
}
