// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

var (
	refA = Ref{Kind: v1alpha1.ClusterProviderConfigKind, Name: "a"}
	refB = Ref{Kind: v1alpha1.ProviderConfigKind, Namespace: "ns", Name: "b"}
)

// A book is what Clusters have written down, and which of the clusters they had
// open they have stopped.
type book struct {
	Users   map[Ref]string
	Entries []string
	Opened  []string
	Stopped []string
}

// A desk has Clusters do things and keeps the book. Their credentials are hosts.
type desk struct {
	*Clusters

	lock            sync.Mutex
	opened, stopped []string
	told            []Ref
	// err is what opening and asking a cluster ends with.
	err error
}

// fail has all clusters answer with an error from now on, nil for none.
func (d *desk) fail(err error) {
	d.lock.Lock()
	defer d.lock.Unlock()
	d.err = err
}

// note something, and what clusters answer.
func (d *desk) note(f func()) error {
	d.lock.Lock()
	defer d.lock.Unlock()
	f()
	return d.err
}

// toldOf takes what was told.
func (d *desk) toldOf() []Ref {
	d.lock.Lock()
	defer d.lock.Unlock()
	told := d.told
	d.told = nil
	return told
}

func newDesk(t *testing.T, objects ...client.Object) *desk {
	t.Helper()
	d := &desk{Clusters: NewClusters(t.Context(), &rest.Config{Host: "own"}, controlPlane(t, objects...))}
	d.open = func(ctx context.Context, cfg *rest.Config) (*Cluster, error) {
		if err := d.note(func() {}); err != nil {
			return nil, err
		}
		stop := func() { _ = d.note(func() { d.stopped = append(d.stopped, cfg.Host) }) }
		_ = d.note(func() { d.opened = append(d.opened, cfg.Host) })
		return &Cluster{Live: answers{desk: d}, connection: &connection{pulse: newPulse(), config: cfg, stop: stop}}, ctx.Err()
	}
	d.OnChange(func(r Ref) { _ = d.note(func() { d.told = append(d.told, r) }) })
	return d
}

// answers every question alike.
type answers struct {
	client.Reader

	desk *desk
}

func (a answers) List(context.Context, client.ObjectList, ...client.ListOption) error {
	return a.desk.note(func() {})
}

// use the cluster of these credentials, as Open does.
func (d *desk) use(r Ref, digest string) *entry {
	e := d.enter(r, credentials{digest: digest, config: &rest.Config{Host: digest}})
	synctest.Wait() // Clusters are opened and stopped on the side.
	return e
}

func (d *desk) book() book {
	synctest.Wait()
	return book{Users: maps.Clone(d.users), Entries: slices.Sorted(maps.Keys(d.entries)), Opened: d.opened, Stopped: d.stopped}
}

