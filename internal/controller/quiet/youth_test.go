// SPDX-License-Identifier: Apache-2.0

package quiet

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// born is when a Performer of the tests was created.
var born = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func created(p *v1alpha1.Performer) { p.CreationTimestamp = metav1.NewTime(born) }

func with(c ...xpv2.Condition) modifier {
	return func(p *v1alpha1.Performer) { p.Status.SetConditions(c...) }
}

func TestGrownIn(t *testing.T) {
	cases := map[string]struct {
		reason string
		age    time.Duration
		want   time.Duration
	}{
		"Newborn":   {reason: "What was just created is young for the whole time.", age: 0, want: 2 * time.Second},
		"Young":     {reason: "What was spent of it is gone.", age: 1500 * time.Millisecond, want: 500 * time.Millisecond},
		"Grown":     {reason: "It ends.", age: 2 * time.Second, want: 0},
		"Old":       {reason: "It does not begin again.", age: time.Hour, want: 0},
		"ToBeBorn":  {reason: "An API server whose clock is ahead by an hour must not keep statuses for an hour.", age: -time.Hour, want: 0},
		"JustAhead": {reason: "Of one that is ahead by a little, what is held back in a moment must be looked at again.", age: -time.Millisecond, want: 2001 * time.Millisecond},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := GrownIn(performer(created), born.Add(tc.age)); got != tc.want {
				t.Errorf("\n%s\nGrownIn(...): want %s, got %s", tc.reason, tc.want, got)
			}
		})
	}
}

