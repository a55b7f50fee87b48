// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"bytes"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// managerOf names the field manager, other than this provider, that last set a
// field of an object; "" where there is none.
func managerOf(o metav1.Object, path fieldpath.Path) string {
	return managerWhere(o, func(s *fieldpath.Set) bool { return s.Has(path) })
}

// managerBelow names the one that last set a field, or anything above or below
// it.
func managerBelow(o metav1.Object, path fieldpath.Path) string {
	return managerWhere(o, func(s *fieldpath.Set) bool {
		found := false
		s.Iterate(func(p fieldpath.Path) { found = found || prefix(p, path) || prefix(path, p) })
		return found
	})
}

// prefix says whether one path leads to another.
func prefix(short, long fieldpath.Path) bool {
	return len(short) <= len(long) && long[:len(short)].Equals(short)
}

func managerWhere(o metav1.Object, holds func(*fieldpath.Set) bool) string {
	manager, latest := "", metav1.Time{}
	for _, m := range o.GetManagedFields() {
		if m.Manager == ManagedBy || m.FieldsV1 == nil {
			continue
		}
		set := &fieldpath.Set{}
		if err := set.FromJSON(bytes.NewReader(m.FieldsV1.Raw)); err != nil || !holds(set) {
			continue
		}
		if manager == "" || (m.Time != nil && latest.Before(m.Time)) {
			manager = m.Manager
			if m.Time != nil {
				latest = *m.Time
			}
		}
	}
	return manager
}
