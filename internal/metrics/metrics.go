// SPDX-License-Identifier: Apache-2.0

// Package metrics counts what the provider does, for Prometheus. No metric has a
// value of a user's spec as a label.
package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

// Results of upgrades.
const (
	// Started: an upgrade was begun.
	Started = "Started"
	// Succeeded: its Pod became ready.
	Succeeded = "Succeeded"
	// RolledBack: it did not, and was taken back.
	RolledBack = "RolledBack"
)

// Actions on a TEE violation.
const (
	Reported = "Reported"
	Ended    = "Ended"
)

var (
	// PodsDrained counts Pods that left their Service to be ended.
	PodsDrained = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "hourglass_pods_drained_total",
		Help: "Pods that left their Service before they were ended.",
	})
	// ResizesRefused counts resizes that the API server refused.
	ResizesRefused = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "hourglass_resizes_refused_total",
		Help: "Resizes that the API server refused, so that a new Pod was needed.",
	})
	// ImagesPinned counts images whose digest was recorded.
	ImagesPinned = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "hourglass_images_pinned_total",
		Help: "Images whose digest was recorded, to stay with it.",
	})

	upgrades = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "hourglass_upgrades_total",
		Help: "Upgrades of Performers, by strategy (InPlace, Resize, Recreate, Surge) and result (Started, Succeeded, RolledBack).",
	}, []string{"strategy", "result"})
	durations = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "hourglass_upgrade_duration_seconds",
		Help:    "Time from the start of an upgrade to its Pod being ready, by strategy.",
		Buckets: []float64{1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600},
	}, []string{"strategy"})
	drift = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "hourglass_drift_corrected_total",
		Help: "Changes by others that were corrected, by kind of object and path of the field.",
	}, []string{"kind", "field"})
	adopted = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "hourglass_objects_adopted_total",
		Help: "Objects of others that were taken over, by kind.",
	}, []string{"kind"})
	violations = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "hourglass_tee_violations_total",
		Help: "Performers whose node lost the label that proves its TEE, by what was done (Reported, Ended).",
	}, []string{"action"})
)

func init() { //nolint:gochecknoinits // So do all who add to controller-runtime's registry.
	metrics.Registry.MustRegister(PodsDrained, ResizesRefused, ImagesPinned, upgrades, durations, drift, adopted, violations)
	// A series that begins with 1 is no increase for Prometheus.
	for _, strategy := range []string{"InPlace", "Resize", "Recreate", "Surge"} {
		for _, result := range []string{Started, Succeeded, RolledBack} {
			upgrades.WithLabelValues(strategy, result)
		}
	}
	for _, action := range []string{Reported, Ended} {
		violations.WithLabelValues(action)
	}
}

// Upgrade counts an upgrade by a strategy with a result.
func Upgrade(strategy, result string) { upgrades.WithLabelValues(strategy, result).Inc() }

// Upgraded counts an upgrade that succeeded, and how long it took.
func Upgraded(strategy string, took time.Duration) {
	Upgrade(strategy, Succeeded)
	durations.WithLabelValues(strategy).Observe(took.Seconds())
}

// Drift counts a change by somebody else that was corrected.
func Drift(kind, field string) { drift.WithLabelValues(kind, field).Inc() }

// Adopted counts an object that was taken over.
func Adopted(kind string) { adopted.WithLabelValues(kind).Inc() }

// TEEViolation counts one, and what was done about it.
func TEEViolation(action string) { violations.WithLabelValues(action).Inc() }
