// SPDX-License-Identifier: Apache-2.0

package performer

import (
	"context"
	"sync/atomic"
	"time"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// later has Performers reconciled after a while in which nothing else may happen:
// when a Pod has drained, or an upgrade is overdue.
type later struct {
	queue atomic.Pointer[workqueue.TypedRateLimitingInterface[reconcile.Request]]
}

// source of these reconciles.
func (l *later) source() source.Source {
	return source.Func(func(_ context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
		l.queue.Store(&queue)
		return nil
	})
}

// again has a Performer reconciled after a while.
func (l *later) again(p *v1alpha1.Performer, after time.Duration) {
	if queue := l.queue.Load(); queue != nil {
		(*queue).AddAfter(reconcile.Request{NamespacedName: client.ObjectKeyFromObject(p)}, after)
	}
}
