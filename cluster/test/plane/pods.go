// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// What the Pods of a Performer are told apart by.
const (
	LabelPerformer          = "hourglass.eigenlayer.io/performer"
	LabelRole               = "hourglass.eigenlayer.io/role"
	RoleStandby             = "standby"
	RoleDraining            = "draining"
	AnnotationDrainingSince = "hourglass.eigenlayer.io/draining-since"
)

// LivePodOf is the Pod that a Performer's status names, or nil.
func (h *Hub) LivePodOf(t *testing.T, p *v1alpha1.Performer) *corev1.Pod {
	t.Helper()
	got, pod := &v1alpha1.Performer{}, &corev1.Pod{}
	if err := h.Get(t.Context(), client.ObjectKeyFromObject(p), got); err != nil {
		t.Fatalf("cannot get Performer %s: %v", p.Name, err)
	}
	err := h.Get(t.Context(), client.ObjectKey{Namespace: p.Namespace, Name: got.Status.PodName}, pod)
	if got.Status.PodName == "" || kerrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		t.Fatalf("cannot get the live Pod of %s: %v", p.Name, err)
	}
	return pod
}

// Serving are the names of the Pods that a Service leads to, by one of its
// EndpointSlices.
func Serving(s *discoveryv1.EndpointSlice) []string {
	var pods []string
	for _, e := range s.Endpoints {
		if e.TargetRef != nil && (e.Conditions.Ready == nil || *e.Conditions.Ready) {
			pods = append(pods, e.TargetRef.Name)
		}
	}
	slices.Sort(pods)
	return pods
}

// EndpointsOf are the names of the Pods that a Performer's Service leads to.
func (h *Hub) EndpointsOf(t *testing.T, p *v1alpha1.Performer) []string {
	t.Helper()
	l := &discoveryv1.EndpointSliceList{}
	of := client.MatchingLabels{discoveryv1.LabelServiceName: "performer-" + p.Name}
	if err := h.List(t.Context(), l, client.InNamespace(p.Namespace), of); err != nil {
		t.Fatalf("cannot list the EndpointSlices of %s: %v", p.Name, err)
	}
	var pods []string
	for i := range l.Items {
		pods = append(pods, Serving(&l.Items[i])...)
	}
	slices.Sort(pods)
	return slices.Compact(pods)
}

// Condition holds for a Performer that has a condition with a status and a
// reason, whose message has all of some words.
func Condition(p *v1alpha1.Performer, kind, status, reason string, words ...string) bool {
	c := p.Status.GetCondition(xpv2.ConditionType(kind))
	return string(c.Status) == status && string(c.Reason) == reason && ContainsAll(strings.ToLower(c.Message), lower(words))
}

func lower(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = strings.ToLower(w)
	}
	return out
}
