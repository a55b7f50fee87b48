// SPDX-License-Identifier: Apache-2.0

package placement

import (
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/hardware"
)

// Paths of the fields that errors and warnings name.
const (
	pathGPUType      = "spec.hardwareRequirements.gpuType"
	pathGPUCount     = "spec.hardwareRequirements.gpuCount"
	pathTEERequired  = "spec.hardwareRequirements.teeRequired"
	pathTEEType      = "spec.hardwareRequirements.teeType"
	pathCustomLabels = "spec.hardwareRequirements.customLabels"
	pathNodeSelector = "spec.scheduling.nodeSelector"
	pathNodeAffinity = "spec.scheduling.nodeAffinity"
	pathAffinity     = "spec.scheduling.affinity.nodeAffinity"
	pathRuntimeClass = "spec.scheduling.runtimeClass"
	pathResources    = "spec.resources"
)

// A Demand is what one workload asks for.
type Demand struct {
	// Hardware that the workload needs; nil for none in particular.
	Hardware *v1alpha1.HardwareRequirements
	// Scheduling is what the user says about nodes; nil for nothing.
	Scheduling *v1alpha1.SchedulingConfig
	// Resources of the workload's container.
	Resources corev1.ResourceRequirements
	// Pool that the workload was given to, the value of its label LabelPool; empty
	// for none. Scheduling and Resources then select the pool's nodes and GPUs, so
	// that nothing is added to prove the GPU model or to tolerate its taints. A
	// RuntimeClass that is named "" is then explicitly none.
	Pool string
}

// Constraints are what a Pod must say so that it runs only where the demand is
// met. They share no memory with the demand.
type Constraints struct {
	// NodeSelector of the Pod.
	NodeSelector map[string]string
	// Affinity of the Pod.
	Affinity *corev1.Affinity
	// Tolerations of the Pod, the user's first.
	Tolerations []corev1.Toleration
	// RuntimeClassName of the Pod; nil for the cluster's default.
	RuntimeClassName *string
	// PriorityClassName of the Pod.
	PriorityClassName string
	// Resources of the Pod's container.
	Resources corev1.ResourceRequirements
	// Warnings are sentences about what the user should know, though the
	// constraints are sound.
	Warnings []string
}

// Constrain returns the constraints of a workload that has not been given to a
// pool of nodes. Since it knows no nodes, it requires the node labels of every
// scheme that can prove the hardware, any one of which is enough.
//
// Classes are the RuntimeClasses of the target cluster; nil says that they are
// not known, an empty list that there are none.
//
// What the user says and what the hardware needs are intersected. Where that
// plainly leaves no node, where a name is not known or a value is not valid, and
// where a TEE could not be guaranteed, the result is an error that starts with
// the path of the field. A TEE that is required is never traded for anything.
//
// NVIDIA GPUs of no particular model are whole ones: nodes that are labeled as
// offering MIG slices or shares instead serve only who asks for those, by a
// gpuType, a resource, or a node label of them.
//
// Where a TEE is required and no teeType says which, the first of these that
// applies decides:
//  1. the user's RuntimeClass gives a TEE: that one;
//  2. the user's RuntimeClass gives none: SGX, which works under any runtime;
//  3. the user's resources ask for SGX enclave memory: SGX;
//  4. a RuntimeClass of the target gives TDX: a TDX virtual machine for the Pod;
//  5. a RuntimeClass of the target gives SEV-SNP: an SEV-SNP one;
//  6. otherwise a node that is itself a TDX, SEV-SNP or (without GPUs) SEV
//     virtual machine. SGX nodes do not serve then, because SGX needs a resource
//     that those do not have, and one Pod cannot ask for it and not ask for it.
func Constrain(d Demand, classes []nodev1.RuntimeClass) (Constraints, error) {
	p, err := decide(d, classes)
	if err != nil {
		return Constraints{}, err
	}
	out := Constraints{
		Tolerations: tolerationsFor(d, p.grant),
		Warnings:    concat(p.warnings, resourceLabelWarnings(d.Scheduling)),
	}
	if p.class != nil {
		out.RuntimeClassName = &p.class.Name
	}
	if d.Scheduling != nil {
		out.PriorityClassName = d.Scheduling.PriorityClassName
	}
	if out.Resources, err = withDevices(d.Resources, p.grant, p.tee); err != nil {
		return Constraints{}, err
	}
	if err := out.selectNodes(d, p, findClass(classes, p.class)); err != nil {
		return Constraints{}, err
	}
	return out, nil
}

