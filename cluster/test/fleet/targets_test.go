// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"flag"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/cluster/test/forwarder"
	"github.com/crossplane-contrib/provider-hourglass/cluster/test/plane"
)

// How many there are: docs/performance.md has the figures of twenty targets with fifty Performers each.
var (
	targets = flag.Int("targets", 3, "how many targets TestManyTargets has")
	each    = flag.Int("each", 5, "how many Performers it makes in each of them")
)

// An apiServer is a target without anything but an API server and its etcd: Pods are there, and run nowhere.
type apiServer struct {
	name    string
	env     *envtest.Environment
	network *forwarder.Forwarder
	ns      string
}

// TestManyTargets has many targets, with one Performer in each and then with more: what the provider needs for a target,
// but for the objects themselves, does not grow with what is there.
func TestManyTargets(t *testing.T) {
	t.Logf("without the targets the provider had %s", memory(t))
	servers := make([]apiServer, *targets)
	for i := range servers {
		servers[i] = startServer(t, fmt.Sprintf("many-%02d", i))
		if i%5 == 4 {
			t.Logf("%d of %d API servers are up", i+1, len(servers))
		}
	}
	report := func(n int) (open, watched []int) {
		for _, s := range servers {
			now, _ := s.network.Connections()
			open, watched = append(open, now), append(watched, s.watches(t))
		}
		t.Logf("with %d Performers in each of %d targets, %v connections were open, there were %v watches, and the provider had %s",
			n, len(servers), open, watched, memory(t))
		return open, watched
	}
	fill(t, servers, 0, 1)
	open, watched := report(1)
	fill(t, servers, 1, *each)
	nowOpen, nowWatched := report(*each)
	if diff := cmp.Diff(open, nowOpen); diff != "" {
		t.Errorf("connections must not grow with Performers: -with one, +with %d:\n%s", *each, diff)
	}
	if diff := cmp.Diff(watched, nowWatched); diff != "" {
		t.Errorf("watches must not grow with Performers: -with one, +with %d:\n%s", *each, diff)
	}
}

// startServer starts an API server and makes a ClusterProviderConfig that leads to it by a way of its own.
func startServer(t *testing.T, name string) apiServer {
	t.Helper()
	s := apiServer{name: name, env: &envtest.Environment{BinaryAssetsDirectory: west.Cluster.Binaries.Envtest}}
	if _, err := s.env.Start(); err != nil {
		t.Fatalf("cannot start an API server: %v", err)
	}
	t.Cleanup(func() {
		if err := s.env.Stop(); err != nil {
			t.Errorf("cannot stop an API server: %v", err)
		}
	})
	c, err := clientcmd.Load(s.env.KubeConfig)
	if err != nil {
		t.Fatal(err)
	}
	cluster := c.Clusters[c.Contexts[c.CurrentContext].Cluster]
	address, err := url.Parse(cluster.Server)
	if err != nil {
		t.Fatal(err)
	}
	if s.network, err = forwarder.New(t.Context(), address.Host); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.network.Refuse)
	cluster.Server = "https://" + s.network.Address
	kubeconfig, err := clientcmd.Write(*c)
	if err != nil {
		t.Fatal(err)
	}
	makeConfig(t, name, kubeconfig, withNamespaces)
	s.ns = hub.Namespace(t) // What is in it goes first when the test ends.
	return s
}

// watches are how many there are, whoever asked for them.
func (s apiServer) watches(t *testing.T) int {
	t.Helper()
	c, err := kubernetes.NewForConfig(s.env.Config)
	if err != nil {
		t.Fatal(err)
	}
	metrics, err := c.RESTClient().Get().AbsPath("/metrics").DoRaw(t.Context())
	if err != nil {
		t.Fatalf("cannot read the metrics of an API server: %v", err)
	}
	return int(sum(t, string(metrics), "apiserver_longrunning_requests", `verb="WATCH"`))
}

// fill the targets with Performers up to a number, and await the Pod and the Service of each.
func fill(t *testing.T, servers []apiServer, from, to int) {
	t.Helper()
	for n := from; n < to; n++ {
		for _, s := range servers {
			hub.Make(t, newPerformer(s.ns, fmt.Sprintf("p-%d", n), s.name))
		}
	}
	want := to * len(servers)
	eventuallyWithin(t, within+time.Duration(want)*time.Second, fmt.Sprintf("%d Performers have a Pod", want), func(ctx context.Context) (bool, string) {
		have, last := 0, ""
		for _, s := range servers {
			l := &v1alpha1.PerformerList{}
			if err := hub.List(ctx, l, client.InNamespace(s.ns)); err != nil {
				return false, err.Error()
			}
			for i := range l.Items {
				if l.Items[i].Status.PodName != "" && l.Items[i].Status.ServiceName != "" {
					have++
					continue
				}
				last = l.Items[i].Namespace + "/" + l.Items[i].Name + ": " + plane.Describe(&l.Items[i])
			}
		}
		return have == want, fmt.Sprintf("%d do, and %s", have, last)
	})
}
