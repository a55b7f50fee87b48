// SPDX-License-Identifier: Apache-2.0

package main

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/crossplane/crossplane-runtime/v2/pkg/feature"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
)

func TestOptions(t *testing.T) {
	// A set is what flags make of the options.
	type set struct {
		Concurrency                      int
		Poll, Jitter, MinPoll, Metrics   time.Duration
		Policies, ChangeLogs, ChangeSink bool
	}

	cases := map[string]struct {
		reason string
		change func(*flags)
		want   set
	}{
		"Defaults": {
			reason: "A tenth of ten minutes is how far a poll may move.",
			change: func(*flags) {},
			want: set{
				Concurrency: 100, Poll: 10 * time.Minute, Jitter: time.Minute, MinPoll: time.Second, Metrics: 5 * time.Second,
				Policies: true,
			},
		},
		"Changed": {
			reason: "Every flag reaches the controllers.",
			change: func(f *flags) {
				f.MaxRate, f.Poll, f.PollJitter, f.MinPoll, f.PollStateMetric, f.ManagementPolicies = 7, time.Hour, 50, time.Minute, time.Hour, false
			},
			want: set{Concurrency: 7, Poll: time.Hour, Jitter: 30 * time.Minute, MinPoll: time.Minute, Metrics: time.Hour},
		},
		"ChangeLogs": {
			reason: "Change logs are sent where they are asked for. The socket need not be there yet.",
			change: func(f *flags) {
				f.ChangeLogs, f.ChangeLogsSocket = true, filepath.Join(t.TempDir(), "changelogs.sock")
			},
			want: set{
				Concurrency: 100, Poll: 10 * time.Minute, Jitter: time.Minute, MinPoll: time.Second, Metrics: 5 * time.Second,
				Policies: true, ChangeLogs: true, ChangeSink: true,
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := defaults()
			tc.change(&f)
			o, err := f.options(t.Context(), &fakeManager{}, &rest.Config{}, logging.NewNopLogger())
			if err != nil {
				t.Fatalf("\n%s\noptions(...): %v", tc.reason, err)
			}
			for _, c := range []bool{
				metrics.Registry.Unregister(o.MetricOptions.MRMetrics.(*managed.MRMetricRecorder)),
				metrics.Registry.Unregister(o.MetricOptions.MRStateMetrics),
			} {
				if !c {
					t.Errorf("\n%s\nthe metrics of Crossplane's providers must be registered", tc.reason)
				}
			}
			got := set{
				Concurrency: o.MaxConcurrentReconciles, Poll: o.PollInterval, Jitter: o.PollJitter, MinPoll: o.MinPollInterval,
				Metrics:    o.MetricOptions.PollStateMetricInterval,
				Policies:   o.Features.Enabled(feature.EnableBetaManagementPolicies),
				ChangeLogs: o.Features.Enabled(feature.EnableAlphaChangeLogs),
				ChangeSink: o.ChangeLogOptions != nil && o.ChangeLogOptions.ChangeLogger != nil,
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\noptions(...): -want, +got:\n%s", tc.reason, diff)
			}
			if o.Targets == nil || o.GlobalRateLimiter == nil {
				t.Errorf("\n%s\noptions(...): want targets and a rate limiter, got %+v", tc.reason, o)
			}
		})
	}
}
