// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// PatchedPod is the Pod found with what can change in place as wanted: labels
// and annotations, and the image where the differences name it. Where the image
// changes, the Pod records when its upgrade began and which container it
// replaces; where the Pod is taken over, which image it had.
func PatchedPod(want, found *corev1.Pod, d []Difference, now time.Time) *corev1.Pod {
	pod := found.DeepCopy()
	if found.Annotations[AnnotationOwner] != want.Annotations[AnnotationOwner] {
		metav1.SetMetaDataAnnotation(&pod.ObjectMeta, AnnotationAdoptedImage, Image(found))
	}
	patchMetadata(want, pod)
	pod.Annotations[AnnotationApplied] = ParseApplied(found.Annotations[AnnotationApplied]).
		renewed(ParseApplied(want.Annotations[AnnotationApplied])).String()
	if !ChangesImage(d) {
		return pod
	}
	for i := range pod.Spec.Containers {
		c := &pod.Spec.Containers[i]
		if c.Name != ContainerName || c.Image == want.Spec.Containers[0].Image {
			continue
		}
		c.Image = want.Spec.Containers[0].Image
		MarkUpgrade(pod, now)
		pod.Annotations[AnnotationUpgradeFrom] = containerStatus(found, ContainerName).ContainerID
		delete(pod.Annotations, AnnotationAdoptedImage)
	}
	return pod
}

// MarkUpgrade records on a Pod that its upgrade began now.
func MarkUpgrade(pod *corev1.Pod, now time.Time) {
	if pod.Annotations == nil {
		pod.Annotations = map[string]string{}
	}
	pod.Annotations[AnnotationUpgradeStarted] = now.UTC().Format(time.RFC3339)
}

// PatchedService is the Service found with type, selector, ports, labels and
// annotations as wanted.
func PatchedService(want, found *corev1.Service) *corev1.Service {
	svc := found.DeepCopy()
	patchMetadata(want, svc)
	svc.Spec.Type = want.Spec.Type
	svc.Spec.Selector = maps.Clone(want.Spec.Selector)
	svc.Spec.Ports = append([]corev1.ServicePort(nil), want.Spec.Ports...)
	return svc
}

func patchMetadata(want, o metav1.Object) {
	labels := maps.Clone(o.GetLabels())
	if labels == nil {
		labels = map[string]string{}
	}
	maps.Copy(labels, want.GetLabels())
	o.SetLabels(labels)

	annotations := maps.Clone(o.GetAnnotations())
	if annotations == nil {
		annotations = map[string]string{}
	}
	delete(annotations, AnnotationVersion)
	maps.Copy(annotations, want.GetAnnotations())
	o.SetAnnotations(annotations)
}
