// SPDX-License-Identifier: Apache-2.0

package hardware

import (
	"slices"
	"strings"
)

// A gpuModel is one row of the catalog of GPUs.
type gpuModel struct {
	vendor Vendor
	// names the model has, in lower case with hyphens, the canonical one first.
	names []string
	// ignored words may follow the name and say nothing more about the GPU.
	ignored []string
	// mig says that the GPU can be sliced.
	mig bool
	// arm64 says that the GPU comes only with an Arm processor.
	arm64 bool
	// confidential says that the GPU has a confidential mode. Source: NVIDIA
	// "Confidential Containers", supported-platforms.
	confidential bool
	// nvswitches a confidential VM asks for that gets all eight GPUs of a node.
	nvswitches int64
	labels     []gpuLabel
}

// A gpuLabel is a value that a node label is known to have where a node has the
// model.
type gpuLabel struct {
	key   string
	value string
	// memoryGB of one GPU as its maker calls it, 0 where the value stands for
	// several sizes.
	memoryGB int
	// forms is the form factor, and other words for it; empty where the value
	// stands for several.
	forms string
	// memoryMiB is what LabelKarpenterAWSGPUMemory has beside the value.
	memoryMiB string
}

// name returns the canonical name.
func (m gpuModel) name() string { return m.names[0] }

// agrees says whether the label proves the memory and the form factor that were
// asked for; 0 and "" ask for none.
func (l gpuLabel) agrees(memoryGB int, form string) bool {
	if memoryGB != 0 && memoryGB != l.memoryGB {
		return false
	}
	return form == "" || strings.Contains(" "+l.forms+" ", " "+form+" ")
}

// The constructors below keep a row on one line.

func gfd(value string, memoryGB int, forms string) gpuLabel {
	return gpuLabel{key: LabelGFDProduct, value: value, memoryGB: memoryGB, forms: forms}
}

func gke(value string, memoryGB int, forms string) gpuLabel {
	return gpuLabel{key: LabelGKEAccelerator, value: value, memoryGB: memoryGB, forms: forms}
}

func karpenterAWS(value string, memoryGB int, forms, memoryMiB string) gpuLabel {
	return gpuLabel{key: LabelKarpenterAWSGPU, value: value, memoryGB: memoryGB, forms: forms, memoryMiB: memoryMiB}
}

func eks(value string, memoryGB int, forms string) gpuLabel {
	return gpuLabel{key: LabelEKSAccelerator, value: value, memoryGB: memoryGB, forms: forms}
}

func karpenterAzure(value string, memoryGB int) gpuLabel {
	return gpuLabel{key: LabelKarpenterAzureGPU, value: value, memoryGB: memoryGB}
}

func amdProduct(value string, memoryGB int, forms string) gpuLabel {
	return gpuLabel{key: LabelAMDProduct, value: value, memoryGB: memoryGB, forms: forms}
}

func amdDevice(value string, memoryGB int, forms string) gpuLabel {
	return gpuLabel{key: LabelAMDDevice, value: value, memoryGB: memoryGB, forms: forms}
}

func intelProduct(value string, memoryGB int) gpuLabel {
	return gpuLabel{key: LabelIntelProduct, value: value, memoryGB: memoryGB}
}

// gpuModels are all GPUs of the catalog, in the order in which they are listed
// to people. Nothing changes them.
var gpuModels = slices.Concat(nvidiaModels(), amdModels(), intelModels())

// gpuProducts are the product labels of the catalog, by what their values say. Of
// several that say the same the first counts.
var gpuProducts = func() map[GPU]gpuLabel {
	products := map[GPU]gpuLabel{}
	for _, m := range gpuModels {
		for _, l := range m.labels {
			if l.key != productLabel(m.vendor) {
				continue
			}
			said, known := ReadProduct(l.value)
			if _, taken := products[said]; known && !taken {
				products[said] = l
			}
		}
	}
	return products
}()

// findModel returns the model whose canonical name is given, or one without
// labels.
func findModel(name string) gpuModel {
	for _, m := range gpuModels {
		if m.name() == name {
			return m
		}
	}
	return gpuModel{names: []string{name}}
}

// GPUModels returns the canonical names of all GPU models of the catalog.
func GPUModels() []string {
	return modelNames(func(gpuModel) bool { return true })
}

// ConfidentialGPUModels returns the canonical names of the GPU models that have a
// confidential mode. Source: NVIDIA "Confidential Containers",
// supported-platforms.
func ConfidentialGPUModels() []string {
	return modelNames(func(m gpuModel) bool { return m.confidential })
}

func modelNames(keep func(gpuModel) bool) []string {
	var names []string
	for _, m := range gpuModels {
		if keep(m) {
			names = append(names, m.name())
		}
	}
	return names
}
