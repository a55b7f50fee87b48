// SPDX-License-Identifier: Apache-2.0

package performer

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// A told is the part of a status that says what was seen.
type told struct {
	Phase                          v1alpha1.PerformerPhase
	Ready                          bool
	PodName, ServiceName, Endpoint string
}

func toldBy(p *v1alpha1.Performer) told {
	s := p.Status
	return told{Phase: s.Phase, Ready: s.Ready, PodName: s.PodName, ServiceName: s.ServiceName, Endpoint: s.GRPCEndpoint}
}

func details(port string) managed.ConnectionDetails {
	const host = "performer-a.ns.svc.cluster.local"
	return managed.ConnectionDetails{"endpoint": []byte(host + ":" + port), "host": []byte(host), "port": []byte(port)}
}

const (
	endpoint   = "performer-a.ns.svc.cluster.local:9090"
	howToAdopt = `; delete it, or set the annotation hourglass.eigenlayer.io/adopt: "true" on this resource, or on its namespace, to take it over without a restart`
)

func TestObserve(t *testing.T) {
	p := performer()

	cases := map[string]struct {
		reason string
		p      *v1alpha1.Performer
		cached []client.Object
		fail   map[string]error
		want   managed.ExternalObservation
		told   told
		err    string
	}{
		"Nothing": {
			reason: "Without a Pod the Performer does not exist.",
			p:      p,
			want:   managed.ExternalObservation{ConnectionDetails: details("9090"), Diff: "the Service is missing"},
			told:   told{Phase: v1alpha1.PerformerPending, Endpoint: endpoint},
		},
		"Ready": {
			reason: "A Pod and a Service as wanted are up to date.",
			p:      p,
			cached: []client.Object{podFor(p), serviceFor(p)},
			want:   managed.ExternalObservation{ResourceExists: true, ResourceUpToDate: true, ConnectionDetails: details("9090")},
			told:   told{Phase: v1alpha1.PerformerRunning, Ready: true, PodName: "performer-a", ServiceName: "performer-a", Endpoint: endpoint},
		},
		"ServiceOnly": {
			reason: "A Service alone is not a Performer: the Pod is created.",
			p:      p,
			cached: []client.Object{serviceFor(p)},
			want:   managed.ExternalObservation{ResourceUpToDate: true, ConnectionDetails: details("9090")},
			told:   told{Phase: v1alpha1.PerformerPending, ServiceName: "performer-a", Endpoint: endpoint},
		},
		"ServiceMissing": {
			reason: "A Performer whose Service is missing exists and is to be updated.",
			p:      p,
			cached: []client.Object{podFor(p)},
			want:   managed.ExternalObservation{ResourceExists: true, ConnectionDetails: details("9090"), Diff: "the Service is missing"},
			told:   told{Phase: v1alpha1.PerformerRunning, PodName: "performer-a", Endpoint: endpoint},
		},
		"Changed": {
			reason: "What the user changed is named by its path, and the connection details are the new ones.",
			p:      performer(withPort(7000)),
			cached: []client.Object{podFor(p), serviceFor(p)},
			want:   managed.ExternalObservation{ResourceExists: true, ConnectionDetails: details("7000"), Diff: "spec.config.grpcPort, spec.ports"},
			told: told{
				Phase: v1alpha1.PerformerUpgrading, Ready: true, PodName: "performer-a", ServiceName: "performer-a",
				Endpoint: "performer-a.ns.svc.cluster.local:7000",
			},
		},
		"PodEnding": {
			reason: "A Pod that is ending is waited for: nothing is to be done to it.",
			p:      p,
			cached: []client.Object{podFor(p, ending), serviceFor(p)},
			want:   managed.ExternalObservation{ResourceExists: true, ResourceUpToDate: true, ConnectionDetails: details("9090")},
			told:   told{Phase: v1alpha1.PerformerPending, PodName: "performer-a", ServiceName: "performer-a", Endpoint: endpoint},
		},
		"Adoptable": {
			reason: "With the user's consent objects of others are to be taken over.",
			p:      performer(adopting),
			cached: []client.Object{podFor(p, foreign), serviceFor(p, foreign)},
			want: managed.ExternalObservation{
				ResourceExists: true, ConnectionDetails: details("9090"),
				Diff: "metadata.annotations[hourglass.eigenlayer.io/owner-uid], metadata.annotations[hourglass.eigenlayer.io/owner-uid]",
			},
			told: told{Phase: v1alpha1.PerformerRunning, Ready: true, PodName: "performer-a", ServiceName: "performer-a", Endpoint: endpoint},
		},
		"Unplaceable": {
			reason: "A Performer that cannot be placed is told why, and its status still says what runs.",
			p:      performer(unplaceable),
			cached: []client.Object{podFor(p), serviceFor(p)},
			told:   told{Phase: v1alpha1.PerformerRunning, Ready: true, PodName: "performer-a", ServiceName: "performer-a", Endpoint: endpoint},
			err:    unplaced(t),
		},
		"NoClasses": {
			reason: "Where the RuntimeClasses cannot be listed nothing is decided, and the status still says what runs.",
			p:      p,
			cached: []client.Object{podFor(p), serviceFor(p)},
			fail:   map[string]error{"cache RuntimeClassList": errBoom},
			told:   told{Phase: v1alpha1.PerformerRunning, Ready: true, PodName: "performer-a", ServiceName: "performer-a", Endpoint: endpoint},
			err:    "cannot list the target's RuntimeClasses: boom",
		},
		"PodError": {
			reason: "A Pod that cannot be read is not taken to be missing.",
			p:      p,
			fail:   map[string]error{"cache Pod": errBoom},
			err:    "cannot get the Pod: boom",
		},
		"ServiceError": {
			reason: "Nor is a Service.",
			p:      p,
			cached: []client.Object{podFor(p)},
			fail:   map[string]error{"cache Service": errBoom},
			err:    "cannot get the Service: boom",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, tc.cached, tc.cached, tc.fail)
			p := tc.p.DeepCopy()
			got, err := w.external().Observe(t.Context(), p)
			if diff := cmp.Diff(tc.err, words(err)); diff != "" {
				t.Errorf("\n%s\nObserve(...): -want error, +got error:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nObserve(...): -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.told, toldBy(p)); diff != "" {
				t.Errorf("\n%s\nObserve(...): -want status, +got status:\n%s", tc.reason, diff)
			}
			if len(w.calls) > 0 || len(w.events) > 0 {
				t.Errorf("\n%s\nObserve(...) reads the cache and nothing else: got calls %v, events %v", tc.reason, w.calls, w.events)
			}
		})
	}
}

