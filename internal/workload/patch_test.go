// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

func TestPatchedPod(t *testing.T) {
	v1 := performer()
	v2 := performer(withImage("myavs/performer:v2"), func(p *v1alpha1.Performer) { p.Spec.Version = "v2" })
	sidecar := func(pod *corev1.Pod) {
		pod.Spec.Containers = append([]corev1.Container{{Name: "sidecar", Image: "s"}}, pod.Spec.Containers...)
	}
	rewritten := func(pod *corev1.Pod) { pod.Spec.Containers[0].Image = "mirror.local/performer:v1" }

	cases := map[string]struct {
		reason string
		p      *v1alpha1.Performer
		found  *corev1.Pod
		want   *corev1.Pod
	}{
		"Image": {
			reason: "A new image is set beside a sidecar, with the record of what it replaces and when.",
			p:      v2,
			found:  runningPod(v1, sidecar),
			want: runningPod(v1, sidecar, upgrading("containerd://1", t2), wasGood(testImage), func(pod *corev1.Pod) {
				pod.Spec.Containers[1].Image = "myavs/performer:v2"
				pod.Annotations[AnnotationApplied] = AppliedBy(v2).String()
				pod.Annotations[AnnotationVersion] = "v2"
			}),
		},
		"MetadataOnly": {
			reason: "Where only labels differ the image stays, even one that a webhook rewrote, and no upgrade is recorded.",
			p:      v1,
			found: runningPod(v1, rewritten, func(pod *corev1.Pod) {
				pod.Labels["app"] = "other"
				pod.Labels["theirs"] = "kept"
				pod.Annotations[AnnotationVersion] = "old"
			}),
			want: runningPod(v1, rewritten, func(pod *corev1.Pod) { pod.Labels["theirs"] = "kept" }),
		},
		"Adoption": {
			reason: "An adopted Pod gets labels and annotations where it had none.",
			p:      v1,
			found:  runningPod(v1, func(pod *corev1.Pod) { pod.Labels, pod.Annotations = nil, nil }),
			want:   runningPod(v1, func(pod *corev1.Pod) { pod.Annotations[AnnotationAdoptedImage] = testImage }),
		},
		"NewerRecord": {
			reason: "What a newer version recorded is kept.",
			p:      v2,
			found: runningPod(v1, func(pod *corev1.Pod) {
				pod.Annotations[AnnotationApplied] = `{"spec.config.newField":"1","spec.config.grpcPort":"c4876de490dcf38b"}`
			}),
			want: runningPod(v1, upgrading("containerd://1", t2), wasGood(testImage), func(pod *corev1.Pod) {
				pod.Spec.Containers[0].Image = "myavs/performer:v2"
				a := AppliedBy(v2)
				a["spec.config.newField"] = "1"
				pod.Annotations[AnnotationApplied] = a.String()
				pod.Annotations[AnnotationVersion] = "v2"
			}),
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			before := tc.found.DeepCopy()
			want := Objects{Pod: Pod(tc.p, placement.Constraints{}), Service: Service(tc.p)}
			d := Differences(tc.p, want, Objects{Pod: tc.found, Service: want.Service}, t3)
			if diff := cmp.Diff(tc.want, PatchedPod(want.Pod, tc.found, d, t2)); diff != "" {
				t.Errorf("\n%s\nPatchedPod(...): -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(before, tc.found); diff != "" {
				t.Errorf("\nThe Pod found is not to be changed: -before, +after:\n%s", diff)
			}
		})
	}
}

func TestMarkUpgrade(t *testing.T) {
	pod := &corev1.Pod{}
	MarkUpgrade(pod, "Recreate: a new Pod is needed", t1)
	want := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{
		AnnotationUpgradeStarted: "2026-01-02T03:01:00Z", AnnotationUpgradeBy: "Recreate: a new Pod is needed",
	}}}
	if diff := cmp.Diff(want, pod); diff != "" {
		t.Errorf("MarkUpgrade(...): -want, +got:\n%s", diff)
	}
}

