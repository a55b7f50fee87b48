// SPDX-License-Identifier: Apache-2.0

package observability

import (
	"log/slog"
	"math"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
)

// alive is what a provider that does its work always has.
const alive = `controller_runtime_reconcile_total{controller="managed/performer.hourglass.eigenlayer.io",result="requeue_after"} 0+10x180`

// store of series in the notation of Prometheus' own tests, a sample a minute.
func store(t *testing.T, series ...string) *Store {
	t.Helper()
	s := NewStore()
	for _, text := range series {
		metric, values, err := parser.NewParser(parser.Options{}).ParseSeriesDesc(text)
		if err != nil {
			t.Fatalf("cannot read the series %s: %v", text, err)
		}
		for i, v := range values {
			if v.Omitted {
				continue
			}
			if err := s.Add(metric, int64(i)*time.Minute.Milliseconds(), v.Value); err != nil {
				t.Fatal(err)
			}
		}
	}
	return s
}

// fired alert.
type fired struct {
	Alert, Summary, Description string
}

// evaluate the alerts every minute as Prometheus does, and say which fire at last.
func evaluate(t *testing.T, s *Store, until time.Duration) []fired {
	t.Helper()
	query, all := rules.EngineQueryFunc(NewEngine(), s), []fired{}
	for _, r := range alerts(t) {
		expr, err := parser.NewParser(parser.Options{}).ParseExpr(r.Expr)
		if err != nil {
			t.Fatalf("cannot parse %s: %v", r.Expr, err)
		}
		rule := rules.NewAlertingRule(r.Alert, expr, time.Duration(r.For), time.Duration(r.KeepFiringFor),
			labels.FromMap(r.Labels), labels.FromMap(r.Annotations), labels.EmptyLabels(), "", true, slog.New(slog.DiscardHandler))
		for at := time.Duration(0); at <= until; at += time.Minute {
			if _, err := rule.Eval(t.Context(), 0, time.UnixMilli(at.Milliseconds()), query, &url.URL{}, 0); err != nil {
				t.Fatalf("cannot evaluate %s: %v", r.Alert, err)
			}
		}
		rule.ForEachActiveAlert(func(a *rules.Alert) {
			if a.State == rules.StateFiring {
				all = append(all, fired{Alert: r.Alert, Summary: a.Annotations.Get("summary"), Description: a.Annotations.Get("description")})
			}
		})
	}
	slices.SortStableFunc(all, func(a, b fired) int { return strings.Compare(a.Alert+a.Summary, b.Alert+b.Summary) })
	return all
}

func TestAlerts(t *testing.T) {
	fires, rests := map[string]bool{}, map[string]bool{}
	for name, tc := range alertCases() {
		t.Run(name, func(t *testing.T) {
			if !tc.dead {
				tc.series = append(tc.series, alive)
			}
			got, says := []string{}, ""
			for _, f := range evaluate(t, store(t, tc.series...), tc.at) {
				got = append(got, f.Alert+": "+f.Summary)
				says += f.Description
			}
			if tc.want == nil {
				tc.want = []string{}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nalerts that fire after %s: -want, +got:\n%s", tc.reason, tc.at, diff)
			}
			if !strings.Contains(says, tc.says) || strings.Contains(says, "<error") || strings.Contains(says, "<no value>") {
				t.Errorf("\n%s\nthe description must say %q: %s", tc.reason, tc.says, says)
			}
		})
		if len(tc.want) > 0 {
			fires[tc.alert] = true
		} else {
			rests[tc.alert] = true
		}
	}
	for _, r := range alerts(t) {
		if !fires[r.Alert] || !rests[r.Alert] {
			t.Errorf("%s must have a case in which it fires and one in which it does not", r.Alert)
		}
	}
}

// TestStore sees that the engine gets what was put in: values in their order,
// and nothing where a series ended.
func TestStore(t *testing.T) {
	s := store(t, `a_total{x="1"} 1+1x2 stale`, `b_total{x="1"} 7`)
	engine := NewEngine()
	cases := map[string]struct {
		reason string
		expr   string
		at     int64
		want   string
	}{
		"Value":   {reason: "A selector sees the last value of its own series.", expr: `a_total`, at: 120, want: `{__name__="a_total", x="1"} => 3 @[120000]`},
		"Matcher": {reason: "What does not match is left out.", expr: `a_total{x="2"}`, at: 120, want: ``},
		"Ended":   {reason: "A series that ended is not seen, although a sample is younger than five minutes.", expr: `a_total`, at: 180, want: ``},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			q, err := engine.NewInstantQuery(t.Context(), s, nil, tc.expr, time.Unix(tc.at, 0))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, q.Exec(t.Context()).String()); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
	if err := s.Add(labels.FromStrings("__name__", "b_total", "x", "1"), 0, math.Pi); err == nil {
		t.Error("a second sample at the same time must be refused")
	}
}