// A plan is how a demand is met: by which devices and which RuntimeClass.
type plan struct {
	grant gpuGrant
	tee   teePlan
	// class of the Pod, nil for the default.
	class    *hardware.RuntimeClass
	warnings []string
}

// decide makes the plan, or says what in the demand prevents one.
func decide(d Demand, classes []nodev1.RuntimeClass) (plan, error) {
	gpus, err := askGPUs(d)
	if err != nil {
		return plan{}, err
	}
	class, err := namedClass(d.Scheduling, classes)
	if err != nil {
		return plan{}, err
	}
	tee, err := planTEE(d, gpus, class, classes)
	if err != nil {
		return plan{}, err
	}
	if tee.class != nil {
		class = tee.class
	}
	grant, err := gpus.grant(tee, class)
	if err != nil {
		return plan{}, err
	}
	return plan{grant: grant, tee: tee, class: class, warnings: concat(gpus.warnings, tee.warnings, grant.warnings)}, nil
}

// selectNodes sets the node selector and the affinity. The class is the object of
// the Pod's RuntimeClass, or nil; its node selector is merged into the Pod's by
// the API server, so it counts here too.
func (c *Constraints) selectNodes(d Demand, p plan, class *nodev1.RuntimeClass) error {
	labels, err := requiredLabels(d, p.grant, p.tee)
	if err != nil {
		return err
	}
	all, err := labels.withClass(class)
	if err != nil {
		return err
	}
	user, err := userTerms(d.Scheduling)
	if err != nil {
		return err
	}
	fixed := all.requirements()
	var models []hardware.Alternative
	if d.Pool == "" {
		models = p.grant.alternatives(productsIn(p.grant, fixed, user))
	}
	terms, err := narrow(user, fixed, []need{
		{path: pathGPUType, alternatives: models},
		{path: p.tee.path, alternatives: p.tee.alternatives()},
		{path: p.tee.path, alternatives: p.tee.gpuMode(p.grant)},
	})
	if err != nil {
		return err
	}
	if d.Pool == "" {
		terms = p.grant.wholeOnly(terms, fixed)
	}
	c.NodeSelector = labels.values
	c.Affinity = affinityWith(d.Scheduling, terms)
	return nil
}

// hardwareOf returns the hardware requirements, empty where there are none.
func hardwareOf(d Demand) v1alpha1.HardwareRequirements {
	if d.Hardware == nil {
		return v1alpha1.HardwareRequirements{}
	}
	return *d.Hardware
}

// productsIn returns the values that the user requires of the label that holds
// the product name of the GPU.
func productsIn(grant gpuGrant, fixed []corev1.NodeSelectorRequirement, user []corev1.NodeSelectorTerm) []string {
	if grant.gpu == nil {
		return nil
	}
	reqs := fixed
	for _, t := range user {
		reqs = concat(reqs, t.MatchExpressions)
	}
	var products []string
	for _, r := range about(reqs, grant.gpu.ProductLabel()) {
		if r.Operator == corev1.NodeSelectorOpIn {
			products = append(products, r.Values...)
		}
	}
	return products
}

// resourceLabelWarnings returns a sentence for each key of the user's node
// selector that is a resource, since no device plugin makes it a label.
func resourceLabelWarnings(s *v1alpha1.SchedulingConfig) []string {
	if s == nil {
		return nil
	}
	var warnings []string
	for _, key := range sortedKeys(s.NodeSelector) {
		if hardware.IsResource(key) {
			warnings = append(warnings, pathNodeSelector+"["+key+"]: is a resource, which device plugins do not make a node label; ask for it in spec.resources.limits")
		}
	}
	return warnings
}