func TestPatchedService(t *testing.T) {
	p := performer()
	found := Service(p)
	found.Spec.ClusterIP = "10.0.0.1"
	found.Spec.Type = corev1.ServiceTypeNodePort
	found.Spec.Ports = []corev1.ServicePort{{Port: 1}, {Port: 2}}
	found.Spec.Selector = nil
	found.Labels = nil
	found.Annotations["theirs"] = "kept"

	want := Service(p)
	want.Spec.ClusterIP = "10.0.0.1"
	want.Annotations["theirs"] = "kept"
	if diff := cmp.Diff(want, PatchedService(Service(p), found)); diff != "" {
		t.Errorf("what the spec does not speak of is kept: PatchedService(...): -want, +got:\n%s", diff)
	}
}

func TestOwner(t *testing.T) {
	p := performer()
	controller := true
	const rest = `; delete it, or set the annotation hourglass.eigenlayer.io/adopt: "true" on this resource, or on its namespace, to take it over without a restart`

	cases := map[string]struct {
		reason string
		o      metav1.ObjectMeta
		owns   bool
		want   string
	}{
		"Ours": {
			reason: "The owner's UID decides.",
			o:      metav1.ObjectMeta{Annotations: map[string]string{AnnotationOwner: testUID}},
			owns:   true,
			want:   "another resource (UID " + testUID + ")",
		},
		"Controlled": {
			reason: "A controller is the best name for an owner.",
			o:      metav1.ObjectMeta{OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "rs", Controller: &controller}}},
			want:   "ReplicaSet rs",
		},
		"Created": {
			reason: "Without a controller, whoever created it.",
			o:      metav1.ObjectMeta{ManagedFields: []metav1.ManagedFieldsEntry{managedBy("kubectl-create", `{}`)}},
			want:   `"kubectl-create", which created it`,
		},
		"Unknown": {
			reason: "Without any evidence nobody is accused.",
			want:   "someone else",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			tc.o.Name, tc.o.Namespace = "performer-a", "ns"
			if diff := cmp.Diff(tc.owns, Owns(p, &tc.o)); diff != "" {
				t.Errorf("\n%s\nOwns(...): -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff("Pod ns/performer-a exists and belongs to "+tc.want+rest, OwnedByOther("Pod", &tc.o)); diff != "" {
				t.Errorf("\n%s\nOwnedByOther(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestMayAdopt(t *testing.T) {
	p := performer()
	if MayAdopt(p) {
		t.Error("without the annotation nothing is adopted")
	}
	p.Annotations = map[string]string{AnnotationAdopt: "true"}
	if !MayAdopt(p) {
		t.Error("with the annotation objects are adopted")
	}
}

func TestUnadoptable(t *testing.T) {
	tee := performer(func(p *v1alpha1.Performer) {
		p.Spec.HardwareRequirements = &v1alpha1.HardwareRequirements{TEEType: "sgx"}
	})
	c := placement.Constraints{NodeSelector: map[string]string{"sgx": "true"}}
	strip := func(pod *corev1.Pod) *corev1.Pod {
		pod.Annotations = nil
		return pod
	}
	cases := map[string]struct {
		reason string
		p      *v1alpha1.Performer
		found  *corev1.Pod
		want   string
	}{
		"NoTEE": {reason: "What needs no TEE may run anywhere.", p: performer(), found: strip(runningPod(performer()))},
		"Own":   {reason: "A Pod of its own needs no adoption.", p: tee, found: runningPod(tee)},
		"InTEE": {reason: "A Pod that was scheduled for the TEE is in it.", p: tee, found: strip(Pod(tee, c))},
		"NotAnywhere": {
			reason: "A Pod that was not is not.", p: tee, found: strip(runningPod(performer())),
			want: "Pod ns/performer-a cannot be taken over: it was not scheduled for the TEE that spec.hardwareRequirements asks for (spec.nodeSelector.sgx differs); delete it, and a new one will be",
		},
		"NotRequired": {
			reason: "A TEE that is named but not required is no reason.",
			p: performer(func(p *v1alpha1.Performer) {
				p.Spec.HardwareRequirements = &v1alpha1.HardwareRequirements{TEEType: "sgx", TEERequired: new(false)}
			}),
			found: strip(runningPod(performer())),
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, Unadoptable(tc.p, Pod(tc.p, c), tc.found)); diff != "" {
				t.Errorf("\n%s\nUnadoptable(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
