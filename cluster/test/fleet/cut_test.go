// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/cluster/test/plane"
)

// cutFor is how long: docs/performance.md has the figures of longer cuts.
var cutFor = flag.Duration("cut", 45*time.Second, "how long TestCutTarget cuts a target off, each time")

// orphan is the annotation that lets a Performer go without its target.
const orphan = "hourglass.eigenlayer.io/orphan"

// TestCutTarget cuts a target off while Performers run there: everything says so, nothing there is touched, the other
// target is served as before, and what was asked for meanwhile is done when the target is back.
func TestCutTarget(t *testing.T) {
	before := timesToReady(t, hub.Namespace(t), east.name, func(n int) bool { return n < 30 })
	t.Logf("with both targets, %s", describeTimes(before))
	t.Run("Stopped", func(t *testing.T) { cut{before, stopAPIServer, startAPIServer}.run(t) })
	t.Run("Swallowed", func(t *testing.T) {
		swallow := func(*testing.T) { west.network.Swallow() }
		cut{before, swallow, pass}.run(t)
	})
}

func pass(t *testing.T) {
	t.Helper()
	if err := west.network.Pass(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
}

// A cut is a way in which west is cut off, and comes back.
type cut struct {
	before   []time.Duration // Of Performers in east.
	do, undo func(*testing.T)
}

func (c cut) run(t *testing.T) {
	t.Helper()
	quick := hub.Namespace(t)
	r := runTen(t, hub.Namespace(t))
	undo := sync.OnceFunc(func() { c.undo(t) })
	t.Cleanup(undo)

	start := time.Now()
	c.do(t)
	r.ask(t)
	during := timesToReady(t, quick, east.name, func(n int) bool { return n == 0 || time.Since(start) < *cutFor })
	t.Logf("without west, %s; the p50 is %.2f times the one before, the p99 %.2f times", describeTimes(during),
		ratio(during, c.before, 50), ratio(during, c.before, 99))
	told := awaitReachable(t, corev1.ConditionFalse, v1alpha1.ReasonUnreachable, append(r.rest, r.changed, r.waiting)...)
	t.Logf("%s after the cut all said so: %s", told.Sub(start).Round(time.Second), conditionOf(r.changed).Message)
	r.expectAsBefore(t)
	r.expectAnswers(t)

	undo()
	back := time.Now()
	awaitReachable(t, corev1.ConditionTrue, v1alpha1.ReasonReachable, append(r.rest, r.changed)...)
	t.Logf("%s after the target was back all said so", time.Since(back).Round(time.Millisecond))
	r.expectCaughtUp(t)
	r.expectAsBefore(t)
}

func describeTimes(times []time.Duration) string {
	return fmt.Sprintf("%d Performers in east were ready after %s (p50) and %s (p99)", len(times), percentile(times, 50), percentile(times, 99))
}

func ratio(a, b []time.Duration, percent int) float64 {
	return float64(percentile(a, percent)) / float64(percentile(b, percent))
}

// A running is what runs in west, and how it was before the cut.
type running struct {
	ns string
	// Performers of which one is changed during the cut, one is deleted and must wait, and one is left behind.
	changed, waiting, left *v1alpha1.Performer
	// rest is all else that must say whether west can be reached.
	rest []client.Object

	provider int
	pods     map[string]string
	ready    map[string]string
}

// runTen runs ten Performers in west.
func runTen(t *testing.T, ns string) *running {
	t.Helper()
	r := &running{ns: ns, provider: providerPID(t), rest: []client.Object{
		&v1alpha1.ClusterProviderConfig{ObjectMeta: metav1.ObjectMeta{Name: west.name}},
		&v1alpha1.HardwarePool{ObjectMeta: metav1.ObjectMeta{Name: "west-t4"}},
		&v1alpha1.HardwarePool{ObjectMeta: metav1.ObjectMeta{Name: "west-snp"}},
	}}
	awaitReachable(t, corev1.ConditionTrue, v1alpha1.ReasonReachable, r.rest...)
	performers := make([]*v1alpha1.Performer, 10)
	for i := range performers {
		performers[i] = newPerformer(ns, fmt.Sprintf("p-%d", i), west.name)
		hub.Make(t, performers[i])
	}
	for i, p := range performers {
		performers[i] = hub.AwaitRunning(t, p)
	}
	r.changed, r.waiting, r.left = performers[0], performers[1], performers[2]
	for _, p := range performers[3:] {
		r.rest = append(r.rest, p)
	}
	r.pods, r.ready = podsIn(t, west.Hub, ns), readiness(t, ns)
	return r
}

// readiness of a namespace's Performers.
func readiness(t *testing.T, ns string) map[string]string {
	t.Helper()
	l := &v1alpha1.PerformerList{}
	if err := hub.List(t.Context(), l, client.InNamespace(ns)); err != nil {
		t.Fatal(err)
	}
	ready := map[string]string{}
	for _, p := range l.Items {
		if p.DeletionTimestamp == nil {
			c := p.GetCondition(xpv2.TypeReady)
			ready[p.Name] = fmt.Sprintf("Ready=%s %s", c.Status, c.Reason)
		}
	}
	return ready
}

// ask for what cannot be done while west is cut off.
func (r *running) ask(t *testing.T) {
	t.Helper()
	plane.Change(t, hub, r.changed, func(p *v1alpha1.Performer) { p.Spec.Version = "v2" })
	plane.Change(t, hub, r.left, func(p *v1alpha1.Performer) { p.Annotations[orphan] = "true" })
	for _, p := range []*v1alpha1.Performer{r.waiting, r.left} {
		if err := hub.Delete(t.Context(), p); err != nil {
			t.Fatalf("cannot delete Performer %s: %v", p.Name, err)
		}
		delete(r.ready, p.Name)
	}
}

// expectAsBefore checks that nothing was touched that should not be.
func (r *running) expectAsBefore(t *testing.T) {
	t.Helper()
	if diff := cmp.Diff(r.ready, readiness(t, r.ns)); diff != "" {
		t.Errorf("whether a Performer is Ready must stay as it was: -before, +after:\n%s", diff)
	}
	if pid := providerPID(t); pid != r.provider {
		t.Errorf("the provider must not restart, it was process %d and is %d", r.provider, pid)
	}
}

// expectAnswers checks what became of the two that are deleted: one is left behind, the other waits and says how it can be.
func (r *running) expectAnswers(t *testing.T) {
	t.Helper()
	gone(t, hub, r.left)
	eventually(t, "the Performer that waits says how to leave it behind", func(ctx context.Context) (bool, string) {
		if err := hub.Get(ctx, client.ObjectKeyFromObject(r.waiting), r.waiting); err != nil {
			return false, err.Error()
		}
		said := conditionOf(r.waiting).Message
		return strings.Contains(said, orphan), said
	})
	if len(r.waiting.Finalizers) == 0 {
		t.Error("a Performer must not go while nobody knows whether its Pod has")
	}
}

// expectCaughtUp checks that what was asked for has been done, and nothing else. It removes what was left behind.
func (r *running) expectCaughtUp(t *testing.T) {
	t.Helper()
	gone(t, hub, r.waiting)
	eventually(t, "the Pod has the version that was asked for", func(context.Context) (bool, string) {
		got := west.PodOf(t, r.changed).Annotations["hourglass.eigenlayer.io/version"]
		return got == "v2", got
	})
	want := maps.Clone(r.pods)
	delete(want, plane.ObjectMeta(r.waiting).Name)
	if diff := cmp.Diff(want, podsIn(t, west.Hub, r.ns)); diff != "" {
		t.Errorf("no Pod may restart, come or go because its cluster was cut off: -before, +after:\n%s", diff)
	}
	for _, o := range []client.Object{&corev1.Pod{ObjectMeta: plane.ObjectMeta(r.left)}, &corev1.Service{ObjectMeta: plane.ObjectMeta(r.left)}} {
		if err := west.Delete(t.Context(), o); err != nil {
			t.Errorf("what belonged to the Performer that was left behind must be there: %v", err)
		}
	}
}
