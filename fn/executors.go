// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"maps"
	"slices"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/fn/typed"
)

// An objectName is how one object refers to another.
type objectName struct{ namespace, name string }

// defaultScheduling returns what desired HourglassExecutors hand down to the
// performers that name them.
func (s *stack) defaultScheduling() (map[objectName]*v1alpha1.SchedulingConfig, error) {
	defaults := map[objectName]*v1alpha1.SchedulingConfig{}
	for _, resource := range slices.Sorted(maps.Keys(s.resources)) {
		desired := s.resources[resource].GetResource()
		if !isKind(desired, v1alpha1.HourglassExecutorKind) {
			continue
		}
		v, name := at(desired, "spec", "config", "kubernetes", "defaultScheduling"), s.executorName(resource, desired)
		if isNull(v) || name == "" {
			continue
		}
		scheduling := &v1alpha1.SchedulingConfig{}
		if err := codec.Decode(v, inDesired(resource, "spec.config.kubernetes.defaultScheduling"), scheduling, typed.Strict); err != nil {
			return nil, err
		}
		defaults[objectName{s.namespaceOf(desired), name}] = scheduling
	}
	return defaults, nil
}

// executorName returns the name of a HourglassExecutor. Crossplane lets what
// exists keep its name.
func (s *stack) executorName(resource string, desired *structpb.Struct) string {
	observed := s.observedAs(resource, v1alpha1.HourglassExecutorKind)
	return cmp.Or(textAt(observed, "metadata", "name"), textAt(desired, "metadata", "name"))
}

// inDesired is the path of a field of a desired resource.
func inDesired(resource, path string) string {
	return "desired resource " + resource + ": " + path
}