func TestBookkeeping(t *testing.T) {
	cases := map[string]struct {
		reason string
		do     func(d *desk)
		want   book
	}{
		"Shared": {
			reason: "Two ProviderConfigs with the same credentials share one cluster.",
			do: func(d *desk) {
				d.use(refA, "x")
				d.use(refB, "x")
				d.use(refA, "x")
			},
			want: book{Users: map[Ref]string{refA: "x", refB: "x"}, Entries: []string{"x"}, Opened: []string{"x"}},
		},
		"Apart": {
			reason: "Other credentials are another cluster.",
			do: func(d *desk) {
				d.use(refA, "x")
				d.use(refB, "y")
			},
			want: book{Users: map[Ref]string{refA: "x", refB: "y"}, Entries: []string{"x", "y"}, Opened: []string{"x", "y"}},
		},
		"Rotated": {
			reason: "New credentials close the cluster of the old ones.",
			do: func(d *desk) {
				d.use(refA, "x")
				d.use(refA, "y")
			},
			want: book{Users: map[Ref]string{refA: "y"}, Entries: []string{"y"}, Opened: []string{"x", "y"}, Stopped: []string{"x"}},
		},
		"RotatedWhileShared": {
			reason: "The cluster of the old credentials stays open for whoever still has them.",
			do: func(d *desk) {
				d.use(refA, "x")
				d.use(refB, "x")
				d.use(refA, "y")
			},
			want: book{Users: map[Ref]string{refA: "y", refB: "x"}, Entries: []string{"x", "y"}, Opened: []string{"x", "y"}},
		},
		"RotatedToShared": {
			reason: "New credentials that another has already need no opening.",
			do: func(d *desk) {
				d.use(refA, "x")
				d.use(refB, "y")
				d.use(refA, "y")
			},
			want: book{Users: map[Ref]string{refA: "y", refB: "y"}, Entries: []string{"y"}, Opened: []string{"x", "y"}, Stopped: []string{"x"}},
		},
		"ReleasedWhileShared": {
			reason: "A ProviderConfig that is gone leaves the cluster to the others.",
			do: func(d *desk) {
				d.use(refA, "x")
				d.use(refB, "x")
				d.Release(refA)
			},
			want: book{Users: map[Ref]string{refB: "x"}, Entries: []string{"x"}, Opened: []string{"x"}},
		},
		"ReleasedByAll": {
			reason: "When the last ProviderConfig is gone, the cluster is closed, once.",
			do: func(d *desk) {
				d.use(refA, "x")
				d.use(refB, "x")
				d.Release(refA)
				d.Release(refB)
				d.Release(refB)
			},
			want: book{Users: map[Ref]string{}, Opened: []string{"x"}, Stopped: []string{"x"}},
		},
		"ReleasedAndBack": {
			reason: "A ProviderConfig that comes back opens its cluster again.",
			do: func(d *desk) {
				d.use(refA, "x")
				d.Release(refA)
				d.use(refA, "x")
			},
			want: book{Users: map[Ref]string{refA: "x"}, Entries: []string{"x"}, Opened: []string{"x", "x"}, Stopped: []string{"x"}},
		},
		"ReleasedUnused": {
			reason: "A ProviderConfig that nobody used holds nothing.",
			do: func(d *desk) {
				d.use(refA, "x")
				d.Release(refB)
			},
			want: book{Users: map[Ref]string{refA: "x"}, Entries: []string{"x"}, Opened: []string{"x"}},
		},
		"ReleasedWhileFailing": {
			reason: "A cluster that cannot be opened is not tried any more when nobody needs it.",
			do: func(d *desk) {
				d.fail(errBoom)
				d.use(refA, "x")
				d.Release(refA)
				d.fail(nil)
				time.Sleep(time.Hour)
			},
			want: book{Users: map[Ref]string{}},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t)
				tc.do(d)
				if diff := cmp.Diff(tc.want, d.book(), cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
				}
			})
		})
	}
}

// TestWatch has each watch started once in each cluster, whenever it comes.
func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		var calls []string
		watch := func(name string, err error) error {
			return d.Watch(func(cache.Cache) error {
				calls = append(calls, name)
				return err
			})
		}
		if err := watch("first", nil); err != nil {
			t.Fatalf("Watch(...) where no cluster is open: %v", err)
		}
		d.use(refA, "x")
		if err := watch("second", nil); err != nil {
			t.Fatalf("Watch(...) where a cluster is open: %v", err)
		}
		d.use(refB, "y")
		if diff := cmp.Diff([]string{"first", "second", "first", "second"}, calls); diff != "" {
			t.Errorf("-want watches, +got watches:\n%s", diff)
		}
		if diff := cmp.Diff(errBoom, watch("third", errBoom), cmpopts.EquateErrors()); diff != "" {
			t.Errorf("one that fails in a cluster that is open is told of: -want error, +got error:\n%s", diff)
		}
		d.use(refB, "z")
		if _, trouble := d.entries["z"].now(); trouble == nil {
			t.Error("a cluster that cannot be watched is of no use")
		}
	})
}

