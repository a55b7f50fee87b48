// SPDX-License-Identifier: Apache-2.0

package hardware

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// A GPU is a model together with what was said about it beside the model. What
// was not said may be anything, except that slices and shared GPUs serve only who
// asks for them.
type GPU struct {
	// Vendor that makes the GPU.
	Vendor Vendor
	// Model is the canonical name of the model, such as a100 or rtx-pro-6000.
	Model string
	// MemoryGB is the memory of one GPU in GB as its maker calls it; 0 for any.
	MemoryGB int
	// Form is the form factor (sxm, pcie, nvl, mega, oam or vf); empty for any.
	Form string
	// MIG is the profile of the slice, such as 1g.5gb; empty for a whole GPU.
	MIG string
	// Shared says that the GPU is shared with other Pods.
	Shared bool
	// GKEName is the only value of LabelGKEAccelerator that serves, where the
	// name is one that GKE gives a narrower meaning than others do; empty for
	// all that fit.
	GKEName string
}

// gkeA100 is an A100 of any memory to most people, and one of 40 GB to GKE.
// Source: Google's "Run GPUs in GKE Standard node pools".
const gkeA100 = "nvidia-tesla-a100"

// ParseGPU reads the name of a GPU in any common spelling: "nvidia-tesla-v100",
// "V100", "NVIDIA A100", "a100-80gb", "NVIDIA-A100-SXM4-40GB-MIG-1g.5gb". It
// compares whole words, so an L40S is never taken for an L4. A name that says no
// model of the catalog, or a variant of one that nobody makes, is an error that
// lists what is known.
func ParseGPU(name string) (GPU, error) {
	n, err := readGPUName(name)
	if err != nil {
		return GPU{}, err
	}
	g := n.gpu()
	if g.MIG != "" && !n.model.mig {
		return GPU{}, fmt.Errorf("%q asks for a MIG slice, but a GPU of the model %s cannot be sliced", name, g.Model)
	}
	if !slices.ContainsFunc(n.model.labels, func(l gpuLabel) bool { return l.agrees(g.MemoryGB, g.Form) }) {
		return GPU{}, fmt.Errorf("%q is not a known variant of the GPU model %s; known variants are %s", name, g.Model, strings.Join(n.model.variants(), ", "))
	}
	if n.isGKEA100() {
		g.GKEName = gkeA100
	}
	return g, nil
}

// ReadProduct reads a product name as a node label or an administrator writes it.
// Unlike ParseGPU it accepts variants that the catalog does not have; false says
// that the model is not in the catalog.
func ReadProduct(product string) (GPU, bool) {
	if product == "" {
		return GPU{}, false
	}
	n, err := readGPUName(product)
	if err != nil {
		return GPU{}, false
	}
	return n.gpu(), true
}

// String returns the canonical name, which ParseGPU reads back as the same GPU.
func (g GPU) String() string {
	parts := []string{g.Model}
	if g.GKEName != "" {
		parts[0] = g.GKEName
	}
	if g.Form != "" {
		parts = append(parts, g.Form)
	}
	if g.MemoryGB != 0 {
		parts = append(parts, fmt.Sprintf("%dgb", g.MemoryGB))
	}
	if g.MIG != "" {
		parts = append(parts, "mig", g.MIG)
	}
	if g.Shared {
		parts = append(parts, "shared")
	}
	return strings.Join(parts, "-")
}

// Matches says whether a product label value, such as NVIDIA-A100-SXM4-40GB of
// LabelGFDProduct or AMD_Instinct_MI325_OAM of LabelAMDProduct, proves that a
// node has this GPU. A value that leaves open what was asked for proves nothing.
func (g GPU) Matches(product string) bool {
	seen, known := ReadProduct(product)
	return known && g.MatchesRead(seen)
}

// MatchesRead is Matches for a product that ReadProduct has read.
func (g GPU) MatchesRead(seen GPU) bool {
	if seen.Model != g.Model || seen.MIG != g.MIG || seen.Shared != g.Shared {
		return false
	}
	// The catalog knows more of a product than its name says: an H100 PCIe has
	// 80 GB.
	if l, ok := gpuProducts[GPU{Vendor: seen.Vendor, Model: seen.Model, MemoryGB: seen.MemoryGB, Form: seen.Form}]; ok {
		return l.agrees(g.MemoryGB, g.Form)
	}
	return gpuLabel{memoryGB: seen.MemoryGB, forms: seen.Form}.agrees(g.MemoryGB, g.Form)
}

// Resource returns the extended resource that counts this GPU where device
// plugins run with their defaults. A MIG slice is counted by its profile, which
// is the plugin's mixed strategy.
func (g GPU) Resource() corev1.ResourceName {
	switch {
	case g.Vendor == AMD:
		return ResourceAMDGPU
	case g.Vendor == Intel:
		return ResourceIntelI915
	case g.MIG != "":
		return corev1.ResourceName(MIGPrefix + g.MIG)
	}
	return ResourceNVIDIAGPU
}

// Through returns the GPU as one gets it by asking for a resource: a slice where
// the resource is a MIG profile, a share where it is ResourceNVIDIAShared. It is
// an error to ask for the GPU by a resource that cannot be it: another vendor's,
// another profile's, or a GPU handed through to a VM, which is always whole.
func (g GPU) Through(resource corev1.ResourceName) (GPU, error) {
	if v := GPUVendor(resource); v != g.Vendor {
		return GPU{}, fmt.Errorf("%s does not count GPUs of the model %s", resource, g.Model)
	}
	profile := migProfileOf(resource)
	switch {
	case profile != "" && g.MIG != "" && profile != g.MIG:
		return GPU{}, fmt.Errorf("%s is not the MIG profile of %s", resource, g)
	case profile != "" && !findModel(g.Model).mig:
		return GPU{}, fmt.Errorf("%s is a MIG slice, but a GPU of the model %s cannot be sliced", resource, g.Model)
	case resource == ResourceNVIDIAPassthrough && (g.MIG != "" || g.Shared):
		return GPU{}, fmt.Errorf("%s is a whole GPU, and %s is not", resource, g)
	case profile != "":
		g.MIG = profile
	case resource == ResourceNVIDIAShared:
		g.Shared = true
	}
	return g, nil
}

// ARM64Only says whether the GPU comes only with an Arm processor.
func (g GPU) ARM64Only() bool { return findModel(g.Model).arm64 }

// Confidential says whether the GPU has a confidential mode, so that a TEE can
// reach around it. Source: NVIDIA "Confidential Containers",
// supported-platforms.
func (g GPU) Confidential() bool { return findModel(g.Model).confidential }

// NVSwitches returns how many of ResourceNVSwitch a confidential VM asks for
// beside all eight GPUs of a node; 0 for models that need none.
func (g GPU) NVSwitches() int64 { return findModel(g.Model).nvswitches }
