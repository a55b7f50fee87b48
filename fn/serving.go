// SPDX-License-Identifier: Apache-2.0

package main

import (
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// serving returns what the XR's status says of what runs: the executor, how many
// performers there are and serve, and the endpoints to dial them at. Crossplane
// refuses a status with fields that the XRD has not, so that only an XR that this
// function composes gets them.
func (s *stack) serving(r *report) map[string]*structpb.Value {
	fields := map[string]*structpb.Value{}
	if desired := s.resources[resourceExecutor].GetResource(); isKind(desired, v1alpha1.HourglassExecutorKind) {
		observed := s.observedAs(resourceExecutor, v1alpha1.HourglassExecutorKind)
		fields["executor"] = structpb.NewStructValue(object(
			"name", s.executorName(resourceExecutor, desired),
			"phase", textAt(observed, "status", "phase")))
	}
	if len(r.performers) == 0 {
		return fields
	}
	var endpoints []*structpb.Struct
	ready := 0
	for _, p := range r.performers {
		observed := s.observedAs(p.resource, v1alpha1.PerformerKind)
		serves := at(observed, "status", "ready").GetBoolValue()
		if serves {
			ready++
		}
		if endpoint := textAt(observed, "status", "grpcEndpoint"); endpoint != "" {
			o := object("performer", p.title(), "grpcEndpoint", endpoint)
			o.Fields["ready"] = structpb.NewBoolValue(serves)
			endpoints = append(endpoints, o)
		}
	}
	fields["performers"] = structpb.NewNumberValue(float64(len(r.performers)))
	fields["servingPerformers"] = structpb.NewNumberValue(float64(ready))
	if len(endpoints) > 0 {
		fields["endpoints"] = list(endpoints)
	}
	return fields
}
