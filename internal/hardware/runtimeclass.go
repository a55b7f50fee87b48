// SPDX-License-Identifier: Apache-2.0

package hardware

import (
	"slices"

	nodev1 "k8s.io/api/node/v1"
)

// A ClassKind says what is known of a RuntimeClass with regard to TEEs.
type ClassKind int

// The kinds of RuntimeClasses.
const (
	// UnknownClass is not in the catalog.
	UnknownClass ClassKind = iota
	// PlainClass gives no TEE.
	PlainClass
	// TEEClass runs every Pod in a TEE.
	TEEClass
	// AmbiguousClass may or may not give a TEE: its name does not tell.
	AmbiguousClass
	// DevelopmentClass looks like a TEE to software in it and is none.
	DevelopmentClass
	// RemovedClass stands for a runtime that is no longer made.
	RemovedClass
)

// A RuntimeClass is what is known of a RuntimeClass in a cluster.
type RuntimeClass struct {
	// Name of the RuntimeClass.
	Name string
	// Kind tells whether TEEs is to be relied on.
	Kind ClassKind
	// TEEs of which a Pod gets one: exactly one for most TEEClasses, more where
	// the node decides.
	TEEs []TEE
	// PassesGPUs says that GPUs are handed through to the Pod's VM, as
	// ResourceNVIDIAPassthrough. With a TEE they are in confidential mode.
	PassesGPUs bool
}

// Gives says whether a Pod of the class can count on being in the TEE, on a node
// that has it.
func (c RuntimeClass) Gives(t TEE) bool {
	return c.Kind == TEEClass && slices.Contains(c.TEEs, t)
}

// A classFact is a row of the table of RuntimeClasses.
type classFact struct {
	// names of RuntimeClasses, and of handlers, that mean the same.
	names []string
	kind  ClassKind
	tees  []TEE
	gpus  bool
	// managed says that a platform makes the RuntimeClass, under a handler name
	// of its own choice, so the class's name counts where the handler is unknown.
	managed bool
}

// classFacts are the known classes, the preferred one of its sort first. Sources:
// Kata Containers' kata-deploy chart (runtimeclasses.yaml, and its history for
// the removed ones), openshift/sandboxed-containers-operator for kata-cc,
// MicrosoftDocs/azure-aks-docs for kata-cc-isolation and kata-vm-isolation,
// confidential-containers/operator for enclave-cc, NVIDIA/gpu-operator for nvidia.
var classFacts = []classFact{
	{names: []string{"kata-qemu-tdx", "kata-qemu-tdx-runtime-rs"}, kind: TEEClass, tees: []TEE{TDX}},
	{names: []string{"kata-qemu-snp", "kata-qemu-snp-runtime-rs"}, kind: TEEClass, tees: []TEE{SEVSNP}},
	{names: []string{"kata-qemu-nvidia-gpu-tdx", "kata-qemu-nvidia-gpu-tdx-runtime-rs"}, kind: TEEClass, tees: []TEE{TDX}, gpus: true},
	{names: []string{"kata-qemu-nvidia-gpu-snp", "kata-qemu-nvidia-gpu-snp-runtime-rs"}, kind: TEEClass, tees: []TEE{SEVSNP}, gpus: true},
	{names: []string{"kata-cc-isolation"}, kind: TEEClass, tees: []TEE{SEVSNP}, managed: true},
	{names: []string{"kata-cc"}, kind: TEEClass, tees: []TEE{TDX, SEVSNP}, managed: true},
	{names: []string{"kata-qemu-se", "kata-qemu-se-runtime-rs"}, kind: TEEClass, tees: []TEE{IBMSecureExecution}},
	{names: []string{"enclave-cc"}, kind: TEEClass, tees: []TEE{SGX}, managed: true},
	{names: []string{"kata-qemu-nvidia-gpu", "kata-qemu-nvidia-gpu-runtime-rs"}, kind: PlainClass, gpus: true},
	{names: []string{"kata-qemu", "kata-qemu-runtime-rs", "kata-clh", "kata-qemu-nvidia-cpu"}, kind: PlainClass},
	{names: []string{"kata-vm-isolation", "kata-mshv-vm-isolation"}, kind: PlainClass, managed: true},
	{names: []string{"gvisor", "runsc"}, kind: PlainClass},
	{names: []string{"nvidia", "nvidia-cdi", "nvidia-legacy"}, kind: PlainClass},
	{names: []string{"runc", "crun"}, kind: PlainClass},
	// kata runs whatever the default is, kata-remote depends on a VM elsewhere.
	{names: []string{"kata", "kata-containers", "kata-remote"}, kind: AmbiguousClass},
	{names: []string{"kata-qemu-coco-dev", "kata-qemu-coco-dev-runtime-rs"}, kind: DevelopmentClass},
	{names: []string{"kata-qemu-sev"}, kind: RemovedClass, tees: []TEE{SEV}},
}

// factOf returns the row of a class or handler name, or one that knows nothing.
func factOf(name string) classFact {
	i := slices.IndexFunc(classFacts, func(f classFact) bool { return slices.Contains(f.names, name) })
	if i < 0 {
		return classFact{kind: UnknownClass}
	}
	return classFacts[i]
}

// ResolveRuntimeClass returns what is known of a RuntimeClass. The object, where
// the caller has it, tells more than the name: its handler is what really runs,
// and the TEE labels it selects nodes by settle which of several TEEs it gives.
// Without the object the name has to do. A class whose handler is not in the
// catalog is unknown, whatever its name promises, unless a platform makes it.
func ResolveRuntimeClass(name string, object *nodev1.RuntimeClass) RuntimeClass {
	fact := factOf(name)
	if object != nil {
		fact = fact.runBy(factOf(object.Handler))
	}
	c := RuntimeClass{Name: name, Kind: fact.kind, TEEs: slices.Clone(fact.tees), PassesGPUs: fact.gpus}
	if len(c.TEEs) > 1 {
		c.TEEs = selectedTEEs(c.TEEs, object)
	}
	return c
}

// runBy returns what holds for a class of which the name says f and the handler
// says h. The handler wins, but for classes that a platform makes: their handler
// may be one that tells nothing, or less than the name does.
func (f classFact) runBy(h classFact) classFact {
	switch {
	case f.managed && h.kind == UnknownClass,
		f.managed && h.kind == AmbiguousClass && f.kind == PlainClass,
		f.managed && h.kind == TEEClass && len(f.tees) == 1 && slices.Contains(h.tees, f.tees[0]):
		return f
	}
	return h
}

// selectedTEEs narrows TEEs to those whose host labels the class selects nodes
// by, where it selects by any.
func selectedTEEs(tees []TEE, object *nodev1.RuntimeClass) []TEE {
	if object == nil || object.Scheduling == nil {
		return tees
	}
	var selected []TEE
	for _, t := range tees {
		if slices.ContainsFunc(HostLabels(t), func(a Alternative) bool {
			return object.Scheduling.NodeSelector[a[0].Key] == a[0].Values[0]
		}) {
			selected = append(selected, t)
		}
	}
	if selected == nil {
		return tees
	}
	return selected
}

// StandardTEEClass returns the name that Kata Containers gives to the
// RuntimeClass of a TEE, with GPUs handed through or without. It is empty for
// TEEs that have none.
func StandardTEEClass(t TEE, gpus bool) string {
	i := slices.IndexFunc(classFacts, func(f classFact) bool {
		return f.kind == TEEClass && !f.managed && f.gpus == gpus && slices.Equal(f.tees, []TEE{t})
	})
	if i < 0 {
		return ""
	}
	return classFacts[i].names[0]
}
