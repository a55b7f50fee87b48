// SPDX-License-Identifier: Apache-2.0

package performer

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/workload"
)

// strategic asks for a strategy, with a drain of half a minute and a deadline of one
// second.
func strategic(s v1alpha1.UpgradeStrategy) performerModifier {
	return func(p *v1alpha1.Performer) {
		p.Spec.Upgrade = &v1alpha1.UpgradePolicy{
			Strategy: s, Drain: &metav1.Duration{Duration: 30 * time.Second}, Deadline: &metav1.Duration{Duration: time.Second},
		}
	}
}

// TestMoves takes the steps of an upgrade, each from what is found then.
func TestMoves(t *testing.T) {
	before := performer(strategic(""))
	args := performer(strategic(""), withArgs("--x"))
	surging := performer(strategic(v1alpha1.StrategySurge), withArgs("--x"))
	drained := func(pod *corev1.Pod) {
		delete(pod.Labels, workload.LabelPerformer)
		pod.Labels[workload.LabelRole] = workload.RoleDraining
		pod.Annotations[workload.AnnotationDraining] = t0.Add(-time.Minute).Format(time.RFC3339)
	}
	kept := workload.LastGood(before, podFor(before), serviceFor(before))
	failing := func(pod *corev1.Pod) {
		pod.Annotations[workload.AnnotationUpgradeStarted] = t0.Format(time.RFC3339)
		pod.Annotations[workload.AnnotationUpgradeBy] = "Recreate: x"
		pod.Annotations[workload.AnnotationFallback] = "true"
		pod.Status.Conditions[0].Status = corev1.ConditionFalse
	}
	seen := func(p *v1alpha1.Performer) *v1alpha1.Performer {
		p = p.DeepCopy()
		p.Status.Upgrade = &v1alpha1.UpgradeStatus{Started: metav1.NewTime(t0), Pulled: &metav1.Time{Time: t0}}
		return p
	}

	cases := map[string]struct {
		reason string
		p      *v1alpha1.Performer
		found  []client.Object
		fail   map[string]error
		calls  []string
		event  string
		err    string
	}{
		"Drain": {
			reason: "A Pod that serves leaves its Service, and is not ended yet.", p: args,
			found: []client.Object{podFor(before), serviceFor(before)},
			calls: []string{"create Pod", "patch Pod"}, event: "Draining",
		},
		"Replace": {
			reason: "What it runs is kept before it ends.", p: args,
			found: []client.Object{podFor(before, drained), serviceFor(before)},
			calls: []string{"create Pod", "create PodTemplate", "delete Pod"}, event: "ReplacingPod",
		},
		"ReplaceAgain": {
			reason: "What was kept before makes place.", p: args,
			found: []client.Object{podFor(before, drained), serviceFor(before), kept},
			calls: []string{"create Pod", "create PodTemplate", "get PodTemplate", "patch PodTemplate", "delete Pod"}, event: "ReplacingPod",
		},
		"Start": {
			reason: "A second Pod is started beside the one that serves.", p: surging,
			found: []client.Object{podFor(before), serviceFor(before)},
			calls: []string{"create Pod"}, event: "StartedStandby",
		},
		"StartRefused": {
			reason: "One that cannot be started leaves the other alone.", p: surging,
			found: []client.Object{podFor(before), serviceFor(before)}, fail: map[string]error{"create Pod": errBoom},
			calls: []string{"create Pod"}, err: "cannot start a second Pod (Surge: spec.upgrade.strategy says so); the one that is there runs on as it is: boom",
		},
		"RollBack": {
			reason: "That it failed is noted before the Pod ends.", p: seen(args),
			found: []client.Object{podFor(args, failing), serviceFor(before), kept},
			calls: []string{"get PodTemplate", "patch PodTemplate", "delete Pod"}, event: "RolledBack",
		},
		"RollBackToNothing": {
			reason: "Nothing is ended where there is nothing to go back to.", p: seen(args),
			found: []client.Object{podFor(args, failing), serviceFor(before)},
			calls: []string{"get PodTemplate"}, err: "cannot take back the upgrade",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, tc.found, tc.found, tc.fail)
			_, err := w.external().Update(t.Context(), tc.p)
			if got := words(err); (got == "") != (tc.err == "") || !strings.Contains(got, tc.err) {
				t.Errorf("\n%s\nUpdate(...): want error %q, got %q", tc.reason, tc.err, got)
			}
			var calls []string
			for _, c := range w.calls {
				calls = append(calls, firstTwo(c))
			}
			if diff := cmp.Diff(tc.calls, calls); diff != "" {
				t.Errorf("\n%s\nUpdate(...): -want calls, +got calls:\n%s", tc.reason, diff)
			}
			event := ""
			if len(w.events) > 0 {
				event = string(w.events[0].Reason)
			}
			if diff := cmp.Diff(tc.event, event); diff != "" {
				t.Errorf("\n%s\nUpdate(...): -want event, +got event:\n%s", tc.reason, diff)
			}
		})
	}
}

// firstTwo words of a call: what is done to which kind.
func firstTwo(call string) string {
	return strings.Join(strings.Fields(call)[:2], " ")
}
