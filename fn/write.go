// SPDX-License-Identifier: Apache-2.0

package main

import (
	"google.golang.org/protobuf/types/known/structpb"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

// apply writes the verdict on a performer into what is desired.
func (s *stack) apply(p *performer, v verdict) {
	switch {
	case v.outcome == unpooled:
		s.rewrite(p, func(*structpb.Struct) {})
	case v.outcome == placed && p.settledIn(v.binding.Pool):
		s.rewrite(p, p.seen.restore)
	case v.outcome == placed:
		s.rewrite(p, func(o *structpb.Struct) { bind(o, write(p.demand), v.binding) })
	case p.seen != nil:
		s.rewrite(p, p.seen.restore)
	default:
		delete(s.resources, p.resource)
	}
}

// rewrite replaces a desired Performer by a changed copy. In a legacy XR it gets
// the namespace of the claim, where it has none of its own.
func (s *stack) rewrite(p *performer, change func(*structpb.Struct)) {
	was := s.resources[p.resource]
	o := copied(was.GetResource())
	if s.claimNamespace != "" && textAt(o, "metadata", "namespace") == "" {
		within(o, "metadata").Fields["namespace"] = structpb.NewStringValue(s.claimNamespace)
	}
	change(o)
	s.resources[p.resource] = &fnv1.Resource{Resource: o, ConnectionDetails: was.GetConnectionDetails(), Ready: was.GetReady()}
}

// settledIn says whether a performer runs in a pool, was written as placement
// wanted it, and asks for the same as it did then. Then what is written stays, even
// if placement would now write something else, because the pool has a new taint or
// because the function is a newer one: none of that is worth a restart.
func (p *performer) settledIn(pool string) bool {
	if p.seen == nil || !p.seen.runs() || p.seen.pool != pool {
		return false
	}
	observed, ok := p.seen.demand()
	return ok && p.seen.placed == placedAs(write(p.demand), write(observed))
}

// bind writes where a Performer goes, and what follows, into it.
func bind(o *structpb.Struct, asked written, b placement.Binding) {
	narrowed := write(b.Demand)
	spec := within(o, "spec")
	put(spec, fieldScheduling, narrowed.scheduling)
	put(spec, fieldResources, narrowed.resources)
	put(spec, fieldHardware, narrowed.hardware)
	put(spec, fieldTarget, structpb.NewStructValue(object("kind", b.Target.Kind, "name", b.Target.Name)))
	mark(o, b.Pool, placedAs(asked, narrowed))
}

// restore writes what is observed of where a Performer is into it.
func (s *sighting) restore(o *structpb.Struct) {
	spec := within(o, "spec")
	for _, name := range []string{fieldScheduling, fieldResources, fieldHardware, fieldTarget} {
		put(spec, name, s.spec.GetFields()[name])
	}
	mark(o, s.pool, s.placed)
}

// mark writes down which pool a Performer was given to, and for what.
func mark(o *structpb.Struct, pool, placed string) {
	if pool == "" {
		return
	}
	meta := within(o, "metadata")
	within(meta, "labels").Fields[placement.LabelPool] = structpb.NewStringValue(pool)
	if placed != "" {
		within(meta, "annotations").Fields[annotationPlaced] = structpb.NewStringValue(placed)
	}
}

// targetObject returns a target as the XR's status has it.
func targetObject(t v1alpha1.PoolTarget) *structpb.Struct {
	return object("kind", t.Kind, "name", t.Name, "namespace", t.Namespace)
}
