// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/cluster/test/proxy"
)

// Idling is measured with this many Performers for this long.
const (
	idlePerformers = 200
	idleFor        = 5 * time.Minute
)

// TestIdleWritesNothing counts every request of the provider. Performers that
// are as they should be cost no write: not when they are reconciled, and not
// when nothing happens.
func TestIdleWritesNothing(t *testing.T) {
	ns := namespace(t)
	for i := range idlePerformers {
		create(t, newPerformer(ns, fmt.Sprintf("p-%03d", i)))
	}
	performers := &v1alpha1.PerformerList{}
	eventually(t, "all Performers run", func(ctx context.Context) (bool, string) {
		if err := hub.List(ctx, performers, client.InNamespace(ns)); err != nil {
			return false, err.Error()
		}
		n := 0
		for i := range performers.Items {
			if running(&performers.Items[i]) {
				n++
			}
		}
		return n == idlePerformers, fmt.Sprintf("%d of %d", n, idlePerformers)
	})
	settle(t)

	t.Run("Reconcile", func(t *testing.T) {
		hub.proxy.Reset(nil)
		reconciles := reconcileCount(t)
		for i := range performers.Items {
			p := &performers.Items[i]
			change(t, p, func(p *v1alpha1.Performer) { p.Labels = map[string]string{"touched": "yes"} })
		}
		eventually(t, "every touched Performer was reconciled", func(context.Context) (bool, string) {
			n := reconcileCount(t) - reconciles
			return n >= idlePerformers, fmt.Sprintf("%d reconciles", n)
		})
		if diff := cmp.Diff([]proxy.Request(nil), hub.proxy.Requests()); diff != "" {
			t.Errorf("the reconcile of a Performer that is as it should be must make no request at all: -want, +got:\n%s", diff)
		}
	})
	t.Run("Idle", func(t *testing.T) {
		before := versions(t, ns)
		hub.proxy.Reset(nil)
		// The length of this wait is what is measured: nothing is awaited.
		<-time.After(idleFor)
		var writes []proxy.Request
		for _, r := range hub.proxy.Requests() {
			if r.Verb != "watch" && r.Verb != "get" {
				writes = append(writes, r)
			}
		}
		if diff := cmp.Diff([]proxy.Request(nil), writes); diff != "" {
			t.Errorf("%d idle Performers must cause no write in %s: -want, +got:\n%s", idlePerformers, idleFor, diff)
		}
		if diff := cmp.Diff(before, versions(t, ns)); diff != "" {
			t.Errorf("nothing may have changed: -before, +after:\n%s", diff)
		}
	})
}

// settle waits until the provider has made no request for a second.
func settle(t *testing.T) {
	t.Helper()
	last := time.Now()
	hub.proxy.Reset(nil)
	eventually(t, "the provider is at rest", func(context.Context) (bool, string) {
		if n := len(hub.proxy.Requests()); n > 0 {
			hub.proxy.Reset(nil)
			last = time.Now()
		}
		return time.Since(last) > time.Second, "it goes on making requests"
	})
}

// versions are the resource versions of a namespace's Performers, Pods and
// Services: any write would change one.
func versions(t *testing.T, ns string) map[types.UID]string {
	t.Helper()
	v := map[types.UID]string{}
	performers, pods, services := &v1alpha1.PerformerList{}, &corev1.PodList{}, &corev1.ServiceList{}
	for _, l := range []client.ObjectList{performers, pods, services} {
		if err := hub.List(t.Context(), l, client.InNamespace(ns)); err != nil {
			t.Fatalf("cannot list what is in the namespace: %v", err)
		}
	}
	for _, o := range performers.Items {
		v[o.UID] = o.ResourceVersion
	}
	for _, o := range pods.Items {
		v[o.UID] = o.ResourceVersion
	}
	for _, o := range services.Items {
		v[o.UID] = o.ResourceVersion
	}
	return v
}
