// SPDX-License-Identifier: Apache-2.0

package observability

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// metric as the table in docs/observability/README.md describes it.
type metric struct {
	kind   string
	labels []string
}

// table of metrics by name.
type table map[string]metric

// read a file of the documentation.
func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(docs + name)
	if err != nil {
		t.Fatalf("cannot read the documentation: %v", err)
	}
	return string(b)
}

// rows of the table in a Markdown text that has such a head, without backquotes.
func rows(text, head string) [][]string {
	_, body, _ := strings.Cut(text, head+"\n")
	body, _, _ = strings.Cut(body, "\n\n")
	var all [][]string
	for _, text := range strings.Split(body, "\n")[1:] {
		cells := strings.Split(strings.Trim(strings.ReplaceAll(text, "`", ""), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		all = append(all, cells)
	}
	return all
}

// documented metrics.
func documented(t *testing.T) table {
	t.Helper()
	metrics := table{}
	for _, cells := range rows(read(t, "README.md"), "| metric | type | labels | what it counts |") {
		m := metric{kind: cells[1]}
		if cells[2] != "" {
			m.labels = strings.Split(strings.ReplaceAll(cells[2], " ", ""), ",")
		}
		slices.Sort(m.labels)
		metrics[cells[0]] = m
	}
	if len(metrics) == 0 {
		t.Fatal("cannot find the table of metrics in the README")
	}
	return metrics
}

// series that a name in a query means: a histogram has three.
func (t table) series(name string) (base string, m metric, known bool) {
	if m, known = t[name]; known && m.kind != "histogram" {
		return name, m, true
	}
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		base, cut := strings.CutSuffix(name, suffix)
		m, known := t[base]
		if !cut || !known || m.kind != "histogram" {
			continue
		}
		if suffix == "_bucket" {
			m.labels = append(slices.Clone(m.labels), "le")
		}
		return base, m, true
	}
	return "", metric{}, false
}

var metricName = regexp.MustCompile(`\b(hourglass|crossplane|controller_runtime)_[a-z_]+`)

// unknown names of metrics in a text, and those that it has.
func (t table) unknown(text string) (unknown, known []string) {
	for _, name := range metricName.FindAllString(text, -1) {
		if base, _, ok := t.series(name); ok {
			known = append(known, base)
		} else {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(known)
	return unknown, slices.Compact(known)
}
