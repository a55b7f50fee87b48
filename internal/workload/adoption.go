// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"fmt"
	"maps"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// Unadoptable says in a sentence why a Performer cannot take over a Pod; "" where
// it can. A Pod that was scheduled without regard to the TEE that its Performer
// requires is not in one because somebody says so.
func Unadoptable(p *v1alpha1.Performer, want, found *corev1.Pod) string {
	hw := p.Spec.HardwareRequirements
	if Owns(p, found) || hw == nil || !requiresTEE(*hw) {
		return ""
	}
	scheduling := corev1.PodSpec{
		NodeSelector:     want.Spec.NodeSelector,
		Affinity:         want.Spec.Affinity,
		RuntimeClassName: want.Spec.RuntimeClassName,
		Containers:       []corev1.Container{{Name: ContainerName, Resources: want.Spec.Containers[0].Resources}},
	}
	path, err := uncovered(&scheduling, &found.Spec)
	if err == nil && path == nil {
		return ""
	}
	return fmt.Sprintf("Pod %s/%s cannot be taken over: it was not scheduled for the TEE that spec.hardwareRequirements asks for (spec%s differs); delete it, and a new one will be",
		found.Namespace, found.Name, path)
}

// requiresTEE says whether hardware requirements are for a TEE: as the field
// says, or by naming one.
func requiresTEE(hw v1alpha1.HardwareRequirements) bool {
	if hw.TEERequired != nil {
		return *hw.TEERequired
	}
	return hw.TEEType != ""
}

// UnadoptableDeployment says in a sentence why an executor cannot take over a
// Deployment; "" where it can.
func UnadoptableDeployment(e *v1alpha1.HourglassExecutor, found *appsv1.Deployment) string {
	if found == nil || Owns(e, found) || (found.Spec.Selector != nil && maps.Equal(found.Spec.Selector.MatchLabels, executorSelector(e)) && len(found.Spec.Selector.MatchExpressions) == 0) {
		return ""
	}
	return fmt.Sprintf("Deployment %s/%s cannot be taken over: its selector is not that of this executor, and cannot be changed; delete it, and a new one will be made", found.Namespace, found.Name)
}
