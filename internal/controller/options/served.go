// SPDX-License-Identifier: Apache-2.0

package options

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// An API server says of a kind that it is established before it lists it among
// those that it serves, usually by less than a second.
const (
	listedWithin = 30 * time.Second
	lookEvery    = 100 * time.Millisecond
)

// WhenServed has setup done once the API server serves all of these kinds. With
// the capability safe-start, Crossplane installs a managed resource's kind when
// someone activates it, which may be later, or never.
func (o Options) WhenServed(mgr ctrl.Manager, setup func() error, kinds ...string) {
	gvks := make([]schema.GroupVersionKind, 0, len(kinds))
	for _, kind := range kinds {
		gvks = append(gvks, v1alpha1.SchemeGroupVersion.WithKind(kind))
	}
	o.Gate.Register(func() {
		err := awaitListed(mgr.GetRESTMapper(), gvks)
		if err == nil {
			err = setup()
		}
		if err != nil {
			o.Failed <- err
		}
	}, gvks...)
}

// awaitListed waits until a mapper knows all of these kinds.
func awaitListed(m meta.RESTMapper, gvks []schema.GroupVersionKind) error {
	for _, gvk := range gvks {
		err := wait.PollUntilContextTimeout(context.Background(), lookEvery, listedWithin, true, func(context.Context) (bool, error) {
			_, err := m.RESTMapping(gvk.GroupKind(), gvk.Version)
			if meta.IsNoMatchError(err) {
				return false, nil
			}
			return err == nil, err
		})
		if err != nil {
			return errors.Wrapf(err, "cannot find kind %s, though its CRD is established", gvk.Kind)
		}
	}
	return nil
}
