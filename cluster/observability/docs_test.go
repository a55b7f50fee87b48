// SPDX-License-Identifier: Apache-2.0

package observability

import (
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

// groups of alerts, read as strictly as Prometheus reads them.
func groups(t *testing.T) []rulefmt.RuleGroup {
	t.Helper()
	parsed, errs := rulefmt.ParseFile(docs+"alerts.yaml", false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	for _, err := range errs {
		t.Errorf("Prometheus does not take the alerts: %v", err)
	}
	if parsed == nil || len(errs) > 0 {
		t.FailNow()
	}
	return parsed.Groups
}

func alerts(t *testing.T) []rulefmt.Rule {
	t.Helper()
	var all []rulefmt.Rule
	for _, g := range groups(t) {
		all = append(all, g.Rules...)
	}
	return all
}

// TestAlertsSayWhatToDo sees that who is woken by an alert is told something.
func TestAlertsSayWhatToDo(t *testing.T) {
	for _, r := range alerts(t) {
		if s := r.Labels["severity"]; s != "critical" && s != "warning" {
			t.Errorf("%s has the severity %q: it must be critical or warning", r.Alert, s)
		}
		if diff := cmp.Diff([]string{"description", "summary"}, slices.Sorted(maps.Keys(r.Annotations))); diff != "" {
			t.Errorf("annotations of %s: -want, +got:\n%s", r.Alert, diff)
		}
		if strings.HasPrefix(r.Alert, "Performer") {
			for name, text := range r.Annotations {
				if !strings.Contains(text, "Performer {{ $labels.namespace }}/{{ $labels.name }}") && name == "summary" || !strings.Contains(text, "{{ $labels.name }}") {
					t.Errorf("the %s of %s must name the Performer: %s", name, r.Alert, text)
				}
			}
		}
	}
}

// TestAlertsAreDocumented compares the README's table with the alerts.
func TestAlertsAreDocumented(t *testing.T) {
	var want, got [][]string
	for _, r := range alerts(t) {
		after := "at once"
		if r.For > 0 {
			after = strings.Replace(time.Duration(r.For).String(), "m0s", " min", 1)
		}
		want = append(want, []string{r.Alert, r.Labels["severity"], after})
	}
	for _, cells := range rows(read(t, "README.md"), "| alert | severity | after | what to do |") {
		got = append(got, cells[:3])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the README must list the alerts as they are: -alerts.yaml, +README.md:\n%s", diff)
	}
}

// TestMetricsAreDocumented sees that alerts and dashboard name no other metrics
// than the README, and that each of those is in a panel.
func TestMetricsAreDocumented(t *testing.T) {
	metrics := documented(t)
	unknown, _ := metrics.unknown(read(t, "alerts.yaml"))
	unknownToo, _ := metrics.unknown(read(t, "dashboard.json"))
	if diff := cmp.Diff([]string(nil), append(unknown, unknownToo...)); diff != "" {
		t.Errorf("metrics that the README's table does not have: -want, +got:\n%s", diff)
	}
	shown := ""
	for _, p := range dashboard(t).Panels {
		for _, target := range p.Targets {
			shown += target.Expr + "\n"
		}
	}
	_, known := metrics.unknown(shown)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(metrics)), known); diff != "" {
		t.Errorf("each metric of the README's table must be in a panel: -table, +panels:\n%s", diff)
	}
}

var alertLabel = regexp.MustCompile(`\$labels\.(\w+)`)

// names that a pattern finds in texts.
func names(pattern *regexp.Regexp, texts ...string) []string {
	var all []string
	for _, m := range pattern.FindAllStringSubmatch(strings.Join(texts, "\n"), -1) {
		all = append(all, m[1])
	}
	return all
}

// TestLabels parses every expression and sees that what selects, groups and names
// uses labels that are there.
func TestLabels(t *testing.T) {
	metrics := documented(t)
	for _, r := range alerts(t) {
		uses := names(alertLabel, slices.Sorted(maps.Values(r.Annotations))...)
		for _, problem := range metrics.check(r.Expr, uses...) {
			t.Errorf("alert %s: %s", r.Alert, problem)
		}
	}
	for _, p := range dashboard(t).Panels {
		for _, target := range p.Targets {
			query := target.Query(time.Minute, time.Minute)
			if strings.Contains(strings.ReplaceAll(query, `"$1"`, ""), "$") {
				t.Errorf("panel %q has a variable that Target.Query does not know: %s", p.Title, query)
			}
			for _, problem := range metrics.check(query, names(legendLabel, target.LegendFormat)...) {
				t.Errorf("panel %q: %s", p.Title, problem)
			}
		}
	}
}
