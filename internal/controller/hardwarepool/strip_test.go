// SPDX-License-Identifier: Apache-2.0

package hardwarepool

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestStripNode changes a Node and looks whether the inventory would notice.
func TestStripNode(t *testing.T) {
	cases := map[string]struct {
		reason string
		change func(*corev1.Node)
		want   bool
	}{
		"Heartbeat": {reason: "A heartbeat is no news.", change: func(n *corev1.Node) {
			n.Status.Conditions[0].LastHeartbeatTime = metav1.NewTime(time.Unix(9, 0))
			n.ResourceVersion = "2"
		}},
		"Images":      {reason: "Nor are the images on it.", change: func(n *corev1.Node) { n.Status.Images = []corev1.ContainerImage{{Names: []string{"x"}}} }},
		"Annotations": {reason: "Nor annotations.", change: func(n *corev1.Node) { n.Annotations = map[string]string{"a": "b"} }},
		"TaintTime":   {reason: "Nor when a taint came.", change: func(n *corev1.Node) { n.Spec.Taints[0].TimeAdded = new(metav1.Now()) }},
		"NotReady":    {reason: "That it is not ready is.", change: func(n *corev1.Node) { n.Status.Conditions[0].Status = corev1.ConditionUnknown }, want: true},
		"Cordoned":    {reason: "That it is cordoned is.", change: func(n *corev1.Node) { n.Spec.Unschedulable = true }, want: true},
		"Leaving":     {reason: "That it goes is.", change: func(n *corev1.Node) { n.DeletionTimestamp = new(metav1.Now()) }, want: true},
		"Label":       {reason: "A label is.", change: func(n *corev1.Node) { n.Labels = map[string]string{"a": "b"} }, want: true},
		"Taint":       {reason: "A taint is.", change: func(n *corev1.Node) { n.Spec.Taints[0].Value = "x" }, want: true},
		"GPULost":     {reason: "A GPU that fails is.", change: func(n *corev1.Node) { n.Status.Allocatable["nvidia.com/gpu"] = resource.MustParse("3") }, want: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			before := newNode("a", "pool", "gpu")
			before.Spec.Taints = []corev1.Taint{{Key: "k", Effect: corev1.TaintEffectNoSchedule}}
			after := before.DeepCopy()
			tc.change(after)
			if got := noticed(t, stripNode, &before, after); got != tc.want {
				t.Errorf("\n%s\nnoticed: want %t, got %t", tc.reason, tc.want, got)
			}
		})
	}
}

// TestStripPod changes a Pod and looks whether the inventory would notice.
func TestStripPod(t *testing.T) {
	cases := map[string]struct {
		reason string
		change func(*corev1.Pod)
		want   bool
	}{
		"Running": {reason: "That it runs takes no more than that it was given to the node.", change: func(p *corev1.Pod) { p.Status.Phase = corev1.PodRunning }},
		"Image":   {reason: "Its image takes nothing.", change: func(p *corev1.Pod) { p.Spec.Containers[0].Image = "new" }},
		"Ended":   {reason: "What has ended takes nothing any more.", change: func(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed }, want: true},
		"Moved":   {reason: "It takes it of its node.", change: func(p *corev1.Pod) { p.Spec.NodeName = "b" }, want: true},
		"Resized": {reason: "What it asks for now counts.", change: func(p *corev1.Pod) {
			p.Spec.Containers[0].Resources.Requests["nvidia.com/gpu"] = resource.MustParse("2")
		}, want: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			before := &corev1.Pod{Spec: corev1.PodSpec{NodeName: "a", Containers: []corev1.Container{{
				Image: "old", Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{"nvidia.com/gpu": resource.MustParse("1")}},
			}}}}
			after := before.DeepCopy()
			tc.change(after)
			if got := noticed(t, stripPod, before, after); got != tc.want {
				t.Errorf("\n%s\nnoticed: want %t, got %t", tc.reason, tc.want, got)
			}
		})
	}
}

func noticed(t *testing.T, strip func(any) (any, error), before, after any) bool {
	t.Helper()
	a, err := strip(before)
	if err != nil {
		t.Fatal(err)
	}
	b, err := strip(after)
	if err != nil {
		t.Fatal(err)
	}
	return differs(a, b)
}
