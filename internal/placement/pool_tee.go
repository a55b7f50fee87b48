// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/hardware"
)

// A poolTEE is a TEE that the nodes of a pool offer.
type poolTEE struct {
	tee  hardware.TEE
	mode teeMode
	// class that gives it to Pods, empty for the usual one.
	class string
	// declared says that an administrator vouches for it, so that what Kata
	// Containers installs is there too.
	declared bool
}

// labels returns the node labels that prove the TEE, one of which every node of
// the pool has.
func (t poolTEE) labels() []hardware.Alternative {
	if t.mode == inNodeVM {
		return hardware.GuestLabels(t.tee)
	}
	return hardware.HostLabels(t.tee)
}

// modesOf are the modes that a TEE can have, the usual one first.
func modesOf(t hardware.TEE) []teeMode {
	switch t {
	case hardware.SGX:
		return []teeMode{inProcess}
	case hardware.SEV:
		return []teeMode{inNodeVM}
	default:
		return []teeMode{inPodVM, inNodeVM}
	}
}

// modeName is what the API calls a mode.
func modeName(m teeMode) v1alpha1.TEEMode {
	return map[teeMode]v1alpha1.TEEMode{inProcess: v1alpha1.TEEModeProcess, inPodVM: v1alpha1.TEEModePodVM, inNodeVM: v1alpha1.TEEModeNodeVM}[m]
}

// teesOf returns the TEEs of a pool: the one that is declared, then those that
// the labels prove. It says how the declaration contradicts itself.
func teesOf(declared *v1alpha1.PoolTEE, labels map[string]string) (tees []poolTEE, invalid string) {
	if declared != nil {
		t, err := hardware.ParseTEE(declared.Type)
		if err != nil {
			return nil, "spec.tee.type: " + err.Error()
		}
		modes := modesOf(t)
		i := 0
		if declared.Mode != "" {
			i = slices.IndexFunc(modes, func(m teeMode) bool { return modeName(m) == declared.Mode })
		}
		if i < 0 {
			return nil, fmt.Sprintf("spec.tee.mode: is %q, but %s has %q only", declared.Mode, t, modeName(modes[0]))
		}
		tees = append(tees, poolTEE{tee: t, mode: modes[i], class: declared.RuntimeClass, declared: true})
	}
	for _, t := range provableTEEs {
		known := slices.ContainsFunc(tees, func(o poolTEE) bool { return o.tee == t.tee && o.mode == t.mode })
		if !known && slices.ContainsFunc(t.proofs, func(a hardware.Alternative) bool { return !violates(labels, a) }) {
			tees = append(tees, t.poolTEE)
		}
	}
	return tees, ""
}

// A provableTEE is a TEE that node labels can prove, and those labels.
type provableTEE struct {
	poolTEE

	proofs []hardware.Alternative
}

// provableTEEs are all of them, in the order in which a workload that any TEE
// serves gets one. Nothing changes them.
var provableTEEs = func() []provableTEE {
	var all []provableTEE
	for _, t := range []poolTEE{
		{tee: hardware.TDX, mode: inPodVM},
		{tee: hardware.SEVSNP, mode: inPodVM},
		{tee: hardware.TDX, mode: inNodeVM},
		{tee: hardware.SEVSNP, mode: inNodeVM},
		{tee: hardware.SEV, mode: inNodeVM},
		{tee: hardware.SGX, mode: inProcess},
	} {
		all = append(all, provableTEE{poolTEE: t, proofs: t.labels()})
	}
	return all
}()

// runtimeClasses returns the RuntimeClasses that a workload finds in the pool's
// cluster. Where they are not known, these are the usual ones of the TEE and the
// one that the workload names.
func (p *pool) runtimeClasses(t *poolTEE, named string) []nodev1.RuntimeClass {
	if p.classes != nil || (t == nil && named == "") {
		return p.classes
	}
	var names []string
	vouched := t != nil && t.declared
	if t != nil && t.mode == inPodVM {
		names = []string{t.class, hardware.StandardTEEClass(t.tee, false), hardware.StandardTEEClass(t.tee, true)}
	}
	names = append(names, named)
	slices.Sort(names)
	classes := []nodev1.RuntimeClass{}
	for _, name := range slices.Compact(names) {
		if name == "" {
			continue
		}
		c := hardware.StandardClass(name, !vouched && t != nil)
		if t != nil && name == t.class && hardware.ResolveRuntimeClass(name, nil).Kind == hardware.UnknownClass {
			// The administrator says that it gives the TEE.
			c.Handler = hardware.StandardTEEClass(t.tee, len(p.gpus.resources) > 0)
		}
		if t != nil && t.mode == inPodVM {
			p.addKeys(&c, t.tee)
		}
		classes = append(classes, c)
	}
	return classes
}

// addKeys adds what each confidential virtual machine takes one of to the overhead
// of a class that makes such, where the pool's nodes have it.
func (p *pool) addKeys(c *nodev1.RuntimeClass, t hardware.TEE) {
	keys := hardware.TEEKeys(t)
	if _, listed := p.allocatable[keys]; listed && hardware.ResolveRuntimeClass(c.Name, c).Gives(t) {
		if c.Overhead == nil {
			c.Overhead = &nodev1.Overhead{PodFixed: corev1.ResourceList{}}
		}
		c.Overhead.PodFixed[keys] = *resource.NewQuantity(1, resource.DecimalSI)
	}
}

// narrowedTo returns a demand as it is to be met by a TEE of a pool: nothing of
// how is left open.
func (d Demand) narrowedTo(t poolTEE) Demand {
	hw := hardwareOf(d)
	hw.TEEType = string(t.tee)
	d.Hardware = &hw
	class := t.class
	if named(d) || (t.mode == inPodVM && class == "") || t.mode == inProcess {
		return d
	}
	s := v1alpha1.SchedulingConfig{}
	if d.Scheduling != nil {
		s = *d.Scheduling
	}
	// In a node that is a virtual machine no RuntimeClass is wanted, which is
	// what an empty name says.
	s.RuntimeClass = &class
	d.Scheduling = &s
	return d
}

// named says whether the user names a RuntimeClass.
func named(d Demand) bool {
	return d.Scheduling != nil && d.Scheduling.RuntimeClass != nil && *d.Scheduling.RuntimeClass != ""
}
