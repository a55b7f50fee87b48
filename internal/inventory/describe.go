// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/hardware"
)

// commonTEEs are the TEEs that a label of all nodes proves, each in the mode that
// the label stands for.
func commonTEEs(nodes []*corev1.Node) []v1alpha1.ObservedTEE {
	var tees []v1alpha1.ObservedTEE
	for _, t := range hardware.TEEs() {
		host := v1alpha1.TEEModePodVM
		if t == hardware.SGX {
			host = v1alpha1.TEEModeProcess
		}
		for _, proof := range []struct {
			mode   v1alpha1.TEEMode
			labels []hardware.Alternative
		}{{host, hardware.HostLabels(t)}, {v1alpha1.TEEModeNodeVM, hardware.GuestLabels(t)}} {
			if label := provenBy(nodes, proof.labels); label != "" {
				tees = append(tees, v1alpha1.ObservedTEE{Type: string(t), Mode: string(proof.mode), Evidence: label})
			}
		}
	}
	return tees
}

// provenBy is the first of the labels that all nodes have, KEY=VALUE.
func provenBy(nodes []*corev1.Node, labels []hardware.Alternative) string {
	for _, a := range labels {
		label := map[string]string{a[0].Key: a[0].Values[0]}
		if !slices.ContainsFunc(nodes, func(n *corev1.Node) bool { return !hasAll(n.Labels, label) }) {
			return a[0].Key + "=" + a[0].Values[0]
		}
	}
	return ""
}

// inShort says what each of the nodes has: "8 x NVIDIA-A100-SXM4-80GB, tdx pod-vm".
func inShort(nodes []*corev1.Node, allocatable corev1.ResourceList, tees []v1alpha1.ObservedTEE) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(allocatable)) {
		if hardware.GPUVendor(name) == "" {
			continue
		}
		q := allocatable[name]
		part := fmt.Sprintf("%d x %s", q.Value(), gpuNames(nodes))
		if hardware.CountsMIG(name) {
			_, slice, _ := strings.Cut(string(name), "/")
			part += " " + slice
		}
		parts = append(parts, part)
	}
	for _, t := range tees {
		parts = append(parts, t.Type+" "+t.Mode)
	}
	return strings.Join(parts, ", ")
}

// gpuNames are the GPUs that labels of the nodes name.
func gpuNames(nodes []*corev1.Node) string {
	var names []string
	for _, n := range nodes {
		if _, product := hardware.GPULabel(n.Labels); product != "" {
			names = append(names, product)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	switch len(names) {
	case 0:
		return "GPU"
	case 1:
		return names[0]
	}
	return names[0] + " or others"
}
