// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

// TestPlacedPerformer runs a Performer as a function writes it: what the pool
// proves is not asked of node labels again.
func TestPlacedPerformer(t *testing.T) {
	onA100 := corev1.Toleration{Key: "nvidia.com/gpu", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}
	p := newPerformer(namespace(t), "a", func(p *v1alpha1.Performer) {
		p.Labels = map[string]string{placement.LabelPool: "a100"}
		p.Spec.HardwareRequirements = &v1alpha1.HardwareRequirements{GPUType: "a100", GPUCount: new(int32(1))}
		p.Spec.Scheduling = &v1alpha1.SchedulingConfig{
			NodeSelector: v1alpha1.NodeLabels{corev1.LabelHostname: "a100-0"},
			Tolerations:  []corev1.Toleration{onA100},
		}
	})
	create(t, p)
	awaitRunning(t, p)
	got := podOf(t, p)
	if diff := cmp.Diff("a100-0", got.Spec.NodeName); diff != "" {
		t.Errorf("-want node, +got node:\n%s", diff)
	}
	if diff := cmp.Diff(p.Spec.Scheduling.NodeSelector, v1alpha1.NodeLabels(got.Spec.NodeSelector)); diff != "" {
		t.Errorf("the pool's selector is all: -want, +got:\n%s", diff)
	}
	if diff := cmp.Diff((*corev1.Affinity)(nil), got.Spec.Affinity); diff != "" {
		t.Errorf("no label has to prove the model: -want, +got:\n%s", diff)
	}
}

// TestPoolProvesNoTEE gives a Performer the label of a pool, and sends it to a
// node without the TEE that it requires.
func TestPoolProvesNoTEE(t *testing.T) {
	p := newPerformer(namespace(t), "a", func(p *v1alpha1.Performer) {
		p.Labels = map[string]string{placement.LabelPool: "tdx"}
		p.Spec.HardwareRequirements = &v1alpha1.HardwareRequirements{TEERequired: new(true), TEEType: "tdx"}
		p.Spec.Scheduling = &v1alpha1.SchedulingConfig{NodeSelector: v1alpha1.NodeLabels{corev1.LabelHostname: "cpu-0"}}
	})
	create(t, p)
	await(t, p, "finds no node", func(p *v1alpha1.Performer) bool {
		c := p.GetCondition("Available")
		return p.Status.Phase == v1alpha1.PerformerPending && c.Reason == "SchedulingFailed"
	})
}
