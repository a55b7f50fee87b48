// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// TestLost has a cluster that is open cease to answer.
func TestLost(t *testing.T) {
	forbidden := kerrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "", errBoom)
	cases := map[string]struct {
		reason string
		answer error
		after  time.Duration
		lost   bool
	}{
		"Well":        {reason: "A watch may end for many reasons: a cluster that answers is well.", after: time.Minute},
		"Forbidden":   {reason: "A cluster that refuses a right answers.", answer: forbidden, after: time.Minute},
		"Restarting":  {reason: "A cluster that is away for a moment is worth no alarm.", answer: errBoom, after: grace - time.Second},
		"Unreachable": {reason: "One that is away for longer is lost.", answer: errBoom, after: grace + time.Second/2, lost: true},
		"Expired":     {reason: "So is one that does not know who asks.", answer: kerrors.NewUnauthorized("expired"), after: grace + time.Second/2, lost: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t)
				e := d.use(refA, "x")
				opened, _ := e.now()
				d.fail(tc.answer)
				opened.pulse.suspect()
				time.Sleep(tc.after)
				d.fail(nil)
				synctest.Wait()
				if got := len(d.stopped) > 0; got != tc.lost {
					t.Fatalf("\n%s\nlost: want %t, got %t", tc.reason, tc.lost, got)
				}
				if got := d.Trouble(refA) != nil; got != tc.lost {
					t.Errorf("\n%s\ntrouble: want %t, got %v", tc.reason, tc.lost, d.Trouble(refA))
				}
			})
		})
	}
}

// TestOwn has the control plane's own cluster cease to answer.
func TestOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, clusterConfig("a", injected()))
		cl, err := d.Open(t.Context(), refA)
		if err != nil {
			t.Fatal(err)
		}
		d.fail(errBoom)
		cl.pulse.suspect()
		time.Sleep(time.Minute)
		synctest.Wait()
		if trouble, told := d.Trouble(refA), d.toldOf(); trouble != nil || len(told) > 0 || len(d.stopped) > 0 {
			t.Errorf("while it does not answer nobody can be told, and its watches go on by themselves: trouble %v, told %v, stopped %v", trouble, told, d.stopped)
		}
	})
}

// TestBack has a cluster that was lost answer again.
func TestBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		watches := 0
		if err := d.Watch(func(cache.Cache) error { watches++; return nil }); err != nil {
			t.Fatal(err)
		}
		e := d.use(refA, "x")
		d.use(refB, "x")
		opened, _ := e.now()
		opened.pulse.heard.Store(time.Now().UnixNano())
		seen := time.Now().UTC().Format(time.RFC3339)
		d.fail(errBoom)
		opened.pulse.suspect()
		time.Sleep(time.Minute)
		synctest.Wait()

		want := "cannot reach the target cluster: boom; last seen at " + seen
		trouble := d.Trouble(refB)
		if trouble == nil {
			t.Fatal("the cluster must be lost")
		}
		if diff := cmp.Diff(want, trouble.Error()); diff != "" || trouble.Reason != v1alpha1.ReasonUnreachable {
			t.Errorf("how old what is known is, is said: reason %s, -want, +got:\n%s", trouble.Reason, diff)
		}
		if diff := cmp.Diff([]Ref{refA, refB}, d.toldOf()); diff != "" {
			t.Errorf("all that use it are told, once, however often it is tried: -want, +got:\n%s", diff)
		}

		d.fail(nil)
		time.Sleep(maxRetry)
		synctest.Wait()
		if again, _ := e.now(); again == nil || again == opened || d.Trouble(refA) != nil {
			t.Errorf("it is opened anew, without what was known of it: got %p, which was %p, trouble %v", again, opened, d.Trouble(refA))
		}
		if diff := cmp.Diff([]Ref{refA, refB}, d.toldOf()); diff != "" {
			t.Errorf("all are told that it is back: -want, +got:\n%s", diff)
		}
		if watches != 2 {
			t.Errorf("it is watched again: want 2 starts of the watch, got %d", watches)
		}
	})
}

// TestSlow has a cluster answer nothing in time, but go on sending what is watched.
func TestSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		e := d.use(refA, "x")
		opened, _ := e.now()
		d.fail(context.DeadlineExceeded)
		opened.pulse.heard.Store(time.Now().UnixNano())
		opened.pulse.suspect()
		for range 20 {
			time.Sleep(grace / 2)
			opened.pulse.heard.Store(time.Now().UnixNano())
		}
		if trouble := d.Trouble(refA); trouble != nil {
			t.Errorf("a cluster that is slow is not lost: %v", trouble)
		}
		opened.pulse.suspect()
		time.Sleep(3 * grace)
		synctest.Wait()
		if d.Trouble(refA) == nil {
			t.Error("one that sends nothing any more is")
		}
	})
}

// TestForbiddenWatch has a right be withdrawn from a cluster that is open.
func TestForbiddenWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		e := d.use(refA, "x")
		opened, _ := e.now()
		forbidden := kerrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "", errBoom)
		d.fail(forbidden)
		opened.pulse.watchFailed(t.Context(), nil, forbidden)
		time.Sleep(grace + time.Second/2)
		synctest.Wait()
		trouble := d.Trouble(refA)
		if trouble == nil {
			t.Fatal("what is cached of a cluster that may not be watched grows old: it is lost")
		}
		if trouble.Reason != v1alpha1.ReasonForbidden {
			t.Errorf("reason: want %s, got %s: %v", v1alpha1.ReasonForbidden, trouble.Reason, trouble)
		}
	})
}
