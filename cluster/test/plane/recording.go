// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// A Sight is an object as it was seen once.
type Sight[T client.Object] struct {
	// At is when it was seen.
	At time.Time
	// Type of the event.
	Type watch.EventType
	// Object that was seen. Nobody changes it.
	Object T
}

// A Recording holds all that a watch has seen of some objects, in order.
type Recording[T client.Object] struct {
	mu     sync.Mutex
	sights []Sight[T]
}

// Record what becomes of the objects of a list's kind in a namespace until the
// test ends. Those that are there already come first.
func Record[T client.Object](t *testing.T, h *Hub, l client.ObjectList, ns string) *Recording[T] {
	t.Helper()
	w := h.Watch(t, l, ns)
	r := &Recording[T]{}
	go r.record(w)
	return r
}

func (r *Recording[T]) record(w watch.Interface) {
	for e := range w.ResultChan() {
		o, ok := e.Object.(T)
		if !ok {
			continue
		}
		r.mu.Lock()
		r.sights = append(r.sights, Sight[T]{At: time.Now(), Type: e.Type, Object: o})
		r.mu.Unlock()
	}
}

// Sights are all so far.
func (r *Recording[T]) Sights() []Sight[T] {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clip(r.sights)
}

// Find the first sight of which a condition holds.
func (r *Recording[T]) Find(holds func(Sight[T]) bool) (Sight[T], bool) {
	for _, s := range r.Sights() {
		if holds(s) {
			return s, true
		}
	}
	return Sight[T]{}, false
}

// Await the first sight of which a condition holds.
func (r *Recording[T]) Await(t *testing.T, what string, holds func(Sight[T]) bool) Sight[T] {
	t.Helper()
	var found Sight[T]
	Eventually(t, "it was seen that "+what, func(context.Context) (bool, string) {
		var ok bool
		found, ok = r.Find(holds)
		return ok, fmt.Sprintf("%d sights, and in none of them", len(r.Sights()))
	})
	return found
}

// AwaitVersion waits until what was read of an object was recorded too.
func (r *Recording[T]) AwaitVersion(t *testing.T, o client.Object) {
	t.Helper()
	r.Await(t, o.GetName()+" has version "+o.GetResourceVersion(), func(s Sight[T]) bool {
		return s.Object.GetUID() == o.GetUID() && s.Object.GetResourceVersion() == o.GetResourceVersion()
	})
}

// NotReady lists in words when a Performer was not Ready after it had been Ready
// first, until it was as given.
func NotReady(t *testing.T, r *Recording[*v1alpha1.Performer], until *v1alpha1.Performer) []string {
	t.Helper()
	r.AwaitVersion(t, until)
	var lapses []string
	was := false
	for _, s := range r.Sights() {
		if s.Object.UID != until.UID {
			continue
		}
		is := s.Object.Status.Ready && s.Object.GetCondition(xpv2.TypeReady).Status == "True"
		if was && !is {
			lapses = append(lapses, Describe(s.Object))
		}
		was = was || is
		if s.Object.ResourceVersion == until.ResourceVersion {
			break
		}
	}
	return lapses
}
