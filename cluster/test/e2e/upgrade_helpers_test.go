// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/cluster/test/plane"
)

// upgrades sets how a Performer is upgraded.
func upgrades(s v1alpha1.UpgradeStrategy, deadline, drain time.Duration) func(*v1alpha1.Performer) {
	return func(p *v1alpha1.Performer) {
		p.Spec.Upgrade = &v1alpha1.UpgradePolicy{
			Strategy: s, Deadline: &metav1.Duration{Duration: deadline}, Drain: &metav1.Duration{Duration: drain},
		}
	}
}

// livePod is the Pod that a Performer's status names.
func livePod(t *testing.T, p *v1alpha1.Performer) *corev1.Pod {
	t.Helper()
	got := await(t, p, "names a Pod", func(p *v1alpha1.Performer) bool { return p.Status.PodName != "" })
	pod := &corev1.Pod{}
	if err := hub.Get(t.Context(), client.ObjectKey{Namespace: p.Namespace, Name: got.Status.PodName}, pod); err != nil {
		t.Fatalf("cannot get the Pod of %s: %v", p.Name, err)
	}
	return pod
}

// podsOf are the names of the Pods that belong to a Performer.
func podsOf(t *testing.T, p *v1alpha1.Performer) []string {
	t.Helper()
	l := &corev1.PodList{}
	if err := hub.List(t.Context(), l, client.InNamespace(p.Namespace)); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, pod := range l.Items {
		if pod.Annotations["hourglass.eigenlayer.io/owner-uid"] == string(p.UID) {
			names = append(names, pod.Name)
		}
	}
	slices.Sort(names)
	return names
}

// endpoints are the Pods that the Service of a Performer leads to.
func endpoints(ctx context.Context, p *v1alpha1.Performer) []string {
	l := &discoveryv1.EndpointSliceList{}
	if err := hub.List(ctx, l, client.InNamespace(p.Namespace), client.MatchingLabels{discoveryv1.LabelServiceName: "performer-" + p.Name}); err != nil {
		return []string{err.Error()}
	}
	var pods []string
	for _, s := range l.Items {
		for _, e := range s.Endpoints {
			if e.TargetRef != nil {
				pods = append(pods, e.TargetRef.Name)
			}
		}
	}
	return pods
}

// awaitDegraded waits until a Performer is Degraded for a reason and in words, and
// serves all the same or not.
func awaitDegraded(t *testing.T, p *v1alpha1.Performer, ready bool, reason string, words ...string) *v1alpha1.Performer {
	t.Helper()
	return await(t, p, "is Degraded: "+reason, func(p *v1alpha1.Performer) bool {
		c := p.GetCondition("Degraded")
		return c.Status == corev1.ConditionTrue && string(c.Reason) == reason && containsAll(c.Message, words) && p.Status.Ready == ready
	})
}

// isDegraded says whether a Performer is.
func isDegraded(p *v1alpha1.Performer) bool {
	return p.GetCondition("Degraded").Status == corev1.ConditionTrue
}

// watchReady begins to watch whether a Performer is Ready. What it returns says how
// often it was not.
func watchReady(t *testing.T, p *v1alpha1.Performer) func() []string {
	t.Helper()
	w := hub.Watch(t, &v1alpha1.PerformerList{}, p.Namespace)
	var mu sync.Mutex
	var unready []string
	go func() {
		for e := range w.ResultChan() {
			q, ok := e.Object.(*v1alpha1.Performer)
			if ok && q.Name == p.Name && q.GetCondition(xpv2.TypeReady).Status != corev1.ConditionTrue {
				mu.Lock()
				unready = append(unready, describe(q))
				mu.Unlock()
			}
		}
	}()
	return func() []string {
		w.Stop()
		mu.Lock()
		defer mu.Unlock()
		return unready
	}
}

// reconciled has a Performer reconciled without a change of its spec, and waits
// until that is done.
func reconciled(t *testing.T, p *v1alpha1.Performer) {
	t.Helper()
	pod := livePod(t, p)
	plane.Change(t, hub.Hub, pod, func(pod *corev1.Pod) { pod.Labels["hourglass.eigenlayer.io/avs"] = "0x0" })
	eventually(t, "the label is set right", func(ctx context.Context) (bool, string) {
		got := &corev1.Pod{}
		err := hub.Get(ctx, client.ObjectKeyFromObject(pod), got)
		return err == nil && got.Labels["hourglass.eigenlayer.io/avs"] == plane.AVS, fmt.Sprint(err, got.Labels)
	})
}
