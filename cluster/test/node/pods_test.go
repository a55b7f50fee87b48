// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/cluster/crossplane"
	"github.com/crossplane-contrib/provider-hourglass/cluster/local"
	"github.com/crossplane-contrib/provider-hourglass/cluster/node"
	"github.com/crossplane-contrib/provider-hourglass/cluster/test/plane"
)

// TestPackagesRun has Crossplane install the packages, so that the provider and
// the function run from their images, as Pods with what they may do there, and
// runs a stack with them. It comes last, because it ends the other provider.
func TestPackagesRun(t *testing.T) {
	ns := namespace(t)
	if err := hub.Provider.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	binaries, err := local.InstallCrossplane(t.Context(), say)
	if err != nil {
		t.Fatal(err)
	}
	p := crossplane.Plane{Cluster: hub.Cluster, Binaries: binaries, RealRegistry: node.Registry, Progress: say}
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.InstallPackages(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, node.Logs())
	}
	want := []string{"function-hourglass: true on " + node.Name, "provider-hourglass: true on " + node.Name}
	if diff := cmp.Diff(want, packagePods(t)); diff != "" {
		t.Errorf("the Pods of the packages, and whether they are ready: -want, +got:\n%s", diff)
	}

	hub.Make(t, newPool())
	stack := newStack(ns, image(t, "v1", "RELEASE=v1"))
	plane.Eventually(t, "there can be stacks", func(ctx context.Context) (bool, string) {
		err := hub.Create(ctx, stack)
		return err == nil, fmt.Sprint(err)
	})
	performer := hub.AwaitRunning(t, &v1alpha1.Performer{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "a-model"}})
	awaitServing(t, performer)
	plane.Eventually(t, "the stack is Ready", func(ctx context.Context) (bool, string) {
		out, err := hub.Cluster.Kubectl(ctx, "wait", "--for=condition=Ready", "--timeout=1s", "--namespace", ns, "hourglassstack/a")
		return err == nil, out + fmt.Sprint(err)
	})

	if err := hub.Delete(t.Context(), stack, client.PropagationPolicy(metav1.DeletePropagationForeground)); err != nil {
		t.Fatal(err)
	}
	hub.AwaitGone(t, performer)
	hub.AwaitGone(t, &corev1.Pod{ObjectMeta: plane.ObjectMeta(performer)})
}

// packagePods tells of the Pods that packages run in, by package.
func packagePods(t *testing.T) []string {
	t.Helper()
	l := &corev1.PodList{}
	if err := hub.List(t.Context(), l, client.InNamespace(crossplane.Namespace)); err != nil {
		t.Fatal(err)
	}
	var pods []string
	for _, pod := range l.Items {
		ready := len(pod.Status.ContainerStatuses) == 1 && pod.Status.ContainerStatuses[0].Ready
		name := pod.Labels["pkg.crossplane.io/provider"] + pod.Labels["pkg.crossplane.io/function"]
		pods = append(pods, fmt.Sprintf("%s: %t on %s", name, ready, pod.Spec.NodeName))
	}
	slices.Sort(pods)
	return pods
}

// newPool is the node as a pool.
func newPool() *v1alpha1.HardwarePool {
	return &v1alpha1.HardwarePool{
		ObjectMeta: metav1.ObjectMeta{Name: "real"},
		Spec: v1alpha1.HardwarePoolSpec{
			NodeSelector: map[string]string{corev1.LabelHostname: node.Name},
			PoolNodes: v1alpha1.PoolNodes{Allocatable: corev1.ResourceList{
				corev1.ResourceCPU: resource.MustParse("1"), corev1.ResourceMemory: resource.MustParse("1Gi"),
			}},
		},
	}
}

// newStack is a stack of one performer.
func newStack(ns, image string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "platform.hourglass.eigenlayer.io/v1alpha1",
		"kind":       "HourglassStack",
		"metadata":   map[string]any{"namespace": ns, "name": "a"},
		"spec": map[string]any{"performers": []any{
			map[string]any{"name": "model", "avsAddress": plane.AVS, "image": image},
		}},
	}}
}
