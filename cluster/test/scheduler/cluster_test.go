// SPDX-License-Identifier: Apache-2.0

package scheduler

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// each calls f for all items, several at a time, and fails for every error.
func each[T any](t *testing.T, items []T, f func(context.Context, T) error) {
	t.Helper()
	var wait sync.WaitGroup
	queue := make(chan T)
	for range 8 {
		wait.Go(func() {
			for item := range queue {
				if err := f(t.Context(), item); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for _, item := range items {
		queue <- item
	}
	close(queue)
	wait.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

// createNode makes a node that has just the taints it should. The API server adds
// one for nodes that are not ready yet, which this one is.
func createNode(ctx context.Context, node *corev1.Node) error {
	taints := node.Spec.Taints
	if err := server.Create(ctx, node.DeepCopy()); err != nil {
		return fmt.Errorf("cannot create node %s: %w", node.Name, err)
	}
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"taints": taints}})
	if err != nil {
		return err
	}
	if err := server.Patch(ctx, node.DeepCopy(), client.RawPatch(types.MergePatchType, patch)); err != nil {
		return fmt.Errorf("cannot set the taints of node %s: %w", node.Name, err)
	}
	return nil
}

// awaitScheduler returns when the scheduler has seen every node and Pod that was
// written before: it gets them in the order in which they were written, so a last
// node that it uses comes after all of them.
func awaitScheduler(t *testing.T) {
	t.Helper()
	node := shape{arch: "amd64", capacity: quantities("cpu", "1", "memory", "1Gi", "pods", "10")}.nodesOf("sentinel", 1, nil, nil)[0]
	if err := createNode(t.Context(), node); err != nil {
		t.Fatal(err)
	}
	no := false
	pod := &corev1.Pod{}
	pod.Name, pod.Namespace = "sentinel", namespace
	pod.Spec = corev1.PodSpec{
		NodeSelector: map[string]string{labelPair: "sentinel"}, AutomountServiceAccountToken: &no,
		Containers: []corev1.Container{{Name: "sentinel", Image: "example.com/sentinel:v1"}},
	}
	if err := server.Create(t.Context(), pod); err != nil {
		t.Fatal(err)
	}
	watchPods(t, func(p *corev1.Pod) bool { return p.Name == pod.Name && p.Spec.NodeName != "" })
}

// watchPods shows Pods as they are and as they change, until one ends it. An API
// server ends watches as it likes, so another one goes on.
func watchPods(t *testing.T, last func(*corev1.Pod) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	for ctx.Err() == nil {
		w, err := server.Watch(ctx, &corev1.PodList{}, client.InNamespace(namespace))
		if err != nil {
			t.Fatalf("cannot watch Pods: %v", err)
		}
		for event := range w.ResultChan() {
			if pod, ok := event.Object.(*corev1.Pod); ok && event.Type != watch.Deleted && last(pod) {
				w.Stop()
				return
			}
		}
	}
	t.Fatalf("waited %s in vain for the scheduler", within)
}

// A verdict is what the scheduler did with a Pod.
type verdict struct {
	// node that the Pod was bound to; empty if there is none for it.
	node string
	// why there is none.
	why string
}

// verdictOn returns what the scheduler did, or false while it has not decided.
func verdictOn(pod *corev1.Pod) (verdict, bool) {
	if pod.Spec.NodeName != "" {
		return verdict{node: pod.Spec.NodeName}, true
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Reason == corev1.PodReasonUnschedulable {
			return verdict{why: c.Message}, true
		}
	}
	return verdict{}, false
}

// verdicts awaits what becomes of each Pod, and asks again at the end: what was
// not bound must not be bound later.
func verdicts(t *testing.T, pods map[string]*corev1.Pod) map[string]verdict {
	t.Helper()
	names := map[string]string{}
	for name, pod := range pods {
		names[pod.Name] = name
	}
	found := map[string]verdict{}
	watchPods(t, func(pod *corev1.Pod) bool {
		if name, ok := names[pod.Name]; ok {
			if v, decided := verdictOn(pod); decided {
				found[name] = v
			}
		}
		return len(found) == len(pods)
	})
	all := &corev1.PodList{}
	if err := server.List(t.Context(), all, client.InNamespace(namespace)); err != nil {
		t.Fatal(err)
	}
	for i := range all.Items {
		name, ok := names[all.Items[i].Name]
		if v, decided := verdictOn(&all.Items[i]); ok && decided {
			found[name] = v
		}
	}
	for name, v := range found {
		if strings.Contains(v.why, corev1.TaintNodeNotReady) {
			t.Errorf("%s: the scheduler decided before its nodes were ready: %s", name, v.why)
		}
	}
	return found
}
