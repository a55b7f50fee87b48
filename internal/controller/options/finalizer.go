// SPDX-License-Identifier: Apache-2.0

package options

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlevent "sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
)

// A Finalizer writes a managed resource's external name together with its
// finalizer, in one patch where two updates would be usual. An update would also
// write out what the user left unset in the spec.
type Finalizer struct {
	kube client.Client
	name func(resource.Object) string
}

// NewFinalizer makes a Finalizer that finds the external name with name.
func NewFinalizer(kube client.Client, name func(resource.Object) string) Finalizer {
	return Finalizer{kube: kube, name: name}
}

// AddFinalizer to a managed resource, and its external name, unless it has both.
func (f Finalizer) AddFinalizer(ctx context.Context, o resource.Object) error {
	if meta.FinalizerExists(o, managed.FinalizerName) && meta.GetExternalName(o) != "" {
		return nil
	}
	before, ok := o.DeepCopyObject().(client.Object)
	if !ok {
		return errors.Errorf("cannot copy %T %s", o, o.GetName())
	}
	meta.SetExternalName(o, f.name(o))
	meta.AddFinalizer(o, managed.FinalizerName)
	// The answer has the status as it was last written, and would overwrite what
	// was observed since.
	answer, ok := o.DeepCopyObject().(client.Object)
	if !ok {
		return errors.Errorf("cannot copy %T %s", o, o.GetName())
	}
	err := f.kube.Patch(ctx, answer, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
	o.SetResourceVersion(answer.GetResourceVersion())
	return errors.Wrap(err, "cannot add the finalizer and the external name")
}

// FinalizerLost passes updates by which somebody else took a managed resource's
// finalizer away, as a Composition does that composed it and does so no more. It has
// to be written again before the resource is deleted, or what runs is left behind.
func FinalizerLost() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc:  func(ctrlevent.CreateEvent) bool { return false },
		DeleteFunc:  func(ctrlevent.DeleteEvent) bool { return false },
		GenericFunc: func(ctrlevent.GenericEvent) bool { return false },
		UpdateFunc: func(e ctrlevent.UpdateEvent) bool {
			return !meta.WasDeleted(e.ObjectNew) && meta.FinalizerExists(e.ObjectOld, managed.FinalizerName) && !meta.FinalizerExists(e.ObjectNew, managed.FinalizerName)
		},
	}
}

// RemoveFinalizer from a managed resource, from the place where it was seen: a
// version that has moved on since is no obstacle, a list that has is.
func (f Finalizer) RemoveFinalizer(ctx context.Context, o resource.Object) error {
	at := slices.Index(o.GetFinalizers(), managed.FinalizerName)
	if at < 0 {
		return nil
	}
	path := "/metadata/finalizers/" + strconv.Itoa(at)
	patch := fmt.Appendf(nil, `[{"op":"test","path":%q,"value":%q},{"op":"remove","path":%q}]`, path, managed.FinalizerName, path)
	err := f.kube.Patch(ctx, o, client.RawPatch(types.JSONPatchType, patch))
	return errors.Wrap(resource.IgnoreNotFound(err), "cannot remove the finalizer")
}
