// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// TestDriftInWords has somebody change the objects of a Performer.
func TestDriftInWords(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	cases := map[string]struct {
		reason, line, says string
		kind, field        string
		isRight            func(*testing.T, *v1alpha1.Performer) bool
	}{
		"selector": {
			reason: "A map is told as a whole.",
			line:   `kubectl patch service performer-selector --field-manager=somebody -p '{"spec":{"selector":{"app":"other"}}}'`,
			says:   `Service spec\.selector was changed by "somebody" from \{.*hourglass-performer.*\} to \{.*other.*\}`,
			kind:   "Service", field: "spec.selector",
			isRight: func(t *testing.T, p *v1alpha1.Performer) bool {
				t.Helper()
				return serviceOf(t, p).Spec.Selector["app"] == "hourglass-performer"
			},
		},
		"label": {
			reason: "Of labels the one that was changed is told.",
			line:   `kubectl label pod performer-label app=other --overwrite --field-manager=somebody`,
			says:   `Pod metadata\.labels\[app\] was changed by "somebody" from .*hourglass-performer.* to .*other`,
			kind:   "Pod", field: "metadata.labels[app]",
			isRight: func(t *testing.T, p *v1alpha1.Performer) bool {
				t.Helper()
				return podOf(t, p).Labels["app"] == "hourglass-performer"
			},
		},
		"image": {
			reason: "An image is no secret.",
			line:   `kubectl patch pod performer-image --field-manager=somebody -p '{"spec":{"containers":[{"name":"performer","image":"myavs/other:v1"}]}}'`,
			says:   `Pod spec\.containers\[performer\]\.image was changed by "somebody" from .*myavs/performer:v1.* to .*myavs/other:v1`,
			kind:   "Pod", field: "spec.containers[performer].image",
			isRight: func(t *testing.T, p *v1alpha1.Performer) bool {
				t.Helper()
				return containerOf(podOf(t, p)).Image == imageV1
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPerformer(ns, name)
			create(t, p)
			awaitRunning(t, p)
			before, m := podOf(t, p), newMeter(t)
			if out, err := shell(t, ns, tc.line); err != nil {
				t.Fatalf("cannot change the object: %v\n%s", err, out)
			}
			findEvent(t, p, "CorrectingDrift", tc.says)
			says := regexp.MustCompile("(?s)" + tc.says)
			await(t, p, "has a condition that tells of it: "+tc.reason, func(q *v1alpha1.Performer) bool {
				c := q.Status.GetCondition("Drifted")
				return running(q) && c.Status == corev1.ConditionFalse && c.Reason == "Corrected" && says.MatchString(c.Message) && tc.isRight(t, q)
			})
			m.await(t, 1, "hourglass_drift_corrected_total", `kind="`+tc.kind+`"`, `field="`+tc.field+`"`)
			if diff := cmp.Diff(identity(before), identity(podOf(t, p))); diff != "" {
				t.Errorf("%s\ndrift must be put right in place: -before, +after:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestDriftInWordsHidesSecrets has somebody write one word wherever an executor
// may have secrets, and looks for it in all that the provider says.
func TestDriftInWordsHidesSecrets(t *testing.T) {
	t.Parallel()
	const canary = "canary-5d21"
	ns := namespace(t)
	cases := map[string]struct{ reason, line, says string }{
		"environment": {
			reason: "Variables are where people put tokens.",
			line:   `kubectl set env deployment/environment TOKEN=` + canary + ` --field-manager=somebody`,
			says:   `Deployment .*env.*"somebody".*\(not shown\)`,
		},
		"config": {
			reason: "A configuration may hold URLs with keys in them.",
			line:   `kubectl patch configmap config-config --field-manager=somebody -p '{"data":{"config.yaml":"` + canary + `"}}'`,
			says:   `ConfigMap data.*"somebody".*\(not shown\)`,
		},
		"keys": {
			reason: "Keys are keys.",
			line:   `kubectl patch secret keys-keys --field-manager=somebody -p '{"stringData":{"ecdsa":"` + canary + `"}}'`,
			says:   `Secret data.*"somebody".*\(not shown\)`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newExecutor(ns, name)
			create(t, e)
			awaitExecutor(t, e, "runs", executorRuns)
			if out, err := shell(t, ns, tc.line); err != nil {
				t.Fatalf("cannot change the object: %v\n%s", err, out)
			}
			event := findEvent(t, e, "CorrectingDrift", tc.says)
			got := awaitExecutor(t, e, "runs as it should", executorRuns)
			conditions := strings.Builder{}
			for _, c := range got.Status.Conditions {
				conditions.WriteString(c.Message + "\n")
			}
			expectSecret(t, tc.reason, []string{canary, "0xkey-of-"}, map[string]string{
				"event": event.Message, "events": allEvents(t, ns), "conditions": conditions.String(), "log": hub.Log(t), "metrics": scrape(t),
			})
		})
	}
}

// expectSecret looks for words that must not be in texts.
func expectSecret(t *testing.T, reason string, words []string, texts map[string]string) {
	t.Helper()
	for where, text := range texts {
		for _, w := range words {
			if strings.Contains(text, w) {
				t.Errorf("%s\nno value may reach the %s", reason, where)
			}
		}
	}
}

// allEvents of a namespace, as they are stored.
func allEvents(t *testing.T, ns string) string {
	t.Helper()
	out, err := shell(t, ns, "kubectl get events -o yaml")
	if err != nil {
		t.Fatalf("cannot list events: %v\n%s", err, out)
	}
	return out
}

// TestDriftInWordsNotTold leaves all as it is, and has nothing told.
func TestDriftInWordsNotTold(t *testing.T) {
	t.Parallel()
	p := newPerformer(namespace(t), "a")
	create(t, p)
	awaitRunning(t, p)
	change(t, p, newImage)
	await(t, p, "is upgraded", func(q *v1alpha1.Performer) bool { return runsImage(t, q, imageV2) && q.Status.LastUpgrade != nil })
	eventually(t, "nothing is said of drift", func(ctx context.Context) (bool, string) {
		events, err := eventsOf(ctx, p)
		for _, e := range events {
			if e.Reason == "CorrectingDrift" {
				t.Errorf("the user's own changes are no drift: %s", e.Message)
			}
		}
		return err == nil, "events could not be listed"
	})
}
