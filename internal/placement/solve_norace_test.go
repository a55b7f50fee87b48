// SPDX-License-Identifier: Apache-2.0

//go:build !race

package placement_test

// underRace says that the race detector is on, which makes everything many times
// slower.
const underRace = false
