// SPDX-License-Identifier: Apache-2.0

// Package placement turns what a workload asks for into what its Pod must say, so
// that the Pod runs only on nodes that have it: node labels, node affinity,
// tolerations, a RuntimeClass and extended resources.
//
// The package is pure: values in, values out. The same input gives the same
// bytes, and inputs are never modified. Errors and warnings are sentences for the
// person who wrote the spec; an error starts with the path of the field that is
// to be changed.
package placement
