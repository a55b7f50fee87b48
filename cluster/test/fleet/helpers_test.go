// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/cluster/test/plane"
)

// within bounds everything that a test waits for. It is no measure of speed.
const within = 3 * time.Minute

// eventually waits until a condition holds. It fails with what is said last.
func eventually(t *testing.T, what string, holds func(context.Context) (bool, string)) {
	t.Helper()
	eventuallyWithin(t, within, what, holds)
}

// eventuallyWithin is eventually for what takes its time.
func eventuallyWithin(t *testing.T, limit time.Duration, what string, holds func(context.Context) (bool, string)) {
	t.Helper()
	last := ""
	err := wait.PollUntilContextTimeout(context.WithoutCancel(t.Context()), 50*time.Millisecond, limit, true, func(ctx context.Context) (bool, error) {
		ok, said := holds(ctx)
		if ctx.Err() == nil { // When time is up, all that is said is that time is up.
			last = said
		}
		return ok, nil
	})
	if err != nil {
		t.Fatalf("waited %s in vain until %s; last: %s", limit, what, last)
	}
}

// gone waits until an object is not there any more.
func gone(t *testing.T, h *plane.Hub, o client.Object) {
	t.Helper()
	eventually(t, fmt.Sprintf("%T %s is gone", o, o.GetName()), func(ctx context.Context) (bool, string) {
		err := h.Get(ctx, client.ObjectKeyFromObject(o), o)
		return kerrors.IsNotFound(err), fmt.Sprintf("%v, it has finalizers %v", err, o.GetFinalizers())
	})
}

// newPerformer is a Performer in a target that any node can run.
func newPerformer(ns, name, in string) *v1alpha1.Performer {
	return plane.NewPerformer(ns, name, func(p *v1alpha1.Performer) {
		p.Spec.ProviderConfigReference = &xpv2.ProviderConfigReference{Kind: v1alpha1.ClusterProviderConfigKind, Name: in}
	})
}

// podsIn are the Pods of a namespace, with what must not change where they are left alone.
func podsIn(t *testing.T, h *plane.Hub, ns string) map[string]string {
	t.Helper()
	l := &corev1.PodList{}
	if err := h.List(t.Context(), l, client.InNamespace(ns)); err != nil {
		t.Fatalf("cannot list Pods: %v", err)
	}
	pods := map[string]string{}
	for _, p := range l.Items {
		restarts := int32(0)
		for _, s := range p.Status.ContainerStatuses {
			restarts += s.RestartCount
		}
		pods[p.Name] = fmt.Sprintf("%s on %s, %d restarts", p.UID, p.Spec.NodeName, restarts)
	}
	return pods
}

// awaitReachable waits until objects say whether their target can be reached, and returns since when all do.
func awaitReachable(t *testing.T, status corev1.ConditionStatus, reason xpv2.ConditionReason, objects ...client.Object) (since time.Time) {
	t.Helper()
	for _, o := range objects {
		eventually(t, fmt.Sprintf("%T %s says that its target is %s", o, o.GetName(), reason), func(ctx context.Context) (bool, string) {
			if err := hub.Get(ctx, client.ObjectKeyFromObject(o), o); err != nil {
				return false, err.Error()
			}
			c := conditionOf(o)
			return c.Status == status && c.Reason == reason, fmt.Sprintf("%s %s %s", c.Status, c.Reason, c.Message)
		})
		c := conditionOf(o)
		if status == corev1.ConditionFalse && c.Message == "" {
			t.Errorf("%T %s must say in words why its target cannot be reached", o, o.GetName())
		}
		if c.LastTransitionTime.After(since) {
			since = c.LastTransitionTime.Time
		}
	}
	return since
}

// conditionOf an object that says whether its target can be reached.
func conditionOf(o client.Object) xpv2.Condition {
	switch o := o.(type) {
	case *v1alpha1.Performer:
		return o.GetCondition(v1alpha1.TypeTargetReachable)
	case *v1alpha1.HardwarePool:
		return o.Status.GetCondition(v1alpha1.TypeTargetReachable)
	case *v1alpha1.ClusterProviderConfig:
		return o.Status.GetCondition(v1alpha1.TypeTargetReachable)
	default:
		return xpv2.Condition{Message: fmt.Sprintf("%T has no conditions", o)}
	}
}

// A watcher sees how objects of one kind change.
type watcher[T client.Object] struct{ watch.Interface }

// follow the objects of a list's kind. Those that are there already come first.
func follow[T client.Object](t *testing.T, h *plane.Hub, l client.ObjectList, options ...client.ListOption) watcher[T] {
	t.Helper()
	c, err := client.NewWithWatch(h.Config, client.Options{Scheme: h.Scheme()})
	if err != nil {
		t.Fatalf("cannot make a watching client: %v", err)
	}
	w, err := c.Watch(t.Context(), l, options...)
	if err != nil {
		t.Fatalf("cannot watch: %v", err)
	}
	t.Cleanup(w.Stop)
	return watcher[T]{w}
}

// await the event for which a condition holds, and return when it was seen.
func (w watcher[T]) await(t *testing.T, what string, holds func(watch.EventType, T) bool) time.Time {
	t.Helper()
	var last T
	timeout := time.After(within)
	for {
		select {
		case <-timeout:
			t.Fatalf("waited %s in vain until %s; last: %+v", within, what, last)
		case e, ok := <-w.ResultChan():
			if !ok {
				t.Fatalf("the watch ended before %s", what)
			}
			if o, ok := e.Object.(T); ok {
				if last = o; holds(e.Type, o) {
					return time.Now()
				}
			}
		}
	}
}

// timesToReady makes Performers in a target one after the other, each gone before the next, as long as there is to be one
// more, and returns how long each took to be Running and ready.
func timesToReady(t *testing.T, ns, in string, more func(n int) bool) []time.Duration {
	t.Helper()
	w := follow[*v1alpha1.Performer](t, hub, &v1alpha1.PerformerList{}, client.InNamespace(ns))
	defer w.Stop()
	var times []time.Duration
	for n := 0; more(n); n++ {
		p := newPerformer(ns, fmt.Sprintf("short-lived-%d", n), in)
		start := time.Now()
		hub.Make(t, p)
		ready := w.await(t, p.Name+" is ready", func(_ watch.EventType, o *v1alpha1.Performer) bool { return o.Name == p.Name && plane.Running(o) })
		times = append(times, ready.Sub(start))
		if err := hub.Delete(t.Context(), p); err != nil {
			t.Fatalf("cannot delete Performer %s: %v", p.Name, err)
		}
		w.await(t, p.Name+" is gone", func(e watch.EventType, o *v1alpha1.Performer) bool { return o.Name == p.Name && e == watch.Deleted })
	}
	return times
}

// percentile of times, of which there must be some.
func percentile(times []time.Duration, percent int) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[min(len(sorted)-1, len(sorted)*percent/100)].Round(time.Millisecond)
}
