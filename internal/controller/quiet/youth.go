// SPDX-License-Identifier: Apache-2.0

package quiet

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/workload"
)

// youth is how long the first status of a managed resource may wait for it to be
// ready. What is created within that time, scheduled and started, would be told in
// three writes, each of which Crossplane counts as a reason to reconcile an XR.
const youth = 2 * time.Second

// GrownIn returns when an object is not young any more, nothing if it is not young.
// A clock that is a little ahead of the API server's makes it young for longer, one
// that is far ahead or behind makes nothing young that is not.
func GrownIn(o metav1.Object, now time.Time) time.Duration {
	age := now.Sub(o.GetCreationTimestamp().Time)
	if age <= -youth {
		return 0
	}
	return max(0, youth-age)
}

// young is true only while GrownIn is more than nothing, and was a moment before.
func young(o metav1.Object, now time.Time) bool {
	age := now.Sub(o.GetCreationTimestamp().Time)
	return age >= 0 && age < youth
}

// early says whether a status only tells that all goes well so far with an object
// that the next one will tell more of. That is so once after a create, since the
// managed reconciler comes again at once, and for an object that is young and of
// which nothing was told before: who holds that back has to come again after GrownIn.
func (c quietClient) early(cached, o client.Object) bool {
	before, ok := cached.(resource.Managed)
	next, isManaged := o.(resource.Managed)
	if !ok || !isManaged || !is(next, xpv2.TypeSynced, corev1.ConditionTrue) || !pending(o) ||
		is(before, xpv2.TypeReady, corev1.ConditionTrue) || is(next, xpv2.TypeReady, corev1.ConditionTrue) {
		return false
	}
	if created := meta.GetExternalCreateSucceeded(o); !created.IsZero() && !created.Equal(meta.GetExternalCreateSucceeded(cached)) {
		held, again := c.held.Swap(identify(o), o.GetUID())
		return !again || held != o.GetUID()
	}
	return young(o, c.now()) && is(before, xpv2.TypeReady, corev1.ConditionUnknown) && is(before, xpv2.TypeSynced, corev1.ConditionUnknown)
}

func is(c resource.Conditioned, t xpv2.ConditionType, s corev1.ConditionStatus) bool {
	return c.GetCondition(t).Status == s
}

// pending says whether a status tells that something is to come, and nothing else:
// nothing that is wrong, that ended, or that is being replaced.
func pending(o client.Object) bool {
	switch o := o.(type) {
	case *v1alpha1.Performer:
		return o.Status.Phase == v1alpha1.PerformerPending && !is(o, workload.TypeDegraded, corev1.ConditionTrue)
	case *v1alpha1.HourglassExecutor:
		return o.Status.Phase == v1alpha1.ExecutorPending && !is(o, workload.TypeDegraded, corev1.ConditionTrue)
	}
	return false
}
