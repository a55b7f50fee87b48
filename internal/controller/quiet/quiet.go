// SPDX-License-Identifier: Apache-2.0

// Package quiet keeps reconcilers that write at the end of every reconcile from
// writing what has not changed. A write that changes nothing costs the API
// server as much as one that does.
package quiet

import (
	"context"
	"reflect"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"
)

// Manager is m, but for its client: that drops updates that change nothing, and
// statuses that say little and come early.
func Manager(m manager.Manager) manager.Manager {
	return quietManager{Manager: m, client: quietClient{Client: m.GetClient(), written: &sync.Map{}, held: &sync.Map{}, now: time.Now}}
}

type quietManager struct {
	manager.Manager

	client client.Client
}

func (m quietManager) GetClient() client.Client { return m.client }

// A quietClient knows the version that its own last write made of each object:
// of what a cache holds that is behind that, nothing is known.
type quietClient struct {
	client.Client

	written *sync.Map // of object to string
	// held has the objects of which a status after a create was held back.
	held *sync.Map // of object to types.UID
	now  func() time.Time
}

// An object is the kind and the key of one, in the map of those written.
type object struct {
	kind reflect.Type
	key  client.ObjectKey
}

func identify(o client.Object) object {
	return object{kind: reflect.TypeOf(o), key: client.ObjectKeyFromObject(o)}
}

// Get an object, and forget what was written of one that is gone.
func (c quietClient) Get(ctx context.Context, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	err := c.Client.Get(ctx, key, o, opts...)
	if kerrors.IsNotFound(err) {
		c.written.Delete(object{kind: reflect.TypeOf(o), key: key})
		c.held.Delete(object{kind: reflect.TypeOf(o), key: key})
	}
	return err //nolint:wrapcheck // The caller's own call.
}

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
	return c.wrote(o, c.Client.Update(ctx, o, opts...))
}

// wrote notes the version of an object that was sent, if it arrived.
func (c quietClient) wrote(o client.Object, err error) error {
	if err == nil {
		c.written.Store(identify(o), o.GetResourceVersion())
	}
	return err
}

func (c quietClient) Status() client.SubResourceWriter {
	return quietStatus{SubResourceWriter: c.Client.Status(), client: c}
}

type quietStatus struct {
	client.SubResourceWriter

	client quietClient
}

// Update sends a status unless it is as the cache has it, or comes early.
func (s quietStatus) Update(ctx context.Context, o client.Object, opts ...client.SubResourceUpdateOption) error {
	putSyncedFirst(conditions(o))
	same, err := s.client.unchanged(ctx, o, func(cached, o client.Object) bool {
		return s.client.early(cached, o) || sameStatus(cached, o)
	})
	if err != nil || same {
		return err
	}
	return s.client.wrote(o, s.SubResourceWriter.Update(ctx, o, opts...))
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
	if err != nil || cached.GetResourceVersion() != o.GetResourceVersion() || c.behind(cached) {
		return false, nil //nolint:nilerr // What is not in the cache yet cannot be compared.
	}
	return same(cached, o), nil
}

// behind says whether the cache has yet to see this client's own last write of
// an object. To compare with such a cache would drop the write that takes that
// one back.
func (c quietClient) behind(cached client.Object) bool {
	v, ok := c.written.Load(identify(cached))
	written, isString := v.(string)
	if !ok || !isString {
		return false
	}
	order, err := resourceversion.CompareResourceVersion(cached.GetResourceVersion(), written)
	return err != nil || order < 0
}

// sameStatus compares statuses. Of a condition that says the same it takes back
// the time: a reconciler that sets one condition twice in a reconcile moves that
// and nothing else.
func sameStatus(cached, o client.Object) bool {
	old, ok := cached.(resource.Conditioned)
	if !ok {
		return equality.Semantic.DeepEqual(status(cached), status(o))
	}
	next := conditions(o)
	for i, c := range next {
		if was := old.GetCondition(c.Type); was.Equal(c) {
			next[i].LastTransitionTime = was.LastTransitionTime
		}
	}
	return equality.Semantic.DeepEqual(status(cached), status(o))
}

// conditions of a managed resource's status, to be changed in their places.
func conditions(o client.Object) []xpv2.Condition {
	if _, ok := o.(resource.Conditioned); !ok {
		return nil
	}
	c, _ := reflect.TypeAssert[[]xpv2.Condition](reflect.ValueOf(o).Elem().FieldByName("Status").FieldByName("Conditions"))
	return c
}

// putSyncedFirst where the managed reconciler has just appended it: it has no
// message, and some read that of the last condition as what the status says. Later
// it would be found there, which would cost one more write.
func putSyncedFirst(c []xpv2.Condition) {
	slices.SortStableFunc(c, func(a, b xpv2.Condition) int {
		switch {
		case a.Type == xpv2.TypeSynced && b.Type != xpv2.TypeSynced:
			return -1
		case b.Type == xpv2.TypeSynced && a.Type != xpv2.TypeSynced:
			return 1
		}
		return 0
	})
}

// status is the Status field that every kind of this provider has.
func status(o client.Object) any {
	return reflect.ValueOf(o).Elem().FieldByName("Status").Interface()
}
