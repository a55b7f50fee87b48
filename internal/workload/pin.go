// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// imageOf is the image that a Performer's next container is to run: where it is
// pinned, with the digest that ran first.
func imageOf(p *v1alpha1.Performer) string {
	if pin := pinOf(p); pin != nil {
		return p.Spec.Image + "@" + pin.Digest
	}
	return p.Spec.Image
}

// pinOf is what a Performer's image is pinned to; nil for nothing, as for an image
// that names its digest itself.
func pinOf(p *v1alpha1.Performer) *v1alpha1.PinnedImage {
	pin := p.Status.PinnedImage
	if p.Spec.ImagePolicy != v1alpha1.ImagePin || pin == nil || pin.Image != p.Spec.Image || strings.Contains(p.Spec.Image, "@") {
		return nil
	}
	return pin
}

// pinnedImage is what a Performer's image is pinned to from now on. A Pod that
// serves, of that image, has the digest; one that was loaded into a node by hand
// has none.
func pinnedImage(p *v1alpha1.Performer, pod *corev1.Pod, ready bool) *v1alpha1.PinnedImage {
	if p.Spec.ImagePolicy != v1alpha1.ImagePin {
		return nil
	}
	if pin := pinOf(p); pin != nil {
		return pin.DeepCopy()
	}
	if !ready || Image(pod) != p.Spec.Image || digestThatRuns(pod) == "" {
		return nil
	}
	return &v1alpha1.PinnedImage{Image: p.Spec.Image, Digest: digestThatRuns(pod)}
}

// digestThatRuns is the digest of the image that a Pod's container runs; "" where
// the container runtime does not know it.
func digestThatRuns(pod *corev1.Pod) string {
	_, digest, _ := strings.Cut(containerStatus(pod, ContainerName).ImageID, "@")
	if !strings.HasPrefix(digest, "sha256:") {
		return ""
	}
	return digest
}

// pinDifference is that a container was started anew, and with another image, since
// the tag was moved.
func pinDifference(p *v1alpha1.Performer, found *corev1.Pod) []Difference {
	pin, runs := pinOf(p), digestThatRuns(found)
	if pin == nil || Image(found) != p.Spec.Image || runs == "" || runs == pin.Digest {
		return nil
	}
	return []Difference{{
		Object: "Pod", Field: fieldPodImage, Remedy: RemedyPatch,
		Note: "its tag leads to " + runs + " now, and imagePolicy Pin stays with " + pin.Digest,
	}}
}
