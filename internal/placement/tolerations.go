// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/crossplane-contrib/provider-hourglass/internal/hardware"
)

// tolerationsFor returns the user's tolerations, and after them those of the
// taints that usually guard the hardware, each once; those of a pool are known and
// already there. A toleration of everything is kept where the user wrote it and
// never added.
func tolerationsFor(d Demand, grant gpuGrant) []corev1.Toleration {
	var wanted []corev1.Toleration
	if d.Scheduling != nil {
		wanted = slices.Clone(d.Scheduling.Tolerations)
	}
	if d.Pool == "" {
		wanted = append(wanted, guessedTolerations(grant)...)
	}
	var out []corev1.Toleration
	for _, t := range wanted {
		if !slices.ContainsFunc(out, func(o corev1.Toleration) bool { return sameToleration(o, t) }) {
			out = append(out, *t.DeepCopy())
		}
	}
	return out
}

// guessedTolerations are those of the taints that usually guard the hardware.
func guessedTolerations(grant gpuGrant) []corev1.Toleration {
	var guessed []corev1.Toleration
	for _, v := range grant.vendors {
		guessed = append(guessed, hardware.GPUTolerations(v)...)
	}
	if grant.gpu != nil && grant.gpu.ARM64Only() {
		guessed = append(guessed, hardware.ARM64Toleration())
	}
	return guessed
}

// sameToleration compares tolerations, knowing that no operator means Equal.
func sameToleration(a, b corev1.Toleration) bool {
	for _, t := range []*corev1.Toleration{&a, &b} {
		if t.Operator == "" {
			t.Operator = corev1.TolerationOpEqual
		}
	}
	return equality.Semantic.DeepEqual(a, b)
}
