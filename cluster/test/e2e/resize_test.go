// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// requests of cpu and memory.
func requests(cpu, memory string) corev1.ResourceList {
	return corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory)}
}

// TestResize gives a Performer more cpu and less memory, and looks at its Pod: it
// runs on, with the same container and the same GPU.
func TestResize(t *testing.T) {
	p := newPerformer(namespace(t), "a", upgrades("", time.Minute, 0), func(p *v1alpha1.Performer) {
		p.Spec.Resources.Requests = requests("1", "2Gi")
		p.Spec.HardwareRequirements = &v1alpha1.HardwareRequirements{GPUType: "a100"}
	})
	create(t, p)
	p = awaitRunning(t, p)
	before := livePod(t, p)
	change(t, p, func(p *v1alpha1.Performer) { p.Spec.Resources.Requests = requests("2", "1Gi") })
	awaitEvent(t, p, "Resizing", "requests of cpu from 1 to 2", "requests of memory from 2Gi to 1Gi")
	eventually(t, "the Pod has the resources and the record", func(context.Context) (bool, string) {
		pod := livePod(t, p)
		got := pod.Spec.Containers[0].Resources.Requests
		return got.Cpu().String() == "2" && got.Memory().String() == "1Gi" &&
			pod.Annotations["hourglass.eigenlayer.io/applied"] != before.Annotations["hourglass.eigenlayer.io/applied"], fmt.Sprint(got)
	})
	after := livePod(t, p)
	if diff := cmp.Diff(identity(before), identity(after)); diff != "" {
		t.Errorf("the Pod must stay: -before, +after:\n%s", diff)
	}
	if diff := cmp.Diff(before.Status.ContainerStatuses[0].ContainerID, after.Status.ContainerStatuses[0].ContainerID); diff != "" {
		t.Errorf("the container must stay: -before, +after:\n%s", diff)
	}
	for _, kind := range []string{"requests", "limits"} {
		got := after.Spec.Containers[0].Resources.Requests["nvidia.com/gpu"]
		if kind == "limits" {
			got = after.Spec.Containers[0].Resources.Limits["nvidia.com/gpu"]
		}
		if got.Value() != 1 {
			t.Errorf("the %s of GPUs must stay: %s", kind, got.String())
		}
	}
}

// TestResizeIsTold writes what a kubelet says of a resize that it cannot do, which a
// simulated node never says, and looks for it in the Performer.
func TestResizeIsTold(t *testing.T) {
	ns := namespace(t)
	cases := map[string]struct {
		reason    string
		says      string
		condition string
		want      string
		words     []string
	}{
		"deferred": {
			reason: "There may be room later.", says: corev1.PodReasonDeferred,
			condition: "Progressing", want: "ResizeDeferred", words: []string{"goes on as it was until node", "Node didn't have enough resource: cpu"},
		},
		"infeasible": {
			reason: "There never will be.", says: corev1.PodReasonInfeasible,
			condition: "Degraded", want: "ResizeInfeasible", words: []string{"cannot be resized on node", "Node didn't have enough resource: cpu"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPerformer(ns, name, upgrades("", time.Minute, 0))
			create(t, p)
			awaitRunning(t, p)
			pod := livePod(t, p)
			before := pod.DeepCopy()
			pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{
				Type: corev1.PodResizePending, Status: corev1.ConditionTrue, Reason: tc.says, LastTransitionTime: metav1.Now(),
				Message: "Node didn't have enough resource: cpu, requested: 9000, used: 0, capacity: 8000",
			})
			if err := hub.Status().Patch(t.Context(), pod, client.StrategicMergeFrom(before)); err != nil {
				t.Fatal(err)
			}
			await(t, p, "tells of it: "+tc.reason, func(p *v1alpha1.Performer) bool {
				for _, c := range p.Status.Conditions {
					if string(c.Type) == tc.condition {
						return c.Status == corev1.ConditionTrue && string(c.Reason) == tc.want && containsAll(c.Message, tc.words) && p.Status.Ready
					}
				}
				return false
			})
		})
	}
}

// TestResizeRefused asks for what the API server does not do to a Pod that runs:
// its quality of service would become another one.
func TestResizeRefused(t *testing.T) {
	t.Parallel()
	p := newPerformer(namespace(t), "a", upgrades("", time.Minute, 0), func(p *v1alpha1.Performer) {
		p.Spec.Resources = corev1.ResourceRequirements{Requests: requests("1", "1Gi"), Limits: requests("2", "2Gi")}
	})
	create(t, p)
	p = awaitRunning(t, p)
	before := livePod(t, p)
	change(t, p, func(p *v1alpha1.Performer) { p.Spec.Resources.Requests = requests("2", "2Gi") })
	awaitEvent(t, p, "ReplacingPod", "spec.resources.requests", "could not be resized", "QOS")
	await(t, p, "has a new Pod", func(q *v1alpha1.Performer) bool { return running(q) && livePod(t, p).UID != before.UID })
}

// TestResizeNeverOfGPUs asks for another GPU, which only a new Pod gets.
func TestResizeNeverOfGPUs(t *testing.T) {
	p := newPerformer(namespace(t), "a", upgrades("", time.Minute, 0), func(p *v1alpha1.Performer) {
		p.Spec.HardwareRequirements = &v1alpha1.HardwareRequirements{GPUType: "a100", GPUCount: new(int32(1))}
	})
	create(t, p)
	p = awaitRunning(t, p)
	before := livePod(t, p)
	change(t, p, func(p *v1alpha1.Performer) { p.Spec.HardwareRequirements.GPUCount = new(int32(2)) })
	awaitEvent(t, p, "ReplacingPod", "spec.hardwareRequirements.gpuCount")
	await(t, p, "has a new Pod", func(q *v1alpha1.Performer) bool { return running(q) && livePod(t, p).UID != before.UID })
}
