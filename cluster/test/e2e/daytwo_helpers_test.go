// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/cluster/test/plane"
)

// Images whose names decide what becomes of them on simulated nodes.
const (
	imageV1    = "myavs/performer:v1"
	imageV2    = "myavs/performer:v2"
	imageV3    = "myavs/performer:v3"
	imageCrash = "myavs/crash:v2"
	imageSlow  = "myavs/slow:v2"
)

// upgrades has a Performer upgraded in a way. Deadline and drain are left out
// where they are empty.
func upgrades(t *testing.T, how v1alpha1.UpgradeStrategy, deadline, drain string) func(*v1alpha1.Performer) {
	t.Helper()
	u := &v1alpha1.UpgradePolicy{Strategy: how}
	for text, field := range map[string]**metav1.Duration{deadline: &u.Deadline, drain: &u.Drain} {
		if text == "" {
			continue
		}
		d, err := time.ParseDuration(text)
		if err != nil {
			t.Fatal(err)
		}
		*field = &metav1.Duration{Duration: d}
	}
	return func(p *v1alpha1.Performer) { p.Spec.Upgrade = u.DeepCopy() }
}

// containerOf is the status of a Pod's only container, or of none.
func containerOf(pod *corev1.Pod) corev1.ContainerStatus {
	if pod == nil || len(pod.Status.ContainerStatuses) != 1 {
		return corev1.ContainerStatus{}
	}
	return pod.Status.ContainerStatuses[0]
}

// untouched is what of a Pod stays where neither it nor its container is touched.
func untouched(pod *corev1.Pod) map[string]string {
	if pod == nil {
		return nil
	}
	c := containerOf(pod)
	return map[string]string{
		"uid": string(pod.UID), "node": pod.Spec.NodeName, "ending": fmt.Sprint(pod.DeletionTimestamp != nil),
		"image": c.Image, "container": c.ContainerID, "restarts": fmt.Sprint(c.RestartCount), "ready": fmt.Sprint(c.Ready),
	}
}

// runsImage says whether a Performer is Running and ready, and its live Pod runs
// an image.
func runsImage(t *testing.T, q *v1alpha1.Performer, image string) bool {
	t.Helper()
	c := containerOf(hub.LivePodOf(t, q))
	return running(q) && c.Ready && c.Image == image
}

// eventsOf a Performer or an executor.
func eventsOf(ctx context.Context, o client.Object) ([]corev1.Event, error) {
	l := &corev1.EventList{}
	err := hub.List(ctx, l, client.InNamespace(o.GetNamespace()))
	var of []corev1.Event
	for _, e := range l.Items {
		if e.InvolvedObject.Name == o.GetName() {
			of = append(of, e)
		}
	}
	return of, err
}

// findEvent awaits an event with a reason, or with any where that is empty, whose
// message matches a pattern in whatever case.
func findEvent(t *testing.T, o client.Object, reason, pattern string) corev1.Event {
	t.Helper()
	matches := regexp.MustCompile("(?is)" + pattern).MatchString
	found := corev1.Event{}
	eventually(t, fmt.Sprintf("an event %s of %s matches %s", reason, o.GetName(), pattern), func(ctx context.Context) (bool, string) {
		events, err := eventsOf(ctx, o)
		if err != nil {
			return false, err.Error()
		}
		said := strings.Builder{}
		for _, e := range events {
			if (reason == "" || e.Reason == reason) && matches(e.Message) {
				found = e
				return true, ""
			}
			said.WriteString(e.Reason + ": " + e.Message + "\n")
		}
		return false, said.String()
	})
	return found
}

// awaitReconciled has the provider reconcile a Performer all the way, which shows
// in that it makes the Service anew.
func awaitReconciled(t *testing.T, p *v1alpha1.Performer) {
	t.Helper()
	lost := serviceOf(t, p)
	if err := hub.Delete(t.Context(), lost); err != nil {
		t.Fatalf("cannot delete the Service: %v", err)
	}
	eventually(t, "there is a new Service", func(context.Context) (bool, string) {
		svc := serviceOf(t, p)
		return svc != nil && svc.UID != lost.UID, "there is none"
	})
}

// recordPods of a test's namespace.
func recordPods(t *testing.T, ns string) *plane.Recording[*corev1.Pod] {
	t.Helper()
	return plane.Record[*corev1.Pod](t, hub.Hub, &corev1.PodList{}, ns)
}

// recordPerformers of a test's namespace.
func recordPerformers(t *testing.T, ns string) *plane.Recording[*v1alpha1.Performer] {
	t.Helper()
	return plane.Record[*v1alpha1.Performer](t, hub.Hub, &v1alpha1.PerformerList{}, ns)
}

// expectAlwaysReady fails where a Performer was not Ready once it had been.
func expectAlwaysReady(t *testing.T, r *plane.Recording[*v1alpha1.Performer], until *v1alpha1.Performer) {
	t.Helper()
	if lapses := plane.NotReady(t, r, until); len(lapses) > 0 {
		t.Errorf("the Performer must be Ready all the time, it was not %d times:\n%s", len(lapses), strings.Join(lapses, "\n"))
	}
}

// A meter is all metrics as they were when it was made.
type meter string

func newMeter(t *testing.T) meter {
	t.Helper()
	return meter(scrape(t))
}

// grown is by how much a metric is higher now: the sum of its series whose labels
// have all of some words, in whatever case.
func (m meter) grown(t *testing.T, name string, words ...string) float64 {
	t.Helper()
	return sumOf(t, scrape(t), name, words) - sumOf(t, string(m), name, words)
}

// await the growth of a metric by some number at least.
func (m meter) await(t *testing.T, least float64, name string, words ...string) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s %v has grown by %g", name, words, least), func(context.Context) (bool, string) {
		n := m.grown(t, name, words...)
		return n >= least, fmt.Sprint(n)
	})
}

// sumOf the series of a metric whose labels have all of some words.
func sumOf(t *testing.T, metrics, name string, words []string) float64 {
	t.Helper()
	total := 0.0
	for line := range strings.Lines(metrics) {
		line = strings.TrimSpace(line)
		end := strings.LastIndex(line, " ")
		rest, ok := strings.CutPrefix(line[:max(end, 0)], name)
		if !ok || rest != "" && rest[0] != '{' {
			continue
		}
		rest = strings.ToLower(rest)
		if !containsAll(rest, strings.Split(strings.ToLower(strings.Join(words, "\n")), "\n")) {
			continue
		}
		v, err := strconv.ParseFloat(line[end+1:], 64)
		if err != nil {
			t.Fatalf("cannot read the metric %q: %v", line, err)
		}
		total += v
	}
	return total
}
