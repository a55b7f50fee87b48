// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// Reasons of a Performer's conditions. The first five are those of the API
// reference.
const (
	ReasonPodReady         xpv2.ConditionReason = "PodReady"
	ReasonServiceReady     xpv2.ConditionReason = "ServiceReady"
	ReasonScheduled        xpv2.ConditionReason = "Scheduled"
	ReasonImagePullFailed  xpv2.ConditionReason = "ImagePullFailed"
	ReasonSchedulingFailed xpv2.ConditionReason = "SchedulingFailed"

	ReasonPodMissing       xpv2.ConditionReason = "PodMissing"
	ReasonPodPending       xpv2.ConditionReason = "PodPending"
	ReasonPodNotReady      xpv2.ConditionReason = "PodNotReady"
	ReasonPodTerminating   xpv2.ConditionReason = "PodTerminating"
	ReasonPodEnded         xpv2.ConditionReason = "PodEnded"
	ReasonPodRefused       xpv2.ConditionReason = "PodRefused"
	ReasonExecutorMissing  xpv2.ConditionReason = "ExecutorMissing"
	ReasonContainerCrashed xpv2.ConditionReason = "ContainerCrashed"
	ReasonContainerInvalid xpv2.ConditionReason = "ContainerInvalid"
)

// Waiting reasons that the kubelet gives a container.
var (
	pullFailures = []string{"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError", "RegistryUnavailable", "SignatureValidationFailed"}
	badConfig    = []string{"CreateContainerConfigError", "CreateContainerError", "RunContainerError", "PreCreateHookError", "PostStartHookError"}
)

// A diagnosis is what a Pod says of itself.
type diagnosis struct {
	phase   v1alpha1.PerformerPhase
	reason  xpv2.ConditionReason
	message string
	// failing says that it will not get better by waiting a moment.
	failing bool
	ready   bool
}

// Ended says whether a Pod has stopped for good, by failure, eviction or the
// loss of its node, and so can only be replaced.
func Ended(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodFailed || pod.Status.Phase == corev1.PodSucceeded
}

// A subject is the container that a Pod is there for.
type subject struct {
	container string
	image     string
	// asks is what the spec asks of a node, in words.
	asks string
	// serves says where and how it is reached, in words.
	serves string
	port   int32
	now    time.Time
}

// overdue is how long after the end of its grace period a Pod may still be
// ending before something is taken to be wrong with its node.
const overdue = 30 * time.Second

func performerSubject(p *v1alpha1.Performer, pod *corev1.Pod, now time.Time) subject {
	return subject{
		now: now, container: ContainerName, image: Image(pod), asks: Asks(p), port: Port(p),
		serves: "serves gRPC at " + Endpoint(p),
	}
}

// diagnose asks a Pod the questions whose answers matter most, in order; the
// first that it answers decides.
func diagnose(p *v1alpha1.Performer, pod *corev1.Pod, now time.Time) diagnosis {
	if pod == nil {
		return diagnosis{
			phase: v1alpha1.PerformerPending, reason: ReasonPodMissing,
			message: fmt.Sprintf("Pod %s does not exist yet", PodName(p)),
		}
	}
	return diagnosePod(performerSubject(p, pod, now), pod)
}

func diagnosePod(s subject, pod *corev1.Pod) diagnosis {
	for _, ask := range []func(subject, *corev1.Pod) (diagnosis, bool){
		terminating, ended, waiting, unscheduled, starting, serving,
	} {
		if d, ok := ask(s, pod); ok {
			return d
		}
	}
	return diagnosis{phase: v1alpha1.PerformerRunning, reason: ReasonPodNotReady, message: notReady(s, pod)}
}

// notReady tells what there is to tell of a Pod that runs and is not ready.
func notReady(s subject, pod *corev1.Pod) string {
	msg := fmt.Sprintf("Pod %s runs on node %s but is not ready", pod.Name, pod.Spec.NodeName)
	if c := podCondition(pod, corev1.PodReady); c != nil && c.Message != "" {
		msg += ": " + c.Message
	}
	if cs := containerStatus(pod, s.container); cs.RestartCount > 0 && (cs.LastTerminationState.Terminated != nil || cs.State.Terminated != nil) {
		msg += fmt.Sprintf("; after %d restarts, %s", cs.RestartCount, lastExit(cs))
	}
	return msg + fmt.Sprintf("; it is ready when its gRPC health service on port %d says SERVING", s.port)
}

func terminating(s subject, pod *corev1.Pod) (diagnosis, bool) {
	if pod.DeletionTimestamp == nil {
		return diagnosis{}, false
	}
	msg := fmt.Sprintf("Pod %s is ending", pod.Name)
	if pod.Spec.NodeName != "" && s.now.After(pod.DeletionTimestamp.Add(overdue)) {
		msg += fmt.Sprintf(" on node %s, which has not confirmed it since %s; where that node is lost for good, delete the Node object or give it the taint node.kubernetes.io/out-of-service, because two Pods must never run under one name",
			pod.Spec.NodeName, pod.DeletionTimestamp.UTC().Format(time.RFC3339))
	}
	return diagnosis{phase: v1alpha1.PerformerPending, reason: ReasonPodTerminating, message: msg}, true
}

