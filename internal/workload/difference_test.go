// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

const ownsImage = `{"f:spec":{"f:containers":{"k:{\"name\":\"performer\"}":{"f:image":{}}}}}`

func TestDifferences(t *testing.T) {
	p := performer()
	args := withConfig(v1alpha1.PerformerConfig{Args: []string{"--x"}})
	setImage := func(image string, by ...metav1.ManagedFieldsEntry) podModifier {
		return func(pod *corev1.Pod) {
			pod.Spec.Containers[0].Image = image
			pod.ManagedFields = by
		}
	}
	service := func(f func(*corev1.Service)) *corev1.Service {
		s := Service(p)
		f(s)
		return s
	}

	cases := map[string]struct {
		reason string
		p      *v1alpha1.Performer
		found  Objects
		want   []Difference
	}{
		"UpToDate": {
			reason: "Objects as rendered differ in nothing.",
			p:      p,
			found:  Objects{Pod: runningPod(p), Service: Service(p)},
		},
		"DefaultedAndInjected": {
			reason: "What the API server, webhooks and schedulers add to a Pod is no difference.",
			p:      p,
			found: Objects{Service: Service(p), Pod: runningPod(p, func(pod *corev1.Pod) {
				pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: "sidecar"})
				pod.Spec.Containers[0].Env = append(pod.Spec.Containers[0].Env, corev1.EnvVar{Name: "INJECTED"})
				pod.Spec.Tolerations = append(pod.Spec.Tolerations, corev1.Toleration{Key: "node.kubernetes.io/not-ready"})
				pod.Spec.DNSPolicy = corev1.DNSClusterFirst
				pod.Labels["injected"] = "yes"
			})},
		},
		"NothingFound": {
			reason: "Only the Service is missing: the Pod is created, not updated.",
			p:      p,
			want:   []Difference{{Object: "Service", Remedy: RemedyCreate}},
		},
		"ImageChangedByUser": {
			reason: "A new image is patched into the Pod.",
			p:      performer(withImage("myavs/performer:v2")),
			found:  Objects{Pod: runningPod(p), Service: Service(p)},
			want:   []Difference{{Object: "Pod", Field: "spec.image", Remedy: RemedyPatch}},
		},
		"ImmutableChangedByUser": {
			reason: "A field that no running Pod can change forces a new Pod, and is named.",
			p:      performer(args),
			found:  Objects{Pod: runningPod(p), Service: Service(p)},
			want:   []Difference{{Object: "Pod", Field: "spec.config.args", Remedy: RemedyReplace}},
		},
		"PortChangedByUser": {
			reason: "A new port needs a new Pod, and a patch of the Service.",
			p:      performer(withConfig(v1alpha1.PerformerConfig{GRPCPort: 7000})),
			found:  Objects{Pod: runningPod(p), Service: Service(p)},
			want: []Difference{
				{Object: "Pod", Field: "spec.config.grpcPort", Remedy: RemedyReplace},
				{Object: "Service", Field: "spec.ports", Remedy: RemedyPatch},
			},
		},
		"ImageSetBySomeoneElse": {
			reason: "An image that another manager set is drift, and the manager is named.",
			p:      p,
			found:  Objects{Pod: runningPod(p, setImage("evil:v1", managedBy("kubectl-edit", ownsImage))), Service: Service(p)},
			want:   []Difference{{Object: "Pod", Field: "spec.containers[performer].image", Manager: "kubectl-edit", From: `"myavs/performer:v1"`, To: `"evil:v1"`, Remedy: RemedyPatch}},
		},
		"ImageRewrittenAtAdmission": {
			reason: "An image that nobody is recorded to have set was rewritten by a webhook, and stays.",
			p:      p,
			found:  Objects{Pod: runningPod(p, setImage("mirror.local/myavs/performer:v1", managedBy(ManagedBy, ownsImage))), Service: Service(p)},
		},
		"EndingPod": {
			reason: "A Pod that is ending is not worth a change.",
			p:      performer(args),
			found:  Objects{Pod: runningPod(p, ending), Service: Service(p)},
		},
		"EndedPod": {
			reason: "A Pod that failed, as one evicted does, is replaced.",
			p:      p,
			found:  Objects{Service: Service(p), Pod: runningPod(p, func(pod *corev1.Pod) { pod.Status.Phase = corev1.PodFailed })},
			want:   []Difference{{Object: "Pod", Field: "status.phase", Remedy: RemedyReplace}},
		},
		"EndedAgain": {
			reason: "A Pod that ended soon after another did is left for a while.",
			p:      performer(func(p *v1alpha1.Performer) { p.Status.FailedPods = 1 }),
			found: Objects{Service: Service(p), Pod: runningPod(p, func(pod *corev1.Pod) {
				pod.Status.Phase, pod.CreationTimestamp = corev1.PodFailed, metav1.NewTime(t3.Add(-9*time.Second))
			})},
		},
		"EndedAgainAndDue": {
			reason: "After that while it is replaced.",
			p:      performer(func(p *v1alpha1.Performer) { p.Status.FailedPods = 1 }),
			found: Objects{Service: Service(p), Pod: runningPod(p, func(pod *corev1.Pod) {
				pod.Status.Phase, pod.CreationTimestamp = corev1.PodFailed, metav1.NewTime(t3.Add(-10*time.Second))
			})},
			want: []Difference{{Object: "Pod", Field: "status.phase", Remedy: RemedyReplace}},
		},
		"SameInOtherWords": {
			reason: "A spec that comes to the same Pod only renews the record.",
			p: performer(func(p *v1alpha1.Performer) {
				p.Spec.HardwareRequirements = &v1alpha1.HardwareRequirements{TEERequired: new(false)}
			}),
			found: Objects{Pod: runningPod(p), Service: Service(p)},
			want:  []Difference{{Object: "Pod", Field: "spec.hardwareRequirements.teeRequired", Remedy: RemedyPatch}},
		},
		"LostRecord": {
			reason: "A Pod whose record is lost is not restarted for it.",
			p:      performer(args),
			found:  Objects{Service: Service(p), Pod: runningPod(p, func(pod *corev1.Pod) { delete(pod.Annotations, AnnotationApplied) })},
			want:   []Difference{{Object: "Pod", Field: "metadata.annotations[hourglass.eigenlayer.io/applied]", Remedy: RemedyPatch}},
		},
		"NewerRecord": {
			reason: "What a newer version recorded is no difference to this one.",
			p:      p,
			found: Objects{Service: Service(p), Pod: runningPod(p, func(pod *corev1.Pod) {
				a := AppliedBy(p)
				a["spec.config.newField"] = "1"
				pod.Annotations[AnnotationApplied] = a.String()
			})},
		},
		"AdoptedImage": {
			reason: "The image that a Pod had when it was taken over stays.",
			p:      p,
			found: Objects{Service: Service(p), Pod: runningPod(p, setImage("myavs/performer:v1@sha256:1", managedBy("kubectl-create", ownsImage)), func(pod *corev1.Pod) {
				pod.Annotations[AnnotationAdoptedImage] = "myavs/performer:v1@sha256:1"
			})},
		},
		"ForeignPod": {
			reason: "A Pod to adopt only changes its owner, whatever else it is like.",
			p:      performer(args),
			found:  Objects{Service: Service(p), Pod: runningPod(p, func(pod *corev1.Pod) { pod.Annotations = nil })},
			want:   []Difference{{Object: "Pod", Field: "metadata.annotations[hourglass.eigenlayer.io/owner-uid]", Remedy: RemedyPatch}},
		},
		"LabelAndVersion": {
			reason: "Labels and the version annotation are put right in place.",
			p:      performer(func(p *v1alpha1.Performer) { p.Spec.Version = "v2" }),
			found: Objects{Service: Service(p), Pod: runningPod(p, func(pod *corev1.Pod) {
				pod.Labels["app"] = "other"
				pod.ManagedFields = []metav1.ManagedFieldsEntry{managedBy("kubectl-label", `{"f:metadata":{"f:labels":{"f:app":{}}}}`)}
			})},
			want: []Difference{
				{Object: "Pod", Field: "metadata.labels[app]", Manager: "kubectl-label", From: `"hourglass-performer"`, To: `"other"`, Remedy: RemedyPatch},
				{Object: "Pod", Field: "metadata.annotations[hourglass.eigenlayer.io/version]", Remedy: RemedyPatch},
			},
		},
		"ServiceEdited": {
			reason: "Every field of the Service that matters is compared, and who set it is named.",
			p:      p,
			found: Objects{Pod: runningPod(p), Service: service(func(s *corev1.Service) {
				s.Spec.Type = corev1.ServiceTypeNodePort
				s.Spec.Selector = map[string]string{"app": "other"}
				s.Spec.Ports[0].TargetPort.IntVal = 1
				s.ManagedFields = []metav1.ManagedFieldsEntry{managedBy("kubectl-edit", `{"f:spec":{"f:selector":{}}}`)}
			})},
			want: []Difference{
				{Object: "Service", Field: "spec.type", Remedy: RemedyPatch},
				{Object: "Service", Field: "spec.selector", Manager: "kubectl-edit", From: `{"app":"hourglass-performer","hourglass.eigenlayer.io/performer":"a"}`, To: `{"app":"other"}`, Remedy: RemedyPatch},
				{Object: "Service", Field: "spec.ports", Remedy: RemedyPatch},
			},
		},
		"NodePortChosenByServer": {
			reason: "What the API server chooses for a Service is no difference.",
			p:      p,
			found: Objects{Pod: runningPod(p), Service: service(func(s *corev1.Service) {
				s.Spec.Ports[0].NodePort = 30000
				s.Spec.ClusterIP = "10.0.0.1"
			})},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			want := Objects{Pod: Pod(tc.p, placement.Constraints{}), Service: Service(tc.p)}
			if diff := cmp.Diff(tc.want, Differences(tc.p, want, tc.found, t3)); diff != "" {
				t.Errorf("\n%s\nDifferences(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestWords(t *testing.T) {
	got := Words([]Difference{
		{Object: "Service", Remedy: RemedyCreate},
		{Object: "Pod", Field: "spec.config.args", Remedy: RemedyReplace},
		{Object: "Service", Field: "spec.type", Manager: "kubectl-edit", From: `"ClusterIP"`, To: `"NodePort"`},
	})
	want := `the Service is missing, spec.config.args, Service spec.type was changed by "kubectl-edit" from "ClusterIP" to "NodePort"`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Words(...): -want, +got:\n%s", diff)
	}
}

func TestRemedyFor(t *testing.T) {
	cases := map[string]struct {
		reason string
		d      []Difference
		want   Remedy
	}{
		"OnlyPatches":  {reason: "What can be patched is patched.", d: []Difference{{Remedy: RemedyPatch}}, want: RemedyPatch},
		"OneReplaces":  {reason: "One field that cannot be patched decides.", d: []Difference{{Remedy: RemedyPatch}, {Remedy: RemedyReplace}}, want: RemedyReplace},
		"NoDifference": {reason: "Nothing to do is the gentlest.", want: RemedyPatch},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, RemedyFor(tc.d)); diff != "" {
				t.Errorf("\n%s\nRemedyFor(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestManagerOf(t *testing.T) {
	newer := managedBy("newer", ownsImage)
	newer.Time = &metav1.Time{Time: t2}
	timeless := managedBy("timeless", ownsImage)
	timeless.Time = nil
	broken := managedBy("broken", `{`)

	cases := map[string]struct {
		reason string
		by     []metav1.ManagedFieldsEntry
		want   string
	}{
		"Latest":   {reason: "Of several, the one that set the field last is named.", by: []metav1.ManagedFieldsEntry{newer, managedBy("older", ownsImage), broken}, want: "newer"},
		"Timeless": {reason: "A manager without a time is better than none.", by: []metav1.ManagedFieldsEntry{timeless}, want: "timeless"},
		"Others":   {reason: "A manager of other fields did not set this one.", by: []metav1.ManagedFieldsEntry{managedBy("x", `{"f:spec":{"f:selector":{}}}`)}},
		"Ours":     {reason: "This provider is not someone else.", by: []metav1.ManagedFieldsEntry{managedBy(ManagedBy, ownsImage)}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			pod := runningPod(performer(), func(pod *corev1.Pod) {
				pod.Spec.Containers[0].Image = "other"
				pod.ManagedFields = tc.by
			})
			got := ""
			for _, d := range imageDrift(Pod(performer(), placement.Constraints{}), pod) {
				got = d.Manager
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nmanager: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
