// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// deployed is the Deployment of an executor with so many replicas, of the latest
// template and ready.
func deployed(t *testing.T, e *v1alpha1.HourglassExecutor, replicas, updated, ready int32) *appsv1.Deployment {
	t.Helper()
	d := standing(t, e).Deployment
	d.Generation = 3
	d.Status = appsv1.DeploymentStatus{ObservedGeneration: 3, Replicas: replicas, UpdatedReplicas: updated, ReadyReplicas: ready}
	return d
}

// executorPodOf is a Pod of an executor that was created at a time.
func executorPodOf(name string, at time.Time, m ...podModifier) corev1.Pod {
	pod := corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "ns", CreationTimestamp: metav1.NewTime(at)},
		Spec:       corev1.PodSpec{NodeName: "node-1"},
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning,
			Conditions: []corev1.PodCondition{
				{Type: corev1.PodScheduled, Status: corev1.ConditionTrue},
				{Type: corev1.PodReady, Status: corev1.ConditionTrue},
			},
			ContainerStatuses: []corev1.ContainerStatus{{Name: ExecutorContainerName, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}},
		},
	}
	for _, f := range m {
		f(&pod)
	}
	return pod
}

// says is what a condition says of an executor.
func says(t xpv2.ConditionType, s corev1.ConditionStatus, r xpv2.ConditionReason, message string) xpv2.Condition {
	return xpv2.Condition{Type: t, Status: s, Reason: r, Message: message, LastTransitionTime: metav1.NewTime(t3), ObservedGeneration: 2}
}

// An executorSays lists what the conditions of an executor say, in their order.
type executorSays struct {
	ready xpv2.ConditionReason
	// rolling is empty where the rollout is done.
	rolling   string
	degraded  bool
	available bool
	reason    xpv2.ConditionReason
	message   string
	// signer is what is wrong with who signs; nothing where it is zero.
	signer xpv2.Condition
}

func (x executorSays) conditions() []xpv2.Condition {
	status := map[bool]corev1.ConditionStatus{true: corev1.ConditionTrue, false: corev1.ConditionFalse}
	progressing := says(TypeProgressing, corev1.ConditionFalse, "ConfigMapReady", "the configuration in ConfigMap ex-config is the one that runs")
	if x.rolling != "" {
		progressing = says(TypeProgressing, corev1.ConditionTrue, "RollingUpdate", x.rolling)
	}
	if x.signer.Type == "" {
		x.signer = says("SingleSigner", corev1.ConditionTrue, "OneSigner", "one Pod at a time signs with the operator's key")
	}
	return []xpv2.Condition{
		says(xpv2.TypeReady, status[x.ready == xpv2.ReasonAvailable], x.ready, x.message),
		progressing,
		says(TypeDegraded, status[x.degraded], x.reason, x.message),
		x.signer,
		says(TypeAvailable, status[x.available], x.reason, x.message),
	}
}

func executorStatus(phase v1alpha1.ExecutorPhase, replicas, ready int32, x executorSays) v1alpha1.HourglassExecutorStatus {
	s := v1alpha1.HourglassExecutorStatus{Phase: phase, Replicas: replicas, ReadyReplicas: ready, LastConfigUpdate: &metav1.Time{Time: t0}}
	s.Conditions = x.conditions()
	return s
}

type executorStatusCase struct {
	reason string
	e      *v1alpha1.HourglassExecutor
	found  ExecutorFound
	want   v1alpha1.HourglassExecutorStatus
}

func runExecutorStatus(t *testing.T, cases map[string]executorStatusCase) {
	t.Helper()
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			before := tc.e.DeepCopy()
			got := ExecutorStatus(tc.e, tc.found, t3)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nExecutorStatus(...): -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(before, tc.e); diff != "" {
				t.Errorf("\n%s\nExecutorStatus(...) changed the executor: -want, +got:\n%s", tc.reason, diff)
			}
			tc.e = tc.e.DeepCopy()
			tc.e.Status = got
			if diff := cmp.Diff(got, ExecutorStatus(tc.e, tc.found, t3.Add(time.Hour))); diff != "" {
				t.Errorf("\n%s\nan hour later nothing is new, so nothing is written: -first, +later:\n%s", tc.reason, diff)
			}
		})
	}
}

