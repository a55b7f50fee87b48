// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
)

// impossible says in words why no node can meet all of the requirements. It is
// empty where one may.
func impossible(reqs []corev1.NodeSelectorRequirement) string {
	for i, r := range reqs {
		if slices.ContainsFunc(reqs[:i], func(o corev1.NodeSelectorRequirement) bool { return o.Key == r.Key }) {
			continue
		}
		if group := about(reqs, r.Key); !satisfiable(group) {
			return "no node can have both " + describe(group, " and ")
		}
	}
	return ""
}

// satisfiable says whether a node label can meet all of the requirements, which
// are about one key. It is decided only where they leave a finite choice, that
// is, values to choose from or no label at all.
func satisfiable(group []corev1.NodeSelectorRequirement) bool {
	if len(group) < 2 {
		return true
	}
	var choice []map[string]string
	switch in, absent := first(group, corev1.NodeSelectorOpIn), first(group, corev1.NodeSelectorOpDoesNotExist); {
	case in != nil:
		for _, v := range in.Values {
			choice = append(choice, map[string]string{in.Key: v})
		}
	case absent != nil:
		choice = []map[string]string{{}}
	default:
		return true
	}
	selector, err := nodeaffinity.NewNodeSelector(&corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: group}}})
	if err != nil {
		// What is not valid is reported where it was written.
		return true
	}
	return slices.ContainsFunc(choice, func(labels map[string]string) bool {
		return selector.Match(&corev1.Node{ObjectMeta: metav1.ObjectMeta{Labels: labels}})
	})
}

// matches says whether a node meets one requirement, as the scheduler has it.
func matches(r corev1.NodeSelectorRequirement, node *corev1.Node) bool {
	selector, err := nodeaffinity.NewNodeSelector(&corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{r}}}})
	return err == nil && selector.Match(node)
}

// about returns the requirements that are about a key.
func about(reqs []corev1.NodeSelectorRequirement, key string) []corev1.NodeSelectorRequirement {
	var group []corev1.NodeSelectorRequirement
	for _, r := range reqs {
		if r.Key == key {
			group = append(group, r)
		}
	}
	return group
}

// first returns the first requirement with an operator, or nil.
func first(reqs []corev1.NodeSelectorRequirement, op corev1.NodeSelectorOperator) *corev1.NodeSelectorRequirement {
	i := slices.IndexFunc(reqs, func(r corev1.NodeSelectorRequirement) bool { return r.Operator == op })
	if i < 0 {
		return nil
	}
	return &reqs[i]
}

// same says whether two requirements are written alike.
func same(a, b corev1.NodeSelectorRequirement) bool {
	return a.Key == b.Key && a.Operator == b.Operator && slices.Equal(a.Values, b.Values)
}

// describe writes requirements as people read them, such as "a In [b c]".
func describe(reqs []corev1.NodeSelectorRequirement, separator string) string {
	parts := make([]string, 0, len(reqs))
	for _, r := range reqs {
		s := r.Key + " " + string(r.Operator)
		if len(r.Values) > 0 {
			s += " [" + strings.Join(r.Values, " ") + "]"
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, separator)
}
