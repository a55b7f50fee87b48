// SPDX-License-Identifier: Apache-2.0

package hardware

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// gpuSchemes are the labels that name a GPU model, in the order in which
// alternatives are given: what was observed on the node before what a
// provisioner promises. AKS's kubernetes.azure.com/accelerator is none of them,
// because it tells the vendor only.
var gpuSchemes = []string{
	LabelGFDProduct,
	LabelAMDProduct,
	LabelAMDDevice,
	LabelIntelProduct,
	LabelGKEAccelerator,
	LabelKarpenterAWSGPU,
	LabelEKSAccelerator,
	LabelKarpenterAzureGPU,
}

// GPULabel returns the node label that names the GPU model among the labels of a
// node, and its value; empty where there is none.
func GPULabel(labels map[string]string) (key, product string) {
	for _, key := range gpuSchemes {
		if v := labels[key]; v != "" {
			return key, v
		}
	}
	return "", ""
}

// productLabel returns the label that holds a vendor's own product name.
func productLabel(v Vendor) string {
	return map[Vendor]string{NVIDIA: LabelGFDProduct, AMD: LabelAMDProduct, Intel: LabelIntelProduct}[v]
}

// ProductLabel returns the node label that holds the vendor's own product name of
// the GPU, whose values Matches reads.
func (g GPU) ProductLabel() string { return productLabel(g.Vendor) }

// Alternatives returns the node labels that prove that a node offers this GPU
// under a resource name, one Alternative for each labeling scheme that can prove
// it, in a fixed order. There is at least one for every GPU of ParseGPU.
//
// Products are further values of the product label that the caller has seen, on
// nodes or in a node selector. Those that match the GPU are accepted beside the
// ones the catalog knows.
//
// A whole GPU is not proved by a label of a slice or a share. GKE keeps the
// accelerator label on sliced and shared pools, and tells them apart with two
// labels that must then be absent.
func (g GPU) Alternatives(resource corev1.ResourceName, products ...string) []Alternative {
	if g.MIG != "" && migProfileOf(resource) != "" {
		return []Alternative{{in(string(resource)+".product", g.products(products)...)}}
	}
	if resource == ResourceNVIDIAShared {
		// Where the plugin renames the resource it leaves the product as it is.
		g.Shared = false
	}
	var all []Alternative
	for _, key := range gpuSchemes {
		if a := g.alternative(key, products); a != nil {
			all = append(all, a)
		}
	}
	return all
}

// alternative returns what one labeling scheme requires, or nil where it cannot
// prove the GPU.
func (g GPU) alternative(key string, products []string) Alternative {
	if key == LabelGKEAccelerator {
		return g.gkeAlternative()
	}
	values := g.values(key)
	if key == productLabel(g.Vendor) {
		values = g.products(products)
	} else if g.MIG != "" || g.Shared {
		return nil
	}
	if len(values) == 0 {
		return nil
	}
	a := Alternative{in(key, values...)}
	if key == LabelKarpenterAWSGPU {
		a = append(a, notIn(LabelKarpenterAWSGPUCount, "0"))
		if memory := g.karpenterMemory(values); len(memory) > 0 {
			a = append(a, in(LabelKarpenterAWSGPUMemory, memory...))
		}
	}
	return a
}

// gkeAlternative returns what GKE's labels require. Its slices are named by a
// label of their own.
func (g GPU) gkeAlternative() Alternative {
	values := g.values(LabelGKEAccelerator)
	if g.GKEName != "" {
		values = []string{g.GKEName}
	}
	if len(values) == 0 {
		return nil
	}
	a := Alternative{in(LabelGKEAccelerator, values...), absent(LabelGKEPartition), absent(LabelGKESharing)}
	if g.MIG != "" {
		a[1] = in(LabelGKEPartition, g.MIG)
	}
	if g.Shared {
		a[2] = exists(LabelGKESharing)
	}
	return a
}

// known returns the labels of one scheme that prove the memory and the form.
func (g GPU) known(key string) []gpuLabel {
	return slices.DeleteFunc(slices.Clone(findModel(g.Model).labels), func(l gpuLabel) bool {
		return l.key != key || !l.agrees(g.MemoryGB, g.Form)
	})
}

// values returns the values of the label that prove the GPU, sorted.
func (g GPU) values(key string) []string {
	var values []string
	for _, l := range g.known(key) {
		values = append(values, l.value)
	}
	slices.Sort(values)
	return slices.Compact(values)
}

// products returns the values of the product label that the GPU may have, sorted:
// those the catalog knows, ended as GFD ends slices and shares, and those of the
// seen ones that match.
func (g GPU) products(seen []string) []string {
	suffix := ""
	if g.MIG != "" {
		suffix += "-MIG-" + g.MIG
	}
	if g.Shared {
		suffix += "-SHARED"
	}
	values := g.values(g.ProductLabel())
	for i := range values {
		values[i] += suffix
	}
	for _, v := range seen {
		if g.Matches(v) {
			values = append(values, v)
		}
	}
	slices.Sort(values)
	return slices.Compact(values)
}

// karpenterMemory returns the values of LabelKarpenterAWSGPUMemory that tell the
// memory that was asked for from others under the same name. It is empty where
// the name alone tells.
func (g GPU) karpenterMemory(values []string) []string {
	var wanted []string
	for _, l := range g.known(LabelKarpenterAWSGPU) {
		wanted = append(wanted, l.memoryMiB)
	}
	for _, l := range findModel(g.Model).labels {
		if l.key == LabelKarpenterAWSGPU && slices.Contains(values, l.value) && !l.agrees(g.MemoryGB, g.Form) {
			slices.Sort(wanted)
			return slices.Compact(wanted)
		}
	}
	return nil
}