func with(d *appsv1.Deployment, pods ...corev1.Pod) ExecutorFound {
	return ExecutorFound{ExecutorObjects: ExecutorObjects{Deployment: d}, Pods: pods}
}

func wasAvailable(e *v1alpha1.HourglassExecutor) { e.Status.SetConditions(xpv2.Available()) }

func TestExecutorStatus(t *testing.T) {
	e := executor()
	three := executor(withReplicas(3), wasAvailable)
	const missing = "Deployment ex does not exist yet"
	const oneOfOne, noneOfOne = "Deployment ex has 1 of 1 replicas ready", "Deployment ex has 0 of 1 replicas ready"
	many := says("SingleSigner", corev1.ConditionFalse, "ManyReplicas", "3 replicas sign with one operator key, which is dangerous; set spec.replicas to 1")
	gone := executorStatus(v1alpha1.ExecutorPending, 0, 0, executorSays{ready: xpv2.ReasonCreating, rolling: "Deployment ex is being created", reason: "DeploymentMissing", message: missing})
	gone.LastConfigUpdate = nil
	lost := executorStatus(v1alpha1.ExecutorPending, 0, 0, executorSays{ready: xpv2.ReasonUnavailable, rolling: "Deployment ex is being created", reason: "DeploymentMissing", message: missing})
	lost.LastConfigUpdate = nil
	unknown := executorStatus(v1alpha1.ExecutorRunning, 1, 1, executorSays{ready: xpv2.ReasonAvailable, available: true, reason: "DeploymentAvailable", message: oneOfOne})
	unknown.LastConfigUpdate = nil
	noRecord := deployed(t, e, 1, 1, 1)
	noRecord.Annotations[AnnotationConfigUpdated] = "yesterday"
	unseen := deployed(t, e, 1, 1, 1)
	unseen.Generation = 4
	stopped := deployed(t, e, 0, 0, 0)
	stopped.Spec.Replicas = new(int32(0))
	ended := executorStatus(v1alpha1.ExecutorStopped, 0, 0, executorSays{ready: xpv2.ReasonDeleting, rolling: "Deployment ex is being created", reason: "DeploymentMissing", message: missing})
	ended.LastConfigUpdate = nil
	runExecutorStatus(t, map[string]executorStatusCase{
		"Missing":     {reason: "An executor without a Deployment is being created.", e: e, want: gone},
		"MissingLost": {reason: "One that was ready before is unavailable instead.", e: executor(wasAvailable), want: lost},
		"Available": {
			reason: "With its replica ready an executor runs, and says since when its configuration is as it is.",
			e:      e, found: with(deployed(t, e, 1, 1, 1), executorPodOf("ex-1", t0)),
			want: executorStatus(v1alpha1.ExecutorRunning, 1, 1, executorSays{ready: xpv2.ReasonAvailable, available: true, reason: "DeploymentAvailable", message: oneOfOne}),
		},
		"NoRecord": {reason: "A record that cannot be read is none.", e: e, found: with(noRecord), want: unknown},
		"Starting": {
			reason: "Until then it is pending.",
			e:      e, found: with(deployed(t, e, 1, 1, 0)),
			want: executorStatus(v1alpha1.ExecutorPending, 1, 0, executorSays{ready: xpv2.ReasonCreating, rolling: "Deployment ex has 0 of 1 updated replicas ready", reason: "DeploymentUnavailable", message: noneOfOne}),
		},
		"NoPodYet": {
			reason: "It is pending without a Pod too.",
			e:      e, found: with(deployed(t, e, 0, 0, 0)),
			want: executorStatus(v1alpha1.ExecutorPending, 0, 0, executorSays{ready: xpv2.ReasonCreating, rolling: "Deployment ex has updated 0 of 1 replicas, 0 of the old ones are left", reason: "DeploymentUnavailable", message: noneOfOne}),
		},
		"Unseen": {
			reason: "A template that the cluster has not looked at yet is progress to come.",
			e:      e, found: with(unseen),
			want: executorStatus(v1alpha1.ExecutorRunning, 1, 1, executorSays{ready: xpv2.ReasonAvailable, available: true, rolling: "Deployment ex is about to roll out its latest template", reason: "DeploymentAvailable", message: oneOfOne}),
		},
		"Rolling": {
			reason: "A rollout is told in numbers, and several signers are warned of.",
			e:      three, found: with(deployed(t, three, 4, 2, 3)),
			want: executorStatus(v1alpha1.ExecutorRunning, 4, 3, executorSays{ready: xpv2.ReasonAvailable, available: true, rolling: "Deployment ex has updated 2 of 3 replicas, 2 of the old ones are left", reason: "DeploymentAvailable", message: "Deployment ex has 3 of 3 replicas ready", signer: many}),
		},
		"RollingLast": {
			reason: "The last old replica counts.",
			e:      three, found: with(deployed(t, three, 4, 3, 3)),
			want: executorStatus(v1alpha1.ExecutorRunning, 4, 3, executorSays{ready: xpv2.ReasonAvailable, available: true, rolling: "Deployment ex has updated 3 of 3 replicas, 1 of the old ones are left", reason: "DeploymentAvailable", message: "Deployment ex has 3 of 3 replicas ready", signer: many}),
		},
		"Recreating": {
			reason: "Between the old Pod and the new one an executor that was ready is unavailable.",
			e:      executor(wasAvailable), found: with(deployed(t, e, 0, 0, 0)),
			want: executorStatus(v1alpha1.ExecutorPending, 0, 0, executorSays{ready: xpv2.ReasonUnavailable, rolling: "Deployment ex has updated 0 of 1 replicas, 0 of the old ones are left", reason: "DeploymentUnavailable", message: noneOfOne}),
		},
		"Stopped": {
			reason: "A Deployment that another scaled to none is stopped.",
			e:      executor(wasAvailable), found: with(stopped),
			want: executorStatus(v1alpha1.ExecutorStopped, 0, 0, executorSays{ready: xpv2.ReasonUnavailable, rolling: "Deployment ex has updated 0 of 1 replicas, 0 of the old ones are left", reason: "DeploymentUnavailable", message: noneOfOne}),
		},
		"Deleting": {
			reason: "One that is deleted runs while a replica does.",
			e:      executor(wasAvailable, deletedExecutor), found: with(deployed(t, e, 1, 1, 1)),
			want: executorStatus(v1alpha1.ExecutorRunning, 1, 1, executorSays{ready: xpv2.ReasonDeleting, available: true, reason: "DeploymentAvailable", message: oneOfOne}),
		},
		"Deleted": {reason: "And is stopped when it has gone.", e: executor(wasAvailable, deletedExecutor), want: ended},
	})
}

