// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// A told condition is what a condition says, without its times.
func told(t xpv2.ConditionType, s corev1.ConditionStatus, r xpv2.ConditionReason, message string) xpv2.Condition {
	return xpv2.Condition{Type: t, Status: s, Reason: r, Message: message, LastTransitionTime: metav1.NewTime(t3), ObservedGeneration: 2}
}

// failing are the conditions of a Performer that is not ready for one reason.
func failing(ready, r xpv2.ConditionReason, degraded corev1.ConditionStatus, message string) []xpv2.Condition {
	return []xpv2.Condition{
		told(xpv2.TypeReady, corev1.ConditionFalse, ready, message),
		told(TypeProgressing, corev1.ConditionTrue, r, message),
		told(TypeDegraded, degraded, r, message),
		told(TypeAvailable, corev1.ConditionFalse, r, message),
	}
}

func serving2(message string) []xpv2.Condition {
	return []xpv2.Condition{
		told(xpv2.TypeReady, corev1.ConditionTrue, xpv2.ReasonAvailable, message),
		told(TypeProgressing, corev1.ConditionFalse, ReasonServiceReady, "Service performer-a leads to the Pod on port 9090"),
		told(TypeDegraded, corev1.ConditionFalse, ReasonPodReady, message),
		told(TypeAvailable, corev1.ConditionTrue, ReasonPodReady, message),
	}
}

// status is the status of Performer a with its Pod on a node.
func status(phase v1alpha1.PerformerPhase, c []xpv2.Condition, m ...func(*v1alpha1.PerformerStatus)) v1alpha1.PerformerStatus {
	s := v1alpha1.PerformerStatus{
		Phase: phase, PodName: "performer-a", NodeName: "node-1", ServiceName: "performer-a",
		GRPCEndpoint: "performer-a.ns.svc.cluster.local:9090",
	}
	s.Conditions = c
	for _, f := range m {
		f(&s)
	}
	return s
}

func readyAt(t time.Time) func(*v1alpha1.PerformerStatus) {
	return func(s *v1alpha1.PerformerStatus) { s.Ready, s.ReadyTime = true, &metav1.Time{Time: t} }
}

// swapping tells of an upgrade in place at t2 whose container is not there yet.
func swapping(s *v1alpha1.PerformerStatus) {
	s.Upgrade = &v1alpha1.UpgradeStatus{Started: metav1.NewTime(t2), Strategy: "InPlace: the image can be changed in the Pod that runs"}
}

func upgradedAt(t time.Time) func(*v1alpha1.PerformerStatus) {
	return func(s *v1alpha1.PerformerStatus) { s.LastUpgrade = &metav1.Time{Time: t} }
}

func onNode(pod, node string) func(*v1alpha1.PerformerStatus) {
	return func(s *v1alpha1.PerformerStatus) { s.PodName, s.NodeName = pod, node }
}

const (
	msgReady    = "Pod performer-a is ready on node node-1 and serves gRPC at performer-a.ns.svc.cluster.local:9090"
	msgNotReady = "Pod performer-a runs on node node-1 but is not ready; it is ready when its gRPC health service on port 9090 says SERVING"
	msgRestart  = "Pod performer-a is about to restart its container with image myavs/performer:v1"
	msgEnding   = "Pod performer-a is ending on node node-1, which has not confirmed it since 2026-01-02T03:02:00Z; where that node is lost for good, delete the Node object or give it the taint node.kubernetes.io/out-of-service, because two Pods must never run under one name"
)

