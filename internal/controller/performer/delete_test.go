// SPDX-License-Identifier: Apache-2.0

package performer

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

func TestDelete(t *testing.T) {
	p := performer(deleted)
	const deletePod, deleteService = "delete Pod uid=pod-1 Background", "delete Service uid=service-1 Background"

	cases := map[string]struct {
		reason string
		p      *v1alpha1.Performer
		cached []client.Object
		live   []client.Object
		fail   map[string]error
		calls  []string
		left   []client.Object
		err    string
	}{
		"Both": {
			reason: "Pod and Service are deleted as they were seen: not what took their names since.",
			p:      p,
			cached: []client.Object{podFor(p), serviceFor(p)},
			calls:  []string{deletePod, deleteService},
		},
		"Gone": {
			reason: "Where nothing is left nothing is deleted.",
			p:      p,
			calls:  []string{"get Pod", "get Service"},
		},
		"ServiceOnly": {
			reason: "A Service alone is deleted.",
			p:      p,
			cached: []client.Object{serviceFor(p)},
			calls:  []string{deleteService},
		},
		"Ending": {
			reason: "What is ending is not deleted again.",
			p:      p,
			cached: []client.Object{podFor(p, ending), serviceFor(p, ending)},
			left:   []client.Object{podFor(p, ending), serviceFor(p, ending)},
		},
		"Relabeled": {
			reason: "What lost the label that the cache selects by is deleted too.",
			p:      p,
			live:   []client.Object{podFor(p, unlabeled), serviceFor(p, unlabeled)},
			calls:  []string{"get Pod", "get Service", deletePod, deleteService},
		},
		"ForeignAdoptable": {
			reason: "Consent to adopt is not consent to delete what was never adopted.",
			p:      performer(deleted, adopting),
			cached: []client.Object{podFor(p, foreign), serviceFor(p)},
			calls:  []string{deleteService},
			left:   []client.Object{podFor(p, foreign)},
		},
		"Unplaceable": {
			reason: "To delete, nothing needs to be placed and no RuntimeClass listed.",
			p:      performer(deleted, unplaceable),
			cached: []client.Object{podFor(p), serviceFor(p)},
			fail:   map[string]error{"cache RuntimeClassList": errBoom},
			calls:  []string{deletePod, deleteService},
		},
		"GoneMeanwhile": {
			reason: "What is gone by then is no error.",
			p:      p,
			cached: []client.Object{podFor(p), serviceFor(p)},
			fail:   map[string]error{"delete Pod": notFound(), "delete Service": notFound()},
			calls:  []string{deletePod, deleteService},
			left:   []client.Object{podFor(p), serviceFor(p)},
		},
		"TakenMeanwhile": {
			reason: "Neither is that another took the name: the API server refuses to delete that one.",
			p:      p,
			cached: []client.Object{podFor(p), serviceFor(p)},
			fail:   map[string]error{"delete Pod": conflict(), "delete Service": conflict()},
			calls:  []string{deletePod, deleteService},
			left:   []client.Object{podFor(p), serviceFor(p)},
		},
		"PodError": {
			reason: "A Pod that cannot be deleted keeps its Service.",
			p:      p,
			cached: []client.Object{podFor(p), serviceFor(p)},
			fail:   map[string]error{"delete Pod": errBoom},
			calls:  []string{deletePod},
			left:   []client.Object{podFor(p), serviceFor(p)},
			err:    "cannot delete the Pod: boom",
		},
		"ServiceError": {
			reason: "A Service that cannot be deleted is told.",
			p:      p,
			cached: []client.Object{podFor(p), serviceFor(p)},
			fail:   map[string]error{"delete Service": errBoom},
			calls:  []string{deletePod, deleteService},
			left:   []client.Object{serviceFor(p)},
			err:    "cannot delete the Service: boom",
		},
		"ReadError": {
			reason: "What cannot be read is not taken to be gone.",
			p:      p,
			fail:   map[string]error{"get Pod": errBoom},
			calls:  []string{"get Pod"},
			err:    "cannot get the Pod: boom",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, tc.cached, append(tc.live, tc.cached...), tc.fail)
			got, err := w.external().Delete(t.Context(), tc.p.DeepCopy())
			if diff := cmp.Diff(tc.err, words(err)); diff != "" {
				t.Errorf("\n%s\nDelete(...): -want error, +got error:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(managed.ExternalDelete{}, got); diff != "" {
				t.Errorf("\n%s\nDelete(...): -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.calls, w.calls); diff != "" {
				t.Errorf("\n%s\nDelete(...): -want calls, +got calls:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.left, w.objects(t), ignored); diff != "" {
				t.Errorf("\n%s\nDelete(...): -want objects, +got objects:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestDisconnect(t *testing.T) {
	w := newWorld(t, nil, nil, nil)
	if err := w.external().Disconnect(t.Context()); err != nil || len(w.calls) > 0 {
		t.Errorf("the cluster is shared, so that nothing is closed: got error %v, calls %v", err, w.calls)
	}
}
