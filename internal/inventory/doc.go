// SPDX-License-Identifier: Apache-2.0

// Package inventory turns the Nodes and Pods of a cluster into what is known of
// the HardwarePools in it: how many nodes there are, what all of them have, and
// what they have left.
//
// The package is pure: values in, values out. The same input gives the same bytes,
// in whichever order it comes, and inputs are never modified.
package inventory
