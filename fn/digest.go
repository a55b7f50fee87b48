// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"encoding/hex"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/crossplane-contrib/provider-hourglass/fn/typed"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

// annotationPlaced holds two digests, with a dot between them: of what the
// Performer asked for when it was placed, and of what was written for that.
const annotationPlaced = "hourglass.eigenlayer.io/placed"

// A written demand is a demand as it stands in a Performer's spec. A field that
// says nothing is nil.
type written struct{ scheduling, resources, hardware *structpb.Value }

// write writes a demand.
func write(d placement.Demand) written {
	w := written{resources: codec.Encode(d.Resources)}
	if len(w.resources.GetStructValue().GetFields()) == 0 {
		w.resources = nil
	}
	if d.Scheduling != nil {
		w.scheduling = codec.Encode(d.Scheduling)
	}
	if d.Hardware != nil {
		w.hardware = codec.Encode(d.Hardware)
	}
	return w
}

// digest returns a digest of the demand. Equal demands have equal ones, however
// they were spelled.
func (w written) digest() string {
	fields := map[string]*structpb.Value{}
	for name, v := range map[string]*structpb.Value{fieldScheduling: w.scheduling, fieldResources: w.resources, fieldHardware: w.hardware} {
		if v != nil {
			fields[name] = v
		}
	}
	sum := sha256.Sum256(typed.AppendCanonical(nil, structpb.NewStructValue(&structpb.Struct{Fields: fields})))
	return hex.EncodeToString(sum[:8])
}

// placedAs returns the value of the annotation.
func placedAs(asked, got written) string { return asked.digest() + "." + got.digest() }
