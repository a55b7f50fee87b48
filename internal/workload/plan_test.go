// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

func withArgs(args ...string) performerModifier {
	return func(p *v1alpha1.Performer) { p.Spec.Config.Args = args }
}

// by asks for a strategy, with a deadline and a drain of half a minute.
func by(s v1alpha1.UpgradeStrategy) performerModifier {
	return func(p *v1alpha1.Performer) {
		p.Spec.Upgrade = &v1alpha1.UpgradePolicy{
			Strategy: s, Deadline: &metav1.Duration{Duration: 30 * time.Second}, Drain: &metav1.Duration{Duration: 30 * time.Second},
		}
	}
}

func withPolicy(policy v1alpha1.TEEViolationPolicy) performerModifier {
	return func(p *v1alpha1.Performer) {
		p.Spec.HardwareRequirements = &v1alpha1.HardwareRequirements{TEEType: "sgx", TEEViolationPolicy: policy}
	}
}

func withCPU(requests, limits string) performerModifier {
	list := func(cpu string) corev1.ResourceList {
		if cpu == "" {
			return nil
		}
		return corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu)}
	}
	return func(p *v1alpha1.Performer) {
		p.Spec.Resources = corev1.ResourceRequirements{Requests: list(requests), Limits: list(limits)}
	}
}

func drainingSince(at time.Time) podModifier {
	return func(pod *corev1.Pod) {
		delete(pod.Labels, LabelPerformer)
		pod.Labels[LabelRole] = RoleDraining
		pod.Annotations[AnnotationDraining] = at.Format(time.RFC3339Nano)
	}
}

// wanted is what a Performer asks for.
func wanted(p *v1alpha1.Performer) Objects {
	c := placement.Constraints{Resources: p.Spec.Resources}
	return Objects{Pod: Pod(p, c), Service: Service(p)}
}

// there is a Performer's running Pod with its resources.
func there(p *v1alpha1.Performer, m ...podModifier) *corev1.Pod {
	pod := runningPod(p, m...)
	pod.Spec.Containers[0].Resources = defaulted(p.Spec.Resources)
	pod.Annotations[AnnotationRendered] = wanted(p).Pod.Annotations[AnnotationRendered]
	return pod
}

// second is the standby of a Performer, created at t1 and started at t2.
func second(p *v1alpha1.Performer, m ...podModifier) *corev1.Pod {
	pod := standby(p, wanted(p).Pod)
	pod.UID, pod.CreationTimestamp = "pod-2", metav1.NewTime(t1)
	MarkUpgrade(pod, "Surge: there is room", t1)
	pod.Status = runningPod(p).Status
	pod.Status.ContainerStatuses[0].ContainerID = "containerd://2"
	pod.Status.ContainerStatuses[0].State.Running.StartedAt = metav1.NewTime(t2)
	pod.Spec.NodeName = "node-1"
	for _, f := range m {
		f(pod)
	}
	return pod
}