func ended(_ subject, pod *corev1.Pod) (diagnosis, bool) {
	if !Ended(pod) {
		return diagnosis{}, false
	}
	msg := fmt.Sprintf("Pod %s ended (%s)", pod.Name, pod.Status.Phase)
	if pod.Status.Reason != "" {
		msg = fmt.Sprintf("Pod %s ended (%s: %s)", pod.Name, pod.Status.Reason, pod.Status.Message)
	}
	return diagnosis{phase: v1alpha1.PerformerFailed, reason: ReasonPodEnded, message: msg, failing: true}, true
}

// waiting reads why the container does not run, where the kubelet says so.
func waiting(s subject, pod *corev1.Pod) (diagnosis, bool) {
	cs := containerStatus(pod, s.container)
	if cs.State.Waiting == nil {
		return diagnosis{}, false
	}
	w := cs.State.Waiting
	switch {
	case slices.Contains(pullFailures, w.Reason):
		return diagnosis{
			phase: v1alpha1.PerformerPending, reason: ReasonImagePullFailed, failing: true,
			message: fmt.Sprintf("cannot pull image %s: %s: %s", s.image, w.Reason, w.Message),
		}, true
	case slices.Contains(badConfig, w.Reason):
		return diagnosis{
			phase: v1alpha1.PerformerFailed, reason: ReasonContainerInvalid, failing: true,
			message: fmt.Sprintf("cannot start the container on node %s: %s: %s", pod.Spec.NodeName, w.Reason, w.Message),
		}, true
	case w.Reason == "CrashLoopBackOff":
		return diagnosis{
			phase: v1alpha1.PerformerFailed, reason: ReasonContainerCrashed, failing: true,
			message: fmt.Sprintf("the container crashes on node %s: %s after %d restarts; see kubectl logs --previous %s", pod.Spec.NodeName, lastExit(cs), cs.RestartCount, pod.Name),
		}, true
	}
	return diagnosis{}, false
}

// lastExit says how a container last ended. Its termination message is left
// out: it is the performer's own text and may hold anything.
func lastExit(cs corev1.ContainerStatus) string {
	t := cs.State.Terminated
	if t == nil {
		t = cs.LastTerminationState.Terminated
	}
	if t == nil {
		return "it ended"
	}
	return fmt.Sprintf("it ended with exit code %d (%s)", t.ExitCode, t.Reason)
}

func unscheduled(s subject, pod *corev1.Pod) (diagnosis, bool) {
	if pod.Spec.NodeName != "" {
		return diagnosis{}, false
	}
	c := podCondition(pod, corev1.PodScheduled)
	if c == nil || c.Status != corev1.ConditionFalse {
		return diagnosis{
			phase: v1alpha1.PerformerPending, reason: ReasonPodPending,
			message: fmt.Sprintf("Pod %s waits to be scheduled", pod.Name),
		}, true
	}
	return diagnosis{
		phase: v1alpha1.PerformerPending, reason: ReasonSchedulingFailed, failing: true,
		message: fmt.Sprintf("no node can take Pod %s: %s; %s", pod.Name, c.Message, s.asks),
	}, true
}

func starting(s subject, pod *corev1.Pod) (diagnosis, bool) {
	if pod.Status.Phase == corev1.PodRunning {
		return diagnosis{}, false
	}
	msg := fmt.Sprintf("Pod %s is on node %s and its container is starting", pod.Name, pod.Spec.NodeName)
	if w := containerStatus(pod, s.container).State.Waiting; w != nil && w.Reason != "" {
		msg += " (" + w.Reason + ")"
	}
	return diagnosis{phase: v1alpha1.PerformerPending, reason: ReasonScheduled, message: msg}, true
}

func serving(s subject, pod *corev1.Pod) (diagnosis, bool) {
	if c := podCondition(pod, corev1.PodReady); c == nil || c.Status != corev1.ConditionTrue {
		return diagnosis{}, false
	}
	return diagnosis{
		phase: v1alpha1.PerformerRunning, reason: ReasonPodReady, ready: true,
		message: fmt.Sprintf("Pod %s is ready on node %s and %s", pod.Name, pod.Spec.NodeName, s.serves),
	}, true
}

// containerStatus is the status of a Pod's container; zero where the kubelet has
// not said anything of it yet.
func containerStatus(pod *corev1.Pod, name string) corev1.ContainerStatus {
	for _, cs := range pod.Status.ContainerStatuses {
		if cs.Name == name {
			return cs
		}
	}
	return corev1.ContainerStatus{}
}

func podCondition(pod *corev1.Pod, t corev1.PodConditionType) *corev1.PodCondition {
	for i := range pod.Status.Conditions {
		if pod.Status.Conditions[i].Type == t {
			return &pod.Status.Conditions[i]
		}
	}
	return nil
}
