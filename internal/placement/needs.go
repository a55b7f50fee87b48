// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/internal/hardware"
)

// A need is a property of nodes that a field asks for, and the alternatives of
// node labels that prove it. Without alternatives every node will do.
type need struct {
	path         string
	alternatives []hardware.Alternative
}

// narrow returns the terms of required node affinity under which a node matches
// one of the user's terms and proves every need. Fixed are requirements that hold
// beside the terms. Combinations that no node can match are left out, and it is
// an error if no others remain. Nil means that nothing is required.
func narrow(user []corev1.NodeSelectorTerm, fixed []corev1.NodeSelectorRequirement, needs []need) ([]corev1.NodeSelectorTerm, error) {
	terms, err := possible(user, pathNodeAffinity, impossible, fixed)
	if err != nil {
		return nil, err
	}
	for _, n := range needs {
		if len(n.alternatives) == 0 {
			continue
		}
		if terms == nil {
			if why := n.deniedBy(fixed); why != "" {
				return nil, fmt.Errorf("%s: conflict: %s", n.path, why)
			}
		}
		if terms, err = possible(terms, n.path, n.deniedBy, fixed); err != nil {
			return nil, err
		}
		if terms, err = product(terms, n.terms(), n.path); err != nil {
			return nil, err
		}
		if terms, err = possible(terms, n.path, impossible, fixed); err != nil {
			return nil, err
		}
	}
	return terms, nil
}

// possible returns the terms that, together with the fixed requirements, nothing
// speaks against. It is an error if there were terms and none is left.
func possible(terms []corev1.NodeSelectorTerm, path string, against func([]corev1.NodeSelectorRequirement) string, fixed []corev1.NodeSelectorRequirement) ([]corev1.NodeSelectorTerm, error) {
	reason := ""
	var left []corev1.NodeSelectorTerm
	for _, t := range terms {
		why := against(slices.Concat(fixed, t.MatchExpressions))
		if why == "" {
			left = append(left, t)
		} else if reason == "" {
			reason = why
		}
	}
	if len(terms) > 0 && len(left) == 0 {
		return nil, fmt.Errorf("%s: conflict: %s", path, reason)
	}
	return left, nil
}

// terms returns the alternatives as terms of node affinity.
func (n need) terms() []corev1.NodeSelectorTerm {
	terms := make([]corev1.NodeSelectorTerm, 0, len(n.alternatives))
	for _, a := range n.alternatives {
		terms = append(terms, corev1.NodeSelectorTerm{MatchExpressions: a})
	}
	return terms
}

// deniedBy says in words where the user's requirements fix a label, that some
// alternative speaks of, to what every such alternative excludes. Such a node is
// known not to have the property, whatever its other labels say. It is empty
// where there is no such label.
func (n need) deniedBy(reqs []corev1.NodeSelectorRequirement) string {
	all := slices.Concat(n.alternatives...)
	for _, r := range all {
		users, ours := about(reqs, r.Key), about(all, r.Key)
		if first(users, corev1.NodeSelectorOpIn) == nil {
			continue
		}
		if !slices.ContainsFunc(ours, func(o corev1.NodeSelectorRequirement) bool { return satisfiable(append(slices.Clone(users), o)) }) {
			return fmt.Sprintf("it needs nodes with %s, but the node labels that are asked for say %s", describe(both(ours, nil), " or "), describe(both(users, nil), " and "))
		}
	}
	return ""
}
