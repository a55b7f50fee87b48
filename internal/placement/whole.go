// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/internal/hardware"
)

// A part is a way in which nodes offer less than a whole GPU under the resource
// of whole ones. Such nodes serve only who asks for them.
type part struct {
	// without keeps such nodes out, and lets in those whose labels say nothing.
	without []corev1.NodeSelectorRequirement
	// presence lists labels that are there on such nodes only, so that whoever
	// wants one of them wants such nodes.
	presence []string
	// values of other labels, by key, that say the same.
	values map[string]func(string) bool
}

// parts are a MIG slice and a share. Nothing changes them.
var parts = []part{
	{
		without: []corev1.NodeSelectorRequirement{
			{Key: hardware.LabelGFDSlices, Operator: corev1.NodeSelectorOpDoesNotExist},
			{Key: hardware.LabelGKEPartition, Operator: corev1.NodeSelectorOpDoesNotExist},
		},
		presence: []string{hardware.LabelGFDSlices, hardware.LabelGKEPartition},
		values: map[string]func(string) bool{
			hardware.LabelGFDProduct: func(v string) bool { return strings.Contains(v, hardware.ProductMIG) },
		},
	},
	{
		without: []corev1.NodeSelectorRequirement{
			{Key: hardware.LabelGFDSharing, Operator: corev1.NodeSelectorOpNotIn, Values: []string{hardware.SharingMPS, hardware.SharingTimeSlicing}},
			{Key: hardware.LabelGKESharing, Operator: corev1.NodeSelectorOpDoesNotExist},
		},
		presence: []string{hardware.LabelGKESharing, hardware.LabelGKESharedClients},
		values: map[string]func(string) bool{
			hardware.LabelGFDProduct: func(v string) bool { return strings.HasSuffix(v, hardware.ProductShared) },
			hardware.LabelGFDSharing: func(v string) bool { return v != hardware.SharingNone },
		},
	},
}

// askedBy says whether one of the requirements can only mean such nodes.
func (p part) askedBy(reqs []corev1.NodeSelectorRequirement) bool {
	return slices.ContainsFunc(reqs, func(r corev1.NodeSelectorRequirement) bool {
		if r.Operator == corev1.NodeSelectorOpNotIn || r.Operator == corev1.NodeSelectorOpDoesNotExist {
			return false
		}
		says := p.values[r.Key]
		return slices.Contains(p.presence, r.Key) || (says != nil && slices.ContainsFunc(r.Values, says))
	})
}

// wholeOnly adds to each term what keeps slices and shares out, but for what the
// term or the fixed requirements ask for. A GPU whose model is named needs none of
// this, because the labels that prove the model tell them apart.
func (g gpuGrant) wholeOnly(terms []corev1.NodeSelectorTerm, fixed []corev1.NodeSelectorRequirement) []corev1.NodeSelectorTerm {
	if g.gpu != nil || g.resource != hardware.ResourceNVIDIAGPU {
		return terms
	}
	var out []corev1.NodeSelectorTerm
	if terms == nil {
		terms = []corev1.NodeSelectorTerm{{}}
	}
	for _, t := range terms {
		asked := slices.Concat(fixed, t.MatchExpressions)
		for _, p := range parts {
			if !p.askedBy(asked) {
				t.MatchExpressions = both(t.MatchExpressions, p.without)
			}
		}
		// A term that says nothing would match no node.
		if len(t.MatchExpressions) > 0 || len(t.MatchFields) > 0 {
			out = append(out, t)
		}
	}
	return out
}
