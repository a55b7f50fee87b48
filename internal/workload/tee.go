// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

// ReasonTEEViolation is the reason of Degraded where a Pod that asks for a TEE runs
// on a node that has lost the label which proves it.
const ReasonTEEViolation xpv2.ConditionReason = "TEEViolation"

// TEEDemand is what a Performer demands of a node for its TEE, and nothing else;
// nil where it requires none.
func TEEDemand(p *v1alpha1.Performer) *placement.Demand {
	hw := p.Spec.HardwareRequirements
	if hw == nil || !requiresTEE(*hw) {
		return nil
	}
	return &placement.Demand{
		Hardware: &v1alpha1.HardwareRequirements{TEERequired: hw.TEERequired, TEEType: hw.TEEType},
		Pool:     p.GetLabels()[placement.LabelPool],
	}
}

// LostTEE says in a sentence in what a node is not the TEE any more that a Pod on it
// was scheduled for, given what that demands of the node's labels; "" where it is.
func LostTEE(pod *corev1.Pod, teeType string, demands placement.Constraints, nodeLabels map[string]string) string {
	asks := &corev1.Pod{Spec: corev1.PodSpec{NodeSelector: demands.NodeSelector, Affinity: demands.Affinity}}
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: pod.Spec.NodeName, Labels: nodeLabels}}
	if matches, err := nodeaffinity.GetRequiredNodeAffinity(asks).Match(node); err != nil || matches {
		return ""
	}
	return fmt.Sprintf("Pod %s runs on node %s, which has lost the label that proves the TEE %s: it has none of %s any more",
		pod.Name, pod.Spec.NodeName, teeType, strings.Join(keys(demands), ", "))
}

// keys of the node labels that constraints ask for, in order.
func keys(c placement.Constraints) []string {
	all := slices.Collect(maps.Keys(c.NodeSelector))
	if c.Affinity != nil && c.Affinity.NodeAffinity != nil && c.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution != nil {
		for _, term := range c.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
			for _, e := range term.MatchExpressions {
				all = append(all, e.Key)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// teeDifference is that a Pod may not stay where there is no TEE any more.
func teeDifference(p *v1alpha1.Performer, found Objects) []Difference {
	if found.LostTEE == "" || p.Spec.HardwareRequirements.TEEViolationPolicy != v1alpha1.TEEViolationEnd {
		return nil
	}
	return []Difference{{Object: "Pod", Field: fieldNode, Note: found.LostTEE, Remedy: RemedyReplace}}
}
