// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// TestDayTwoMetrics does one thing after the other that has a metric, and counts.
// No other test runs beside it. What pins, adoption and TEEs have is counted
// where they are tested.
func TestDayTwoMetrics(t *testing.T) {
	p := newPerformer(namespace(t), "a", upgrades(t, v1alpha1.StrategyAuto, "2s", "1s"), asks(amount("100m", "64Mi"), nil))
	create(t, p)
	awaitRunning(t, p)
	of := []string{`namespace="` + p.Namespace + `"`, `name="a"`}

	// What has grown by how much, and by nothing else that is named here.
	type growth map[string]float64
	steps := []struct {
		what  string
		do    func()
		until func(*v1alpha1.Performer) bool
		want  growth
	}{
		{
			what:  "an upgrade in place",
			do:    func() { change(t, p, newImage) },
			until: func(q *v1alpha1.Performer) bool { return runsImage(t, q, imageV2) && q.Status.LastUpgrade != nil },
			want:  growth{"started": 1, "succeeded": 1, "inplace": 2, "durations": 1},
		},
		{
			what: "an upgrade that is taken back",
			do:   func() { change(t, p, func(p *v1alpha1.Performer) { p.Spec.Image = imageCrash }) },
			until: func(q *v1alpha1.Performer) bool {
				return runsImage(t, q, imageV2) && q.Status.GetCondition("Degraded").Reason == "UpgradeFailed"
			},
			want: growth{"started": 1, "rolledback": 1, "inplace": 2, "degraded": 1},
		},
		{
			what: "an upgrade in place again",
			do:   func() { change(t, p, func(p *v1alpha1.Performer) { p.Spec.Image = imageV3 }) },
			until: func(q *v1alpha1.Performer) bool {
				return runsImage(t, q, imageV3) && q.Status.GetCondition("Degraded").Reason != "UpgradeFailed"
			},
			want: growth{"started": 1, "succeeded": 1, "inplace": 2, "durations": 1, "degraded": -1},
		},
		{
			what: "resources that the API server does not let change in place",
			do:   func() { change(t, p, asks(nil, nil)) },
			until: func(q *v1alpha1.Performer) bool {
				pod := podOf(t, p)
				return running(q) && pod != nil && len(pod.Spec.Containers[0].Resources.Requests) == 0 && containerOf(pod).Ready
			},
			want: growth{"started": 1, "succeeded": 1, "recreate": 2, "durations": 1, "refused": 1, "drained": 1},
		},
		{
			what: "drift",
			do: func() {
				if out, err := shell(t, p.Namespace, `kubectl patch service performer-a -p '{"spec":{"selector":{"app":"other"}}}'`); err != nil {
					t.Fatalf("cannot change the Service: %v\n%s", err, out)
				}
			},
			until: func(*v1alpha1.Performer) bool { return serviceOf(t, p).Spec.Selector["app"] == "hourglass-performer" },
			want:  growth{"drift": 1},
		},
	}
	for _, s := range steps {
		m := newMeter(t)
		s.do()
		await(t, p, "is done with "+s.what, s.until)
		grown := func() growth {
			got := growth{}
			for what, series := range daytwoSeries(of) {
				if n := m.grown(t, series[0], series[1:]...); n != 0 {
					got[what] = n
				}
			}
			return got
		}
		last := growth{}
		eventually(t, "the metrics tell of "+s.what, func(context.Context) (bool, string) {
			last = grown()
			return cmp.Equal(s.want, last), cmp.Diff(s.want, last) + fmt.Sprint(last)
		})
	}
}

// daytwoSeries are metrics by what they count: a name and what the labels have.
func daytwoSeries(of []string) map[string][]string {
	return map[string][]string{
		"started":    {"hourglass_upgrades_total", `result="Started"`},
		"succeeded":  {"hourglass_upgrades_total", `result="Succeeded"`},
		"rolledback": {"hourglass_upgrades_total", `result="RolledBack"`},
		"inplace":    {"hourglass_upgrades_total", `strategy="InPlace"`},
		"recreate":   {"hourglass_upgrades_total", `strategy="Recreate"`},
		"durations":  {"hourglass_upgrade_duration_seconds_count"},
		"degraded":   append([]string{"hourglass_performer_degraded", `reason="UpgradeFailed"`}, of...),
		"refused":    {"hourglass_resizes_refused_total"},
		"drained":    {"hourglass_pods_drained_total"},
		"drift":      {"hourglass_drift_corrected_total", `kind="Service"`, `field="spec.selector"`},
	}
}

// TestDayTwoMetricsOfPhases counts Performers by their phases.
func TestDayTwoMetricsOfPhases(t *testing.T) {
	ns := namespace(t)
	runs, waits := newPerformer(ns, "runs", upgrades(t, "", "", "0s")), newPerformer(ns, "waits", func(p *v1alpha1.Performer) {
		p.Spec.HardwareRequirements = &v1alpha1.HardwareRequirements{GPUType: "b200"}
	})
	m := newMeter(t)
	create(t, runs)
	create(t, waits)
	awaitRunning(t, runs)
	expect := func(running, pending float64) {
		t.Helper()
		eventually(t, "the metrics count the Performers", func(context.Context) (bool, string) {
			got := []float64{m.grown(t, "hourglass_performers", `phase="Running"`), m.grown(t, "hourglass_performers", `phase="Pending"`)}
			diff := cmp.Diff([]float64{running, pending}, got)
			return diff == "", diff
		})
	}
	expect(1, 1)
	deleteIt(t, runs)
	deleteIt(t, waits)
	awaitGone(t, runs)
	awaitGone(t, waits)
	expect(0, 0)
}