func TestExecutorStatusInTrouble(t *testing.T) {
	e := executor(func(e *v1alpha1.HourglassExecutor) {
		e.Spec.NodeSelector = v1alpha1.NodeLabels{"disk": "ssd", "arch": "amd64"}
	})
	plain, two := executor(), executor(withReplicas(2), wasAvailable)
	manyTwo := says("SingleSigner", corev1.ConditionFalse, "ManyReplicas", "2 replicas sign with one operator key, which is dangerous; set spec.replicas to 1")
	pull := waitingFor("ImagePullBackOff", "no such image")
	crash := waitingFor("CrashLoopBackOff", "back-off")
	failed := func(pod *corev1.Pod) { pod.Status.Phase = corev1.PodFailed }
	refused := deployed(t, plain, 0, 0, 0)
	refused.Status.Conditions = []appsv1.DeploymentCondition{
		{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionTrue, Message: "not this"},
		{Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue, Message: "exceeded quota: pods"},
	}
	recovered := deployed(t, plain, 1, 1, 1)
	recovered.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionFalse, Message: "exceeded quota: pods"}}
	const notReady = "Deployment ex has 0 of 1 updated replicas ready"
	const noneUpdated = "Deployment ex has updated 0 of 1 replicas, 0 of the old ones are left"
	const pullMessage = "cannot pull image hourglass/executor:v1: ImagePullBackOff: no such image"
	const crashMessage = "the container crashes on node node-1: it ended with exit code 1 (Error) after 4 restarts; see kubectl logs --previous ex-1"
	inTrouble := func(reason xpv2.ConditionReason, rolling, message string) executorSays {
		return executorSays{ready: xpv2.ReasonCreating, rolling: rolling, degraded: true, reason: reason, message: message}
	}
	noDeployment := executorStatus(v1alpha1.ExecutorPending, 0, 0, executorSays{ready: xpv2.ReasonCreating, rolling: "Deployment ex is being created", degraded: true, reason: "DeploymentMissing", message: "Deployment ex does not exist yet"})
	noDeployment.LastConfigUpdate = nil
	runExecutorStatus(t, map[string]executorStatusCase{
		"ImagePull": {
			reason: "An image that cannot be pulled is named.",
			e:      plain, found: with(deployed(t, plain, 1, 1, 0), executorPodOf("ex-1", t0, pull)),
			want: executorStatus(v1alpha1.ExecutorPending, 1, 0, inTrouble("ImagePullFailed", notReady, pullMessage)),
		},
		"Crash": {
			reason: "A crash is told by its exit code, and never in the container's own words.",
			e:      plain, found: with(deployed(t, plain, 1, 1, 0), executorPodOf("ex-1", t0, crash)),
			want: executorStatus(v1alpha1.ExecutorPending, 1, 0, inTrouble("ContainerCrashed", notReady, crashMessage)),
		},
		"Unscheduled": {
			reason: "What the spec asks of a node stands beside what the scheduler found.",
			e:      e, found: with(deployed(t, e, 1, 1, 0), executorPodOf("ex-1", t0, unbound("0/3 nodes are available"))),
			want: executorStatus(v1alpha1.ExecutorPending, 1, 0, inTrouble("SchedulingFailed", notReady, "no node can take Pod ex-1: 0/3 nodes are available; it asks for node label arch=amd64, node label disk=ssd")),
		},
		"UnscheduledAnywhere": {
			reason: "Where it asks for nothing it says so.",
			e:      plain, found: with(deployed(t, plain, 1, 1, 0), executorPodOf("ex-1", t0, unbound("0/3 nodes are available"))),
			want: executorStatus(v1alpha1.ExecutorPending, 1, 0, inTrouble("SchedulingFailed", notReady, "no node can take Pod ex-1: 0/3 nodes are available; it asks for no particular node")),
		},
		"NewestFirst": {
			reason: "The newest Pod that fails is the one to look at, and of two of one age the first by name.",
			e:      plain, found: with(deployed(t, plain, 1, 1, 0), executorPodOf("ex-0", t0, pull), executorPodOf("ex-2", t1, pull), executorPodOf("ex-1", t1, crash)),
			want: executorStatus(v1alpha1.ExecutorPending, 1, 0, inTrouble("ContainerCrashed", notReady, crashMessage)),
		},
		"OldPodServes": {
			reason: "A rollout that fails leaves the old replicas available, degraded.",
			e:      two, found: with(deployed(t, two, 3, 1, 2), executorPodOf("ex-0", t0), executorPodOf("ex-1", t1, pull)),
			want: executorStatus(v1alpha1.ExecutorRunning, 3, 2, executorSays{
				ready: xpv2.ReasonUnavailable, rolling: "Deployment ex has updated 1 of 2 replicas, 2 of the old ones are left",
				degraded: true, available: true, reason: "ImagePullFailed", message: pullMessage, signer: manyTwo,
			}),
		},
		"EndedPods": {
			reason: "Pods that have ended, or are about to, are history.",
			e:      plain, found: with(deployed(t, plain, 1, 1, 1), executorPodOf("ex-0", t0, failed), executorPodOf("ex-2", t2, crash, ending), executorPodOf("ex-1", t1)),
			want: executorStatus(v1alpha1.ExecutorRunning, 1, 1, executorSays{ready: xpv2.ReasonAvailable, available: true, reason: "DeploymentAvailable", message: "Deployment ex has 1 of 1 replicas ready"}),
		},
		"Refused": {
			reason: "Where no Pod may be created the Deployment says why.",
			e:      plain, found: with(refused),
			want: executorStatus(v1alpha1.ExecutorPending, 0, 0, inTrouble("PodsRefused", noneUpdated, "no Pod can be created: exceeded quota: pods")),
		},
		"NoLongerRefused": {
			reason: "A refusal that is over is history.",
			e:      plain, found: with(recovered),
			want: executorStatus(v1alpha1.ExecutorRunning, 1, 1, executorSays{ready: xpv2.ReasonAvailable, available: true, reason: "DeploymentAvailable", message: "Deployment ex has 1 of 1 replicas ready"}),
		},
		"NoDeployment": {
			reason: "A Deployment that is missing is told before what is left of its Pods.",
			e:      plain, found: with(nil, executorPodOf("ex-1", t0, crash)),
			want: noDeployment,
		},
	})
}

