// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/hardware"
)

// ReasonTEEViolation is the reason of Degraded where a Pod that asks for a TEE runs
// on a node that has lost the label which proves it.
const ReasonTEEViolation xpv2.ConditionReason = "TEEViolation"

// RequiresTEE says whether a Performer's Pod may run in a TEE only.
func RequiresTEE(p *v1alpha1.Performer) bool {
	return p.Spec.HardwareRequirements != nil && requiresTEE(*p.Spec.HardwareRequirements)
}

// proofs are the keys of all labels that prove a TEE.
var proofs = func() map[string]bool {
	keys := map[string]bool{}
	for _, t := range hardware.TEEs() {
		for _, alternative := range slices.Concat(hardware.HostLabels(t), hardware.GuestLabels(t)) {
			for _, e := range alternative {
				keys[e.Key] = true
			}
		}
	}
	return keys
}()

// LostTEE says in a sentence in what the node of a Pod is not the TEE any more that
// the Pod was scheduled for, given the node's labels; "" where it is. The Pod itself
// says which labels prove that: what would be asked for today may be others.
func LostTEE(pod *corev1.Pod, teeType string, nodeLabels map[string]string) string {
	asks, keys := proofsAsked(pod)
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: pod.Spec.NodeName, Labels: nodeLabels}}
	if matches, err := nodeaffinity.GetRequiredNodeAffinity(asks).Match(node); err != nil || matches {
		return ""
	}
	return fmt.Sprintf("Pod %s runs on node %s, which has lost the label that proves the TEE %s: the Pod asks for %s",
		pod.Name, pod.Spec.NodeName, teeType, strings.Join(keys, ", "))
}

// proofsAsked is a Pod that asks for what another one asks for of labels that prove
// a TEE, and for nothing else; and the keys of these labels.
func proofsAsked(pod *corev1.Pod) (*corev1.Pod, []string) {
	asks, keys := &corev1.Pod{Spec: corev1.PodSpec{NodeSelector: map[string]string{}}}, []string(nil)
	for key, value := range pod.Spec.NodeSelector {
		if proofs[key] {
			asks.Spec.NodeSelector[key] = value
			keys = append(keys, key)
		}
	}
	terms, some := teeTerms(pod)
	if len(terms) > 0 {
		asks.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: terms},
		}}
	}
	keys = append(keys, some...)
	slices.Sort(keys)
	return asks, slices.Compact(keys)
}

// teeTerms are the terms of a Pod's required node affinity, with nothing but what
// proves a TEE. There are none where one of them asks for no TEE.
func teeTerms(pod *corev1.Pod) (terms []corev1.NodeSelectorTerm, keys []string) {
	a := pod.Spec.Affinity
	if a == nil || a.NodeAffinity == nil || a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return nil, nil
	}
	for _, term := range a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
		var only []corev1.NodeSelectorRequirement
		for _, e := range term.MatchExpressions {
			if proofs[e.Key] {
				only = append(only, e)
				keys = append(keys, e.Key)
			}
		}
		if len(only) == 0 {
			return nil, nil
		}
		terms = append(terms, corev1.NodeSelectorTerm{MatchExpressions: only})
	}
	return terms, keys
}

// teeDifference is that a Pod may not stay where there is no TEE any more.
func teeDifference(p *v1alpha1.Performer, found Objects) []Difference {
	if found.LostTEE == "" || p.Spec.HardwareRequirements.TEEViolationPolicy != v1alpha1.TEEViolationEnd {
		return nil
	}
	return []Difference{{Object: "Pod", Field: fieldNode, Note: found.LostTEE, Remedy: RemedyReplace}}
}
