// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// TestDrain ends a Pod that serves, by a delete and by a replacement: it leaves the
// Service first, and lives on for a while.
func TestDrain(t *testing.T) {
	ns := namespace(t)
	cases := map[string]struct {
		reason string
		do     func(*testing.T, *v1alpha1.Performer)
	}{
		"delete": {reason: "A delete.", do: deleteIt[*v1alpha1.Performer]},
		"replace": {reason: "A replacement.", do: func(t *testing.T, p *v1alpha1.Performer) {
			t.Helper()
			change(t, p, func(p *v1alpha1.Performer) { p.Spec.Config.Args = []string{"--x"} })
		}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPerformer(ns, name, upgrades("", time.Minute, 3*time.Second), func(p *v1alpha1.Performer) {
				p.Spec.Config.TerminationGracePeriodSeconds = new(int64(7))
			})
			create(t, p)
			p = awaitRunning(t, p)
			pod := podOf(t, p)
			awaitEndpoints(t, p, pod.Name)

			ended := watchEnd(t, pod)
			tc.do(t, p)
			draining := awaitDraining(t, pod)
			awaitEndpoints(t, p)
			last := ended()
			if last.Labels["hourglass.eigenlayer.io/role"] != "draining" || last.DeletionTimestamp == nil {
				t.Fatalf("%s The Pod must drain before it is ended: %+v", tc.reason, last.ObjectMeta)
			}
			since := drainingSince(t, draining)
			if lived := last.DeletionTimestamp.Add(-7 * time.Second).Sub(since.Truncate(time.Second)); lived < 3*time.Second {
				t.Errorf("%s The Pod must live on for 3s after it left the Service, it was %s", tc.reason, lived)
			}
			if diff := cmp.Diff(new(int64(7)), last.DeletionGracePeriodSeconds); diff != "" {
				t.Errorf("%s The Pod must get the time to end that it was given: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestDrainOutlivesTheProvider ends the provider while a Pod drains. The next one
// goes on where it was.
func TestDrainOutlivesTheProvider(t *testing.T) {
	p := newPerformer(namespace(t), "a", upgrades("", time.Minute, 4*time.Second))
	create(t, p)
	p = awaitRunning(t, p)
	pod := podOf(t, p)
	deleteIt(t, p)
	before := awaitDraining(t, pod)
	if err := syscall.Kill(hub.Provider.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := hub.startProvider(t.Context()); err != nil {
		t.Fatal(err)
	}
	ended := watchEnd(t, pod)
	last := ended()
	if diff := cmp.Diff(drainingSince(t, before), drainingSince(t, last)); diff != "" {
		t.Errorf("a drain that was begun must not begin anew: -before, +after:\n%s", diff)
	}
	awaitGone(t, p)
}

// TestDrainNotWithoutNeed deletes a Performer that never served.
func TestDrainNotWithoutNeed(t *testing.T) {
	t.Parallel()
	p := newPerformer(namespace(t), "a", upgrades("", time.Minute, time.Hour), func(p *v1alpha1.Performer) { p.Spec.Image = "myavs/missing:v1" })
	create(t, p)
	await(t, p, "has no image", func(p *v1alpha1.Performer) bool { return p.GetCondition("Available").Reason == "ImagePullFailed" })
	deleteIt(t, p)
	awaitGone(t, p)
}

// watchEnd begins to watch a Pod. What it returns waits until the Pod is being
// deleted, and returns it as it was then.
func watchEnd(t *testing.T, pod *corev1.Pod) func() *corev1.Pod {
	t.Helper()
	w := hub.Watch(t, &corev1.PodList{}, pod.Namespace)
	return func() *corev1.Pod {
		defer w.Stop()
		for {
			select {
			case e := <-w.ResultChan():
				if got, ok := e.Object.(*corev1.Pod); ok && got.UID == pod.UID && got.DeletionTimestamp != nil {
					return got
				}
			case <-time.After(time.Minute):
				t.Fatalf("waited a minute in vain until Pod %s is being deleted", pod.Name)
			}
		}
	}
}

// awaitDraining waits until a Pod drains, and returns it as it is then.
func awaitDraining(t *testing.T, pod *corev1.Pod) *corev1.Pod {
	t.Helper()
	got := &corev1.Pod{}
	eventually(t, "Pod "+pod.Name+" drains", func(ctx context.Context) (bool, string) {
		err := hub.Get(ctx, client.ObjectKeyFromObject(pod), got)
		return err == nil && got.UID == pod.UID && got.Annotations["hourglass.eigenlayer.io/draining-since"] != "", fmt.Sprintf("%v %+v", err, got.ObjectMeta)
	})
	if got.DeletionTimestamp != nil {
		t.Errorf("Pod %s was ended at once", got.Name)
	}
	return got
}

func drainingSince(t *testing.T, pod *corev1.Pod) time.Time {
	t.Helper()
	since, err := time.Parse(time.RFC3339, pod.Annotations["hourglass.eigenlayer.io/draining-since"])
	if err != nil {
		t.Fatal(err)
	}
	return since
}

// awaitEndpoints waits until a Performer's Service leads to these Pods and no other.
func awaitEndpoints(t *testing.T, p *v1alpha1.Performer, pods ...string) {
	t.Helper()
	eventually(t, fmt.Sprintf("the Service leads to %v", pods), func(ctx context.Context) (bool, string) {
		got := endpoints(ctx, p)
		return cmp.Equal(pods, got), fmt.Sprint(got)
	})
}
