// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// pinned is what simulated nodes say that an image is.
func pinned(image string) *v1alpha1.PinnedImage {
	return &v1alpha1.PinnedImage{Image: image, Digest: fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(image)))}
}

// TestPin follows what a Performer stays with from Pod to Pod and from image to
// image.
func TestPin(t *testing.T) {
	t.Parallel()
	m := newMeter(t)
	p := newPerformer(namespace(t), "a", upgrades(t, v1alpha1.StrategyRecreate, "", "0s"), func(p *v1alpha1.Performer) {
		p.Spec.ImagePolicy = v1alpha1.ImagePin
	})
	create(t, p)
	awaitPinned(t, p, imageV1)
	first := podOf(t, p)
	if diff := cmp.Diff(imageV1, first.Spec.Containers[0].Image); diff != "" {
		t.Errorf("the first Pod has the image as it is named: -want, +got:\n%s", diff)
	}

	change(t, p, newArgs)
	want := imageV1 + "@" + pinned(imageV1).Digest
	await(t, p, "runs what ran first in a new Pod", func(q *v1alpha1.Performer) bool {
		pod := podOf(t, p)
		return running(q) && pod != nil && pod.UID != first.UID && pod.Spec.Containers[0].Image == want && containerOf(pod).Ready
	})
	awaitPinned(t, p, imageV1)
	m.await(t, 1, "hourglass_images_pinned_total")

	change(t, p, func(p *v1alpha1.Performer) { p.Spec.Image, p.Spec.Upgrade.Strategy = imageV2, v1alpha1.StrategyInPlace })
	await(t, p, "runs the new image", func(q *v1alpha1.Performer) bool { return runsImage(t, q, imageV2) })
	awaitPinned(t, p, imageV2)
	m.await(t, 2, "hourglass_images_pinned_total")

	second := podOf(t, p)
	change(t, p, func(p *v1alpha1.Performer) { p.Spec.ImagePolicy = "" })
	awaitReconciled(t, p)
	await(t, p, "is well", running)
	if diff := cmp.Diff(untouched(second), untouched(podOf(t, p))); diff != "" {
		t.Errorf("to pin or not to pin changes nothing that runs: -before, +after:\n%s", diff)
	}
}

// awaitPinned waits until a Performer runs and stays with an image.
func awaitPinned(t *testing.T, p *v1alpha1.Performer, image string) {
	t.Helper()
	await(t, p, "stays with "+image, func(q *v1alpha1.Performer) bool {
		return running(q) && cmp.Equal(pinned(image), q.Status.PinnedImage)
	})
}

// TestPinIsAsked has a Performer that does not ask for it.
func TestPinIsAsked(t *testing.T) {
	t.Parallel()
	p := newPerformer(namespace(t), "a", upgrades(t, v1alpha1.StrategyRecreate, "", "0s"))
	create(t, p)
	awaitRunning(t, p)
	change(t, p, newArgs)
	got := await(t, p, "has new arguments", func(q *v1alpha1.Performer) bool {
		pod := podOf(t, p)
		return running(q) && pod != nil && len(pod.Spec.Containers[0].Args) == 1 && q.Status.LastUpgrade != nil
	})
	if diff := cmp.Diff(imageV1, podOf(t, p).Spec.Containers[0].Image); diff != "" || got.Status.PinnedImage != nil {
		t.Errorf("without imagePolicy the tag decides: %+v, image: -want, +got:\n%s", got.Status.PinnedImage, diff)
	}
}