func TestObserveDeleted(t *testing.T) {
	p := performer(deleted)
	live := []string{"get Pod", "get Service"}

	cases := map[string]struct {
		reason string
		p      *v1alpha1.Performer
		cached []client.Object
		live   []client.Object
		fail   map[string]error
		want   managed.ExternalObservation
		told   told
		calls  []string
		err    string
	}{
		"Both": {
			reason: "What is in the cache need not be looked for at the API server.",
			p:      p,
			cached: []client.Object{podFor(p), serviceFor(p)},
			want:   managed.ExternalObservation{ResourceExists: true},
			told:   told{Phase: v1alpha1.PerformerTerminating, Ready: true, PodName: "performer-a", ServiceName: "performer-a", Endpoint: endpoint},
		},
		"ServiceOnly": {
			reason: "A Service that is left is still to be deleted.",
			p:      p,
			cached: []client.Object{serviceFor(p)},
			want:   managed.ExternalObservation{ResourceExists: true},
			told:   told{Phase: v1alpha1.PerformerTerminating, ServiceName: "performer-a", Endpoint: endpoint},
		},
		"PodEnding": {
			reason: "The Performer is there until its Pod is gone.",
			p:      p,
			cached: []client.Object{podFor(p, ending)},
			want:   managed.ExternalObservation{ResourceExists: true},
			told:   told{Phase: v1alpha1.PerformerTerminating, PodName: "performer-a", Endpoint: endpoint},
		},
		"Gone": {
			reason: "Only where the API server has nothing either is nothing left.",
			p:      p,
			told:   told{Phase: v1alpha1.PerformerTerminating, Endpoint: endpoint},
			calls:  live,
		},
		"Relabeled": {
			reason: "Objects that lost the label that the cache selects by are not left behind.",
			p:      p,
			live:   []client.Object{podFor(p, unlabeled), serviceFor(p, unlabeled)},
			want:   managed.ExternalObservation{ResourceExists: true},
			told:   told{Phase: v1alpha1.PerformerTerminating, Ready: true, PodName: "performer-a", ServiceName: "performer-a", Endpoint: endpoint},
			calls:  live,
		},
		"Foreign": {
			reason: "What belongs to others does not keep the Performer, and is none of its status.",
			p:      p,
			live:   []client.Object{podFor(p, foreign, unlabeled), serviceFor(p, foreign, unlabeled)},
			told:   told{Phase: v1alpha1.PerformerTerminating, Endpoint: endpoint},
			calls:  live,
		},
		"ForeignPod": {
			reason: "The Performer's own Service beside somebody else's Pod is still to be deleted.",
			p:      p,
			cached: []client.Object{podFor(p, foreign), serviceFor(p)},
			want:   managed.ExternalObservation{ResourceExists: true},
			told:   told{Phase: v1alpha1.PerformerTerminating, ServiceName: "performer-a", Endpoint: endpoint},
		},
		"ForeignAdoptable": {
			reason: "Consent to adopt is not consent to delete what was never adopted.",
			p:      performer(deleted, adopting),
			live:   []client.Object{podFor(p, foreign, unlabeled)},
			told:   told{Phase: v1alpha1.PerformerTerminating, Endpoint: endpoint},
			calls:  live,
		},
		"Unplaceable": {
			reason: "To delete, nothing needs to be placed and no RuntimeClass listed.",
			p:      performer(deleted, unplaceable),
			cached: []client.Object{podFor(p)},
			fail:   map[string]error{"cache RuntimeClassList": errBoom},
			want:   managed.ExternalObservation{ResourceExists: true},
			told:   told{Phase: v1alpha1.PerformerTerminating, PodName: "performer-a", Endpoint: endpoint},
		},
		"CacheError": {
			reason: "What cannot be read is not taken to be gone.",
			p:      p,
			fail:   map[string]error{"cache Pod": errBoom},
			err:    "cannot get the Pod: boom",
		},
		"LiveError": {
			reason: "Neither where the API server does not answer.",
			p:      p,
			fail:   map[string]error{"get Service": errBoom},
			calls:  live,
			err:    "cannot get the Service: boom",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, tc.cached, append(tc.live, tc.cached...), tc.fail)
			p := tc.p.DeepCopy()
			got, err := w.external().Observe(t.Context(), p)
			if diff := cmp.Diff(tc.err, words(err)); diff != "" {
				t.Errorf("\n%s\nObserve(...): -want error, +got error:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nObserve(...): -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.told, toldBy(p)); diff != "" {
				t.Errorf("\n%s\nObserve(...): -want status, +got status:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.calls, w.calls); diff != "" {
				t.Errorf("\n%s\nObserve(...): -want calls, +got calls:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestObserveKeepsStatus has a Performer whose reads fail: what its status said
// before must stay.
func TestObserveKeepsStatus(t *testing.T) {
	p := performer()
	p.Status.Phase, p.Status.PodName = v1alpha1.PerformerRunning, "performer-a"
	before := p.DeepCopy()
	w := newWorld(t, []client.Object{}, nil, map[string]error{"cache Pod": errBoom})
	if _, err := w.external().Observe(t.Context(), p); err == nil {
		t.Error("Observe(...): want an error")
	}
	if diff := cmp.Diff(before, p); diff != "" {
		t.Errorf("of what cannot be read nothing new is told: -before, +after:\n%s", diff)
	}
}
