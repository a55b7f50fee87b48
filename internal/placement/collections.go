// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"maps"
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
	return slices.Sorted(maps.Keys(m))
}