func TestSingleSigner(t *testing.T) {
	cases := map[string]struct {
		reason string
		e      *v1alpha1.HourglassExecutor
		others []string
		want   xpv2.Condition
	}{
		"One":    {"One replica with a key of its own is as it should be.", executor(), nil, condition("SingleSigner", true, "OneSigner", "one Pod at a time signs with the operator's key")},
		"Many":   {"Several replicas sign with one key.", executor(withReplicas(2)), nil, condition("SingleSigner", false, "ManyReplicas", "2 replicas sign with one operator key, which is dangerous; set spec.replicas to 1")},
		"Others": {"Another executor's key is the graver danger, and all are named.", executor(withReplicas(2)), []string{"a/x", "b/y"}, condition("SingleSigner", false, "KeyInUse", "the operator's key is also used by HourglassExecutor a/x, b/y: two executors that sign with one key are dangerous; give each operator key to one of them")},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := ExecutorStatus(tc.e, ExecutorFound{SameSigners: tc.others}, t3)
			want := tc.want
			want.LastTransitionTime, want.ObservedGeneration = metav1.NewTime(t3), 2
			if diff := cmp.Diff(want, got.GetCondition(TypeSingleSigner)); diff != "" {
				t.Errorf("\n%s\nSingleSigner: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestSameSigners(t *testing.T) {
	e := executor()
	deployment := func(namespace, name, uid, signer string) appsv1.Deployment {
		d := appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Annotations: map[string]string{AnnotationOwner: uid}}}
		if signer != "" {
			d.Annotations[AnnotationSigner] = signer
		}
		return d
	}
	unsigned := executor(func(e *v1alpha1.HourglassExecutor) { e.Spec.Config.OperatorKeys = nil })
	cases := map[string]struct {
		reason string
		e      *v1alpha1.HourglassExecutor
		all    []appsv1.Deployment
		want   []string
	}{
		"None":     {"Alone in its cluster it has its key for itself.", e, nil, nil},
		"Own":      {"Its own Deployment is not another, under whatever name.", e, []appsv1.Deployment{deployment("ns", "ex", executorUID, ecdsaDigest), deployment("ns", "old", executorUID, ecdsaDigest)}, nil},
		"OwnName":  {"What has its name is to be adopted or refused, and so no second signer.", e, []appsv1.Deployment{deployment("ns", "ex", "other", ecdsaDigest)}, nil},
		"OtherKey": {"Others have other keys.", e, []appsv1.Deployment{deployment("ns", "a", "u1", "1234"), deployment("ns", "b", "u2", "")}, nil},
		"Same":     {"All with the same key are named in order, in whatever namespace.", e, []appsv1.Deployment{deployment("z", "ex", "u1", ecdsaDigest), deployment("ns", "b", "u2", ecdsaDigest), deployment("ns", "a", "u3", ecdsaDigest)}, []string{"ns/a", "ns/b", "z/ex"}},
		"NoKey":    {"Who has no key shares none with others that have none.", unsigned, []appsv1.Deployment{deployment("ns", "a", "u1", "")}, nil},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, SameSigners(tc.e, rendered(t, tc.e).Deployment, tc.all)); diff != "" {
				t.Errorf("\n%s\nSameSigners(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
