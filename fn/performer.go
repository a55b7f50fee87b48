// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"

	"google.golang.org/protobuf/types/known/structpb"
	corev1 "k8s.io/api/core/v1"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/fn/typed"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

// The fields of a Performer's spec that placement reads and writes.
const (
	fieldScheduling = "scheduling"
	fieldResources  = "resources"
	fieldHardware   = "hardwareRequirements"
	fieldTarget     = "providerConfigRef"
	fieldExecutor   = "executorRef"
)

// A performer is a desired Performer.
type performer struct {
	// resource is its name in the pipeline.
	resource string
	// name of the Performer, empty where Crossplane has yet to make one up.
	name      string
	namespace string
	demand    placement.Demand
	target    *v1alpha1.PoolTarget
	// seen is what is observed of it, nil where it does not exist.
	seen *sighting
}

// title is what the performer is called before people.
func (p *performer) title() string { return cmp.Or(p.name, p.resource) }

// A performerSpec is what counts of a Performer's spec.
type performerSpec struct {
	ExecutorRef          string                         `json:"executorRef,omitempty"`
	Target               *xpv2.ProviderConfigReference  `json:"providerConfigRef,omitempty"`
	Resources            corev1.ResourceRequirements    `json:"resources,omitzero"`
	Scheduling           *v1alpha1.SchedulingConfig     `json:"scheduling,omitempty"`
	HardwareRequirements *v1alpha1.HardwareRequirements `json:"hardwareRequirements,omitempty"`
}

// readPerformer reads a desired Performer and what is observed of it.
func (s *stack) readPerformer(resource string, defaults map[objectName]*v1alpha1.SchedulingConfig) (performer, error) {
	desired := s.resources[resource].GetResource()
	if err := checkMetadata(resource, desired); err != nil {
		return performer{}, err
	}
	spec := s.own[resource]
	if spec == nil {
		spec = &performerSpec{}
		part := only(objectAt(desired, "spec"), fieldScheduling, fieldResources, fieldHardware, fieldTarget, fieldExecutor)
		if err := codec.Decode(part, inDesired(resource, "spec"), spec, typed.Strict); err != nil {
			return performer{}, err
		}
	}
	observed := s.observedAs(resource, v1alpha1.PerformerKind)
	namespace := s.namespaceOf(desired)
	p := performer{
		resource:  resource,
		name:      cmp.Or(textAt(observed, "metadata", "name"), textAt(desired, "metadata", "name")),
		namespace: namespace,
		seen:      see(observed),
		demand: placement.Demand{
			Hardware:   spec.HardwareRequirements,
			Resources:  spec.Resources,
			Scheduling: placement.Inherit(spec.Scheduling, defaults[objectName{namespace, spec.ExecutorRef}]),
		},
	}
	p.target = targetOf(spec.Target, namespace)
	if p.target == nil && p.seen != nil {
		p.target = targetOf(p.seen.target, namespace)
	}
	return p, nil
}

// checkMetadata finds metadata that a label could not be added to.
func checkMetadata(resource string, desired *structpb.Struct) error {
	meta := struct {
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
	}{}
	return codec.Decode(at(desired, "metadata"), inDesired(resource, "metadata"), &meta, typed.Lenient)
}

// targetOf returns the cluster that a providerConfigRef leads to.
func targetOf(ref *xpv2.ProviderConfigReference, namespace string) *v1alpha1.PoolTarget {
	if ref == nil {
		return nil
	}
	t := &v1alpha1.PoolTarget{Kind: ref.Kind, Name: ref.Name}
	if t.Kind == v1alpha1.ProviderConfigKind {
		t.Namespace = namespace
	}
	return t
}