func TestStatus(t *testing.T) {
	p := performer()
	wasReady := func(p *v1alpha1.Performer) {
		p.Status.SetConditions(xpv2.Unavailable())
	}
	gpu := func(p *v1alpha1.Performer) {
		p.Spec.HardwareRequirements = &v1alpha1.HardwareRequirements{
			GPUType: "a100", GPUCount: ptr.To[int32](2), TEEType: "sgx", CustomLabels: map[string]string{"c": "d"},
		}
		p.Spec.Scheduling = &v1alpha1.SchedulingConfig{NodeSelector: map[string]string{"a": "b"}, RuntimeClass: new("gvisor")}
	}

	cases := map[string]struct {
		reason string
		p      *v1alpha1.Performer
		pod    *corev1.Pod
		noSvc  bool
		d      []Difference
		want   v1alpha1.PerformerStatus
	}{
		"Running": {
			reason: "A Pod that is ready behind its Service makes the Performer ready.",
			p:      p, pod: runningPod(p),
			want: status(v1alpha1.PerformerRunning, serving2(msgReady), readyAt(t1)),
		},
		"NoPod": {
			reason: "A Performer without a Pod is being created.",
			p:      p,
			want:   status(v1alpha1.PerformerPending, failing(xpv2.ReasonCreating, ReasonPodMissing, corev1.ConditionFalse, "Pod performer-a does not exist yet"), onNode("", "")),
		},
		"LostPod": {
			reason: "One that was ready before is unavailable instead, and no longer has a ready time.",
			p:      performer(wasReady),
			want:   status(v1alpha1.PerformerPending, failing(xpv2.ReasonUnavailable, ReasonPodMissing, corev1.ConditionFalse, "Pod performer-a does not exist yet"), onNode("", "")),
		},
		"NoService": {
			reason: "A Pod that nobody can reach is not ready.",
			p:      p, pod: runningPod(p), noSvc: true,
			want: status(v1alpha1.PerformerRunning,
				failing(xpv2.ReasonCreating, ReasonPodReady, corev1.ConditionFalse, "Pod performer-a is ready, but Service performer-a does not exist yet"),
				func(s *v1alpha1.PerformerStatus) { s.ServiceName = "" }),
		},
		"NotServing": {
			reason: "A container that runs but does not serve is running, not ready.",
			p:      p, pod: runningPod(p, unready),
			want: status(v1alpha1.PerformerRunning, failing(xpv2.ReasonCreating, ReasonPodNotReady, corev1.ConditionFalse, msgNotReady)),
		},
		"Unscheduled": {
			reason: "The scheduler's words are told beside what the spec asks for.",
			p:      performer(gpu), pod: runningPod(performer(gpu), unbound("0/3 nodes are available: 3 Insufficient nvidia.com/gpu.")),
			want: status(v1alpha1.PerformerPending, failing(xpv2.ReasonCreating, ReasonSchedulingFailed, corev1.ConditionTrue,
				"no node can take Pod performer-a: 0/3 nodes are available: 3 Insufficient nvidia.com/gpu.; it asks for 2 GPUs of type a100, TEE sgx, node label c=d, node label a=b, runtime class gvisor"),
				onNode("performer-a", "")),
		},
		"NotScheduledYet": {
			reason: "A Pod that the scheduler has not seen fails in nothing.",
			p:      p,
			pod: runningPod(p, unbound(""), func(pod *corev1.Pod) {
				pod.Status.Conditions = nil
			}),
			want: status(v1alpha1.PerformerPending, failing(xpv2.ReasonCreating, ReasonPodPending, corev1.ConditionFalse, "Pod performer-a waits to be scheduled"), onNode("performer-a", "")),
		},
		"Starting": {
			reason: "A Pod on its node that does not run yet is starting.",
			p:      p, pod: runningPod(p, pending),
			want: status(v1alpha1.PerformerPending, failing(xpv2.ReasonCreating, ReasonScheduled, corev1.ConditionFalse, "Pod performer-a is on node node-1 and its container is starting")),
		},
		"CreatingContainer": {
			reason: "What the kubelet is doing is told.",
			p:      p,
			pod: runningPod(p, waitingFor("ContainerCreating", ""), func(pod *corev1.Pod) {
				pod.Status.Phase = corev1.PodPending
			}),
			want: status(v1alpha1.PerformerPending, failing(xpv2.ReasonCreating, ReasonScheduled, corev1.ConditionFalse, "Pod performer-a is on node node-1 and its container is starting (ContainerCreating)")),
		},
		"ImagePull": {
			reason: "An image that cannot be pulled is named with the kubelet's words.",
			p:      p, pod: runningPod(p, waitingFor("ImagePullBackOff", "no such image")),
			want: status(v1alpha1.PerformerPending, failing(xpv2.ReasonCreating, ReasonImagePullFailed, corev1.ConditionTrue, "cannot pull image myavs/performer:v1: ImagePullBackOff: no such image")),
		},
		"BadConfig": {
			reason: "A container that cannot be made names what is missing.",
			p:      p, pod: runningPod(p, waitingFor("CreateContainerConfigError", `secret "s" not found`)),
			want: status(v1alpha1.PerformerFailed, failing(xpv2.ReasonCreating, ReasonContainerInvalid, corev1.ConditionTrue, `cannot start the container on node node-1: CreateContainerConfigError: secret "s" not found`)),
		},
		"Crashing": {
			reason: "A crash names the exit code, and never the container's own words.",
			p:      p, pod: runningPod(p, waitingFor("CrashLoopBackOff", "back-off 5m0s")),
			want: status(v1alpha1.PerformerFailed, failing(xpv2.ReasonCreating, ReasonContainerCrashed, corev1.ConditionTrue,
				"the container crashes on node node-1: it ended with exit code 1 (Error) after 4 restarts; see kubectl logs --previous performer-a")),
		},
		"CrashingUnknown": {
			reason: "A crash whose end nobody saw is still told.",
			p:      p,
			pod: runningPod(p, waitingFor("CrashLoopBackOff", ""), func(pod *corev1.Pod) {
				pod.Status.ContainerStatuses[0].LastTerminationState = corev1.ContainerState{}
			}),
			want: status(v1alpha1.PerformerFailed, failing(xpv2.ReasonCreating, ReasonContainerCrashed, corev1.ConditionTrue,
				"the container crashes on node node-1: it ended after 4 restarts; see kubectl logs --previous performer-a")),
		},
		"Evicted": {
			reason: "A Pod that ended tells why.",
			p:      p,
			pod: runningPod(p, unready, func(pod *corev1.Pod) {
				pod.Status.Phase, pod.Status.Reason, pod.Status.Message = corev1.PodFailed, "Evicted", "low on memory"
			}),
			d:    []Difference{{Object: "Pod", Field: "status.phase", Remedy: RemedyReplace}},
			want: status(v1alpha1.PerformerFailed, failing(xpv2.ReasonCreating, ReasonPodEnded, corev1.ConditionTrue, "Pod performer-a ended (Evicted: low on memory)")),
		},
		"Succeeded": {
			reason: "A performer has no business to succeed.",
			p:      p,
			pod:    runningPod(p, unready, func(pod *corev1.Pod) { pod.Status.Phase = corev1.PodSucceeded }),
			want:   status(v1alpha1.PerformerFailed, failing(xpv2.ReasonCreating, ReasonPodEnded, corev1.ConditionTrue, "Pod performer-a ended (Succeeded)")),
		},
		"Draining": {
			reason: "A Pod that ends for somebody else's reasons leaves its Performer pending.",
			p:      p, pod: runningPod(p, ending),
			want: status(v1alpha1.PerformerPending, failing(xpv2.ReasonCreating, ReasonPodTerminating, corev1.ConditionFalse, msgEnding)),
		},
		"Replacing": {
			reason: "A Pod that ends to make way for its successor is part of an upgrade.",
			p:      performer(withPhase(v1alpha1.PerformerUpgrading)), pod: runningPod(p, ending),
			want: status(v1alpha1.PerformerUpgrading, failing(xpv2.ReasonCreating, ReasonPodTerminating, corev1.ConditionFalse, msgEnding)),
		},
		"BetweenPods": {
			reason: "So is the moment between the two Pods.",
			p:      performer(withPhase(v1alpha1.PerformerUpgrading)),
			want:   status(v1alpha1.PerformerUpgrading, failing(xpv2.ReasonCreating, ReasonPodMissing, corev1.ConditionFalse, "Pod performer-a does not exist yet"), onNode("", "")),
		},
		"AboutToUpgrade": {
			reason: "A change that will restart the container is an upgrade before it is made.",
			p:      p, pod: runningPod(p),
			d:    []Difference{{Object: "Pod", Field: FieldImage, Remedy: RemedyPatch}},
			want: status(v1alpha1.PerformerUpgrading, serving2(msgReady), readyAt(t1)),
		},
		"Swapping": {
			reason: "While the old container still stands, the Performer is not ready, though the Pod may say so.",
			p:      p, pod: runningPod(p, upgrading("containerd://1", t2)),
			want: status(v1alpha1.PerformerUpgrading, failing(xpv2.ReasonCreating, ReasonPodNotReady, corev1.ConditionFalse, msgRestart), swapping),
		},
		"Upgraded": {
			reason: "The new container's readiness ends the upgrade, which is not before it began.",
			p:      performer(withPhase(v1alpha1.PerformerUpgrading)), pod: runningPod(p, upgrading("containerd://0", t2)),
			want: status(v1alpha1.PerformerRunning, serving2(msgReady), readyAt(t1), upgradedAt(t2)),
		},
		"UpgradedLater": {
			reason: "An upgrade is dated by the Pod's readiness.",
			p:      p, pod: runningPod(p, upgrading("containerd://0", t0)),
			want: status(v1alpha1.PerformerRunning, serving2(msgReady), readyAt(t1), upgradedAt(t1)),
		},
		"UpgradeFailing": {
			reason: "An upgrade that does not become ready stays one and says why.",
			p:      p, pod: runningPod(p, upgrading("containerd://1", t2), waitingFor("ErrImagePull", "gone")),
			want: status(v1alpha1.PerformerUpgrading, failing(xpv2.ReasonCreating, ReasonImagePullFailed, corev1.ConditionTrue, "cannot pull image myavs/performer:v1: ErrImagePull: gone"), swapping),
		},
		"LongUpgraded": {
			reason: "An upgrade that was ready once is over, and keeps its date when the container restarts later.",
			p:      performer(func(p *v1alpha1.Performer) { p.Status.LastUpgrade = &metav1.Time{Time: t2} }),
			pod:    runningPod(p, upgrading("containerd://1", t2), unready),
			want:   status(v1alpha1.PerformerRunning, failing(xpv2.ReasonCreating, ReasonPodNotReady, corev1.ConditionFalse, msgNotReady), upgradedAt(t2)),
		},
		"EndingInTime": {
			reason: "A Pod within its grace period is ending, and nothing is wrong with its node.",
			p:      p,
			pod:    runningPod(p, func(pod *corev1.Pod) { pod.DeletionTimestamp = &metav1.Time{Time: t3} }),
			want:   status(v1alpha1.PerformerPending, failing(xpv2.ReasonCreating, ReasonPodTerminating, corev1.ConditionFalse, "Pod performer-a is ending")),
		},
		"NotServingAfterCrash": {
			reason: "What the Pod says of its readiness, and how its container ended before, is told.",
			p:      p,
			pod: runningPod(p, unready, func(pod *corev1.Pod) {
				pod.Status.Conditions[1].Message = "containers with unready status: [sidecar]"
				pod.Status.ContainerStatuses[0].RestartCount = 2
				pod.Status.ContainerStatuses[0].LastTerminationState = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 137, Reason: "OOMKilled"}}
			}),
			want: status(v1alpha1.PerformerRunning, failing(xpv2.ReasonCreating, ReasonPodNotReady, corev1.ConditionFalse,
				"Pod performer-a runs on node node-1 but is not ready: containers with unready status: [sidecar]; after 2 restarts, it ended with exit code 137 (OOMKilled); it is ready when its gRPC health service on port 9090 says SERVING")),
		},
		"Deleted": {
			reason: "A deleted Performer is terminating whatever its Pod does.",
			p:      performer(deleted), pod: runningPod(p, ending),
			want: status(v1alpha1.PerformerTerminating, failing(xpv2.ReasonDeleting, ReasonPodTerminating, corev1.ConditionFalse, msgEnding)),
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			found := Objects{Pod: tc.pod}
			if !tc.noSvc {
				found.Service = Service(tc.p)
			}
			got := Status(tc.p, found, tc.d, t3)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nStatus(...): -want, +got:\n%s", tc.reason, diff)
			}
			again := tc.p.DeepCopy()
			again.Status = got
			if diff := cmp.Diff(got, Status(again, found, tc.d, t3.Add(time.Second))); diff != "" {
				t.Errorf("\nA status told twice must be the same, or it would be written twice: -first, +second:\n%s", diff)
			}
		})
	}
}

