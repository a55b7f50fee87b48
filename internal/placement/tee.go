// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/hardware"
)

// A teeMode is what is inside the TEE.
type teeMode int

const (
	// The zero mode means that no TEE is required.
	_ teeMode = iota
	// inProcess protects a part of the process, on a host that can do it.
	inProcess
	// inPodVM protects a virtual machine of the Pod's own, on a host that can.
	inPodVM
	// inNodeVM protects the node, which is itself a virtual machine.
	inNodeVM
)

// A teePlan is how a TEE is given to the Pod.
type teePlan struct {
	mode teeMode
	// tees of which each serves.
	tees []hardware.TEE
	// class is the RuntimeClass that gives the TEE, where one does.
	class *hardware.RuntimeClass
	// path of the field that asks for the TEE.
	path     string
	warnings []string
}

// alternatives returns the node labels that prove the TEE. Labels of hosts never
// stand in for those of guests, nor the other way round.
func (p teePlan) alternatives() []hardware.Alternative {
	labels := hardware.HostLabels
	if p.mode == inNodeVM {
		labels = hardware.GuestLabels
	}
	var all []hardware.Alternative
	for _, t := range p.tees {
		all = append(all, labels(t)...)
	}
	return all
}

// A teeRequest is what planTEE decides from.
type teeRequest struct {
	gpus    gpuAsk
	class   *hardware.RuntimeClass
	classes []nodev1.RuntimeClass
	// sgxMemory says that the user's resources ask for enclave memory.
	sgxMemory bool
	// classless says that the Pod is explicitly to have no class.
	classless bool
}

// planTEE decides how the TEE that is required is given, in the order that
// Constrain documents.
func planTEE(d Demand, gpus gpuAsk, class *hardware.RuntimeClass, classes []nodev1.RuntimeClass) (teePlan, error) {
	hw := hardwareOf(d)
	named := strings.TrimSpace(hw.TEEType) != ""
	if !teeRequired(hw, named) {
		if !named {
			return teePlan{}, nil
		}
		return teePlan{warnings: []string{fmt.Sprintf("%s: %q is ignored because teeRequired is false", pathTEEType, hw.TEEType)}}, nil
	}
	if err := neverInTEE(class); err != nil {
		return teePlan{}, err
	}
	_, epc, err := deviceQuantity(d.Resources, hardware.ResourceSGXEPC)
	if err != nil {
		return teePlan{}, err
	}
	r := teeRequest{gpus: gpus, class: class, classes: classes, sgxMemory: epc, classless: class == nil && d.Pool != "" && d.Scheduling != nil && d.Scheduling.RuntimeClass != nil}
	if !named {
		p, err := r.any()
		p.path = pathTEERequired
		p.warnings = concat([]string{pathTEERequired + ": any TEE serves because teeType is not set; set it to choose one"}, p.warnings)
		return p, err
	}
	t, err := hardware.ParseTEE(hw.TEEType)
	if err != nil {
		return teePlan{}, fmt.Errorf("%s: %w", pathTEEType, err)
	}
	p, err := r.one(t)
	p.path = pathTEEType
	return p, err
}

// teeRequired says whether a TEE is required: as the user says, else where a type
// is named.
func teeRequired(hw v1alpha1.HardwareRequirements, named bool) bool {
	if hw.TEERequired != nil {
		return *hw.TEERequired
	}
	return named
}

// neverInTEE refuses classes that cannot go with any TEE.
func neverInTEE(class *hardware.RuntimeClass) error {
	if class == nil {
		return nil
	}
	switch {
	case class.Kind == hardware.DevelopmentClass:
		return fmt.Errorf("%s: RuntimeClass %q is for development and protects nothing, but a TEE is required", pathRuntimeClass, class.Name)
	case class.Kind == hardware.RemovedClass:
		return fmt.Errorf("%s: RuntimeClass %q is no longer made by Kata Containers; leave runtimeClass out, or ask for sev-snp or tdx", pathRuntimeClass, class.Name)
	case class.Kind == hardware.PlainClass && class.PassesGPUs:
		return fmt.Errorf("%s: RuntimeClass %q hands GPUs through without a TEE, but a TEE is required; use %s or %s", pathRuntimeClass, class.Name,
			hardware.StandardTEEClass(hardware.TDX, true), hardware.StandardTEEClass(hardware.SEVSNP, true))
	}
	return nil
}

// one plans for the TEE that is named.
func (r teeRequest) one(t hardware.TEE) (teePlan, error) {
	if t == hardware.SGX {
		return r.sgx()
	}
	if r.sgxMemory {
		return teePlan{}, fmt.Errorf("%s: asks for SGX enclave memory, but %s is %s; leave one out", resourcePath("limits", hardware.ResourceSGXEPC), pathTEEType, t)
	}
	switch {
	case r.class == nil && (t == hardware.SEV || r.classless):
		return r.nodeVM(t)
	case r.class == nil:
		if c := teeClassIn(r.classes, t, r.gpus.count > 0); c != nil {
			return r.podVM(c, t)
		}
		return r.nodeVM(t)
	case t == hardware.SEV:
		return teePlan{}, fmt.Errorf("%s: no RuntimeClass gives sev, and %q is set; leave it out to run on nodes that are SEV virtual machines", pathRuntimeClass, r.class.Name)
	case r.class.Kind == hardware.AmbiguousClass:
		return teePlan{}, r.ambiguous()
	case !r.class.Gives(t):
		return teePlan{}, fmt.Errorf("%s: RuntimeClass %q does not give %s; use %s, or leave it out", pathRuntimeClass, r.class.Name, t, hardware.StandardTEEClass(t, r.gpus.count > 0))
	}
	return r.podVM(r.class, t)
}

