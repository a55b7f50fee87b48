// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

const (
	testUID   = "3f0c2c1e-0000-4000-8000-000000000001"
	testAVS   = "0x1234567890ABCDEF1234567890abcdef12345678"
	testImage = "myavs/performer:v1"
)

// Instants that the tests speak of, a minute apart.
var (
	t0 = time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	t1 = t0.Add(time.Minute)
	t2 = t0.Add(2 * time.Minute)
	t3 = t0.Add(3 * time.Minute)
)

type performerModifier func(*v1alpha1.Performer)

// performer is a Performer with no wishes but its image.
func performer(m ...performerModifier) *v1alpha1.Performer {
	p := &v1alpha1.Performer{
		ObjectMeta: metav1.ObjectMeta{Name: "a", Namespace: "ns", UID: testUID, Generation: 2},
		Spec:       v1alpha1.PerformerSpec{AVSAddress: testAVS, Image: testImage},
	}
	for _, f := range m {
		f(p)
	}
	return p
}

func withImage(image string) performerModifier {
	return func(p *v1alpha1.Performer) { p.Spec.Image = image }
}

func withConfig(c v1alpha1.PerformerConfig) performerModifier {
	return func(p *v1alpha1.Performer) { p.Spec.Config = c }
}

func withPhase(phase v1alpha1.PerformerPhase) performerModifier {
	return func(p *v1alpha1.Performer) { p.Status.Phase = phase }
}

func deleted(p *v1alpha1.Performer) {
	p.DeletionTimestamp = &metav1.Time{Time: t0}
}

type podModifier func(*corev1.Pod)

// runningPod is the Pod of a Performer as the cluster would hold it when it is
// ready since t1.
func runningPod(p *v1alpha1.Performer, m ...podModifier) *corev1.Pod {
	pod := Pod(p, placement.Constraints{})
	pod.UID = "pod-1"
	pod.Spec.NodeName = "node-1"
	pod.Status = corev1.PodStatus{
		Phase: corev1.PodRunning,
		Conditions: []corev1.PodCondition{
			{Type: corev1.PodScheduled, Status: corev1.ConditionTrue},
			{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(t1)},
		},
		ContainerStatuses: []corev1.ContainerStatus{{
			Name: ContainerName, Image: p.Spec.Image, ContainerID: "containerd://1", Ready: true,
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}},
		}},
	}
	for _, f := range m {
		f(pod)
	}
	return pod
}

func unready(pod *corev1.Pod) {
	pod.Status.Conditions[1].Status = corev1.ConditionFalse
}

func pending(pod *corev1.Pod) {
	unready(pod)
	pod.Status.Phase = corev1.PodPending
	pod.Status.ContainerStatuses = nil
}

func unbound(message string) podModifier {
	return func(pod *corev1.Pod) {
		pending(pod)
		pod.Spec.NodeName = ""
		pod.Status.Conditions[0] = corev1.PodCondition{
			Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: message,
		}
	}
}

func waitingFor(reason, message string) podModifier {
	return func(pod *corev1.Pod) {
		unready(pod)
		cs := &pod.Status.ContainerStatuses[0]
		cs.State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
		cs.LastTerminationState = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1, Reason: "Error", Message: "secret words"}}
		cs.RestartCount = 4
	}
}

func upgrading(from string, at time.Time) podModifier {
	return func(pod *corev1.Pod) {
		pod.Annotations[AnnotationUpgradeStarted] = at.Format(time.RFC3339)
		pod.Annotations[AnnotationUpgradeBy] = "InPlace: the image can be changed in the Pod that runs"
		pod.Annotations[AnnotationUpgradeFrom] = from
	}
}

func wasGood(image string) podModifier {
	return func(pod *corev1.Pod) { pod.Annotations[AnnotationLastGoodImage] = image }
}

func ending(pod *corev1.Pod) {
	pod.DeletionTimestamp = &metav1.Time{Time: t2}
}

// managedBy notes that a manager set fields of an object, given as fieldsV1.
func managedBy(manager, fields string) metav1.ManagedFieldsEntry {
	return metav1.ManagedFieldsEntry{
		Manager: manager, Operation: metav1.ManagedFieldsOperationUpdate, FieldsType: "FieldsV1",
		Time: &metav1.Time{Time: t1}, FieldsV1: &metav1.FieldsV1{Raw: []byte(fields)},
	}
}
