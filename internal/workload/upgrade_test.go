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

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

func TestWithPods(t *testing.T) {
	p := performer()
	named := func(name string, m ...podModifier) *corev1.Pod {
		pod := runningPod(p, m...)
		pod.Name = name
		return pod
	}
	role := func(r string) podModifier { return func(pod *corev1.Pod) { pod.Labels[LabelRole] = r } }
	younger := func(pod *corev1.Pod) { pod.CreationTimestamp = metav1.NewTime(t3) }

	cases := map[string]struct {
		reason string
		pods   []*corev1.Pod
		want   []string
	}{
		"One":      {"There is one.", []*corev1.Pod{named("a")}, []string{"a", "", ""}},
		"Standby":  {"A second one is to take over.", []*corev1.Pod{named("b", role(RoleStandby)), named("a")}, []string{"a", "b", ""}},
		"Switched": {"Of two that serve the younger one is to stay.", []*corev1.Pod{named("a"), named("b", younger)}, []string{"b", "", "a"}},
		"Drains":   {"One that drains is what there is, where nothing else serves.", []*corev1.Pod{named("a", role(RoleDraining))}, []string{"a", "", ""}},
		"Lost":     {"The second one takes over where the first one ends.", []*corev1.Pod{named("a", ending), named("b", role(RoleStandby))}, []string{"b", "", "a"}},
		"Spare":    {"Two second Pods are one too many.", []*corev1.Pod{named("a"), named("b", role(RoleStandby)), named("c", role(RoleStandby), younger)}, []string{"a", "c", "b"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			o := Objects{}.WithPods(tc.pods)
			got := []string{o.Pod.Name, "", ""}
			if o.Standby != nil {
				got[1] = o.Standby.Name
			}
			for _, pod := range o.Leaving {
				got[2] += pod.Name
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nWithPods(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestNamesOfPods(t *testing.T) {
	p := performer()
	name := StandbyName(p, wanted(p).Pod)
	for n, want := range map[string]bool{"performer-a": true, name: true, "performer-a-x": false, "performer-b": false, "performer-a-zzzzzzzz": false} {
		if got := IsNameOf(p, n); got != want {
			t.Errorf("IsNameOf(%s): want %t, got %t", n, want, got)
		}
	}
	if diff := cmp.Diff("performer-a", FirstName(name)); diff != "" {
		t.Errorf("FirstName(%s): -want, +got:\n%s", name, diff)
	}
	pod := promoted(p, second(p))
	if pod.Labels[LabelPerformer] != "a" || pod.Labels[LabelRole] != "" {
		t.Errorf("a Pod that is promoted has the Service's labels: %v", pod.Labels)
	}
}

func TestProgress(t *testing.T) {
	p := performer()
	at := func(ts time.Time) *metav1.Time { m := metav1.NewTime(ts); return &m }
	const strategy = "InPlace: the image can be changed in the Pod that runs"
	before := func(u v1alpha1.UpgradeStatus) *v1alpha1.Performer {
		return performer(func(p *v1alpha1.Performer) {
			u.Started = metav1.NewTime(t1)
			p.Status.Upgrade = &u
		})
	}
	pulls := func(reason string) podModifier { return waitingFor(reason, "Back-off pulling image \""+testImage+"\"") }
	started := func(restarts int32) podModifier {
		return func(pod *corev1.Pod) {
			cs := &pod.Status.ContainerStatuses[0]
			cs.RestartCount = restarts
			cs.State.Running = &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(t2)}
		}
	}
	cases := map[string]struct {
		reason string
		p      *v1alpha1.Performer
		pod    *corev1.Pod
		want   *v1alpha1.UpgradeStatus
	}{
		"None":    {reason: "There is none.", p: p, pod: runningPod(p)},
		"Pulling": {reason: "The old container stands.", p: p, pod: runningPod(p, upgrading("containerd://1", t1)), want: &v1alpha1.UpgradeStatus{Strategy: strategy}},
		"Pulled":  {reason: "A container that runs was pulled before.", p: p, pod: runningPod(p, upgrading("containerd://0", t1), unready, started(0)), want: &v1alpha1.UpgradeStatus{Strategy: strategy, Pulled: at(t2)}},
		"OldOne": {reason: "When the container started that was replaced says nothing.", p: p, pod: runningPod(p, upgrading("containerd://0", t1), unready, started(1), func(pod *corev1.Pod) {
			pod.Status.ContainerStatuses[0].LastTerminationState.Terminated = &corev1.ContainerStateTerminated{ContainerID: "containerd://0", StartedAt: metav1.NewTime(t1)}
		}), want: &v1alpha1.UpgradeStatus{Strategy: strategy, Pulled: at(t2)}},
		"Crashed": {reason: "The first container of the new image counts, though it has crashed since.", p: p, pod: runningPod(p, upgrading("containerd://0", t1), waitingFor("CrashLoopBackOff", "x"), func(pod *corev1.Pod) {
			pod.Status.ContainerStatuses[0].LastTerminationState.Terminated.ContainerID = "containerd://1"
			pod.Status.ContainerStatuses[0].LastTerminationState.Terminated.StartedAt = metav1.NewTime(t2)
		}), want: &v1alpha1.UpgradeStatus{Strategy: strategy, Pulled: at(t2), Waiting: "CrashLoopBackOff"}},
		"Remember": {reason: "What was seen first stays.", p: before(v1alpha1.UpgradeStatus{Pulled: at(t1)}), pod: runningPod(p, upgrading("containerd://0", t1), unready, started(1)), want: &v1alpha1.UpgradeStatus{Pulled: at(t1)}},
		"Failed":   {reason: "One pull failed.", p: p, pod: runningPod(p, upgrading("containerd://0", t1), pulls("ErrImagePull"), func(pod *corev1.Pod) { pod.Status.ContainerStatuses[0].ContainerID = "" }), want: &v1alpha1.UpgradeStatus{Strategy: strategy, PullFailures: 1, Waiting: "ErrImagePull"}},
		"Stands":   {reason: "A kubelet that cannot pull the new image tells of the old container still.", p: p, pod: runningPod(p, upgrading("containerd://1", t1), pulls("ErrImagePull")), want: &v1alpha1.UpgradeStatus{Strategy: strategy, PullFailures: 1, Waiting: "ErrImagePull"}},
		"BackOff":  {reason: "To wait for the next try is no other failure.", p: before(v1alpha1.UpgradeStatus{PullFailures: 1, Waiting: "ErrImagePull", Pulled: at(t1)}), pod: runningPod(p, upgrading("containerd://0", t1), pulls("ImagePullBackOff")), want: &v1alpha1.UpgradeStatus{PullFailures: 1, Waiting: "ImagePullBackOff", Pulled: at(t1)}},
		"Again":    {reason: "The next try is.", p: before(v1alpha1.UpgradeStatus{PullFailures: 1, Waiting: "ImagePullBackOff", Pulled: at(t1)}), pod: runningPod(p, upgrading("containerd://0", t1), pulls("ErrImagePull")), want: &v1alpha1.UpgradeStatus{PullFailures: 2, Waiting: "ErrImagePull", Pulled: at(t1)}},
		"Older":    {reason: "What the image before could not be pulled for is no failure of this one.", p: before(v1alpha1.UpgradeStatus{Pulled: at(t1)}), pod: runningPod(p, upgrading("containerd://0", t1), waitingFor("ErrImagePull", "other:v1")), want: &v1alpha1.UpgradeStatus{Pulled: at(t1)}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if tc.want != nil {
				tc.want.Started = metav1.NewTime(t1)
			}
			if diff := cmp.Diff(tc.want, progress(tc.p, Objects{Pod: tc.pod}, t3)); diff != "" {
				t.Errorf("\n%s\nprogress(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestPullsThatFail(t *testing.T) {
	pod := func(reason string) *corev1.Pod {
		return runningPod(performer(), upgrading("containerd://0", t1), wasGood("old"), waitingFor(reason, testImage))
	}
	tries := func(n int32) *v1alpha1.Performer {
		return performer(func(p *v1alpha1.Performer) {
			p.Status.Upgrade = &v1alpha1.UpgradeStatus{Started: metav1.NewTime(t1), PullFailures: n, Waiting: "ErrImagePull"}
		})
	}
	for name, tc := range map[string]struct {
		p    *v1alpha1.Performer
		pod  *corev1.Pod
		want string
	}{
		"Twice":    {p: tries(2), pod: pod("ErrImagePull")},
		"Thrice":   {p: tries(3), pod: pod("ErrImagePull"), want: "3 times"},
		"Hopeless": {p: tries(0), pod: pod("InvalidImageName"), want: "InvalidImageName"},
	} {
		why, _ := upgradeFailure(tc.p, Objects{Pod: tc.pod}, t1)
		if (why == "") != (tc.want == "") || !strings.Contains(why, tc.want) {
			t.Errorf("%s: want %q, got %q", name, tc.want, why)
		}
	}
}

func TestFallback(t *testing.T) {
	v1 := performer(withArgs("--old"))
	v2 := performer(withArgs("--new"), withImage("v2"))
	want, svc := wanted(v2).Pod, Service(v1)
	kept := LastGood(v1, runningPod(v1, func(pod *corev1.Pod) {
		pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: "injected"})
		pod.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "token"}}
		pod.Annotations["theirs"] = "not kept"
	}), svc)
	if Fallback(v2, want, kept, t3) != nil {
		t.Error("what is kept is not run before what is wanted has failed")
	}
	SetFailure(kept, v2, want, "it crashed")

	before := Pod(v1, placement.Constraints{})
	MarkUpgrade(before, "RollBack", t3)
	withFailure(before, SpecID(v2, want), "it crashed")
	if diff := cmp.Diff(before, Fallback(v2, want, kept, t3)); diff != "" {
		t.Errorf("the Pod that ran before must come back: -want, +got:\n%s", diff)
	}
	if !WentBack(Fallback(v2, want, kept, t3)) {
		t.Error("that is no upgrade")
	}
	if Fallback(performer(withArgs("--new"), func(p *v1alpha1.Performer) { p.Generation++ }), want, kept, t3) != nil {
		t.Error("another spec is tried")
	}
	again := LastGood(v1, Fallback(v2, want, kept, t3), svc)
	if diff := cmp.Diff(kept.Annotations, again.Annotations); diff != "" {
		t.Errorf("what failed must be known of it later too: -want, +got:\n%s", diff)
	}
}

func TestFailedUpgradeIsTold(t *testing.T) {
	p := performer(withImage("v2"))
	pod := runningPod(performer(), func(pod *corev1.Pod) { withFailure(pod, "spec", "it crashed") })
	s := Status(p, Objects{Pod: pod, Service: Service(p)}, nil, t3)
	want := &v1alpha1.FailedUpgrade{Spec: "spec", Message: "it crashed"}
	if diff := cmp.Diff(want, s.FailedUpgrade); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
	c := s.GetCondition(TypeDegraded)
	if c.Reason != ReasonUpgradeFailed || c.Status != corev1.ConditionTrue || !strings.Contains(c.Message, "it crashed") || !s.Ready {
		t.Errorf("it serves, and the failure is told: %+v", c)
	}
	p.Status = s
	if diff := cmp.Diff(want, Status(p, Objects{}, nil, t3).FailedUpgrade); diff != "" {
		t.Errorf("it is remembered while there is no Pod: -want, +got:\n%s", diff)
	}
	down := runningPod(performer(), waitingFor("CrashLoopBackOff", "x"), func(pod *corev1.Pod) { withFailure(pod, "spec", "it crashed") })
	after := Status(p, Objects{Pod: down}, nil, t3)
	if m := after.GetCondition(TypeDegraded).Message; !strings.Contains(m, "and now the container crashes") {
		t.Errorf("what is wrong now is told too: %s", m)
	}
}

func TestConditionsOfDayTwo(t *testing.T) {
	p := performer(withPolicy(""))
	resize := func(reason string) podModifier {
		return func(pod *corev1.Pod) {
			pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: corev1.PodResizePending, Status: corev1.ConditionTrue, Reason: reason, Message: "no cpu"})
		}
	}
	cases := map[string]struct {
		reason    string
		found     Objects
		condition xpv2.ConditionType
		want      xpv2.ConditionReason
		words     string
		ready     bool
	}{
		"Deferred":   {"It may be done later.", Objects{Pod: runningPod(p, resize("Deferred"))}, TypeProgressing, ReasonResizeDeferred, "no cpu", true},
		"Infeasible": {"It never will be.", Objects{Pod: runningPod(p, resize("Infeasible"))}, TypeDegraded, ReasonResizeInfeasible, "no cpu", true},
		"LostTEE":    {"The gravest is told.", Objects{Pod: runningPod(p, resize("Infeasible")), LostTEE: "no sgx"}, TypeDegraded, ReasonTEEViolation, "no sgx", true},
		"Standby":    {"A second Pod is to take over.", Objects{Pod: runningPod(p), Standby: second(p)}, TypeProgressing, ReasonPodReady, "Surge: there is room", true},
		"Draining":   {"Nobody reaches it any more.", Objects{Pod: runningPod(p, drainingSince(t2))}, TypeAvailable, ReasonPodNotReady, "left its Service", false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			tc.found.Service = Service(p)
			s := Status(p, tc.found, nil, t3)
			c := s.GetCondition(tc.condition)
			if c.Reason != tc.want || !strings.Contains(c.Message, tc.words) || s.Ready != tc.ready {
				t.Errorf("\n%s\nready %t, %+v", tc.reason, s.Ready, c)
			}
		})
	}
}

func TestPinnedImage(t *testing.T) {
	const digest = "sha256:aaaa"
	pin := func(p *v1alpha1.Performer) { p.Spec.ImagePolicy = v1alpha1.ImagePin }
	to := func(image, digest string) performerModifier {
		return func(p *v1alpha1.Performer) {
			p.Status.PinnedImage = &v1alpha1.PinnedImage{Image: image, Digest: digest}
		}
	}
	runs := func(id string) podModifier {
		return func(pod *corev1.Pod) { pod.Status.ContainerStatuses[0].ImageID = id }
	}
	cases := map[string]struct {
		reason string
		p      *v1alpha1.Performer
		pod    *corev1.Pod
		want   *v1alpha1.PinnedImage
		image  string
		drift  bool
	}{
		"First":    {"The digest that runs first is kept.", performer(pin), runningPod(performer(), runs("myavs/performer@"+digest)), &v1alpha1.PinnedImage{Image: testImage, Digest: digest}, testImage, false},
		"Kept":     {"It is run from then on.", performer(pin, to(testImage, digest)), runningPod(performer(), runs("myavs/performer@"+digest)), &v1alpha1.PinnedImage{Image: testImage, Digest: digest}, testImage + "@" + digest, false},
		"Moved":    {"A tag that was moved is no reason for another image.", performer(pin, to(testImage, digest)), runningPod(performer(), runs("myavs/performer@sha256:bbbb")), &v1alpha1.PinnedImage{Image: testImage, Digest: digest}, testImage + "@" + digest, true},
		"Changed":  {"Another image is another digest.", performer(pin, to("old", digest)), runningPod(performer(), runs("myavs/performer@sha256:bbbb")), &v1alpha1.PinnedImage{Image: testImage, Digest: "sha256:bbbb"}, testImage, false},
		"ByHand":   {"An image that was loaded by hand has no digest.", performer(pin), runningPod(performer(), runs("sha256:cccc")), nil, testImage, false},
		"NotReady": {"What is not ready may be no good.", performer(pin), runningPod(performer(), unready, runs("myavs/performer@"+digest)), nil, testImage, false},
		"NotAsked": {"Who does not ask for it gets none.", performer(to(testImage, digest)), runningPod(performer()), nil, testImage, false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			want, found := wanted(tc.p), Objects{Pod: tc.pod, Service: Service(tc.p)}
			if diff := cmp.Diff(tc.image, want.Pod.Spec.Containers[0].Image); diff != "" {
				t.Errorf("\n%s\nimage: -want, +got:\n%s", tc.reason, diff)
			}
			if d := Differences(tc.p, want, found, t3); ChangesImage(d) != tc.drift {
				t.Errorf("\n%s\nDifferences(...): %v", tc.reason, d)
			}
			if diff := cmp.Diff(tc.want, Status(tc.p, found, nil, t3).PinnedImage); diff != "" {
				t.Errorf("\n%s\nPinnedImage: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestLostTEE(t *testing.T) {
	const key, other = "intel.feature.node.kubernetes.io/sgx", "sgx.intel.com/capable"
	in := func(keys ...string) corev1.NodeSelectorTerm {
		var term corev1.NodeSelectorTerm
		for _, k := range keys {
			term.MatchExpressions = append(term.MatchExpressions, corev1.NodeSelectorRequirement{Key: k, Operator: corev1.NodeSelectorOpIn, Values: []string{"true"}})
		}
		return term
	}
	asking := func(selector map[string]string, terms ...corev1.NodeSelectorTerm) *corev1.Pod {
		return runningPod(performer(), func(pod *corev1.Pod) {
			pod.Spec.NodeSelector = selector
			if len(terms) > 0 {
				pod.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
					RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: terms},
				}}
			}
		})
	}
	cases := map[string]struct {
		reason string
		pod    *corev1.Pod
		labels map[string]string
		lost   bool
	}{
		"Has":      {"The node has what the Pod asks for.", asking(nil, in(key, "zone")), map[string]string{key: "true"}, false},
		"Other":    {"One of two proofs is enough.", asking(nil, in(key), in(other)), map[string]string{other: "true"}, false},
		"Lost":     {"It has none any more.", asking(nil, in(key), in(other)), map[string]string{"zone": "true"}, true},
		"Selector": {"A selector asks too.", asking(map[string]string{key: "true", "zone": "a"}), nil, true},
		"NoProof":  {"What does not ask for a proof has lost none.", asking(map[string]string{"zone": "a"}, in("zone")), nil, false},
		"OneNot":   {"Nor has what asks for one or for something else.", asking(nil, in(key), in("zone")), nil, false},
	}
	for name, tc := range cases {
		got := LostTEE(tc.pod, "sgx", tc.labels)
		if (got != "") != tc.lost || (tc.lost && (!strings.Contains(got, "node-1") || !strings.Contains(got, key))) {
			t.Errorf("%s: %s got %q", name, tc.reason, got)
		}
	}
	if RequiresTEE(performer()) || !RequiresTEE(performer(withPolicy(""))) {
		t.Error("who names a TEE requires it")
	}
}

func TestResized(t *testing.T) {
	pod := there(performer(withCPU("1", "")))
	d := []Difference{{Field: "spec.resources.limits"}}
	next := resized(wanted(performer(withCPU("1", "2"))).Pod, pod, d)
	if diff := cmp.Diff("limits of cpu from none to 2", resizeWords(next, pod)); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
	if q := next.Spec.Containers[0].Resources.Limits.Cpu(); q.Cmp(resource.MustParse("2")) != 0 {
		t.Errorf("the Pod must have the limit: %s", q)
	}
	for want, tc := range map[Remedy]struct{ from, to *v1alpha1.Performer }{
		RemedyPatch:  {performer(withCPU("1", "")), performer(withCPU("1000m", ""))},
		RemedyResize: {performer(withCPU("1", "")), performer(withCPU("2", ""))},
		RemedyReplace: {performer(withCPU("1", "")), performer(withCPU("1", ""), func(p *v1alpha1.Performer) {
			p.Spec.Resources.Requests["nvidia.com/gpu"] = resource.MustParse("1")
		})},
	} {
		if got := resizeRemedy("spec.resources.requests", wanted(tc.to).Pod, there(tc.from)); got != want {
			t.Errorf("resizeRemedy(...): want %s, got %s", want, got)
		}
	}
	if got := resizeRemedy("spec.resources.requests", pod, &corev1.Pod{}); got != RemedyReplace {
		t.Errorf("a Pod without the container cannot be resized: %s", got)
	}
}

func TestDrift(t *testing.T) {
	theirs := []Difference{{Object: "Service", Field: "spec.type", Manager: "kubectl-edit", From: "a", To: "b"}}
	const words = `Service spec.type was changed by "kubectl-edit" from a to b`
	p := performer()
	for _, step := range []struct {
		reason    string
		d         []Difference
		corrected bool
		want      xpv2.Condition
	}{
		{"Nobody changed anything.", nil, false, xpv2.Condition{Type: TypeDrifted, Status: corev1.ConditionUnknown}},
		{"Somebody did.", theirs, false, condition(TypeDrifted, true, ReasonNotCorrected, words)},
		{"It was corrected.", theirs, true, condition(TypeDrifted, false, ReasonCorrected, words)},
		{"That is remembered.", nil, false, condition(TypeDrifted, false, ReasonCorrected, words)},
		{"Again, and somebody else undoes it.", theirs, false, condition(TypeDrifted, true, ReasonNotCorrected, words)},
		{"It is as it was.", nil, false, condition(TypeDrifted, false, ReasonCorrected, words)},
	} {
		Drift(p, step.d, step.corrected, t3)
		if got := p.GetCondition(TypeDrifted); !got.Equal(step.want) {
			t.Errorf("%s want %+v, got %+v", step.reason, step.want, got)
		}
	}
	if got := shown(strings.Repeat("x", 300)); len(got) > 310 {
		t.Errorf("a string is shown as it is: %d", len(got))
	}
	if got := shown([]string{strings.Repeat("x", 300)}); len(got) != longestShown+3 {
		t.Errorf("what is long is cut: %d", len(got))
	}
}
