// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// started is what the stand-in for Pods writes when it has started the provider.
var started = regexp.MustCompile(`(?m)^provider-hourglass\S*: runs \S+ as process (\d+)$`)

// providerPID is the process that is the provider's Pod, the last one that was started.
func providerPID(t *testing.T) int {
	t.Helper()
	standin, err := hub.Cluster.Process("standin")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(standin.Log)
	if err != nil {
		t.Fatalf("cannot read which processes were started: %v", err)
	}
	all := started.FindAllSubmatch(raw, -1)
	if len(all) == 0 {
		t.Fatalf("the provider was not started; the stand-in says:\n%s", raw)
	}
	pid, err := strconv.Atoi(string(all[len(all)-1][1]))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// memory says how much the provider's process has.
func memory(t *testing.T) string {
	t.Helper()
	pid := providerPID(t)
	metrics, err := scrape(t, "http://"+commandLineFlag(pid, "--metrics-bind-address=")+"/metrics")
	if err != nil {
		t.Fatalf("cannot read the provider's metrics: %v", err)
	}
	said := fmt.Sprintf("%.1f MiB of heap in use", sum(t, metrics, "go_memstats_heap_inuse_bytes", "")/(1<<20))
	status, _ := os.ReadFile(proc(pid, "status")) // Only Linux has it.
	for line := range strings.Lines(string(status)) {
		if strings.HasPrefix(line, "VmRSS:") || strings.HasPrefix(line, "VmHWM:") {
			said += ", " + strings.Join(strings.Fields(line), " ")
		}
	}
	return said
}

// scrape the metrics that are served at a URL.
func scrape(t *testing.T, url string) (string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close() //nolint:errcheck // It is only read.
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

// sum of all series of a metric whose labels hold some words.
func sum(t *testing.T, metrics, name, words string) float64 {
	t.Helper()
	total := 0.0
	for line := range strings.Lines(metrics) {
		end := strings.LastIndex(line, " ")
		series, value := line[:max(end, 0)], line[end+1:]
		if rest, ok := strings.CutPrefix(series, name); !ok || rest != "" && rest[0] != '{' || !strings.Contains(rest, words) {
			continue
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil {
			t.Fatalf("cannot read the metric %s: %v", line, err)
		}
		total += v
	}
	if total == 0 {
		t.Errorf("there must be a metric %s that is not 0", name)
	}
	return total
}

// commandLine of a process, or nothing.
func commandLine(pid int) []string {
	raw, err := os.ReadFile(proc(pid, "cmdline"))
	if err != nil {
		return nil
	}
	return strings.Split(strings.TrimRight(string(raw), "\x00"), "\x00")
}

func commandLineFlag(pid int, name string) string {
	for _, arg := range commandLine(pid) {
		if value, ok := strings.CutPrefix(arg, name); ok {
			return value
		}
	}
	return ""
}

func proc(pid int, file string) string { return filepath.Join("/proc", strconv.Itoa(pid), file) }
