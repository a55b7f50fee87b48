// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"maps"
	"slices"
	"testing"
	"testing/synctest"

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
	Stopped []string
}

// A desk has Clusters do things and keeps the book.
type desk struct {
	clusters *Clusters
	stopped  []string
	firsts   []bool
}

// enter as Connect does, and note whether it is for the caller to open.
func (d *desk) enter(r Ref, digest string) *entry {
	e, first := d.clusters.enter(r, digest)
	d.firsts = append(d.firsts, first)
	return e
}

// open the cluster of an entry, as Connect does.
func (d *desk) open(e *entry, digest string) {
	e.cluster = &Cluster{stop: func() { d.stopped = append(d.stopped, digest) }}
	close(e.done)
}

func (d *desk) book() book {
	synctest.Wait() // Clusters are stopped on the side.
	c := d.clusters
	return book{Users: maps.Clone(c.users), Entries: slices.Sorted(maps.Keys(c.entries)), Stopped: d.stopped}
}

func TestBookkeeping(t *testing.T) {
	cases := map[string]struct {
		reason string
		do     func(d *desk)
		want   book
		firsts []bool
	}{
		"Shared": {
			reason: "Two ProviderConfigs with the same credentials share one cluster, which the first opens.",
			do: func(d *desk) {
				d.open(d.enter(refA, "x"), "x")
				d.enter(refB, "x")
				d.enter(refA, "x")
			},
			want:   book{Users: map[Ref]string{refA: "x", refB: "x"}, Entries: []string{"x"}},
			firsts: []bool{true, false, false},
		},
		"Apart": {
			reason: "Other credentials are another cluster.",
			do: func(d *desk) {
				d.open(d.enter(refA, "x"), "x")
				d.open(d.enter(refB, "y"), "y")
			},
			want:   book{Users: map[Ref]string{refA: "x", refB: "y"}, Entries: []string{"x", "y"}},
			firsts: []bool{true, true},
		},
		"Rotated": {
			reason: "New credentials close the cluster of the old ones.",
			do: func(d *desk) {
				d.open(d.enter(refA, "x"), "x")
				d.open(d.enter(refA, "y"), "y")
			},
			want:   book{Users: map[Ref]string{refA: "y"}, Entries: []string{"y"}, Stopped: []string{"x"}},
			firsts: []bool{true, true},
		},
		"RotatedWhileShared": {
			reason: "The cluster of the old credentials stays open for whoever still has them.",
			do: func(d *desk) {
				d.open(d.enter(refA, "x"), "x")
				d.enter(refB, "x")
				d.open(d.enter(refA, "y"), "y")
			},
			want:   book{Users: map[Ref]string{refA: "y", refB: "x"}, Entries: []string{"x", "y"}},
			firsts: []bool{true, false, true},
		},
		"RotatedToShared": {
			reason: "New credentials that another has already need no opening.",
			do: func(d *desk) {
				d.open(d.enter(refA, "x"), "x")
				d.open(d.enter(refB, "y"), "y")
				d.enter(refA, "y")
			},
			want:   book{Users: map[Ref]string{refA: "y", refB: "y"}, Entries: []string{"y"}, Stopped: []string{"x"}},
			firsts: []bool{true, true, false},
		},
		"ReleasedWhileShared": {
			reason: "A ProviderConfig that is gone leaves the cluster to the others.",
			do: func(d *desk) {
				d.open(d.enter(refA, "x"), "x")
				d.enter(refB, "x")
				d.clusters.Release(refA)
			},
			want:   book{Users: map[Ref]string{refB: "x"}, Entries: []string{"x"}},
			firsts: []bool{true, false},
		},
		"ReleasedByAll": {
			reason: "When the last ProviderConfig is gone, the cluster is closed, once.",
			do: func(d *desk) {
				d.open(d.enter(refA, "x"), "x")
				d.enter(refB, "x")
				d.clusters.Release(refA)
				d.clusters.Release(refB)
				d.clusters.Release(refB)
			},
			want:   book{Users: map[Ref]string{}, Stopped: []string{"x"}},
			firsts: []bool{true, false},
		},
		"ReleasedAndBack": {
			reason: "A ProviderConfig that comes back opens its cluster again.",
			do: func(d *desk) {
				d.open(d.enter(refA, "x"), "x")
				d.clusters.Release(refA)
				d.open(d.enter(refA, "x"), "x again")
			},
			want:   book{Users: map[Ref]string{refA: "x"}, Entries: []string{"x"}, Stopped: []string{"x"}},
			firsts: []bool{true, true},
		},
		"ReleasedUnused": {
			reason: "A ProviderConfig that nobody used holds nothing.",
			do: func(d *desk) {
				d.open(d.enter(refA, "x"), "x")
				d.clusters.Release(refB)
			},
			want:   book{Users: map[Ref]string{refA: "x"}, Entries: []string{"x"}},
			firsts: []bool{true},
		},
		"ReleasedWhileOpening": {
			reason: "A cluster that nobody needs any more is closed as soon as it is open.",
			do: func(d *desk) {
				e := d.enter(refA, "x")
				d.clusters.Release(refA)
				d.open(e, "x")
			},
			want:   book{Users: map[Ref]string{}, Stopped: []string{"x"}},
			firsts: []bool{true},
		},
		"ReleasedBeforeFailure": {
			reason: "One that cannot be opened then has nothing to close.",
			do: func(d *desk) {
				e := d.enter(refA, "x")
				d.clusters.Release(refA)
				d.clusters.forget("x", e)
				close(e.done)
			},
			want:   book{Users: map[Ref]string{}},
			firsts: []bool{true},
		},
		"Failed": {
			reason: "A cluster that could not be opened is for the next to open.",
			do: func(d *desk) {
				e := d.enter(refA, "x")
				d.clusters.forget("x", e)
				close(e.done)
				d.open(d.enter(refA, "x"), "x")
			},
			want:   book{Users: map[Ref]string{refA: "x"}, Entries: []string{"x"}},
			firsts: []bool{true, true},
		},
		"FailedLate": {
			reason: "A failure says nothing about the entry that took the place of the one that failed.",
			do: func(d *desk) {
				e := d.enter(refA, "x")
				d.clusters.Release(refA)
				d.open(d.enter(refA, "x"), "x")
				d.clusters.forget("x", e)
				close(e.done)
			},
			want:   book{Users: map[Ref]string{refA: "x"}, Entries: []string{"x"}},
			firsts: []bool{true, true},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &desk{clusters: NewClusters(t.Context(), nil, nil)}
				tc.do(d)
				if diff := cmp.Diff(tc.want, d.book(), cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
				}
				if diff := cmp.Diff(tc.firsts, d.firsts); diff != "" {
					t.Errorf("\n%s\nenter(...): -want first, +got first:\n%s", tc.reason, diff)
				}
			})
		})
	}
}

