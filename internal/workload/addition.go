// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"bytes"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v6/value"
)

// addition finds the first field below a path of an object that another manager
// set, that is there and that is not in what is wanted there, and names that
// manager. Wanted and there are pointers to API structs.
func addition(o metav1.Object, base fieldpath.Path, wanted, there any) (fieldpath.Path, string) {
	want, err := runtime.DefaultUnstructuredConverter.ToUnstructured(wanted)
	if err != nil {
		return nil, "" // API structs always convert.
	}
	found, err := runtime.DefaultUnstructuredConverter.ToUnstructured(there)
	if err != nil {
		return nil, "" // API structs always convert.
	}
	for _, m := range o.GetManagedFields() {
		if m.Manager == ManagedBy || m.FieldsV1 == nil || m.Subresource != "" {
			continue
		}
		set := &fieldpath.Set{}
		if err := set.FromJSON(bytes.NewReader(m.FieldsV1.Raw)); err != nil {
			continue
		}
		if path := firstMissing(set, base, want, found); path != nil {
			return path, m.Manager
		}
	}
	return nil, ""
}

// firstMissing is the first path of a set, below a base, that leads somewhere in
// what was found and nowhere in what is wanted.
func firstMissing(set *fieldpath.Set, base fieldpath.Path, want, found any) fieldpath.Path {
	var missing fieldpath.Path
	set.Iterate(func(p fieldpath.Path) {
		if missing == nil && len(p) > len(base) && prefix(base, p) && leads(p[len(base):], found) && !leads(p[len(base):], want) {
			missing = p.Copy()
		}
	})
	return missing
}

// leads says whether a path leads somewhere in a value of maps and lists.
func leads(path fieldpath.Path, v any) bool {
	if len(path) == 0 {
		return true
	}
	e := path[0]
	switch {
	case e.FieldName != nil:
		m, _ := v.(map[string]any)
		next, ok := m[*e.FieldName]
		return ok && leads(path[1:], next)
	case e.Key != nil:
		list, _ := v.([]any)
		for _, item := range list {
			if hasKey(item, *e.Key) {
				return leads(path[1:], item)
			}
		}
		return false
	}
	return true // Items of sets and of atomic lists have no path of their own.
}

// hasKey says whether an item of a list is the one with a key.
func hasKey(item any, key value.FieldList) bool {
	m, ok := item.(map[string]any)
	if !ok {
		return false
	}
	for _, f := range key {
		if !value.Equals(value.NewValueInterface(m[f.Name]), f.Value) {
			return false
		}
	}
	return true
}

// valueAt is what a path leads to in a value of maps and lists; nil for nothing.
func valueAt(path fieldpath.Path, v any) any {
	if len(path) == 0 {
		return v
	}
	switch e := path[0]; {
	case e.FieldName != nil:
		m, _ := v.(map[string]any)
		return valueAt(path[1:], m[*e.FieldName])
	case e.Key != nil, e.Index != nil:
		list, _ := v.([]any)
		for i, item := range list {
			if (e.Key != nil && hasKey(item, *e.Key)) || (e.Index != nil && i == *e.Index) {
				return valueAt(path[1:], item)
			}
		}
	}
	return nil
}