func TestNextMove(t *testing.T) {
	v1, v2 := performer(by("")), performer(by(""), withImage("myavs/performer:v2"))
	args := performer(by(""), withArgs("--x"))
	surging := performer(by(v1alpha1.StrategySurge), withArgs("--x"))
	room := Room{Pool: "a100"}
	none := Room{Why: "no pool has room"}
	crashed := []podModifier{upgrading("containerd://0", t1), wasGood(testImage), waitingFor("CrashLoopBackOff", "back-off")}
	failedOf := func(p *v1alpha1.Performer) podModifier {
		return func(pod *corev1.Pod) { withFailure(pod, SpecID(p, wanted(p).Pod), "it crashed") }
	}

	cases := map[string]struct {
		reason string
		p      *v1alpha1.Performer
		found  Objects
		room   Room
		now    time.Time
		want   Act
		on     string
		by     v1alpha1.UpgradeStrategy
		why    string
	}{
		"Nothing":         {reason: "All is well.", p: v1, found: Objects{Pod: there(v1)}},
		"NoPod":           {reason: "What is not there is created elsewhere.", p: v1},
		"Image":           {reason: "In place.", p: v2, found: Objects{Pod: there(v1)}, want: ActPatch, on: "performer-a", by: v1alpha1.StrategyInPlace, why: "spec.image"},
		"Room":            {reason: "A second Pod.", p: args, found: Objects{Pod: there(v1)}, room: room, want: ActStart, by: v1alpha1.StrategySurge, why: "pool a100 has room"},
		"NoRoom":          {reason: "It leaves the Service first.", p: args, found: Objects{Pod: there(v1)}, room: none, want: ActDrain, on: "performer-a", by: v1alpha1.StrategyRecreate, why: "no pool has room"},
		"NotServing":      {reason: "Nobody is served by it, so it need not drain, and nothing is gained by a second one.", p: args, found: Objects{Pod: there(v1, unready)}, room: room, want: ActReplace, on: "performer-a", by: v1alpha1.StrategyRecreate, why: "does not serve"},
		"Drains":          {reason: "It is given its time.", p: args, found: Objects{Pod: there(v1, drainingSince(t2))}, now: t2.Add(time.Second), by: v1alpha1.StrategyRecreate},
		"DrainsOn":        {reason: "Room that comes by does not change what was begun.", p: args, found: Objects{Pod: there(v1, drainingSince(t2))}, room: room, now: t2.Add(time.Second), by: v1alpha1.StrategyRecreate},
		"Drained":         {reason: "Now it goes.", p: args, found: Objects{Pod: there(v1, drainingSince(t2))}, want: ActReplace, on: "performer-a", by: v1alpha1.StrategyRecreate},
		"DrainTaken":      {reason: "The change was undone while the Pod drained: it serves again.", p: v1, found: Objects{Pod: there(v1, drainingSince(t3))}, want: ActPatch, on: "performer-a", by: v1alpha1.StrategyInPlace},
		"InPlaceOnly":     {reason: "What was asked for cannot be done.", p: performer(by(v1alpha1.StrategyInPlace), withArgs("--x")), found: Objects{Pod: there(v1)}, want: ActRefuse, on: "performer-a", by: v1alpha1.StrategyInPlace, why: "spec.config.args"},
		"Recreate":        {reason: "A new Pod even for an image.", p: performer(by(v1alpha1.StrategyRecreate), withImage("v2")), found: Objects{Pod: there(v1)}, want: ActDrain, on: "performer-a", by: v1alpha1.StrategyRecreate, why: "says so"},
		"Surge":           {reason: "As asked for, room or not.", p: surging, found: Objects{Pod: there(v1)}, want: ActStart, by: v1alpha1.StrategySurge, why: "says so"},
		"SurgeWaits":      {reason: "The second Pod starts.", p: surging, found: Objects{Pod: there(v1), Standby: second(surging, pending)}, by: v1alpha1.StrategySurge},
		"SurgeReady":      {reason: "It takes over.", p: surging, found: Objects{Pod: there(v1), Standby: second(surging)}, want: ActPromote, on: StandbyName(surging, wanted(surging).Pod), by: v1alpha1.StrategySurge},
		"SurgeOutdated":   {reason: "It is not what is wanted any more.", p: surging, found: Objects{Pod: there(v1), Standby: second(args, func(pod *corev1.Pod) { pod.Name = "performer-a-00000000" })}, want: ActEnd, on: "performer-a-00000000", by: v1alpha1.StrategySurge},
		"SurgeUndone":     {reason: "Nothing differs any more.", p: v1, found: Objects{Pod: there(v1), Standby: second(args)}, want: ActEnd, on: StandbyName(args, wanted(args).Pod)},
		"RoomTaken":       {reason: "The second Pod is what took the room: it stays.", p: args, found: Objects{Pod: there(v1), Standby: second(args, pending)}, room: none, by: v1alpha1.StrategySurge, why: "there is room"},
		"RoomWrong":       {reason: "There was none after all: that is noted.", p: args, found: Objects{Pod: there(v1), Standby: second(args, unbound("0/1 nodes"))}, now: t1.Add(time.Second), want: ActPatch, on: "performer-a", by: v1alpha1.StrategyRecreate, why: "0/1 nodes"},
		"Old":             {reason: "One that another took over from leaves.", p: v1, found: Objects{Pod: there(v1), Leaving: []*corev1.Pod{second(args, func(pod *corev1.Pod) { delete(pod.Labels, LabelRole) })}}, want: ActDrain, on: StandbyName(args, wanted(args).Pod)},
		"OldDrains":       {reason: "It drains.", p: v1, found: Objects{Pod: there(v1), Leaving: []*corev1.Pod{second(args, drainingSince(t3))}}},
		"OldDrained":      {reason: "It has drained.", p: v1, found: Objects{Pod: there(v1), Leaving: []*corev1.Pod{second(args, drainingSince(t1))}}, want: ActEnd, on: StandbyName(args, wanted(args).Pod)},
		"OldEnds":         {reason: "It ends already.", p: v1, found: Objects{Pod: there(v1), Leaving: []*corev1.Pod{second(args, ending)}}},
		"Ending":          {reason: "What comes after it will be as wanted.", p: v2, found: Objects{Pod: there(v1, ending)}},
		"Ended":           {reason: "A Pod that has ended is replaced.", p: v1, found: Objects{Pod: there(v1, func(pod *corev1.Pod) { pod.Status.Phase = corev1.PodFailed })}, want: ActReplace, on: "performer-a", why: "status.phase"},
		"Adopted":         {reason: "One of somebody else's is taken over as it is.", p: v1, found: Objects{Pod: there(v1, func(pod *corev1.Pod) { delete(pod.Annotations, AnnotationOwner) })}, want: ActPatch, on: "performer-a"},
		"Crashing":        {reason: "There is time left.", p: v2, found: Objects{Pod: there(v2, crashed...)}, now: t1},
		"Crashed":         {reason: "The time is up: the image goes back.", p: withSeen(v2), found: Objects{Pod: there(v2, crashed...)}, want: ActRollBack, on: "performer-a", by: v1alpha1.StrategyInPlace, why: "not ready within 30s"},
		"NothingBefore":   {reason: "There is nothing to go back to.", p: withSeen(v2), found: Objects{Pod: there(v2, upgrading("containerd://0", t1), waitingFor("CrashLoopBackOff", "back-off"))}},
		"SurgeCrashed":    {reason: "What failed is noted on the Pod that runs.", p: withSeen(surging), found: Objects{Pod: there(v1), Standby: second(surging, waitingFor("CrashLoopBackOff", "back-off"))}, want: ActRollBack, on: "performer-a", by: v1alpha1.StrategySurge},
		"SurgeFailed":     {reason: "The second Pod that failed goes.", p: withSeen(surging), found: Objects{Pod: there(v1, failedOf(surging)), Standby: second(surging, waitingFor("CrashLoopBackOff", "back-off"))}, want: ActEnd, on: StandbyName(surging, wanted(surging).Pod)},
		"SurgeUnplaced":   {reason: "No node took the second Pod in time.", p: surging, found: Objects{Pod: there(v1), Standby: second(surging, unbound("0/1 nodes"))}, want: ActRollBack, on: "performer-a", by: v1alpha1.StrategySurge, why: "0/1 nodes"},
		"RecreateCrashed": {reason: "A Pod like the one before comes in its place.", p: withSeen(args), found: Objects{Pod: there(args, upgrading("", t1), waitingFor("CrashLoopBackOff", "back-off"), func(pod *corev1.Pod) { pod.Annotations[AnnotationFallback] = "true" })}, want: ActRollBack, on: "performer-a", by: v1alpha1.StrategyRecreate},
		"Failed":          {reason: "What failed is not tried again.", p: v2, found: Objects{Pod: there(v1, failedOf(v2))}},
		"FailedChanged":   {reason: "Until the spec changes.", p: v2, found: Objects{Pod: there(v1, failedOf(args))}, want: ActPatch, on: "performer-a", by: v1alpha1.StrategyInPlace, why: "spec.image"},
		"LostTEE":         {reason: "It must not stay there.", p: performer(by(v1alpha1.StrategyInPlace), withPolicy(v1alpha1.TEEViolationEnd)), found: Objects{Pod: there(performer(by(""), withPolicy(v1alpha1.TEEViolationEnd))), LostTEE: "no sgx"}, want: ActDrain, on: "performer-a", by: v1alpha1.StrategyRecreate, why: "no sgx"},
		"LostTEETold":     {reason: "That is only to be told.", p: performer(withPolicy("")), found: Objects{Pod: there(performer(withPolicy(""))), LostTEE: "no sgx"}},
		"Resize":          {reason: "Cpu is changed in the Pod that runs.", p: performer(by(""), withCPU("2", "")), found: Objects{Pod: there(performer(withCPU("1", "")))}, want: ActResize, on: "performer-a", by: v1alpha1.StrategyResize, why: "requests of cpu from 1 to 2"},
		"ResizeRefused":   {reason: "It was refused, so that the Pod drains: it is not tried again.", p: performer(by(""), withCPU("2", "2")), found: Objects{Pod: there(performer(withCPU("1", "2")), drainingSince(t1))}, want: ActReplace, on: "performer-a", by: v1alpha1.StrategyRecreate, why: "could not be resized"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if tc.now.IsZero() {
				tc.now = t3
			}
			want := wanted(tc.p)
			d, _ := podOnly(Differences(tc.p, want, tc.found, tc.now))
			got := NextMove(tc.p, want, tc.found, d, tc.room, tc.now)
			on := ""
			if got.Pod != nil && got.Act != ActNone {
				on = got.Pod.Name
			}
			if diff := cmp.Diff([]string{string(tc.want), tc.on, string(tc.by)}, []string{string(got.Act), on, string(got.Strategy)}); diff != "" {
				t.Errorf("\n%s\nNextMove(...): -want, +got:\n%s\n%s", tc.reason, diff, got.Why)
			}
			if !strings.Contains(got.Why, tc.why) {
				t.Errorf("\n%s\nNextMove(...): want why with %q, got %q", tc.reason, tc.why, got.Why)
			}
		})
	}
}