func TestWatch(t *testing.T) {
	cases := map[string]struct {
		reason string
		err    error
		want   error
	}{
		"Watched":  {reason: "A watch that comes late is started in clusters that are open."},
		"CannotBe": {reason: "One that fails there is told of.", err: errBoom, want: errBoom},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c := NewClusters(t.Context(), nil, nil)
			var calls []string
			watch := func(name string, err error) error {
				return c.Watch(func(cache.Cache) error {
					calls = append(calls, name)
					return err
				})
			}
			if err := watch("first", nil); err != nil {
				t.Fatalf("\n%s\nWatch(...) where no cluster is open: %v", tc.reason, err)
			}
			opened, _ := c.enter(refA, "a")
			opened.cluster = &Cluster{stop: func() {}}
			close(opened.done)
			refused, _ := c.enter(refB, "b")
			refused.err = errBoom
			close(refused.done)

			if diff := cmp.Diff(tc.want, watch("second", tc.err), cmpopts.EquateErrors()); diff != "" {
				t.Errorf("\n%s\nWatch(...): -want error, +got error:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff([]string{"second"}, calls); diff != "" {
				t.Errorf("\n%s\n-want watches, +got watches:\n%s", tc.reason, diff)
			}

			calls = nil
			late, _ := c.enter(refA, "c")
			for _, w := range [][]WatchFn{opened.watches, late.watches} {
				for _, f := range w {
					_ = f(nil) // Which it is counts.
				}
			}
			if diff := cmp.Diff([]string{"first", "first", "second"}, calls); diff != "" {
				t.Errorf("\n%s\na cluster is opened with the watches of its time: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// unusable is a configuration that fails before anything is sent.
func unusable() *rest.Config {
	return &rest.Config{Host: "https://own.example.com", TLSClientConfig: rest.TLSClientConfig{CAData: []byte("no certificate")}}
}

func TestConnect(t *testing.T) {
	theirs := &Cluster{}
	// opened has the cluster of the injected identity open.
	opened := func(c *Clusters) {
		e, _ := c.enter(refA, "InjectedIdentity")
		e.cluster = theirs
		close(e.done)
	}

	cases := map[string]struct {
		reason string
		p      *v1alpha1.Performer
		before func(c *Clusters)
		want   *Cluster
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
		"Joined": {
			reason: "A cluster that is open is used by another ProviderConfig that leads to it.",
			p:      performer(v1alpha1.ProviderConfigKind, "b"),
			before: opened,
			want:   theirs,
			book:   book{Users: map[Ref]string{refA: "InjectedIdentity", refB: "InjectedIdentity"}, Entries: []string{"InjectedIdentity"}},
		},
		"JoinedFailure": {
			reason: "Who waited for an opening that failed learns why, and which ProviderConfig it concerns.",
			p:      performer(v1alpha1.ProviderConfigKind, "b"),
			before: func(c *Clusters) {
				e, _ := c.enter(refA, "InjectedIdentity")
				e.err = errBoom
				close(e.done)
			},
			err:  "cannot use ProviderConfig ns/b: boom",
			book: book{Users: map[Ref]string{refA: "InjectedIdentity", refB: "InjectedIdentity"}, Entries: []string{"InjectedIdentity"}},
		},
		"Failure": {
			reason: "An opening that fails is forgotten, so that the next reconcile tries again.",
			p:      performer(v1alpha1.ClusterProviderConfigKind, "a"),
			err:    "cannot use ClusterProviderConfig a: cannot reach the target cluster: failed setting cluster default options: unable to load root certificates: unable to parse bytes as PEM block",
			book:   book{Users: map[Ref]string{refA: "InjectedIdentity"}},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			kube := controlPlane(t, clusterConfig("a", injected()), namespacedConfig("b", injected()))
			c := NewClusters(t.Context(), unusable(), kube)
			if tc.before != nil {
				tc.before(c)
			}
			got, err := c.Connect(t.Context(), tc.p)
			if diff := cmp.Diff(tc.err, words(err)); diff != "" {
				t.Errorf("\n%s\nConnect(...): -want error, +got error:\n%s", tc.reason, diff)
			}
			if got != tc.want {
				t.Errorf("\n%s\nConnect(...): want %p, got %p", tc.reason, tc.want, got)
			}
			gotBook := book{Users: c.users, Entries: slices.Sorted(maps.Keys(c.entries))}
			if diff := cmp.Diff(tc.book, gotBook, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("\n%s\nafter Connect(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestConnectWaits has many reconciles ask for a cluster that one of them opens.
func TestConnectWaits(t *testing.T) {
	type result struct {
		Cluster *Cluster
		Err     string
	}
	synctest.Test(t, func(t *testing.T) {
		kube := controlPlane(t, clusterConfig("a", injected()), namespacedConfig("b", injected()))
		c := NewClusters(t.Context(), unusable(), kube)
		e, _ := c.enter(refA, "InjectedIdentity") // The test is the one that opens it.

		ctx, cancel := context.WithCancel(t.Context())
		patient, impatient := make(chan result, 2), make(chan result, 1)
		connect := func(ctx context.Context, p *v1alpha1.Performer, to chan<- result) {
			got, err := c.Connect(ctx, p)
			to <- result{Cluster: got, Err: words(err)}
		}
		go connect(t.Context(), performer(v1alpha1.ClusterProviderConfigKind, "a"), patient)
		go connect(t.Context(), performer(v1alpha1.ProviderConfigKind, "b"), patient)
		go connect(ctx, performer(v1alpha1.ProviderConfigKind, "b"), impatient)

		synctest.Wait()
		if len(patient) != 0 || len(impatient) != 0 {
			t.Fatal("all must wait until the cluster is open")
		}
		cancel()
		if diff := cmp.Diff(result{Err: "cannot wait for ProviderConfig ns/b: context canceled"}, <-impatient); diff != "" {
			t.Errorf("who is called off stops waiting: -want, +got:\n%s", diff)
		}
		synctest.Wait()
		if len(patient) != 0 {
			t.Fatal("that one was called off is nothing to the others")
		}
		e.cluster = &Cluster{}
		close(e.done)
		for range 2 {
			if got := <-patient; got.Cluster != e.cluster || got.Err != "" {
				t.Errorf("all get the one cluster: want %p, got %+v", e.cluster, got)
			}
		}
	})
}

// TestConnectReadsCredentialsEachTime has credentials rotate between two
// reconciles.
func TestConnectReadsCredentialsEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kube := controlPlane(t, namespacedConfig("b", fromSecret("ns")), secret("ns", tokenKubeconfig()))
		d := &desk{clusters: NewClusters(t.Context(), nil, kube)}
		p := performer(v1alpha1.ProviderConfigKind, "b")

		digest := func() string {
			creds, err := credentialsFor(t.Context(), kube, nil, refB)
			if err != nil {
				t.Fatalf("cannot read the credentials: %v", err)
			}
			return creds.digest
		}
		before := digest()
		d.open(d.enter(refB, before), "before")
		if _, err := d.clusters.Connect(t.Context(), p); err != nil {
			t.Fatalf("Connect(...): %v", err)
		}

		s := secret("ns", tokenKubeconfig()+"# rotated\n")
		if err := kube.Update(t.Context(), s, client.FieldOwner("test")); err != nil {
			t.Fatalf("cannot rotate the credentials: %v", err)
		}
		after := digest()
		d.open(d.enter(refA, after), "after")
		if _, err := d.clusters.Connect(t.Context(), p); err != nil {
			t.Fatalf("Connect(...): %v", err)
		}
		want := book{Users: map[Ref]string{refA: after, refB: after}, Entries: []string{after}, Stopped: []string{"before"}}
		if diff := cmp.Diff(want, d.book()); diff != "" {
			t.Errorf("rotated credentials lead to a new cluster, and the old one is closed: -want, +got:\n%s", diff)
		}
	})
}
