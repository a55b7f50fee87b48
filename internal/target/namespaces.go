// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
)

// inNamespaces is a client that knows what to do where the namespace of an object
// that it creates is missing: to create that too, or to say who could.
type inNamespaces struct {
	client.Client

	of     Ref
	create bool
}

// Create an object, and its namespace before that where it has to be.
func (c inNamespaces) Create(ctx context.Context, o client.Object, opts ...client.CreateOption) error {
	err := c.Client.Create(ctx, o, opts...)
	if !lacksNamespace(err) {
		return err //nolint:wrapcheck // The caller's own call.
	}
	if !c.create {
		return errors.Wrapf(err, "namespace %s does not exist in the target cluster: create it there, or set spec.createNamespaces of %s", o.GetNamespace(), c.of)
	}
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: o.GetNamespace()}}
	if err := c.Client.Create(ctx, ns); err != nil && !kerrors.IsAlreadyExists(err) {
		return errors.Wrapf(err, "cannot create namespace %s in the target cluster", ns.Name)
	}
	return c.Client.Create(ctx, o, opts...) //nolint:wrapcheck // The caller's own call.
}

// lacksNamespace says whether an object could not be created because its namespace
// does not exist.
func lacksNamespace(err error) bool {
	var status kerrors.APIStatus
	if !kerrors.IsNotFound(err) || !errors.As(err, &status) {
		return false
	}
	d := status.Status().Details
	return d != nil && d.Kind == "namespaces"
}
