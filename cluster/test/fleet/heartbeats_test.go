// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"flag"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// How many nodes there are, and how long their heartbeats are sent: docs/performance.md has the figures.
var (
	nodes      = flag.Int("nodes", 200, "how many nodes TestHeartbeats makes")
	heartbeats = flag.Duration("heartbeats", 30*time.Second, "how long TestHeartbeats sends heartbeats")
)

const (
	// heartbeatEvery is what a fleet of 400 nodes has together, when each says every 10 s that it lives.
	heartbeatEvery = time.Second / 40
	// still is how long nothing is written when all there was to write is written.
	still = 5 * time.Second
)

// TestHeartbeats has many nodes say that they live, and nothing else: no HardwarePool is written for that.
func TestHeartbeats(t *testing.T) {
	awaitPool(t, "west-plain", "is discovered", func(s v1alpha1.HardwarePoolStatus) bool { return s.Nodes > 0 })
	t.Logf("before %d nodes were made, the provider had %s", *nodes, memory(t))
	names := make([]string, *nodes)
	for i := range names {
		names[i] = fmt.Sprintf("simulated-%04d", i)
		makeNodes(t, west, node(names[i], map[string]string{gkePool: "simulated"}))
	}
	want := int32(*nodes)
	// The control plane lets a node take Pods in its own time.
	awaitPoolWithin(t, within+time.Duration(*nodes)*time.Second/2, "west-simulated", "has all nodes", func(s v1alpha1.HardwarePoolStatus) bool {
		return s.Nodes == want && s.ReadyNodes == want
	})
	before := settled(t)
	t.Logf("with %d more nodes, the provider had %s", *nodes, memory(t))

	sent := 0
	tick := time.NewTicker(heartbeatEvery)
	defer tick.Stop()
	for start := time.Now(); time.Since(start) < *heartbeats; sent++ {
		<-tick.C
		beat(t, names[sent%len(names)])
	}
	after := settled(t)
	t.Logf("after %d heartbeats in %s, the provider had %s", sent, *heartbeats, memory(t))
	for name, version := range before {
		if after[name] != version {
			t.Errorf("HardwarePool %s must not be written for a heartbeat: it was in version %s, and is in %s", name, version, after[name])
		}
	}
}

// beat has a node say that it lives, as its kubelet does.
func beat(t *testing.T, name string) {
	t.Helper()
	patch := fmt.Sprintf(`{"status":{"conditions":[{"type":"Ready","lastHeartbeatTime":%q}]}}`, time.Now().UTC().Format(time.RFC3339))
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if err := west.Status().Patch(t.Context(), n, client.RawPatch(types.StrategicMergePatchType, []byte(patch))); err != nil {
		t.Fatalf("cannot send the heartbeat of node %s: %v", name, err)
	}
}

// settled returns the versions of all HardwarePools when none has been written for a while: that can only be seen by
// waiting.
func settled(t *testing.T) map[string]string {
	t.Helper()
	w := follow[*v1alpha1.HardwarePool](t, hub, &v1alpha1.HardwarePoolList{})
	defer w.Stop()
	versions := map[string]string{}
	for limit := time.After(within); ; {
		select {
		case <-limit:
			t.Fatalf("HardwarePools are written for ever, their versions are %v", versions)
		case <-time.After(still):
			return versions
		case e, ok := <-w.ResultChan():
			if !ok {
				t.Fatal("the watch of HardwarePools ended")
			}
			if p, ok := e.Object.(*v1alpha1.HardwarePool); ok {
				versions[p.Name] = p.ResourceVersion
			}
		}
	}
}