// any plans for a TEE of any kind.
func (r teeRequest) any() (teePlan, error) {
	switch {
	case r.class != nil && r.class.Kind == hardware.AmbiguousClass:
		return teePlan{}, r.ambiguous()
	case r.class != nil && r.class.Kind == hardware.TEEClass && !r.class.Gives(hardware.SGX):
		return r.podVM(r.class, r.class.TEEs...)
	case r.class != nil, r.sgxMemory:
		return r.sgx()
	}
	for _, t := range []hardware.TEE{hardware.TDX, hardware.SEVSNP} {
		if c := teeClassIn(r.classes, t, r.gpus.count > 0); c != nil {
			return r.podVM(c, t)
		}
	}
	if r.gpus.count > 0 {
		return r.nodeVM(hardware.TDX, hardware.SEVSNP)
	}
	return r.nodeVM(hardware.TDX, hardware.SEVSNP, hardware.SEV)
}

func (r teeRequest) ambiguous() error {
	return fmt.Errorf("%s: RuntimeClass %q is ambiguous: its name does not tell which TEE it gives, if any, and nor does its handler; name a class of one TEE, such as %s or %s", pathRuntimeClass, r.class.Name,
		hardware.StandardTEEClass(hardware.TDX, false), hardware.StandardTEEClass(hardware.SEVSNP, false))
}

// sgx plans for SGX enclaves, which work under any runtime but those that put the
// whole Pod into another TEE.
func (r teeRequest) sgx() (teePlan, error) {
	if r.class != nil && r.class.Kind == hardware.TEEClass && !r.class.Gives(hardware.SGX) {
		return teePlan{}, fmt.Errorf("%s: RuntimeClass %q gives %s, not sgx; leave it out, or name another", pathRuntimeClass, r.class.Name, joinNames(r.class.TEEs))
	}
	p := teePlan{mode: inProcess, tees: []hardware.TEE{hardware.SGX}, class: r.class}
	if r.gpus.count > 0 {
		p.warnings = []string{pathGPUCount + ": the GPUs are outside the SGX enclave, which does not protect what they hold"}
	}
	return p, nil
}

// podVM plans for a virtual machine of the Pod's own, by a RuntimeClass.
func (r teeRequest) podVM(class *hardware.RuntimeClass, tees ...hardware.TEE) (teePlan, error) {
	p := teePlan{mode: inPodVM, tees: tees, class: class}
	if len(p.alternatives()) == 0 {
		return teePlan{}, fmt.Errorf("%s: RuntimeClass %q gives %s, which is not one of %s", pathRuntimeClass, class.Name, joinNames(tees), joinNames(hardware.TEEs()))
	}
	if r.gpus.count > 0 && !class.PassesGPUs {
		return teePlan{}, fmt.Errorf("%s: RuntimeClass %q hands no GPUs through to the Pod's virtual machine; use %s", pathRuntimeClass, class.Name, hardware.StandardTEEClass(tees[0], true))
	}
	return p, p.checkGPUs(r.gpus)
}

// nodeVM plans for nodes that are virtual machines inside the TEE.
func (r teeRequest) nodeVM(tees ...hardware.TEE) (teePlan, error) {
	p := teePlan{mode: inNodeVM, tees: tees}
	return p, p.checkGPUs(r.gpus)
}

// nvSwitches returns how many NVSwitches the Pod's virtual machine needs beside
// its GPUs.
func (p teePlan) nvSwitches(grant gpuGrant) int64 {
	if p.mode != inPodVM || grant.gpu == nil || grant.count != wholeNode {
		return 0
	}
	return grant.gpu.NVSwitches()
}

// checkResource refuses resources whose GPUs are not in the TEE that is planned.
// Passed says that the RuntimeClass hands GPUs through.
func (p teePlan) checkResource(name corev1.ResourceName, passed bool) error {
	handed := name == hardware.ResourceNVIDIAPassthrough
	switch {
	case p.mode == inPodVM && passed && !handed:
		return fmt.Errorf("%s: the GPUs of a confidential virtual machine are %s; ask for that, or leave it to %s", resourcePath("limits", name), hardware.ResourceNVIDIAPassthrough, pathGPUCount)
	case p.mode == inNodeVM && handed:
		return fmt.Errorf("%s: needs a RuntimeClass that hands GPUs through to a TEE, such as %s; name one, or ask for %s", resourcePath("limits", name),
			hardware.StandardTEEClass(p.tees[0], true), hardware.ResourceNVIDIAGPU)
	}
	return nil
}
