// SPDX-License-Identifier: Apache-2.0

package performer

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/workload"
)

// The patches of an upgrade: what they touch, and that they are refused where
// the object is not as it was seen.
const (
	patchImage        = "patch Pod metadata.annotations.applied metadata.annotations.last-good-image metadata.annotations.upgrade-by metadata.annotations.upgrade-from metadata.annotations.upgrade-started metadata.resourceVersion spec.$setElementOrder/containers spec.containers"
	patchPort         = "patch Service metadata.resourceVersion spec.$setElementOrder/ports spec.ports"
	patchAdoptPod     = "patch Pod metadata.annotations.applied metadata.annotations.owner-uid metadata.resourceVersion"
	patchAdoptService = "patch Service metadata.annotations.owner-uid metadata.resourceVersion"
)

// setBy notes that a field manager set fields of an object.
func setBy(o client.Object, manager, fields string) {
	o.SetManagedFields([]metav1.ManagedFieldsEntry{{
		APIVersion: "v1", Manager: manager, Operation: metav1.ManagedFieldsOperationUpdate, FieldsType: "FieldsV1",
		Time: &metav1.Time{Time: t0}, FieldsV1: &metav1.FieldsV1{Raw: []byte(fields)},
	}})
}

func TestUpdate(t *testing.T) {
	p := performer()
	v2 := performer(withImage("myavs/performer:v2"))
	moved := performer(withPort(7000))
	both := []client.Object{podFor(p), serviceFor(p)}
	drifted := podFor(p, func(pod *corev1.Pod) {
		pod.Labels[workload.LabelAVS] = "0x0"
		setBy(pod, "kubectl-label", `{"f:metadata":{"f:labels":{"f:hourglass.eigenlayer.io/avs":{}}}}`)
	})
	newer := func(pod *corev1.Pod) { pod.ResourceVersion = "1000" }
	const upgraded = "Changed Pod performer-a in place: spec.image (InPlace: the image can be changed in the Pod that runs)"

	cases := map[string]struct {
		reason string
		p      *v1alpha1.Performer
		cached []client.Object
		// live is what the API server holds where that is not what the cache has.
		live   []client.Object
		fail   map[string]error
		calls  []string
		events []event.Event
		err    string
	}{
		"Nothing": {
			reason: "Where nothing differs any more nothing is sent.",
			p:      p,
			cached: both,
		},
		"Image": {
			reason: "A new image is patched into the Pod, in one patch with its record.",
			p:      v2,
			cached: both,
			calls:  []string{patchImage},
			events: []event.Event{normal("UpgradingInPlace", upgraded)},
		},
		"Label": {
			reason: "What someone else changed is set right, and the event says who it was.",
			p:      p,
			cached: []client.Object{drifted, serviceFor(p)},
			calls:  []string{"patch Pod metadata.labels.avs metadata.resourceVersion"},
			events: []event.Event{normal("CorrectingDrift", `Corrected Pod performer-a: Pod metadata.labels[hourglass.eigenlayer.io/avs] was changed by "kubectl-label" from "0x1234567890abcdef1234567890abcdef12345678" to "0x0"`)},
		},
		"Ending": {
			reason: "A Pod that is ending is not deleted twice, however it differs.",
			p:      moved,
			cached: []client.Object{podFor(p, ending), serviceFor(moved)},
		},
		"ServiceMissing": {
			reason: "A Service that is missing is created, and the Pod does not notice.",
			p:      p,
			cached: []client.Object{podFor(p)},
			calls:  []string{"create Service"},
		},
		"ServiceUnseen": {
			reason: "A Service that the cache does not have yet is found at the API server, and kept.",
			p:      p,
			cached: []client.Object{podFor(p)},
			live:   both,
			calls:  []string{"create Service", "get Service"},
		},
		"ServiceForeign": {
			reason: "Somebody else's Service, which the cache does not see, is left as it is.",
			p:      p,
			cached: []client.Object{podFor(p)},
			live:   []client.Object{podFor(p), serviceFor(p, foreign, unlabeled)},
			calls:  []string{"create Service", "get Service"},
			err:    "Service ns/performer-a exists and belongs to someone else" + howToAdopt,
		},
		"ServiceCreateError": {
			reason: "An error of the API server is told with what was to be done.",
			p:      p,
			cached: []client.Object{podFor(p)},
			fail:   map[string]error{"create Service": errBoom},
			calls:  []string{"create Service"},
			err:    "cannot create the Service: boom",
		},
		"PodGone": {
			reason: "A Pod that went since it was observed is for the next reconcile to create.",
			p:      v2,
			cached: []client.Object{serviceFor(p)},
		},
		"CacheBehind": {
			reason: "A patch of a Pod that is not as it was seen is refused, which is no error: the event of what changed it brings the Performer back.",
			p:      v2,
			cached: both,
			live:   []client.Object{podFor(p, newer), serviceFor(p)},
			calls:  []string{patchImage},
		},
		"PatchGone": {
			reason: "A Pod that is gone by then is no error either.",
			p:      v2,
			cached: both,
			fail:   map[string]error{"patch Pod": notFound()},
			calls:  []string{patchImage},
		},
		"PatchServiceError": {
			reason: "The same goes for the Service.",
			p:      moved,
			cached: []client.Object{podFor(moved), serviceFor(p)},
			fail:   map[string]error{"patch Service": errBoom},
			calls:  []string{patchPort},
			err:    "cannot change Service performer-a (spec.ports): boom",
		},
		"ReadError": {
			reason: "What cannot be read is not changed.",
			p:      v2,
			cached: both,
			fail:   map[string]error{"cache Service": errBoom},
			err:    "cannot get the Service: boom",
		},
		"Unplaceable": {
			reason: "A Pod that runs is not touched for a spec that cannot be placed.",
			p:      performer(unplaceable, withImage("myavs/performer:v2")),
			cached: both,
			err:    unplaced(t),
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			live := tc.live
			if live == nil {
				live = tc.cached
			}
			w := newWorld(t, tc.cached, live, tc.fail)
			got, err := w.external().Update(t.Context(), tc.p.DeepCopy())
			if diff := cmp.Diff(tc.err, words(err)); diff != "" {
				t.Errorf("\n%s\nUpdate(...): -want error, +got error:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(managed.ExternalUpdate{}, got); diff != "" {
				t.Errorf("\n%s\nUpdate(...): -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.calls, w.calls); diff != "" {
				t.Errorf("\n%s\nUpdate(...): -want calls, +got calls:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.events, w.events); diff != "" {
				t.Errorf("\n%s\nUpdate(...): -want events, +got events:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestUpdateSettles has whatever differs be gone after one update, so that the
// next one has nothing to do.
func TestUpdateSettles(t *testing.T) {
	p := performer()
	cases := map[string]struct {
		reason string
		p      *v1alpha1.Performer
		live   []client.Object
	}{
		"Image": {
			reason: "An image that was patched is as wanted.",
			p:      performer(withImage("myavs/performer:v2")),
			live:   []client.Object{podFor(p), serviceFor(p)},
		},
		"Service": {
			reason: "So is a Service in which everything differed.",
			p:      p,
			live: []client.Object{podFor(p), serviceFor(p, func(svc *corev1.Service) {
				svc.Labels, svc.Spec.Selector, svc.Spec.Ports = nil, nil, append(svc.Spec.Ports, corev1.ServicePort{Name: "x", Port: 1})
				svc.Spec.Type = corev1.ServiceTypeNodePort
			})},
		},
		"Adopted": {
			reason: "So are objects that were taken over.",
			p:      performer(adopting, withArgs("--fast")),
			live:   []client.Object{podFor(p, foreign), serviceFor(p, foreign, unlabeled)},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil, tc.live, nil)
			w.cache = w.api // A cache that is never behind.
			e, p := w.external(), tc.p.DeepCopy()
			if _, err := e.Update(t.Context(), p); err != nil {
				t.Fatalf("\n%s\nUpdate(...): %v", tc.reason, err)
			}
			got, err := e.Observe(t.Context(), p)
			want := managed.ExternalObservation{ResourceExists: true, ResourceUpToDate: true, ConnectionDetails: details("9090")}
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("\n%s\nObserve(...): error %v, -want, +got:\n%s", tc.reason, err, diff)
			}
			w.calls = nil
			if _, err := e.Update(t.Context(), p); err != nil || len(w.calls) > 0 {
				t.Errorf("\n%s\nUpdate(...) again: error %v, calls %v", tc.reason, err, w.calls)
			}
		})
	}
}
