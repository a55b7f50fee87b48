// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// How large the load is, and how long it is watched while nothing happens: docs/stack.md has the figures.
var (
	stacks = flag.Int("stacks", 20, "how many stacks TestBreaker makes")
	each   = flag.Int("performers", 50, "how many performers each of them has")
	idle   = flag.Duration("idle", 20*time.Second, "how long TestBreaker watches them while nothing happens")
)

// TestBreaker makes stacks of many performers at once, while the provider tells what their Pods leave free: Crossplane's
// circuit breaker must not open for any of them, and when all are Ready, none is reconciled any more.
func TestBreaker(t *testing.T) {
	if err := control.plane.Cluster.ApplyNodes(t.Context(), filepath.Join("testdata", "node.yaml")); err != nil {
		t.Fatal(err)
	}
	inventory(t, "{}")
	t.Cleanup(func() { inventory(t, "null") })
	ns := namespace(t, "breaker")
	start := time.Now()
	for i := range *stacks {
		if err := control.Create(t.Context(), onLargeNode(t, newStack(ns, fmt.Sprintf("s%02d", i), *each))); err != nil {
			t.Fatal(err)
		}
	}
	awaitStacks(t, ns, within+time.Duration(*stacks**each)*time.Second)
	t.Logf("%d stacks of %d performers were Ready after %s", *stacks, *each, time.Since(start).Round(time.Second))
	events := metric(t, "circuit_breaker_events_total", "hourglassstacks")
	t.Logf("the circuit breaker saw %.0f events, %.1f for each performer", events, events/float64(*stacks**each))
	if events == 0 {
		t.Error("the circuit breaker must have seen the performers: Crossplane calls its metrics otherwise now")
	}

	settle(t)
	before := metric(t, "controller_runtime_reconcile_total", "composite/hourglassstacks")
	select {
	case <-t.Context().Done():
	case <-time.After(*idle): // That nothing happens can only be seen by waiting.
	}
	after := metric(t, "controller_runtime_reconcile_total", "composite/hourglassstacks")
	polls := float64(*stacks) * float64(*idle) / float64(10*time.Minute) * 2
	if after-before > polls {
		t.Errorf("in %s without a change there must be no more reconciles than the function's answers expire, got %.0f", *idle, after-before)
	}
	t.Logf("%.0f reconciles in %s without a change, after %.0f", after-before, *idle, before)
	if before == 0 {
		t.Error("stacks must have been reconciled: Crossplane calls its metrics otherwise now")
	}
	if opened := metric(t, "circuit_breaker_opens_total", "hourglassstacks"); opened != 0 {
		t.Errorf("the circuit breaker must not open, it did %.0f times", opened)
	}

	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(platform("HourglassStack"))
	if err := control.DeleteAllOf(t.Context(), u, client.InNamespace(ns)); err != nil {
		t.Fatal(err)
	}
	eventuallyWithin(t, within+time.Duration(*stacks**each)*time.Second, "all are gone", func(context.Context) (bool, string) {
		n := len(left(t, ns))
		return n == 0, fmt.Sprintf("%d objects are left", n)
	})
}

// inventory of the control plane's own cluster: {} turns it on, null off.
func inventory(t *testing.T, how string) {
	t.Helper()
	kubectl(t, "patch", "clusterproviderconfig.hourglass.eigenlayer.io", "default", "--type=merge", "-p", `{"spec":{"inventory":`+how+`}}`)
}

// onLargeNode has a stack's performers go where the large node is, which has room for all: those for which a pool has none
// wait, and are moved to another.
func onLargeNode(t *testing.T, stack *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	performers, _, _ := unstructured.NestedSlice(stack.Object, "spec", "performers")
	for _, p := range performers {
		p, _ := p.(map[string]any)
		if err := unstructured.SetNestedStringMap(p, map[string]string{corev1.LabelInstanceTypeStable: "m6i.4xlarge"}, "scheduling", "nodeSelector"); err != nil {
			t.Fatal(err)
		}
	}
	if err := unstructured.SetNestedSlice(stack.Object, performers, "spec", "performers"); err != nil {
		t.Fatal(err)
	}
	return stack
}

// awaitStacks waits until all stacks are Ready, and shows how far they are.
func awaitStacks(t *testing.T, ns string, limit time.Duration) {
	t.Helper()
	shown, start := time.Now(), time.Now()
	eventuallyWithin(t, limit, "all stacks are Ready", func(context.Context) (bool, string) {
		out := kubectl(t, "get", "hourglassstacks", "--namespace", ns, "-o", `jsonpath={range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}`)
		said := fmt.Sprintf("%d of %d are", strings.Count(out, "True"), *stacks)
		if time.Since(shown) > 10*time.Second {
			shown = time.Now()
			t.Logf("after %s: %s, the circuit breaker saw %.0f events and opened %.0f times", time.Since(start).Round(time.Second), said,
				metric(t, "circuit_breaker_events_total", "hourglassstacks"), metric(t, "circuit_breaker_opens_total", "hourglassstacks"))
		}
		return strings.Count(out, "True") == *stacks, said
	})
}

// retries is how late Crossplane looks again at an XR that was not Ready, even if it has become Ready since.
const retries = 30 * time.Second

// settle waits until what became Ready was told to everyone, and until the last retry.
func settle(t *testing.T) {
	t.Helper()
	last, since := 0.0, time.Now()
	eventually(t, "reconciles end", func(context.Context) (bool, string) {
		if now := metric(t, "controller_runtime_reconcile_total", "composite/hourglassstacks"); now != last {
			last, since = now, time.Now()
		}
		return time.Since(since) > retries+5*time.Second, fmt.Sprintf("%.0f so far", last)
	})
}

// metric of Crossplane, the sum of all its series whose labels hold some words.
func metric(t *testing.T, name, words string) float64 {
	t.Helper()
	core, err := control.plane.Cluster.Process("crossplane")
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Get("http://127.0.0.1:" + core.Flag("--metrics-port=") + "/metrics") //nolint:noctx // A test's.
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // It is only read.
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for line := range strings.Lines(string(body)) {
		if i := strings.LastIndex(line, " "); strings.Contains(line, name+"{") && strings.Contains(line, words) {
			v, err := strconv.ParseFloat(strings.TrimSpace(line[i:]), 64)
			if err != nil {
				t.Fatalf("cannot read the metric %s: %v", line, err)
			}
			sum += v
		}
	}
	return sum
}
