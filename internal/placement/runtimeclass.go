// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"fmt"
	"slices"

	nodev1 "k8s.io/api/node/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/hardware"
)

// namedClass returns what is known of the RuntimeClass that the user names, or
// nil where the user names none. Where the classes of the target are known it is
// an error if the class is not among them.
func namedClass(s *v1alpha1.SchedulingConfig, classes []nodev1.RuntimeClass) (*hardware.RuntimeClass, error) {
	if s == nil || s.RuntimeClass == nil || *s.RuntimeClass == "" {
		return nil, nil
	}
	class := &hardware.RuntimeClass{Name: *s.RuntimeClass}
	object := findClass(classes, class)
	if classes != nil && object == nil {
		existing := make([]string, 0, len(classes))
		for _, c := range classes {
			existing = append(existing, c.Name)
		}
		slices.Sort(existing)
		if len(existing) == 0 {
			existing = []string{"none"}
		}
		return nil, fmt.Errorf("%s: the target has no RuntimeClass %q; it has %s", pathRuntimeClass, class.Name, joinNames(existing))
	}
	*class = hardware.ResolveRuntimeClass(class.Name, object)
	return class, nil
}

// findClass returns the object of a class, or nil.
func findClass(classes []nodev1.RuntimeClass, class *hardware.RuntimeClass) *nodev1.RuntimeClass {
	if class == nil {
		return nil
	}
	i := slices.IndexFunc(classes, func(c nodev1.RuntimeClass) bool { return c.Name == class.Name })
	if i < 0 {
		return nil
	}
	return &classes[i]
}

// teeClassIn returns the class of the target that gives just the TEE, with GPUs
// handed through or without; nil where there is none. Of several it is the one
// with the standard name, else the first by name.
func teeClassIn(classes []nodev1.RuntimeClass, t hardware.TEE, gpus bool) *hardware.RuntimeClass {
	var found *hardware.RuntimeClass
	for i := range classes {
		c := hardware.ResolveRuntimeClass(classes[i].Name, &classes[i])
		if !c.Gives(t) || len(c.TEEs) != 1 || c.PassesGPUs != gpus {
			continue
		}
		if c.Name == hardware.StandardTEEClass(t, gpus) {
			return &c
		}
		if found == nil || c.Name < found.Name {
			found = &c
		}
	}
	return found
}
