// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"context"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// within bounds everything that a test waits for. It is no measure of speed.
const within = time.Minute

// AVS that Performers are for.
const AVS = "0x1234567890abcdef1234567890abcdef12345678"

// Namespace makes a namespace for one test and removes it, with what is in it,
// when the test ends.
func (h *Hub) Namespace(t *testing.T) string {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "e2e-"}}
	if err := h.Create(t.Context(), ns); err != nil {
		t.Fatalf("cannot create a namespace: %v", err)
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		if err := h.DeleteAllOf(ctx, &v1alpha1.Performer{}, client.InNamespace(ns.Name)); err != nil {
			t.Errorf("cannot delete the test's Performers: %v", err)
		}
		Eventually(t, "the test's Performers are gone", func(ctx context.Context) (bool, string) {
			l := &v1alpha1.PerformerList{}
			err := h.List(ctx, l, client.InNamespace(ns.Name))
			return err == nil && len(l.Items) == 0, "there are still some"
		})
		if err := h.DeleteAllOf(ctx, &v1alpha1.HourglassExecutor{}, client.InNamespace(ns.Name)); err != nil {
			t.Errorf("cannot delete the test's executors: %v", err)
		}
		Eventually(t, "the test's executors are gone", func(ctx context.Context) (bool, string) {
			l := &v1alpha1.HourglassExecutorList{}
			err := h.List(ctx, l, client.InNamespace(ns.Name))
			return err == nil && len(l.Items) == 0, "there are still some"
		})
		if err := h.Delete(ctx, ns); err != nil {
			t.Errorf("cannot delete the test's namespace: %v", err)
		}
	})
	return ns.Name
}

// Make an object or fail.
func (h *Hub) Make(t *testing.T, o client.Object) {
	t.Helper()
	if err := h.Create(t.Context(), o); err != nil {
		t.Fatalf("cannot create %T %s: %v", o, o.GetName(), err)
	}
}

// Change an object with a merge patch, as kubectl would.
func Change[T client.Object](t *testing.T, h *Hub, o T, f func(T)) {
	t.Helper()
	before, ok := o.DeepCopyObject().(T)
	if !ok {
		t.Fatalf("cannot copy %T", o)
	}
	f(o)
	if err := h.Patch(t.Context(), o, client.MergeFrom(before), client.FieldOwner("e2e-test")); err != nil {
		t.Fatalf("cannot change %T %s: %v", o, o.GetName(), err)
	}
}

// Eventually waits until a condition holds. It fails with what is said last.
func Eventually(t *testing.T, what string, holds func(context.Context) (bool, string)) {
	t.Helper()
	last := ""
	ctx := context.WithoutCancel(t.Context())
	err := wait.PollUntilContextTimeout(ctx, 20*time.Millisecond, within, true, func(ctx context.Context) (bool, error) {
		ok, said := holds(ctx)
		if ctx.Err() == nil { // When time is up, all that is said is that time is up.
			last = said
		}
		return ok, nil
	})
	if err != nil {
		t.Fatalf("waited %s in vain until %s; last: %s", within, what, last)
	}
}

// Watch the objects of a namespace until the test ends.
func (h *Hub) Watch(t *testing.T, l client.ObjectList, ns string) watch.Interface {
	t.Helper()
	c, err := client.NewWithWatch(h.Config, client.Options{Scheme: h.Scheme()})
	if err != nil {
		t.Fatalf("cannot make a watching client: %v", err)
	}
	w, err := c.Watch(t.Context(), l, client.InNamespace(ns))
	if err != nil {
		t.Fatalf("cannot watch: %v", err)
	}
	t.Cleanup(w.Stop)
	return w
}

// AwaitGone waits until an object does not exist any more.
func (h *Hub) AwaitGone(t *testing.T, o client.Object) {
	t.Helper()
	Eventually(t, o.GetName()+" is gone", func(ctx context.Context) (bool, string) {
		err := h.Get(ctx, client.ObjectKeyFromObject(o), o)
		return client.IgnoreNotFound(err) == nil && err != nil, "it is there"
	})
}