// podOnly are the differences of the Pod, and the others.
func podOnly(all []Difference) (pod, other []Difference) {
	for _, d := range all {
		if d.Object == "Pod" {
			pod = append(pod, d)
		} else {
			other = append(other, d)
		}
	}
	return pod, other
}

// withSeen has a Performer whose upgrade at t1 was seen to have been pulled then.
func withSeen(p *v1alpha1.Performer) *v1alpha1.Performer {
	p = p.DeepCopy()
	at := metav1.NewTime(t1)
	p.Status.Upgrade = &v1alpha1.UpgradeStatus{Started: at, Pulled: &at}
	return p
}

func TestWake(t *testing.T) {
	p := performer(by(""))
	failing := performer(by(""), func(p *v1alpha1.Performer) { p.Status.FailedPods = 1 })
	cases := map[string]struct {
		reason string
		p      *v1alpha1.Performer
		found  Objects
		want   time.Duration
	}{
		"Never":    {reason: "Nothing is due.", p: p, found: Objects{Pod: there(p)}},
		"Drains":   {reason: "When the drain is over.", p: p, found: Objects{Pod: there(p, drainingSince(t3.Add(-10*time.Second)))}, want: 20 * time.Second},
		"Deadline": {reason: "When the upgrade is overdue, or before that.", p: withSeen(p), found: Objects{Pod: there(p, upgrading("containerd://0", t1), wasGood("x"), unready), Leaving: []*corev1.Pod{second(p, drainingSince(t3))}}, want: 30 * time.Second},
		"Ended":    {reason: "When the next Pod is due.", p: failing, found: Objects{Pod: there(p, func(pod *corev1.Pod) { pod.Status.Phase = corev1.PodFailed; pod.CreationTimestamp = metav1.NewTime(t3) })}, want: 10 * time.Second},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, Wake(tc.p, tc.found, t3)); diff != "" {
				t.Errorf("\n%s\nWake(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
