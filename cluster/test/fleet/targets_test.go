// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/cluster/test/forwarder"
	"github.com/crossplane-contrib/provider-hourglass/cluster/test/plane"
)

var each = flag.Int("each", 5, "how many Performers TestManyTargets makes in each of its targets")

// manyTargets is how many targets TestManyTargets has.
const manyTargets = 20

// TestManyTargets has many targets, with few Performers in each and then with more: what the provider needs for a target
// does not grow with what runs there. The targets are twenty addresses of one API server, that of west, since twenty
// control planes are too much for one machine; to the provider each is a cluster of its own.
func TestManyTargets(t *testing.T) {
	large := node("large-0", map[string]string{gkePool: "large"})
	large.Status.Allocatable[corev1.ResourcePods] = resource.MustParse("4000")
	large.Status.Allocatable[corev1.ResourceCPU] = resource.MustParse("2000")
	large.Status.Allocatable[corev1.ResourceMemory] = resource.MustParse("8Ti")
	makeNodes(t, west, large)
	t.Logf("without the targets the provider had %s", memory(t))
	without := watches(t, west)

	networks, namespaces := make([]*forwarder.Forwarder, manyTargets), make([]string, manyTargets)
	for i := range networks {
		networks[i] = leadWest(t, manyName(i))
		namespaces[i] = hub.Namespace(t)
	}
	report := func(n int) []int {
		var open []int
		for _, f := range networks {
			now, _ := f.Connections()
			open = append(open, now)
		}
		t.Logf("with %d Performers in each of %d targets, connections were open %v, there were %d watches more, and the provider had %s",
			n, manyTargets, open, watches(t, west)-without, memory(t))
		return open
	}
	fill(t, namespaces, 0, 1)
	few := report(1)
	fill(t, namespaces, 1, *each)
	for i, open := range report(*each) {
		if open > few[i] {
			t.Errorf("%s had %d open connections with one Performer, and has %d with %d", manyName(i), few[i], open, *each)
		}
	}
}

func manyName(i int) string { return fmt.Sprintf("many-%02d", i) }

// leadWest makes a ClusterProviderConfig that leads to west by a way of its own.
func leadWest(t *testing.T, name string) *forwarder.Forwarder {
	t.Helper()
	f, err := forwarder.New(t.Context(), west.server())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Refuse)
	kubeconfig, err := west.kubeconfig(f.Address)
	if err != nil {
		t.Fatal(err)
	}
	makeConfig(t, name, kubeconfig, withNamespaces)
	return f
}

// fill the targets' namespaces with Performers up to a number, and await them all.
func fill(t *testing.T, namespaces []string, from, to int) {
	t.Helper()
	for n := from; n < to; n++ {
		for i, ns := range namespaces {
			hub.Make(t, newPerformer(ns, fmt.Sprintf("p-%d", n), manyName(i)))
		}
	}
	want := to * len(namespaces)
	eventuallyWithin(t, within+time.Duration(want)*time.Second, fmt.Sprintf("%d Performers run", want), func(ctx context.Context) (bool, string) {
		l := &v1alpha1.PerformerList{}
		if err := hub.List(ctx, l); err != nil {
			return false, err.Error()
		}
		run, last := 0, ""
		for _, p := range l.Items {
			if !strings.HasPrefix(p.Spec.ProviderConfigReference.Name, "many-") {
				continue
			}
			if plane.Running(&p) {
				run++
			} else {
				last = p.Namespace + "/" + p.Name + ": " + plane.Describe(&p)
			}
		}
		return run == want, fmt.Sprintf("%d do, and %s", run, last)
	})
}
