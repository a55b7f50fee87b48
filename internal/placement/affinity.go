// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// maxTerms bounds the terms of one Pod's required node affinity. Every term of
// the user meets every alternative of the hardware, and a Pod that lists
// thousands of combinations is slow to schedule and hard to read.
const maxTerms = 512

// userTerms returns the terms of the user's required node affinity, of which a
// node must match one. Where the user names it in both places, a node must match
// one of each. Nil means that the user requires nothing.
func userTerms(s *v1alpha1.SchedulingConfig) ([]corev1.NodeSelectorTerm, error) {
	if s == nil {
		return nil, nil
	}
	terms, err := requiredTerms(s.NodeAffinity, pathNodeAffinity)
	if err != nil || s.Affinity == nil {
		return terms, err
	}
	more, err := requiredTerms(s.Affinity.NodeAffinity, pathAffinity)
	if err != nil {
		return nil, err
	}
	return product(terms, more, pathAffinity)
}

// requiredTerms returns the terms of one required node affinity. Kubernetes lets
// an empty term match no node, so such terms are left out, and it is an error if
// there are no others.
func requiredTerms(a *corev1.NodeAffinity, path string) ([]corev1.NodeSelectorTerm, error) {
	if a == nil {
		return nil, nil
	}
	if _, err := nodeaffinity.NewPreferredSchedulingTerms(a.PreferredDuringSchedulingIgnoredDuringExecution,
		field.WithPath(field.NewPath(path, "preferredDuringSchedulingIgnoredDuringExecution"))); err != nil {
		return nil, inWords(err)
	}
	required := a.RequiredDuringSchedulingIgnoredDuringExecution
	if required == nil {
		return nil, nil
	}
	requiredPath := field.NewPath(path, "requiredDuringSchedulingIgnoredDuringExecution")
	if _, err := nodeaffinity.NewNodeSelector(required, field.WithPath(requiredPath)); err != nil {
		return nil, inWords(err)
	}
	var terms []corev1.NodeSelectorTerm
	for _, t := range required.NodeSelectorTerms {
		if len(t.MatchExpressions) > 0 || len(t.MatchFields) > 0 {
			terms = append(terms, *t.DeepCopy())
		}
	}
	if len(terms) == 0 {
		return nil, fmt.Errorf("%s: has no term with an expression, and so matches no node; add one or leave it out", requiredPath.Child("nodeSelectorTerms"))
	}
	return terms, nil
}

// inWords returns the errors of an aggregate as one sentence after another, each
// with its field.
func inWords(err error) error {
	var all utilerrors.Aggregate
	if !errors.As(err, &all) {
		return err
	}
	var sentences []string
	for _, e := range utilerrors.Flatten(all).Errors() {
		sentences = append(sentences, e.Error())
	}
	return errors.New(strings.Join(sentences, "; "))
}

// product returns the terms that match what matches a term of each side. Nil is
// the side that requires nothing.
func product(a, b []corev1.NodeSelectorTerm, path string) ([]corev1.NodeSelectorTerm, error) {
	if a == nil {
		return b, nil
	}
	if b == nil {
		return a, nil
	}
	if len(a)*len(b) > maxTerms {
		return nil, fmt.Errorf("%s: makes %d node affinity terms of the %d that are there, more than the %d that are supported; use fewer terms", path, len(a)*len(b), len(a), maxTerms)
	}
	var terms []corev1.NodeSelectorTerm
	seen := map[string]bool{}
	for i := range a {
		for j := range b {
			t := corev1.NodeSelectorTerm{
				MatchExpressions: both(a[i].MatchExpressions, b[j].MatchExpressions),
				MatchFields:      both(a[i].MatchFields, b[j].MatchFields),
			}
			if key := describe(t.MatchExpressions, ", ") + "; " + describe(t.MatchFields, ", "); !seen[key] {
				seen[key] = true
				terms = append(terms, t)
			}
		}
	}
	return terms, nil
}

// both returns the requirements of a and those of b, each once.
func both(a, b []corev1.NodeSelectorRequirement) []corev1.NodeSelectorRequirement {
	var reqs []corev1.NodeSelectorRequirement
	for _, r := range slices.Concat(a, b) {
		if !slices.ContainsFunc(reqs, func(o corev1.NodeSelectorRequirement) bool { return same(o, r) }) {
			reqs = append(reqs, *r.DeepCopy())
		}
	}
	return reqs
}

// affinityWith returns the user's affinity with the required terms in place of
// the user's. Preferred terms of both places are kept. It is nil where nothing is
// left to say.
func affinityWith(s *v1alpha1.SchedulingConfig, terms []corev1.NodeSelectorTerm) *corev1.Affinity {
	out := corev1.Affinity{}
	node := corev1.NodeAffinity{}
	if s != nil {
		if s.Affinity != nil {
			out = *s.Affinity.DeepCopy()
		}
		for _, a := range []*corev1.NodeAffinity{s.NodeAffinity, out.NodeAffinity} {
			if a != nil {
				node.PreferredDuringSchedulingIgnoredDuringExecution = append(node.PreferredDuringSchedulingIgnoredDuringExecution,
					a.DeepCopy().PreferredDuringSchedulingIgnoredDuringExecution...)
			}
		}
	}
	out.NodeAffinity = nil
	if terms != nil {
		node.RequiredDuringSchedulingIgnoredDuringExecution = &corev1.NodeSelector{NodeSelectorTerms: terms}
	}
	if !equality.Semantic.DeepEqual(node, corev1.NodeAffinity{}) {
		out.NodeAffinity = &node
	}
	if out == (corev1.Affinity{}) {
		return nil
	}
	return &out
}
