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
)

// youth is how long the first status of a managed resource may wait for it to be
// ready. What is created within that time, scheduled and started, would be told in
// three writes, each of which Crossplane counts as a reason to reconcile an XR.
const youth = 2 * time.Second

// Youth returns how much longer an object is young, nothing if it is not. Clocks
// that differ make nothing young that is not.
func Youth(o metav1.Object, now time.Time) time.Duration {
	age := now.Sub(o.GetCreationTimestamp().Time)
	if age < 0 {
		return 0
	}
	return max(0, youth-age)
}

// early says whether a status only tells that all goes well so far with an object
// that the next one will tell more of. After a create the managed reconciler comes
// again at once. Where nothing was told before of an object that is young, who holds
// that back has to come again when it is not young any more.
func early(cached, o client.Object, now time.Time) bool {
	before, ok := cached.(resource.Managed)
	next, isManaged := o.(resource.Managed)
	if !ok || !isManaged || !is(next, xpv2.TypeSynced, corev1.ConditionTrue) {
		return false
	}
	if created := meta.GetExternalCreateSucceeded(o); !created.IsZero() && !created.Equal(meta.GetExternalCreateSucceeded(cached)) {
		return true
	}
	return Youth(o, now) > 0 && !is(next, xpv2.TypeReady, corev1.ConditionTrue) &&
		is(before, xpv2.TypeReady, corev1.ConditionUnknown) && is(before, xpv2.TypeSynced, corev1.ConditionUnknown)
}

func is(c resource.Conditioned, t xpv2.ConditionType, s corev1.ConditionStatus) bool {
	return c.GetCondition(t).Status == s
}