func TestConditionOrder(t *testing.T) {
	p := performer()
	p.Status.Conditions = []xpv2.Condition{
		{Type: TypeAvailable, Status: corev1.ConditionFalse},
		xpv2.ReconcileSuccess(),
		{Type: "Theirs"},
	}
	var got []xpv2.ConditionType
	for _, c := range Status(p, Objects{Pod: runningPod(p), Service: Service(p)}, nil, t3).Conditions {
		got = append(got, c.Type)
	}
	want := []xpv2.ConditionType{"Theirs", xpv2.TypeSynced, xpv2.TypeReady, TypeProgressing, TypeDegraded, TypeAvailable}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the condition that tells most must come last: -want, +got:\n%s", diff)
	}
}

func TestAsks(t *testing.T) {
	cases := map[string]struct {
		reason string
		hw     *v1alpha1.HardwareRequirements
		want   string
	}{
		"Nothing":  {reason: "No wish is told as such.", want: "it asks for no particular hardware"},
		"OneGPU":   {reason: "A type without a count is one GPU.", hw: &v1alpha1.HardwareRequirements{GPUType: "t4"}, want: "it asks for 1 GPU of type t4"},
		"AnyGPU":   {reason: "A count without a type is any GPU.", hw: &v1alpha1.HardwareRequirements{GPUCount: ptr.To[int32](2)}, want: "it asks for 2 GPUs of any type"},
		"AnyTEE":   {reason: "A TEE without a type is any TEE.", hw: &v1alpha1.HardwareRequirements{TEERequired: new(true)}, want: "it asks for any TEE"},
		"NoTEE":    {reason: "What is not required is not asked for.", hw: &v1alpha1.HardwareRequirements{TEERequired: new(false)}, want: "it asks for no particular hardware"},
		"ZeroGPUs": {reason: "Neither is none.", hw: &v1alpha1.HardwareRequirements{GPUCount: ptr.To[int32](0)}, want: "it asks for no particular hardware"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := Asks(performer(func(p *v1alpha1.Performer) { p.Spec.HardwareRequirements = tc.hw }))
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nAsks(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestHindered(t *testing.T) {
	p := performer()
	cases := map[string]struct {
		reason string
		pod    *corev1.Pod
		want   []xpv2.Condition
	}{
		"NoPod": {
			reason: "What keeps the Pod from being made is told wherever somebody may look.",
			want: []xpv2.Condition{
				told(xpv2.TypeReady, corev1.ConditionFalse, xpv2.ReasonCreating, "no such GPU"),
				told(TypeProgressing, corev1.ConditionFalse, ReasonSchedulingFailed, "no such GPU"),
				told(TypeDegraded, corev1.ConditionTrue, ReasonSchedulingFailed, "no such GPU"),
				told(TypeAvailable, corev1.ConditionFalse, ReasonSchedulingFailed, "no such GPU"),
			},
		},
		"RunningPod": {
			reason: "A Pod that runs goes on being available.",
			pod:    runningPod(p),
			want: func() []xpv2.Condition {
				c := serving2(msgReady)
				c[2] = told(TypeDegraded, corev1.ConditionTrue, ReasonSchedulingFailed, "no such GPU")
				return c
			}(),
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := Status(p, Objects{Pod: tc.pod, Service: Service(p)}, nil, t3)
			got := Hindered(p, s, ReasonSchedulingFailed, "no such GPU", t3).Conditions
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nHindered(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestReplaceWait(t *testing.T) {
	for failed, want := range map[int32]time.Duration{0: 0, 1: 10 * time.Second, 2: 20 * time.Second, 5: 160 * time.Second, 6: 5 * time.Minute, 60: 5 * time.Minute} {
		p := performer(func(p *v1alpha1.Performer) { p.Status.FailedPods = failed })
		if diff := cmp.Diff(want, ReplaceWait(p)); diff != "" {
			t.Errorf("ReplaceWait(%d): -want, +got:\n%s", failed, diff)
		}
	}
}
