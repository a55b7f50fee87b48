// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Owns says whether an object in the target cluster belongs to a managed
// resource.
func Owns(mg, o metav1.Object) bool {
	return o.GetAnnotations()[AnnotationOwner] == string(mg.GetUID())
}

// MayAdopt says whether a managed resource may take over objects that it did not
// create.
func MayAdopt(mg metav1.Object) bool {
	return mg.GetAnnotations()[AnnotationAdopt] == "true"
}

// OwnedByOther is the sentence for an object under a managed resource's name that
// belongs to someone else.
func OwnedByOther(kind string, o metav1.Object) string {
	return fmt.Sprintf("%s %s/%s exists and belongs to %s; delete it, or set the annotation %s: \"true\" on this resource, or on its namespace, to take it over without a restart",
		kind, o.GetNamespace(), o.GetName(), ownerOf(o), AnnotationAdopt)
}

// ownerOf names who an object belongs to, by the best evidence there is.
func ownerOf(o metav1.Object) string {
	if uid := o.GetAnnotations()[AnnotationOwner]; uid != "" {
		return fmt.Sprintf("another resource (UID %s)", uid)
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
