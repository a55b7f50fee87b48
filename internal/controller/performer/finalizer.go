// SPDX-License-Identifier: Apache-2.0

package performer

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/workload"
)

// A finalizer writes a Performer's external name together with its finalizer,
// in one patch where two updates would be usual. An update would also write out
// what the user left unset in the spec.
type finalizer struct {
	resource.Finalizer

	kube client.Client
}

func newFinalizer(kube client.Client) finalizer {
	return finalizer{Finalizer: resource.NewAPIFinalizer(kube, managed.FinalizerName), kube: kube}
}

// AddFinalizer to a Performer, and its external name, unless it has both.
func (f finalizer) AddFinalizer(ctx context.Context, o resource.Object) error {
	p, ok := o.(*v1alpha1.Performer)
	if !ok || (meta.FinalizerExists(p, managed.FinalizerName) && meta.GetExternalName(p) != "") {
		return nil
	}
	before := p.DeepCopy()
	meta.SetExternalName(p, workload.PodName(p))
	meta.AddFinalizer(p, managed.FinalizerName)
	err := f.kube.Patch(ctx, p, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
	return errors.Wrap(err, "cannot add the finalizer and the external name")
}
