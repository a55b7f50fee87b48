// SPDX-License-Identifier: Apache-2.0

// Package quiet keeps reconcilers that write at the end of every reconcile from
// writing what has not changed. A write that changes nothing costs the API
// server as much as one that does.
package quiet

import (
	"context"
	"reflect"

	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"
)

// Manager is m, but for its client: that drops updates that change nothing.
func Manager(m manager.Manager) manager.Manager {
	return quietManager{Manager: m, client: quietClient{m.GetClient()}}
}

type quietManager struct {
	manager.Manager

	client client.Client
}

func (m quietManager) GetClient() client.Client { return m.client }

type quietClient struct{ client.Client }

// Update sends an object unless it is as the cache has it. The managed
// reconciler's updates before and after a create only bring annotations that
// tell whether the create happened; with names that are known before, nobody
// needs to be told, and they are dropped.
func (c quietClient) Update(ctx context.Context, o client.Object, opts ...client.UpdateOption) error {
	if mg, ok := o.(resource.Managed); ok && !meta.GetExternalCreatePending(mg).IsZero() {
		meta.RemoveAnnotations(o, meta.AnnotationKeyExternalCreatePending, meta.AnnotationKeyExternalCreateSucceeded, meta.AnnotationKeyExternalCreateFailed)
		return nil
	}
	same, err := c.unchanged(ctx, o, func(cached, o client.Object) bool { return equality.Semantic.DeepEqual(cached, o) })
	if err != nil || same {
		return err
	}
	return c.Client.Update(ctx, o, opts...) //nolint:wrapcheck // The caller's own call.
}

func (c quietClient) Status() client.SubResourceWriter {
	return quietStatus{SubResourceWriter: c.Client.Status(), client: c}
}

type quietStatus struct {
	client.SubResourceWriter

	client quietClient
}

// Update sends a status unless it is as the cache has it.
func (s quietStatus) Update(ctx context.Context, o client.Object, opts ...client.SubResourceUpdateOption) error {
	same, err := s.client.unchanged(ctx, o, sameStatus)
	if err != nil || same {
		return err
	}
	return s.SubResourceWriter.Update(ctx, o, opts...) //nolint:wrapcheck // The caller's own call.
}

// unchanged compares an object with the cache's, where both are of the same
// version; of different versions nothing is known.
func (c quietClient) unchanged(ctx context.Context, o client.Object, same func(cached, o client.Object) bool) (bool, error) {
	cached, ok := reflect.TypeAssert[client.Object](reflect.New(reflect.TypeOf(o).Elem()))
	if !ok {
		return false, nil
	}
	err := c.Get(ctx, client.ObjectKeyFromObject(o), cached)
	if resource.IgnoreNotFound(err) != nil {
		return false, errors.Wrap(err, "cannot compare with the cache")
	}
	if err != nil || cached.GetResourceVersion() != o.GetResourceVersion() {
		return false, nil //nolint:nilerr // What is not in the cache yet cannot be compared.
	}
	return same(cached, o), nil
}

// sameStatus compares statuses. Of a condition that says the same it takes back
// the time: a reconciler that sets one condition twice in a reconcile moves that
// and nothing else.
func sameStatus(cached, o client.Object) bool {
	old, ok := cached.(resource.Conditioned)
	if !ok {
		return equality.Semantic.DeepEqual(status(cached), status(o))
	}
	conditions, _ := reflect.TypeAssert[[]xpv2.Condition](reflect.ValueOf(o).Elem().FieldByName("Status").FieldByName("Conditions"))
	for i, c := range conditions {
		if was := old.GetCondition(c.Type); was.Equal(c) {
			conditions[i].LastTransitionTime = was.LastTransitionTime
		}
	}
	return equality.Semantic.DeepEqual(status(cached), status(o))
}

// status is the Status field that every kind of this provider has.
func status(o client.Object) any {
	return reflect.ValueOf(o).Elem().FieldByName("Status").Interface()
}
