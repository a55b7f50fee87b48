// SPDX-License-Identifier: Apache-2.0

package performer

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
	"github.com/crossplane-contrib/provider-hourglass/internal/workload"
)

func TestCreate(t *testing.T) {
	p := performer()
	rendered := []client.Object{workload.Pod(p, placement.Constraints{}), workload.Service(p)}
	upgrade := workload.Pod(p, placement.Constraints{})
	workload.MarkUpgrade(upgrade, "Recreate: a new Pod is needed", now)
	unmanaged := podFor(p, foreign, unlabeled)

	cases := map[string]struct {
		reason string
		p      *v1alpha1.Performer
		cached []client.Object
		live   []client.Object
		fail   map[string]error
		want   managed.ExternalCreation
		calls  []string
		events []event.Event
		left   []client.Object
		err    string
	}{
		"Both": {
			reason: "The Pod comes first: it is what takes long.",
			p:      p,
			want:   managed.ExternalCreation{ConnectionDetails: details("9090")},
			calls:  []string{"create Pod", "create Service"},
			left:   rendered,
		},
		"Upgrade": {
			reason: "A Pod that takes the place of one that was replaced records that its upgrade has begun.",
			p:      performer(withPhase(v1alpha1.PerformerUpgrading)),
			want:   managed.ExternalCreation{ConnectionDetails: details("9090")},
			calls:  []string{"get PodTemplate", "create Pod", "create Service"},
			left:   []client.Object{upgrade, workload.Service(p)},
		},
		"PodError": {
			reason: "Without a Pod no Service is created.",
			p:      p,
			fail:   map[string]error{"create Pod": errBoom},
			calls:  []string{"create Pod"},
			err:    "cannot create the Pod: boom",
		},
		"ServiceError": {
			reason: "A Service that cannot be created leaves the Pod: the next reconcile goes on from there.",
			p:      p,
			fail:   map[string]error{"create Service": errBoom},
			want:   managed.ExternalCreation{ConnectionDetails: details("9090")},
			calls:  []string{"create Pod", "create Service"},
			left:   rendered[:1],
			err:    "cannot create the Service: boom",
		},
		"Unplaceable": {
			reason: "What cannot be placed is not created.",
			p:      performer(unplaceable),
			err:    unplaced(t),
		},
		"NoClasses": {
			reason: "Where the RuntimeClasses are not known nothing is created.",
			p:      p,
			fail:   map[string]error{"cache RuntimeClassList": errBoom},
			err:    "cannot list the target's RuntimeClasses: boom",
		},
		"CutOff": {
			reason: "A Pod that an earlier create left, and that the cache does not have yet, is kept.",
			p:      p,
			live:   []client.Object{podFor(p)},
			want:   managed.ExternalCreation{ConnectionDetails: details("9090")},
			calls:  []string{"create Pod", "get Pod", "create Service"},
			left:   []client.Object{podFor(p), rendered[1]},
		},
		"CutOffLate": {
			reason: "So is a Service.",
			p:      p,
			live:   []client.Object{podFor(p), serviceFor(p)},
			want:   managed.ExternalCreation{ConnectionDetails: details("9090")},
			calls:  []string{"create Pod", "get Pod", "create Service", "get Service"},
			left:   []client.Object{podFor(p), serviceFor(p)},
		},
		"CutOffEnding": {
			reason: "A Pod that is ending is left to end: the event of its end brings the Performer back.",
			p:      p,
			live:   []client.Object{podFor(p, ending)},
			want:   managed.ExternalCreation{ConnectionDetails: details("9090")},
			calls:  []string{"create Pod", "get Pod", "create Service"},
			left:   []client.Object{podFor(p, ending), rendered[1]},
		},
		"CutOffOutdated": {
			reason: "A Pod of an earlier spec is brought up to date at once.",
			p:      performer(withImage("myavs/performer:v2")),
			live:   []client.Object{podFor(p), serviceFor(p)},
			want:   managed.ExternalCreation{ConnectionDetails: details("9090")},
			calls: []string{
				"create Pod", "get Pod",
				patchImage,
				"create Service", "get Service",
			},
			events: []event.Event{normal("UpgradingInPlace", "Changed Pod performer-a in place: spec.image (InPlace: the image can be changed in the Pod that runs)")},
			left: []client.Object{podFor(p, func(pod *corev1.Pod) {
				pod.Spec.Containers[0].Image = "myavs/performer:v2"
				pod.Annotations[workload.AnnotationLastGoodImage] = testImage
				pod.Annotations[workload.AnnotationUpgradeBy] = "InPlace: the image can be changed in the Pod that runs"
				pod.Annotations[workload.AnnotationApplied] = workload.AppliedBy(performer(withImage("myavs/performer:v2"))).String()
				pod.Annotations[workload.AnnotationUpgradeFrom] = "containerd://1"
				pod.Annotations[workload.AnnotationUpgradeStarted] = "2026-01-02T03:01:00Z"
			}), serviceFor(p)},
		},
		"Foreign": {
			reason: "Somebody else's Pod is left as it is, and no Service leads to it.",
			p:      p,
			live:   []client.Object{unmanaged},
			calls:  []string{"create Pod", "get Pod"},
			left:   []client.Object{unmanaged},
			err:    "Pod ns/performer-a exists and belongs to someone else" + howToAdopt,
		},
		"ForeignEnding": {
			reason: "Also while it is ending.",
			p:      p,
			live:   []client.Object{podFor(p, foreign, ending)},
			calls:  []string{"create Pod", "get Pod"},
			left:   []client.Object{podFor(p, foreign, ending)},
			err:    "Pod ns/performer-a exists and belongs to someone else" + howToAdopt,
		},
		"ForeignService": {
			reason: "Somebody else's Service is left as it is.",
			p:      p,
			live:   []client.Object{serviceFor(p, foreign)},
			want:   managed.ExternalCreation{ConnectionDetails: details("9090")},
			calls:  []string{"create Pod", "create Service", "get Service"},
			left:   []client.Object{rendered[0], serviceFor(p, foreign)},
			err:    "Service ns/performer-a exists and belongs to someone else" + howToAdopt,
		},
		"AdoptedEnding": {
			reason: "A Pod that is ending is not taken over: what takes its place will be the Performer's own.",
			p:      performer(adopting),
			live:   []client.Object{podFor(p, foreign, ending)},
			want:   managed.ExternalCreation{ConnectionDetails: details("9090")},
			calls:  []string{"create Pod", "get Pod", "create Service"},
			left:   []client.Object{podFor(p, foreign, ending), rendered[1]},
		},
		"GoneMeanwhile": {
			reason: "A Pod that had the name a moment ago and is gone is no error: the next reconcile creates one.",
			p:      p,
			fail:   map[string]error{"create Pod": exists(), "create Service": exists()},
			want:   managed.ExternalCreation{ConnectionDetails: details("9090")},
			calls:  []string{"create Pod", "get Pod", "create Service", "get Service"},
		},
		"TakenPodError": {
			reason: "Where it cannot be told who has the name, nothing more is done.",
			p:      p,
			fail:   map[string]error{"create Pod": exists(), "get Pod": errBoom},
			calls:  []string{"create Pod", "get Pod"},
			err:    "cannot get the Pod that has the Performer's name: boom",
		},
		"TakenServiceError": {
			reason: "The same goes for the Service.",
			p:      p,
			fail:   map[string]error{"create Service": exists(), "get Service": errBoom},
			want:   managed.ExternalCreation{ConnectionDetails: details("9090")},
			calls:  []string{"create Pod", "create Service", "get Service"},
			left:   rendered[:1],
			err:    "cannot get the Service that has the Performer's name: boom",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, tc.cached, tc.live, tc.fail)
			got, err := w.external().Create(t.Context(), tc.p.DeepCopy())
			if diff := cmp.Diff(tc.err, words(err)); diff != "" {
				t.Errorf("\n%s\nCreate(...): -want error, +got error:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nCreate(...): -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.calls, w.calls); diff != "" {
				t.Errorf("\n%s\nCreate(...): -want calls, +got calls:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.events, w.events); diff != "" {
				t.Errorf("\n%s\nCreate(...): -want events, +got events:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.left, w.objects(t), ignored); diff != "" {
				t.Errorf("\n%s\nCreate(...): -want objects, +got objects:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestCreateWarns(t *testing.T) {
	p := performer(doubtful)
	c, err := placement.Constrain(placement.Demand{Scheduling: p.Spec.Scheduling}, nil)
	if err != nil || len(c.Warnings) != 1 {
		t.Fatalf("the test needs a Performer with one doubtful wish: got %v, %v", c.Warnings, err)
	}
	w := newWorld(t, nil, nil, nil)
	if _, err := w.external().Create(t.Context(), p); err != nil {
		t.Fatalf("Create(...): %v", err)
	}
	want := []event.Event{{Type: event.TypeWarning, Reason: "HardwareRequirements", Message: c.Warnings[0]}}
	if diff := cmp.Diff(want, w.events); diff != "" {
		t.Errorf("what is legal but doubtful is told in an event: -want, +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"create Pod", "create Service"}, w.calls); diff != "" {
		t.Errorf("and done all the same: -want calls, +got calls:\n%s", diff)
	}
}

// TestCreateRelabeled has the Performer's own objects lose the label that the
// cache selects by: they are not there to see, but their names are taken.
func TestCreateRelabeled(t *testing.T) {
	p := performer()
	w := newWorld(t, nil, []client.Object{podFor(p, unlabeled), serviceFor(p, unlabeled)}, nil)
	if _, err := w.external().Create(t.Context(), p); err != nil {
		t.Fatalf("Create(...): %v", err)
	}
	const labels = " metadata.labels.app metadata.labels.app.kubernetes.io/managed-by metadata.labels.avs metadata.labels.performer metadata.resourceVersion"
	want := []string{"create Pod", "get Pod", "patch Pod" + labels, "create Service", "get Service", "patch Service" + labels}
	if diff := cmp.Diff(want, w.calls); diff != "" {
		t.Errorf("they get their labels back, and nothing else: -want calls, +got calls:\n%s", diff)
	}
	if diff := cmp.Diff([]client.Object{podFor(p), serviceFor(p)}, w.objects(t), ignored); diff != "" {
		t.Errorf("they get their labels back: -want objects, +got objects:\n%s", diff)
	}
}
