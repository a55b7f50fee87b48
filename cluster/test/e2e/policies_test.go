// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

func TestPause(t *testing.T) {
	p := newPerformer(namespace(t), "a")
	create(t, p)
	awaitRunning(t, p)

	change(t, p, func(p *v1alpha1.Performer) { p.Annotations = map[string]string{"crossplane.io/paused": "true"} })
	await(t, p, "says that it is paused", func(p *v1alpha1.Performer) bool {
		return p.Status.GetCondition(xpv2.TypeSynced).Reason == xpv2.ReasonReconcilePaused
	})
	change(t, p, func(p *v1alpha1.Performer) { p.Spec.Image = "myavs/performer:v2" })

	// Another Performer that is created now and becomes ready shows that the
	// provider had time to do the wrong thing.
	other := newPerformer(p.Namespace, "b")
	create(t, other)
	awaitRunning(t, other)
	if diff := cmp.Diff("myavs/performer:v1", podOf(t, p).Spec.Containers[0].Image); diff != "" {
		t.Errorf("a paused Performer must not be changed: -want, +got:\n%s", diff)
	}

	change(t, p, func(p *v1alpha1.Performer) { p.Annotations = nil })
	await(t, p, "goes on where it was paused", func(p *v1alpha1.Performer) bool { return running(p) && p.Status.LastUpgrade != nil })
}

func TestObserveOnly(t *testing.T) {
	ns := namespace(t)
	observe := func(p *v1alpha1.Performer) {
		p.Spec.ManagementPolicies = xpv2.ManagementPolicies{xpv2.ManagementActionObserve}
	}
	absent := newPerformer(ns, "absent", observe)
	create(t, absent)
	await(t, absent, "says that there is nothing to observe", func(p *v1alpha1.Performer) bool {
		c := p.Status.GetCondition(xpv2.TypeSynced)
		return c.Status == corev1.ConditionFalse && containsAll(c.Message, []string{"external resource does not exist"})
	})
	if podOf(t, absent) != nil {
		t.Error("to observe is not to create")
	}

	p := newPerformer(ns, "a")
	create(t, p)
	awaitRunning(t, p)
	change(t, p, func(p *v1alpha1.Performer) {
		observe(p)
		p.Spec.Image = "myavs/performer:v2"
	})
	await(t, p, "observes the change that it may not make", func(p *v1alpha1.Performer) bool {
		return p.Status.GetCondition(xpv2.TypeSynced).ObservedGeneration == p.Generation
	})
	if diff := cmp.Diff("myavs/performer:v1", podOf(t, p).Spec.Containers[0].Image); diff != "" {
		t.Errorf("to observe is not to update: -want, +got:\n%s", diff)
	}
	change(t, p, func(p *v1alpha1.Performer) {
		p.Spec.ManagementPolicies = xpv2.ManagementPolicies{xpv2.ManagementActionAll}
	})
	awaitRunning(t, p)
}

func TestOrphanOnDelete(t *testing.T) {
	p := newPerformer(namespace(t), "a", func(p *v1alpha1.Performer) {
		p.Spec.ManagementPolicies = xpv2.ManagementPolicies{"Observe", "Create", "Update", "LateInitialize"}
	})
	create(t, p)
	awaitRunning(t, p)
	before := podOf(t, p)
	if err := hub.Delete(t.Context(), p); err != nil {
		t.Fatalf("cannot delete the Performer: %v", err)
	}
	awaitGone(t, p)
	if diff := cmp.Diff(identity(before), identity(podOf(t, p))); diff != "" || podOf(t, p).DeletionTimestamp != nil || serviceOf(t, p) == nil {
		t.Errorf("the Pod and the Service must stay: -before, +after:\n%s", diff)
	}

	again := newPerformer(p.Namespace, "a")
	create(t, again)
	await(t, again, "says who has its Pod", func(p *v1alpha1.Performer) bool {
		c := p.Status.GetCondition(xpv2.TypeSynced)
		return c.Status == corev1.ConditionFalse && containsAll(c.Message, []string{"another resource", "hourglass.eigenlayer.io/adopt"})
	})
	change(t, again, func(p *v1alpha1.Performer) {
		p.Annotations = map[string]string{"hourglass.eigenlayer.io/adopt": "true"}
	})
	awaitRunning(t, again)
	if diff := cmp.Diff(identity(before), identity(podOf(t, again))); diff != "" {
		t.Errorf("to adopt is not to restart: -before, +after:\n%s", diff)
	}
}

