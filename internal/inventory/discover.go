// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/internal/hardware"
)

// A Find is nodes that are a pool.
type Find struct {
	// Name of the pool within its cluster: lower case, of letters, digits, hyphens
	// and dots.
	Name string
	// Selector has labels that these nodes have, and no others.
	Selector map[string]string
}

// provisionerLabels say which pool a provisioner has made a node for. Sources:
// Karpenter's "NodePools", Google's "About node pools", the EKS user guide's
// "Managed node groups" and the AKS documentation of labels.
var provisionerLabels = []string{
	"karpenter.sh/nodepool",
	"cloud.google.com/gke-nodepool",
	"eks.amazonaws.com/nodegroup",
	"kubernetes.azure.com/agentpool",
}

// Discover returns the pools that nodes are, by name: those with the same value of
// the first label that they have of labels, or of a provisioner's own; of the rest,
// those whose hardware is labeled alike, where no other node has these labels.
// Nodes that one of the declared selectors selects are no find, nor is a pool that
// would have one of them. Beside it returns the names, in order, of nodes that are
// in no pool.
func Discover(nodes []corev1.Node, declared []map[string]string, labels []string) (finds []Find, left []string) {
	d := discovery{nodes: nodes, declared: declared, groups: map[string]*group{}}
	keys := slices.Concat(labels, provisionerLabels)
	for i := range nodes {
		d.add(&nodes[i], keys)
	}
	for _, key := range slices.Sorted(maps.Keys(d.groups)) {
		g := d.groups[key]
		if g.declared || !d.exact(g) {
			left = append(left, g.left...)
			continue
		}
		finds = append(finds, Find{Name: g.name, Selector: g.selector})
	}
	slices.Sort(left)
	return named(finds), left
}

// A discovery is pools in the making, by what their nodes have in common.
type discovery struct {
	nodes    []corev1.Node
	declared []map[string]string
	groups   map[string]*group
}

// A group is nodes with the same labels.
type group struct {
	name     string
	selector map[string]string
	size     int
	// declared says that a declared pool has one of the nodes, left are the names of
	// the others.
	declared bool
	left     []string
}

// add a node to its group. Nodes of the control plane are nobody's.
func (d *discovery) add(n *corev1.Node, keys []string) {
	if slices.ContainsFunc(n.Spec.Taints, func(t corev1.Taint) bool { return strings.HasPrefix(t.Key, "node-role.kubernetes.io/") }) {
		return
	}
	name, selector := poolOf(n, keys)
	key := written(selector)
	if d.groups[key] == nil {
		d.groups[key] = &group{name: name, selector: selector}
	}
	g := d.groups[key]
	g.size++
	if slices.ContainsFunc(d.declared, func(s map[string]string) bool { return hasAll(n.Labels, s) }) {
		g.declared = true
		return
	}
	g.left = append(g.left, n.Name)
}

// poolOf returns the name of a node's pool and the labels that select it.
func poolOf(n *corev1.Node, keys []string) (string, map[string]string) {
	for _, key := range keys {
		if v := n.Labels[key]; v != "" {
			return sanitized(v), map[string]string{key: v}
		}
	}
	selector := signature(n)
	_, product := hardware.GPULabel(n.Labels)
	return sanitized(cmp.Or(product, n.Labels[corev1.LabelInstanceTypeStable], n.Labels[corev1.LabelArchStable])) + "-" + short(written(selector)), selector
}

// signature has the labels of a node that say what hardware it is.
func signature(n *corev1.Node) map[string]string {
	keys := []string{corev1.LabelInstanceTypeStable, corev1.LabelArchStable, corev1.LabelOSStable, labelGPUMemory, hardware.LabelGFDProduct}
	if key, _ := hardware.GPULabel(n.Labels); key != "" {
		keys = append(keys, key)
	}
	for _, t := range hardware.TEEs() {
		for _, a := range slices.Concat(hardware.HostLabels(t), hardware.GuestLabels(t)) {
			keys = append(keys, a[0].Key)
		}
	}
	selector := map[string]string{}
	for _, key := range keys {
		if v := n.Labels[key]; v != "" {
			selector[key] = v
		}
	}
	return selector
}

// exact says whether a group's labels select its nodes and no others.
func (d *discovery) exact(g *group) bool {
	if len(g.selector) == 0 {
		return false
	}
	selected := 0
	for i := range d.nodes {
		if hasAll(d.nodes[i].Labels, g.selector) {
			selected++
		}
	}
	return selected == g.size
}

// named gives finds of the same name different ones, and orders them by name.
func named(finds []Find) []Find {
	count := map[string]int{}
	for _, f := range finds {
		count[f.Name]++
	}
	for i, f := range finds {
		if count[f.Name] > 1 {
			finds[i].Name += "-" + short(written(f.Selector))
		}
	}
	slices.SortFunc(finds, func(a, b Find) int { return strings.Compare(a.Name, b.Name) })
	return finds
}

// sanitized is a value of a label as part of an object's name.
func sanitized(value string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, value), "-.")
}

// short is a digest of a text, of five letters and digits.
func short(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])[:5]
}

// written is a map as one line.
func written[M ~map[K]V, K ~string, V ~string](m M) string {
	parts := make([]string, 0, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, string(key)+"="+string(m[key]))
	}
	return strings.Join(parts, ",")
}
