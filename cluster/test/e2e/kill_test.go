// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// mostWrites is more than any operation needs; it only stops a test that would
// go on for ever.
const mostWrites = 40

// An operation is what a provider is killed in the midst of.
type operation[T client.Object] struct {
	name string
	// prepare makes, under a name of its own, what the operation is done to.
	prepare func(t *testing.T, name string) T
	do      func(*testing.T, T)
	done    func(context.Context, T) bool
	// expect looks at what the provider that finished the work left.
	expect func(*testing.T, T)
	// least is how many writes the operation has at the very least.
	least int
}

// killBetweenWrites ends the provider right after each write of an operation:
// when the API server has carried the write out, and before the provider knows.
// A new provider must finish the work.
func killBetweenWrites[T client.Object](t *testing.T, op operation[T]) {
	t.Helper()
	n := 1
	for ; n <= mostWrites; n++ {
		o := op.prepare(t, fmt.Sprintf("%s-%d", op.name, n))
		k := killAfter(n)
		op.do(t, o)
		eventually(t, op.name+" is done or the provider dead", func(ctx context.Context) (bool, string) {
			return k.killed() || op.done(ctx, o), "neither"
		})
		if !k.disarm() {
			break // The operation has fewer writes than n.
		}
		if err := hub.startProvider(t.Context()); err != nil {
			t.Fatalf("cannot start the provider again: %v", err)
		}
		eventually(t, op.name+" is done by the new provider", func(ctx context.Context) (bool, string) {
			return op.done(ctx, o), "it is not"
		})
		op.expect(t, o)
	}
	t.Logf("%s: the provider was killed after each of %d writes", op.name, n-1)
	if n <= op.least || n > mostWrites {
		t.Errorf("killed the provider %d times: expected as many times as %s writes", n-1, op.name)
	}
}

// TestKilledBetweenWrites kills the provider in the midst of a create, an
// upgrade, a replacement and a delete of Performers. In the end there must be no
// Pod or Service too many or too few.
func TestKilledBetweenWrites(t *testing.T) {
	ns := namespace(t)
	fresh := func(t *testing.T, name string) *v1alpha1.Performer {
		t.Helper()
		return newPerformer(ns, name)
	}
	existing := func(t *testing.T, name string) *v1alpha1.Performer {
		t.Helper()
		p := newPerformer(ns, name)
		create(t, p)
		return awaitRunning(t, p)
	}
	leaves := func(n int) func(*testing.T, *v1alpha1.Performer) {
		return func(t *testing.T, p *v1alpha1.Performer) {
			t.Helper()
			expectObjects(t, p, n)
		}
	}
	operations := []operation[*v1alpha1.Performer]{
		{
			name: "create", prepare: fresh, expect: leaves(1), least: 2,
			do: func(t *testing.T, p *v1alpha1.Performer) { t.Helper(); create(t, p) },
			done: func(ctx context.Context, p *v1alpha1.Performer) bool {
				return runs(ctx, p, func(*corev1.Pod) bool { return true })
			},
		},
		{
			name: "upgrade", prepare: existing, expect: leaves(1), least: 2,
			do: func(t *testing.T, p *v1alpha1.Performer) {
				t.Helper()
				change(t, p, func(p *v1alpha1.Performer) { p.Spec.Image = "myavs/performer:v2" })
			},
			done: func(ctx context.Context, p *v1alpha1.Performer) bool {
				return runs(ctx, p, func(pod *corev1.Pod) bool { return pod.Status.ContainerStatuses[0].Image == "myavs/performer:v2" })
			},
		},
		{
			name: "replace", prepare: existing, expect: leaves(1), least: 2,
			do: func(t *testing.T, p *v1alpha1.Performer) {
				t.Helper()
				change(t, p, func(p *v1alpha1.Performer) { p.Spec.Config.Args = []string{"--x"} })
			},
			done: func(ctx context.Context, p *v1alpha1.Performer) bool {
				return runs(ctx, p, func(pod *corev1.Pod) bool { return len(pod.Spec.Containers[0].Args) == 1 })
			},
		},
		{
			name: "delete", prepare: existing, expect: leaves(0), least: 2, do: deleteIt[*v1alpha1.Performer],
			done: func(ctx context.Context, p *v1alpha1.Performer) bool {
				return kerrors.IsNotFound(hub.Get(ctx, client.ObjectKeyFromObject(p), &v1alpha1.Performer{}))
			},
		},
	}
	for _, op := range operations {
		t.Run(op.name, func(t *testing.T) { killBetweenWrites(t, op) })
	}
}

// deleteIt deletes an object or fails.
func deleteIt[T client.Object](t *testing.T, o T) {
	t.Helper()
	if err := hub.Delete(t.Context(), o); err != nil {
		t.Fatalf("cannot delete %T %s: %v", o, o.GetName(), err)
	}
}

// A killer ends the provider after its n-th write.
type killer struct {
	mu    sync.Mutex
	armed bool
	dead  bool
}

func killAfter(n int) *killer {
	k := &killer{armed: true}
	hub.proxy.Reset(func(writes int) {
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.armed && writes == n {
			_ = syscall.Kill(hub.Provider.PID, syscall.SIGKILL) // It can only be gone already.
			k.dead = true
		}
	})
	return k
}

func (k *killer) killed() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.dead
}

// disarm the killer and say whether it has killed.
func (k *killer) disarm() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.armed = false
	return k.dead
}

// runs says whether a Performer is Running and ready with a Pod of which a
// condition holds.
func runs(ctx context.Context, p *v1alpha1.Performer, holds func(*corev1.Pod) bool) bool {
	got, pod := &v1alpha1.Performer{}, &corev1.Pod{}
	if hub.Get(ctx, client.ObjectKeyFromObject(p), got) != nil || !running(got) {
		return false
	}
	err := hub.Get(ctx, client.ObjectKey{Namespace: p.Namespace, Name: "performer-" + p.Name}, pod)
	return err == nil && len(pod.Status.ContainerStatuses) == 1 && holds(pod)
}

// expectObjects counts the Pods and Services that belong to a Performer, by
// label and by name.
func expectObjects(t *testing.T, p *v1alpha1.Performer, want int) {
	t.Helper()
	count := map[string]int{}
	for kind, l := range map[string]client.ObjectList{"Pod": &corev1.PodList{}, "Service": &corev1.ServiceList{}} {
		if err := hub.List(context.WithoutCancel(t.Context()), l, client.InNamespace(p.Namespace), client.MatchingLabels{"hourglass.eigenlayer.io/performer": p.Name}); err != nil {
			t.Fatalf("cannot list the Performer's objects: %v", err)
		}
		switch l := l.(type) {
		case *corev1.PodList:
			count[kind] = len(l.Items)
		case *corev1.ServiceList:
			count[kind] = len(l.Items)
		}
	}
	if diff := cmp.Diff(map[string]int{"Pod": want, "Service": want}, count); diff != "" {
		t.Errorf("objects of %s after the restart: -want, +got:\n%s", p.Name, diff)
	}
}