func TestEarlyStatus(t *testing.T) {
	compared, sent := []string{"get ns/a"}, []string{"get ns/a", "update status a"}

	succeeded := func(at string, c ...xpv2.Condition) modifier {
		return func(p *v1alpha1.Performer) {
			annotated(meta.AnnotationKeyExternalCreateSucceeded, at)(p)
			with(c...)(p)
		}
	}

	cases := map[string]struct {
		reason string
		before modifier
		o      modifier
		age    time.Duration
		calls  []string
	}{
		"JustCreated": {
			reason: "After a create the reconciler comes again at once, however old the Performer is.",
			before: with(xpv2.Unavailable(), xpv2.ReconcileSuccess()), age: time.Hour,
			o:     succeeded("2026-01-02T04:04:05Z", xpv2.Creating(), xpv2.ReconcileSuccess()),
			calls: compared,
		},
		"JustCreatedAgain": {
			reason: "What was ready until now is told to be no more.",
			before: with(xpv2.Available(), xpv2.ReconcileSuccess()), age: time.Hour,
			o:     succeeded("2026-01-02T04:04:05Z", xpv2.Creating(), xpv2.ReconcileSuccess()),
			calls: sent,
		},
		"Ended": {
			reason: "That a Pod has ended, and how many have, is told at once: the next one waits for it.",
			before: with(),
			o: func(p *v1alpha1.Performer) {
				with(xpv2.Unavailable(), xpv2.ReconcileSuccess())(p)
				p.Status.Phase, p.Status.FailedPods = v1alpha1.PerformerFailed, 1
			},
			calls: sent,
		},
		"Degraded": {
			reason: "So is that something is wrong with one.",
			before: with(),
			o:      with(xpv2.Creating(), xpv2.ReconcileSuccess(), xpv2.Condition{Type: "Degraded", Status: "True"}),
			calls:  sent,
		},
		"Replacing": {
			reason: "That a Pod is replaced is told, so that it is known when the new one is there.",
			before: with(),
			o: func(p *v1alpha1.Performer) {
				with(xpv2.Creating(), xpv2.ReconcileSuccess())(p)
				p.Status.Phase = v1alpha1.PerformerUpgrading
			},
			calls: sent,
		},
		"CreatedLongAgo": {
			reason: "An annotation that another provider left on it says nothing.",
			before: succeeded("2026-01-02T04:04:05Z", xpv2.Unavailable(), xpv2.ReconcileSuccess()), age: time.Hour,
			o:     succeeded("2026-01-02T04:04:05Z", xpv2.Available(), xpv2.ReconcileSuccess()),
			calls: sent,
		},
		"NotPublished": {
			reason: "That what was created cannot be published is told.",
			before: with(),
			o:      succeeded("2026-01-02T03:04:05Z", xpv2.Creating(), xpv2.ReconcileError(errors.New("boom"))),
			calls:  sent,
		},
		"Creating": {
			reason: "That a young Performer is being created is not told: soon there is more to tell.",
			before: with(), o: with(xpv2.Creating(), xpv2.ReconcileSuccess()),
			calls: compared,
		},
		"Nothing": {
			reason: "Nor is that all goes well.",
			before: with(), o: with(xpv2.ReconcileSuccess()),
			calls: compared,
		},
		"Ready": {
			reason: "That it is ready is told at once.",
			before: with(), o: with(xpv2.Available(), xpv2.ReconcileSuccess()),
			calls: sent,
		},
		"Error": {
			reason: "So is what is wrong.",
			before: with(), o: with(xpv2.Creating(), xpv2.ReconcileError(errors.New("boom"))),
			calls: sent,
		},
		"Old": {
			reason: "Whoever is not young any more is told what there is to tell.",
			before: with(), o: with(xpv2.Creating(), xpv2.ReconcileSuccess()), age: 2 * time.Second,
			calls: sent,
		},
		"ErrorGone": {
			reason: "An error that was told is taken back at once.",
			before: with(xpv2.ReconcileError(errors.New("boom"))), o: with(xpv2.Creating(), xpv2.ReconcileSuccess()),
			calls: sent,
		},
		"ReadyGone": {
			reason: "So is that it was ready.",
			before: with(xpv2.Available(), xpv2.ReconcileSuccess()), o: with(xpv2.Unavailable(), xpv2.ReconcileSuccess()),
			calls: sent,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := wire{cached: performer(created, tc.before)}
			c, ok := w.client().(quietClient)
			if !ok {
				t.Fatal("the client is not the quiet one")
			}
			c.now = func() time.Time { return born.Add(tc.age) }
			if err := c.Status().Update(t.Context(), performer(created, tc.o)); err != nil {
				t.Fatalf("\n%s\nStatus().Update(...): %v", tc.reason, err)
			}
			if diff := cmp.Diff(tc.calls, w.calls); diff != "" {
				t.Errorf("\n%s\nStatus().Update(...): -want calls, +got calls:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestSyncedFirst(t *testing.T) {
	w := wire{}
	o := performer(with(xpv2.Available(), xpv2.Condition{Type: "Available", Status: "True"}, xpv2.ReconcileSuccess()))
	if err := w.client().Status().Update(t.Context(), o); err != nil {
		t.Fatalf("Status().Update(...): %v", err)
	}
	var got []xpv2.ConditionType
	for _, c := range o.Status.Conditions {
		got = append(got, c.Type)
	}
	if diff := cmp.Diff([]xpv2.ConditionType{"Synced", "Ready", "Available"}, got); diff != "" {
		t.Errorf("the last condition is what the status says, and Synced says nothing: -want, +got:\n%s", diff)
	}
}

// TestHeldBackOnce creates again and again what no cache shows.
func TestHeldBackOnce(t *testing.T) {
	w := &wire{cached: performer()}
	c := w.client()
	for range 2 {
		o := performer(annotated(meta.AnnotationKeyExternalCreateSucceeded, "2026-01-02T03:04:05Z"), with(xpv2.Creating(), xpv2.ReconcileSuccess()))
		if err := c.Status().Update(t.Context(), o); err != nil {
			t.Fatalf("Status().Update(...): %v", err)
		}
	}
	if diff := cmp.Diff([]string{"get ns/a", "get ns/a", "update status a"}, w.calls); diff != "" {
		t.Errorf("the second status after a create is told: -want calls, +got calls:\n%s", diff)
	}
}
