// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// uncovered is the path of the first field in which an object does not have what
// another wants of it; nil where it has all of that. What is not wanted may be
// anything, but for the length of lists. Both are pointers to API structs.
func uncovered(want, found any) (fieldpath.Path, error) {
	w, err := runtime.DefaultUnstructuredConverter.ToUnstructured(want)
	if err != nil {
		return nil, err //nolint:wrapcheck // API structs always convert.
	}
	f, err := runtime.DefaultUnstructuredConverter.ToUnstructured(found)
	if err != nil {
		return nil, err //nolint:wrapcheck // API structs always convert.
	}
	return missing(nil, w, f), nil
}

func missing(at fieldpath.Path, want, found any) fieldpath.Path {
	switch w := want.(type) {
	case map[string]any:
		f, _ := found.(map[string]any)
		for _, k := range slices.Sorted(maps.Keys(w)) {
			name := k
			if p := missing(append(slices.Clone(at), fieldpath.PathElement{FieldName: &name}), w[k], f[k]); p != nil {
				return p
			}
		}
		return nil
	case []any:
		f, _ := found.([]any)
		if len(f) != len(w) {
			return at
		}
		for i := range w {
			if p := missing(append(slices.Clone(at), element(w[i], i)), w[i], f[i]); p != nil {
				return p
			}
		}
		return nil
	}
	if fmt.Sprint(want) != fmt.Sprint(found) {
		return at
	}
	return nil
}

// element names an item of a list as field managers do: by its name, where it
// has one.
func element(item any, i int) fieldpath.PathElement {
	if m, ok := item.(map[string]any); ok {
		if name, ok := m["name"].(string); ok {
			return fieldpath.PathElement{Key: fieldpath.KeyByFields("name", name)}
		}
	}
	return fieldpath.PathElement{Index: &i}
}
