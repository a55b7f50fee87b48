// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// Owns says whether an object in the target cluster belongs to a Performer.
func Owns(p *v1alpha1.Performer, o metav1.Object) bool {
	return o.GetAnnotations()[AnnotationOwner] == string(p.GetUID())
}

// MayAdopt says whether a Performer may take over objects it did not create.
func MayAdopt(p *v1alpha1.Performer) bool {
	return p.GetAnnotations()[AnnotationAdopt] == "true"
}

// OwnedByOther is the sentence for an object under a Performer's name that
// belongs to someone else.
func OwnedByOther(kind string, o metav1.Object) string {
	return fmt.Sprintf("%s %s/%s exists and belongs to %s; delete it, or set the annotation %s: \"true\" on the Performer to take it over without a restart",
		kind, o.GetNamespace(), o.GetName(), ownerOf(o), AnnotationAdopt)
}

// ownerOf names who an object belongs to, by the best evidence there is.
func ownerOf(o metav1.Object) string {
	if uid := o.GetAnnotations()[AnnotationOwner]; uid != "" {
		return fmt.Sprintf("another Performer (UID %s)", uid)
	}
	if ref := metav1.GetControllerOf(o); ref != nil {
		return fmt.Sprintf("%s %s", ref.Kind, ref.Name)
	}
	for _, m := range o.GetManagedFields() {
		if m.Operation == metav1.ManagedFieldsOperationUpdate || m.Operation == metav1.ManagedFieldsOperationApply {
			return fmt.Sprintf("%q, which created it", m.Manager)
		}
	}
	return "someone else"
}
