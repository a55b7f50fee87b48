// SPDX-License-Identifier: Apache-2.0

package main

import (
	"google.golang.org/protobuf/types/known/structpb"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/fn/typed"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

// reasonSchedulingFailed is why a Performer is not Available when no node was
// found for its Pod.
const reasonSchedulingFailed = "SchedulingFailed"

// A sighting is what is observed of a Performer.
type sighting struct {
	spec   *structpb.Struct
	target *xpv2.ProviderConfigReference
	// pool that it was given to, empty for none.
	pool string
	// placed says for what, and as what.
	placed string
	phase  v1alpha1.PerformerPhase
	// stranded says that no node was found for it.
	stranded bool
}

// see reads an observed Performer. It is nil where there is none.
func see(observed *structpb.Struct) *sighting {
	if observed == nil {
		return nil
	}
	s := &sighting{
		spec:   objectAt(observed, "spec"),
		pool:   textAt(observed, "metadata", "labels", placement.LabelPool),
		placed: textAt(observed, "metadata", "annotations", annotationPlaced),
		phase:  v1alpha1.PerformerPhase(textAt(observed, "status", "phase")),
	}
	s.stranded = textAt(conditionOf(observed, "Available"), "reason") == reasonSchedulingFailed
	if ref := objectAt(s.spec, fieldTarget); ref != nil {
		s.target = &xpv2.ProviderConfigReference{Kind: textAt(ref, "kind"), Name: textAt(ref, "name")}
	}
	return s
}

// pending says whether nothing of the Performer runs yet.
func (s *sighting) pending() bool { return s.phase == "" || s.phase == v1alpha1.PerformerPending }

// runs says whether the Performer's Pod has its share of a node.
func (s *sighting) runs() bool {
	return s.phase == v1alpha1.PerformerRunning || s.phase == v1alpha1.PerformerUpgrading
}

// unpooled says whether the Performer runs without having been given to a pool.
func (s *sighting) unpooled() bool { return s != nil && s.pool == "" && !s.pending() }

// present returns where the Performer is, nil for nowhere.
func (s *sighting) present() *placement.Present {
	if s == nil || s.pool == "" {
		return nil
	}
	return &placement.Present{Pool: s.pool, Waiting: s.pending() && s.stranded, Counted: s.runs()}
}

// demand returns what the observed spec asks for, false where that cannot be read.
func (s *sighting) demand() (placement.Demand, bool) {
	spec := &performerSpec{}
	err := codec.Decode(only(s.spec, fieldScheduling, fieldResources, fieldHardware), "", spec, typed.Lenient)
	return placement.Demand{Hardware: spec.HardwareRequirements, Scheduling: spec.Scheduling, Resources: spec.Resources}, err == nil
}

// conditionOf returns a status condition of an object, nil where it has none of
// that type.
func conditionOf(object *structpb.Struct, kind string) *structpb.Struct {
	for _, c := range at(object, "status", "conditions").GetListValue().GetValues() {
		if textAt(c.GetStructValue(), "type") == kind {
			return c.GetStructValue()
		}
	}
	return nil
}
