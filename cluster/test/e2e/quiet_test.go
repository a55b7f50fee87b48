// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/cluster/test/proxy"
)

// Idling is measured with this many Performers and HourglassExecutors for this
// long.
const (
	idlePerformers = 200
	idleExecutors  = 10
	idleFor        = 5 * time.Minute
)

// TestIdleWritesNothing counts every request of the provider. Performers and
// HourglassExecutors that are as they should be cost no write: not when they are
// reconciled, and not when nothing happens.
func TestIdleWritesNothing(t *testing.T) {
	ns := namespace(t)
	for i := range idlePerformers {
		create(t, newPerformer(ns, fmt.Sprintf("p-%03d", i)))
	}
	for i := range idleExecutors {
		create(t, newExecutor(ns, fmt.Sprintf("x-%03d", i)))
	}
	performers, executors := &v1alpha1.PerformerList{}, &v1alpha1.HourglassExecutorList{}
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
	eventually(t, "all executors run", func(ctx context.Context) (bool, string) {
		if err := hub.List(ctx, executors, client.InNamespace(ns)); err != nil {
			return false, err.Error()
		}
		n := 0
		for i := range executors.Items {
			if executorRuns(&executors.Items[i]) {
				n++
			}
		}
		return n == idleExecutors, fmt.Sprintf("%d of %d", n, idleExecutors)
	})
	settle(t)

	t.Run("Reconcile", func(t *testing.T) {
		hub.proxy.Reset(nil)
		reconciles, ofExecutors := reconcileCount(t), executorReconcileCount(t)
		for i := range performers.Items {
			p := &performers.Items[i]
			change(t, p, func(p *v1alpha1.Performer) { p.Labels = map[string]string{"touched": "yes"} })
		}
		for i := range executors.Items {
			e := &executors.Items[i]
			change(t, e, func(e *v1alpha1.HourglassExecutor) { e.Labels = map[string]string{"touched": "yes"} })
		}
		eventually(t, "everything touched was reconciled", func(context.Context) (bool, string) {
			n, ne := reconcileCount(t)-reconciles, executorReconcileCount(t)-ofExecutors
			return n >= idlePerformers && ne >= idleExecutors, fmt.Sprintf("%d reconciles of Performers, %d of executors", n, ne)
		})
		if diff := cmp.Diff([]proxy.Request(nil), hub.proxy.Requests()); diff != "" {
			t.Errorf("the reconcile of what is as it should be must make no request at all: -want, +got:\n%s", diff)
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
			t.Errorf("%d idle Performers and %d idle executors must cause no write in %s: -want, +got:\n%s", idlePerformers, idleExecutors, idleFor, diff)
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

// executorReconcileCount is how many HourglassExecutors the provider has
// reconciled since it started.
func executorReconcileCount(t *testing.T) int {
	t.Helper()
	total := 0
	for line := range strings.Lines(scrape(t)) {
		if !strings.HasPrefix(line, "controller_runtime_reconcile_total{") || !strings.Contains(line, "hourglassexecutor.") {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(line[strings.LastIndex(line, " ")+1:]), 64)
		if err != nil {
			t.Fatalf("cannot read the metric %q: %v", line, err)
		}
		total += int(n)
	}
	return total
}

// versions are the resource versions of a namespace's Performers, executors and
// of all that both own: any write would change one.
func versions(t *testing.T, ns string) map[types.UID]string {
	t.Helper()
	v := map[types.UID]string{}
	for _, l := range []client.ObjectList{
		&v1alpha1.PerformerList{}, &v1alpha1.HourglassExecutorList{}, &corev1.PodList{}, &corev1.ServiceList{}, &appsv1.DeploymentList{},
		&corev1.ConfigMapList{}, &corev1.SecretList{}, &corev1.ServiceAccountList{}, &rbacv1.RoleList{}, &rbacv1.RoleBindingList{},
	} {
		if err := hub.List(t.Context(), l, client.InNamespace(ns)); err != nil {
			t.Fatalf("cannot list what is in the namespace: %v", err)
		}
		err := meta.EachListItem(l, func(item runtime.Object) error {
			o, err := meta.Accessor(item)
			if err != nil {
				return err
			}
			v[o.GetUID()] = o.GetResourceVersion()
			return nil
		})
		if err != nil {
			t.Fatalf("cannot read what is in the namespace: %v", err)
		}
	}
	return v
}
