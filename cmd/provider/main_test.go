// SPDX-License-Identifier: Apache-2.0

package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
)

// defaults are the flags of a command line that says nothing.
func defaults() flags {
	return flags{
		Sync:               time.Hour,
		Poll:               10 * time.Minute,
		PollJitter:         10,
		MinPoll:            time.Second,
		PollStateMetric:    5 * time.Second,
		MaxRate:            100,
		MetricsAddress:     ":8080",
		HealthAddress:      ":8081",
		ManagementPolicies: true,
		ChangeLogsSocket:   "/var/run/changelogs/changelogs.sock",
		DefaultConfig:      true,
	}
}

func TestFlags(t *testing.T) {
	with := func(change func(*flags)) flags {
		f := defaults()
		change(&f)
		return f
	}

	cases := map[string]struct {
		reason string
		args   []string
		env    map[string]string
		want   flags
	}{
		"Defaults": {
			reason: "Without flags the provider works as its documentation says.",
			want:   defaults(),
		},
		"Usual": {
			reason: "The flags that Crossplane's providers share have their usual names.",
			args:   []string{"--debug", "-l", "-s", "2h", "--poll=1m", "--max-reconcile-rate=7"},
			want: with(func(f *flags) {
				f.Debug, f.LeaderElection, f.Sync, f.Poll, f.MaxRate = true, true, 2*time.Hour, time.Minute, 7
			}),
		},
		"TurnedOff": {
			reason: "What is on by default can be turned off, and addresses too.",
			args:   []string{"--no-enable-management-policies", "--no-create-default-provider-config", "--metrics-bind-address=0", "--health-probe-bind-address=0"},
			want: with(func(f *flags) {
				f.ManagementPolicies, f.DefaultConfig, f.MetricsAddress, f.HealthAddress = false, false, "0", "0"
			}),
		},
		"TimesOfPolls": {
			reason: "How often a Performer is looked at has its own flags.",
			args:   []string{"--poll-jitter-percentage=25", "--min-poll-interval=3s", "--poll-state-metric=9s"},
			want: with(func(f *flags) {
				f.PollJitter, f.MinPoll, f.PollStateMetric = 25, 3*time.Second, 9*time.Second
			}),
		},
		"Environment": {
			reason: "A Deployment may set the variables that Crossplane's providers share.",
			env: map[string]string{
				"MAX_RECONCILE_RATE": "9", "LEADER_ELECTION": "true", "ENABLE_MANAGEMENT_POLICIES": "false",
				"ENABLE_CHANGE_LOGS": "true", "CHANGELOGS_SOCKET_PATH": "/run/c.sock",
			},
			want: with(func(f *flags) {
				f.MaxRate, f.LeaderElection, f.ManagementPolicies, f.ChangeLogs, f.ChangeLogsSocket = 9, true, false, true, "/run/c.sock"
			}),
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			for k, v := range tc.env {
				t.Setenv(k, v)
			}
			got := flags{}
			k, err := kong.New(&got, kong.Vars{"version": "v0"})
			if err != nil {
				t.Fatalf("the flags cannot be read by kong: %v", err)
			}
			if _, err := k.Parse(tc.args); err != nil {
				t.Errorf("\n%s\nParse(%v): %v", tc.reason, tc.args, err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nParse(%v): -want, +got:\n%s", tc.reason, tc.args, diff)
			}
		})
	}
}

func TestRunWithoutControlPlane(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "gone"))
	f := defaults()
	err := f.run(t.Context())
	const want = "cannot find the control plane: run in a cluster, or set KUBECONFIG to a kubeconfig file: "
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("without a control plane it is said how to name one: want %q, got %v", want, err)
	}
}
