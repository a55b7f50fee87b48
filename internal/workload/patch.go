// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"maps"
	"slices"
	"strings"
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
	delete(pod.Labels, LabelRole)
	delete(pod.Annotations, AnnotationDraining)
	if onlyLabels(d) {
		// What it runs, perhaps in place of what is wanted, stays on record.
		for _, key := range []string{AnnotationApplied, AnnotationRendered} {
			pod.Annotations[key] = found.Annotations[key]
		}
		return pod
	}
	for _, key := range []string{AnnotationChoice, AnnotationFailedSpec, AnnotationFailedMessage} {
		delete(pod.Annotations, key)
	}
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
		if isReady(found) && !isForeign(d) {
			pod.Annotations[AnnotationLastGoodImage] = Image(found)
		}
		MarkUpgrade(pod, inPlace(d).String(), now)
		pod.Annotations[AnnotationUpgradeFrom] = containerStatus(found, ContainerName).ContainerID
		delete(pod.Annotations, AnnotationAdoptedImage)
	}
	return pod
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

// isForeign says whether any of the differences was made by someone else.
func isForeign(d []Difference) bool {
	return slices.ContainsFunc(d, func(d Difference) bool { return d.Manager != "" })
}

// onlyLabels says whether differences are in labels and in the version alone.
func onlyLabels(d []Difference) bool {
	return !slices.ContainsFunc(d, func(d Difference) bool {
		return !strings.HasPrefix(d.Field, "metadata.labels[") && d.Field != "metadata.annotations["+AnnotationVersion+"]"
	})
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
