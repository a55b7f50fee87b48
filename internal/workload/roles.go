// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// LabelRole is on a Pod that its Service does not lead to. Such a Pod lacks
// LabelPerformer, by which the Service selects.
const LabelRole = v1alpha1.Group + "/role"

// Values of LabelRole.
const (
	// RoleStandby is a Pod that takes over when it is ready.
	RoleStandby = "standby"
	// RoleDraining is a Pod that has left its Service and is about to end.
	RoleDraining = "draining"
)

// WithPods tells a Performer's Pods apart by what they are there for: the one
// that serves, or is the nearest to it; the newest that is to take over; and those
// that are leaving.
func (o Objects) WithPods(pods []*corev1.Pod) Objects {
	pods = slices.SortedFunc(slices.Values(pods), func(a, b *corev1.Pod) int {
		return cmp.Or(
			cmp.Compare(distance(a), distance(b)),
			b.CreationTimestamp.Compare(a.CreationTimestamp.Time),
			strings.Compare(a.Name, b.Name),
		)
	})
	o.Pod, o.Standby, o.Leaving = nil, nil, nil
	for _, pod := range pods {
		switch {
		case o.Pod == nil:
			o.Pod = pod
		case o.Standby == nil && pod.Labels[LabelRole] == RoleStandby && pod.DeletionTimestamp == nil:
			o.Standby = pod
		default:
			o.Leaving = append(o.Leaving, pod)
		}
	}
	return o
}

// distance is how far a Pod is from serving.
func distance(pod *corev1.Pod) int {
	switch {
	case pod.DeletionTimestamp != nil:
		return 3
	case pod.Labels[LabelRole] == RoleStandby:
		return 2
	case pod.Labels[LabelRole] == RoleDraining:
		return 1
	}
	return 0
}

// StandbyName is the name of a second Pod for what is wanted: it follows from
// that, so that one that was started already is found again.
func StandbyName(p *v1alpha1.Performer, want *corev1.Pod) string {
	sum := sha256.Sum256([]byte(want.Annotations[AnnotationApplied] + want.Annotations[AnnotationRendered]))
	return PodName(p) + "-" + hex.EncodeToString(sum[:4])
}

// IsNameOf says whether a Performer's Pod can have a name.
func IsNameOf(p *v1alpha1.Performer, name string) bool {
	return name == PodName(p) || FirstName(name) == PodName(p)
}

// FirstName is the name of the first Pod of a Performer whose second one has a
// name; "" where that is no name of a second one.
func FirstName(name string) string {
	at := strings.LastIndex(name, "-")
	if at < 1 || len(name)-at != 9 || strings.Trim(name[at+1:], "0123456789abcdef") != "" {
		return ""
	}
	return name[:at]
}

// standby is the Pod that is wanted, as one that does not serve yet.
func standby(p *v1alpha1.Performer, want *corev1.Pod) *corev1.Pod {
	pod := want.DeepCopy()
	pod.Name = StandbyName(p, want)
	delete(pod.Labels, LabelPerformer)
	pod.Labels[LabelRole] = RoleStandby
	return pod
}

// promoted is a Pod that its Service leads to from now on.
func promoted(p *v1alpha1.Performer, found *corev1.Pod) *corev1.Pod {
	pod := found.DeepCopy()
	delete(pod.Labels, LabelRole)
	delete(pod.Annotations, AnnotationDraining)
	pod.Labels[LabelPerformer] = p.GetName()
	return pod
}