func TestConnect(t *testing.T) {
	cases := map[string]struct {
		reason string
		p      *v1alpha1.Performer
		fails  error
		err    string
		book   book
	}{
		"NoReference": {
			reason: "A reference of another kind is the Performer's own mistake.",
			p:      performer("Secret", "s"),
			err:    `spec.providerConfigRef.kind is "Secret": it must be ProviderConfig or ClusterProviderConfig`,
		},
		"NoProviderConfig": {
			reason: "A ProviderConfig that is missing is named, and nothing is noted of it.",
			p:      performer(v1alpha1.ProviderConfigKind, "gone"),
			err:    `cannot get ProviderConfig ns/gone: providerconfigs.hourglass.eigenlayer.io "gone" not found`,
		},
		"Opened": {
			reason: "A cluster is opened by the first who needs it.",
			p:      performer(v1alpha1.ProviderConfigKind, "b"),
			book:   book{Users: map[Ref]string{refB: "InjectedIdentity"}, Entries: []string{"InjectedIdentity"}, Opened: []string{"own"}},
		},
		"Failure": {
			reason: "Why it cannot be opened is told at once to all who ask, while it is tried again.",
			p:      performer(v1alpha1.ProviderConfigKind, "b"),
			fails:  errBoom,
			err:    "cannot use ProviderConfig ns/b: boom; it was not reached since the provider started",
			book:   book{Users: map[Ref]string{refB: "InjectedIdentity"}, Entries: []string{"InjectedIdentity"}},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, clusterConfig("a", injected()), namespacedConfig("b", injected()))
				d.fail(tc.fails)
				got, err := d.Connect(t.Context(), tc.p)
				if diff := cmp.Diff(tc.err, words(err)); diff != "" {
					t.Errorf("\n%s\nConnect(...): -want error, +got error:\n%s", tc.reason, diff)
				}
				if (got != nil) != (tc.err == "") {
					t.Errorf("\n%s\nConnect(...): got cluster %v", tc.reason, got)
				}
				if diff := cmp.Diff(tc.book, d.book(), cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("\n%s\nafter Connect(...): -want, +got:\n%s", tc.reason, diff)
				}
			})
		})
	}
}

// TestConnectWaits has reconciles ask for a cluster that takes its time.
func TestConnectWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, clusterConfig("a", injected()))
		opening, open := make(chan struct{}), d.open
		d.open = func(ctx context.Context, cfg *rest.Config) (*Cluster, error) {
			<-opening
			return open(ctx, cfg)
		}
		p := performer(v1alpha1.ClusterProviderConfigKind, "a")
		called, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := d.Connect(called, p)
		if diff := cmp.Diff("cannot use ClusterProviderConfig a: cannot wait until it is open: context canceled", words(err)); diff != "" {
			t.Errorf("who is called off stops waiting: -want, +got:\n%s", diff)
		}
		start := time.Now()
		_, err = d.Connect(t.Context(), p)
		if diff := cmp.Diff("cannot use ClusterProviderConfig a: the target cluster own has not answered yet", words(err)); diff != "" || time.Since(start) != patience {
			t.Errorf("nobody waits for long, workers are for all targets: waited %s, -want, +got:\n%s", time.Since(start), diff)
		}
		if !d.Opening(refA) {
			t.Error("it is to be known that it is being opened")
		}
		start = time.Now()
		if _, err := d.Connect(t.Context(), p); !IsOpening(err) || time.Since(start) != 0 {
			t.Errorf("one who has waited is enough: the next waited %s, got %v", time.Since(start), err)
		}
		if trouble := d.Trouble(refA); trouble != nil {
			t.Errorf("nothing is known to be wrong yet: got %v", trouble)
		}
		close(opening)
		synctest.Wait()
		if diff := cmp.Diff([]Ref{refA}, d.toldOf()); diff != "" {
			t.Errorf("who was sent away is told when the cluster is open: -want, +got:\n%s", diff)
		}
		if d.Opening(refA) {
			t.Error("it is open")
		}
		if cl, err := d.Connect(t.Context(), p); cl == nil || err != nil {
			t.Errorf("then all get it: got %v, %v", cl, err)
		}
	})
}

// TestConnectReadsCredentialsEachTime has credentials rotate between two
// reconciles.
func TestConnectReadsCredentialsEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, namespacedConfig("b", fromSecret("ns")), secret("ns", tokenKubeconfig()))
		p := performer(v1alpha1.ProviderConfigKind, "b")
		connect := func() {
			if _, err := d.Connect(t.Context(), p); err != nil {
				t.Fatalf("Connect(...): %v", err)
			}
		}
		connect()
		if err := d.kube.Update(t.Context(), secret("ns", tokenKubeconfig()+"# rotated\n"), client.FieldOwner("test")); err != nil {
			t.Fatalf("cannot rotate the credentials: %v", err)
		}
		connect()
		synctest.Wait()
		host := "https://east.example.com:6443"
		if got := d.book(); len(got.Entries) != 1 || !cmp.Equal(got.Opened, []string{host, host}) || !cmp.Equal(got.Stopped, []string{host}) {
			t.Errorf("rotated credentials lead to a new cluster, and the old one is closed: got %+v", got)
		}
		if diff := cmp.Diff([]Ref{refB}, d.toldOf()); diff != "" {
			t.Errorf("all that use it are told: -want, +got:\n%s", diff)
		}
	})
}
