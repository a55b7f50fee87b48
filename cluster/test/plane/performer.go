// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// NewPerformer is a Performer that any node can run, and whose Pods drain for a
// moment only.
func NewPerformer(ns, name string, m ...func(*v1alpha1.Performer)) *v1alpha1.Performer {
	p := &v1alpha1.Performer{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name},
		Spec: v1alpha1.PerformerSpec{
			AVSAddress: AVS, Image: "myavs/performer:v1",
			Upgrade: &v1alpha1.UpgradePolicy{Drain: &metav1.Duration{Duration: 100 * time.Millisecond}},
		},
	}
	for _, f := range m {
		f(p)
	}
	return p
}

// Await a Performer for which a condition holds.
func (h *Hub) Await(t *testing.T, p *v1alpha1.Performer, what string, holds func(*v1alpha1.Performer) bool) *v1alpha1.Performer {
	t.Helper()
	got := &v1alpha1.Performer{}
	Eventually(t, "Performer "+p.GetName()+" "+what, func(ctx context.Context) (bool, string) {
		if err := h.Get(ctx, client.ObjectKeyFromObject(p), got); err != nil {
			return false, err.Error()
		}
		return holds(got), Describe(got)
	})
	return got
}

// Describe says how a Performer is.
func Describe(p *v1alpha1.Performer) string {
	b := strings.Builder{}
	b.WriteString("phase " + string(p.Status.Phase))
	for _, c := range p.Status.Conditions {
		b.WriteString("; " + string(c.Type) + "=" + string(c.Status) + " " + string(c.Reason) + " " + c.Message)
	}
	return b.String()
}

// Running is what a Performer is when all is well.
func Running(p *v1alpha1.Performer) bool {
	return p.Status.Phase == v1alpha1.PerformerRunning && p.Status.Ready
}

// AwaitRunning awaits a Performer that is well.
func (h *Hub) AwaitRunning(t *testing.T, p *v1alpha1.Performer) *v1alpha1.Performer {
	t.Helper()
	return h.Await(t, p, "is Running and ready", Running)
}

// ObjectMeta is what a Performer's Pod and Service have in common.
func ObjectMeta(p *v1alpha1.Performer) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: p.Namespace, Name: "performer-" + p.Name}
}

// PodOf is a Performer's Pod, or nil.
func (h *Hub) PodOf(t *testing.T, p *v1alpha1.Performer) *corev1.Pod {
	t.Helper()
	pod := &corev1.Pod{}
	err := h.Get(t.Context(), client.ObjectKey{Namespace: p.GetNamespace(), Name: "performer-" + p.GetName()}, pod)
	if kerrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		t.Fatalf("cannot get the Pod of %s: %v", p.GetName(), err)
	}
	return pod
}

// ServiceOf is a Performer's Service, or nil.
func (h *Hub) ServiceOf(t *testing.T, p *v1alpha1.Performer) *corev1.Service {
	t.Helper()
	svc := &corev1.Service{}
	err := h.Get(t.Context(), client.ObjectKey{Namespace: p.GetNamespace(), Name: "performer-" + p.GetName()}, svc)
	if kerrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		t.Fatalf("cannot get the Service of %s: %v", p.GetName(), err)
	}
	return svc
}

// AwaitEvent of a Performer whose message holds all of some words.
func (h *Hub) AwaitEvent(t *testing.T, p *v1alpha1.Performer, reason string, words ...string) {
	t.Helper()
	Eventually(t, "an event "+reason+" says "+strings.Join(words, ", "), func(ctx context.Context) (bool, string) {
		l := &corev1.EventList{}
		if err := h.List(ctx, l, client.InNamespace(p.GetNamespace())); err != nil {
			return false, err.Error()
		}
		said := ""
		var saidSb169 strings.Builder
		for _, e := range l.Items {
			if e.InvolvedObject.Name != p.GetName() {
				continue
			}
			saidSb169.WriteString(e.Reason + ": " + e.Message + "\n")
			if e.Reason == reason && ContainsAll(e.Message, words) {
				return true, ""
			}
		}
		said += saidSb169.String()
		return false, said
	})
}

// ContainsAll says whether a text holds all of some words.
func ContainsAll(s string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(s, w) {
			return false
		}
	}
	return true
}

// Identity is what must not change where a running Pod is not to be touched.
func Identity(pod *corev1.Pod) map[string]string {
	return map[string]string{"uid": string(pod.UID), "node": pod.Spec.NodeName}
}

// WatchPhases begins to watch a Performer. What it returns lists the phases that
// the Performer went through until it was as given.
func (h *Hub) WatchPhases(t *testing.T, p *v1alpha1.Performer) func(until *v1alpha1.Performer) []v1alpha1.PerformerPhase {
	t.Helper()
	w := h.Watch(t, &v1alpha1.PerformerList{}, p.Namespace)
	return func(until *v1alpha1.Performer) []v1alpha1.PerformerPhase {
		var phases []v1alpha1.PerformerPhase
		for e := range w.ResultChan() {
			got, ok := e.Object.(*v1alpha1.Performer)
			if !ok {
				continue
			}
			if !slices.Contains(phases, got.Status.Phase) {
				phases = append(phases, got.Status.Phase)
			}
			if got.ResourceVersion == until.ResourceVersion {
				break
			}
		}
		return phases
	}
}
