// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"google.golang.org/protobuf/types/known/structpb"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/fn/input/v1beta1"
)

// mostPerformers is how many performers one XR may have. With more the request
// would soon be larger than Crossplane can send.
const mostPerformers = 2500

// A stack is an XR and what is composed for it.
type stack struct {
	xr *structpb.Struct
	// name that composed objects are named after.
	name string
	// namespace of the XR, empty where it is cluster-scoped.
	namespace string
	// claimNamespace is that of a legacy XR's claim. A namespaced XR has none.
	claimNamespace string
	// composes says whether this function composes the XR, and not only places what
	// other steps compose.
	composes bool

	observed map[string]*fnv1.Resource
	// resources are the desired ones, by the names that the pipeline knows them by.
	resources map[string]*fnv1.Resource
	// own are the specs of the Performers that this function composes.
	own map[string]*performerSpec
	// performers are all of them, in the order of their names in the pipeline.
	performers []performer
}

// readStack composes what the input says and finds all performers.
func readStack(req *fnv1.RunFunctionRequest, in *v1beta1.Placement) (*stack, error) {
	xr := req.GetObserved().GetComposite().GetResource()
	s := &stack{
		xr:        xr,
		name:      textAt(xr, "metadata", "name"),
		namespace: textAt(xr, "metadata", "namespace"),
		observed:  req.GetObserved().GetResources(),
		resources: maps.Clone(req.GetDesired().GetResources()),
		own:       map[string]*performerSpec{},
	}
	if s.namespace == "" {
		s.name = cmp.Or(textAt(xr, "spec", "claimRef", "name"), s.name)
		s.claimNamespace = textAt(xr, "spec", "claimRef", "namespace")
	}
	if s.resources == nil {
		s.resources = map[string]*fnv1.Resource{}
	}
	if s.composes = in.Compose != nil; s.composes {
		if err := s.compose(in.Compose); err != nil {
			return nil, err
		}
	}
	return s, s.findPerformers()
}

// findPerformers finds the desired Performers, whoever composed them.
func (s *stack) findPerformers() error {
	var names []string
	for name, r := range s.resources {
		if isKind(r.GetResource(), v1alpha1.PerformerKind) {
			names = append(names, name)
		}
	}
	if len(names) > mostPerformers {
		return fmt.Errorf("the XR has %d performers, but may have %d at most: make several of it", len(names), mostPerformers)
	}
	slices.Sort(names)
	defaults, err := s.defaultScheduling()
	if err != nil {
		return err
	}
	s.performers = make([]performer, 0, len(names))
	called := make(map[objectName]string, len(names))
	for _, name := range names {
		p, err := s.readPerformer(name, defaults)
		if err != nil {
			return err
		}
		is := objectName{p.namespace, p.name}
		if other := called[is]; other != "" && p.name != "" {
			return fmt.Errorf("resources %s and %s are both the Performer %s: rename one of them", other, name, p.name)
		}
		called[is] = name
		s.performers = append(s.performers, p)
	}
	return nil
}

// isKind says whether an object is of a kind of our group.
func isKind(s *structpb.Struct, kind string) bool {
	return textAt(s, "kind") == kind && textAt(s, "apiVersion") == v1alpha1.SchemeGroupVersion.String()
}

// observedAs returns the observed state of a composed resource, nil where it does
// not exist, or is of another kind.
func (s *stack) observedAs(name, kind string) *structpb.Struct {
	if o := s.observed[name].GetResource(); isKind(o, kind) {
		return o
	}
	return nil
}

// namespaceOf returns the namespace that a desired object is composed in. What a
// namespaced XR composes is always in its own.
func (s *stack) namespaceOf(desired *structpb.Struct) string {
	return cmp.Or(s.namespace, textAt(desired, "metadata", "namespace"), s.claimNamespace)
}