func TestForeignPod(t *testing.T) {
	ns := namespace(t)
	foreign := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "performer-a"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "performer", Image: "myavs/performer:v1"}}},
	}
	create(t, foreign)
	p := newPerformer(ns, "a")
	create(t, p)
	await(t, p, "says who has its Pod", func(p *v1alpha1.Performer) bool {
		c := p.Status.GetCondition(xpv2.TypeSynced)
		return c.Status == corev1.ConditionFalse && containsAll(c.Message, []string{"Pod " + ns + "/performer-a exists", "e2e"})
	})
	if podOf(t, p).Annotations["hourglass.eigenlayer.io/owner-uid"] != "" {
		t.Error("somebody else's Pod must not be taken over")
	}

	change(t, p, func(p *v1alpha1.Performer) {
		p.Annotations = map[string]string{"hourglass.eigenlayer.io/adopt": "true"}
	})
	awaitRunning(t, p)
	if diff := cmp.Diff(foreign.UID, podOf(t, p).UID); diff != "" {
		t.Errorf("to adopt is not to restart: -want, +got:\n%s", diff)
	}

	other := newPerformer(ns, "b")
	theirs := &corev1.Pod{ObjectMeta: objectMeta(other), Spec: foreign.Spec}
	theirs.Spec.NodeName = ""
	create(t, theirs)
	create(t, other)
	await(t, other, "is not synced", func(p *v1alpha1.Performer) bool {
		return p.Status.GetCondition(xpv2.TypeSynced).Status == corev1.ConditionFalse
	})
	if err := hub.Delete(t.Context(), other); err != nil {
		t.Fatalf("cannot delete the Performer: %v", err)
	}
	awaitGone(t, other)
	if pod := podOf(t, other); pod == nil || pod.DeletionTimestamp != nil {
		t.Error("somebody else's Pod must not end with the Performer")
	}
}

func TestDriftIsPutRightAndNamed(t *testing.T) {
	p := newPerformer(namespace(t), "a")
	create(t, p)
	awaitRunning(t, p)
	before := podOf(t, p)

	out, err := shell(t, p.Namespace, `kubectl label pod performer-a app=other --overwrite && kubectl patch service performer-a -p '{"spec":{"selector":{"app":"other"}}}'`)
	if err != nil {
		t.Fatalf("cannot edit the objects: %v\n%s", err, out)
	}
	awaitEvent(t, p, "CorrectingDrift", "Service spec.selector", "kubectl-patch")
	eventually(t, "the objects are as they were", func(context.Context) (bool, string) {
		svc := serviceOf(t, p)
		return svc.Spec.Selector["app"] == "hourglass-performer", svc.Spec.Selector["app"]
	})

	awaitEvent(t, p, "CorrectingDrift", "Pod metadata.labels[app]", "kubectl-label")

	out, err = shell(t, p.Namespace, `kubectl set image pod/performer-a performer=myavs/other:v1`)
	if err != nil {
		t.Fatalf("cannot edit the image: %v\n%s", err, out)
	}
	awaitEvent(t, p, "CorrectingDrift", "Pod spec.containers[performer].image", "kubectl-set")
	await(t, p, "runs its own image", func(q *v1alpha1.Performer) bool {
		return running(q) && podOf(t, p).Status.ContainerStatuses[0].Image == "myavs/performer:v1"
	})
	if diff := cmp.Diff(identity(before), identity(podOf(t, p))); diff != "" {
		t.Errorf("drift must be put right in place: -before, +after:\n%s", diff)
	}
}

// TestRelabelledPodIsNotLeftBehind hides a Pod from the provider's watches in the
// moment of its Performer's deletion.
func TestRelabelledPodIsNotLeftBehind(t *testing.T) {
	p := newPerformer(namespace(t), "a")
	create(t, p)
	p = awaitRunning(t, p)
	change(t, p, func(p *v1alpha1.Performer) { p.Annotations["crossplane.io/paused"] = "true" })
	await(t, p, "is paused", func(p *v1alpha1.Performer) bool {
		return p.Status.GetCondition(xpv2.TypeSynced).Reason == xpv2.ReasonReconcilePaused
	})
	change(t, podOf(t, p), func(pod *corev1.Pod) { delete(pod.Labels, "app") })
	change(t, serviceOf(t, p), func(s *corev1.Service) { delete(s.Labels, "app") })
	if err := hub.Delete(t.Context(), p); err != nil {
		t.Fatalf("cannot delete the Performer: %v", err)
	}
	change(t, p, func(p *v1alpha1.Performer) { delete(p.Annotations, "crossplane.io/paused") })
	awaitGone(t, p)
	awaitGone(t, &corev1.Pod{ObjectMeta: objectMeta(p)})
	awaitGone(t, &corev1.Service{ObjectMeta: objectMeta(p)})
}

func TestExternalName(t *testing.T) {
	ns := namespace(t)
	p := newPerformer(ns, "a")
	create(t, p)
	awaitRunning(t, p)
	if diff := cmp.Diff("performer-a", await(t, p, "is named", running).Annotations["crossplane.io/external-name"]); diff != "" {
		t.Errorf("the external name is the Pod's: -want, +got:\n%s", diff)
	}

	named := newPerformer(ns, "b", func(p *v1alpha1.Performer) {
		p.Annotations = map[string]string{"crossplane.io/external-name": "chosen"}
	})
	create(t, named)
	got := awaitRunning(t, named)
	if diff := cmp.Diff([]string{"chosen", "chosen", "chosen." + ns + ".svc.cluster.local:9090"},
		[]string{got.Status.PodName, got.Status.ServiceName, got.Status.GRPCEndpoint}); diff != "" {
		t.Errorf("the external name decides the names of Pod and Service: -want, +got:\n%s", diff)
	}
}
