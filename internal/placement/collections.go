// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"slices"
)

// concat joins slices into a new one, nil where they are all empty.
func concat[T any](parts ...[]T) []T {
	joined := slices.Concat(parts...)
	if len(joined) == 0 {
		return nil
	}
	return joined
}

// sortedKeys returns the keys of a map in order.
func sortedKeys[K ~string, V any](m map[K]V) []K {
	if len(m) == 0 {
		return nil
	}
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
