// SPDX-License-Identifier: Apache-2.0

package options

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"

	"github.com/crossplane-contrib/provider-hourglass/internal/workload"
)

// MayAdopt says whether a managed resource may take over objects that it did not
// create: by its own annotation, or by that of its namespace in the control plane,
// which live reads there.
func MayAdopt(ctx context.Context, live client.Reader, mg client.Object) (bool, error) {
	if workload.MayAdopt(mg) {
		return true, nil
	}
	ns := &corev1.Namespace{}
	if err := live.Get(ctx, client.ObjectKey{Name: mg.GetNamespace()}, ns); resource.IgnoreNotFound(err) != nil {
		return false, errors.Wrapf(err, "cannot get namespace %s to see whether its annotation %s lets objects be taken over", mg.GetNamespace(), workload.AnnotationAdopt)
	}
	return workload.MayAdopt(ns), nil
}
