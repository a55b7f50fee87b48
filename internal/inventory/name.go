// SPDX-License-Identifier: Apache-2.0

package inventory

import "strings"

// longestName of a HardwarePool that is given to Performers: it becomes the value of
// a label.
const longestName = 63

// Name is the name of the HardwarePool of a find in a target, which is called so and
// identified otherwise. A name that is taken, or too long, ends with a digest of what
// identifies target and find.
func Name(called, target string, f Find, taken func(name string) bool) string {
	name := sanitized(called + "-" + f.Name)
	if len(name) <= longestName && !taken(name) {
		return name
	}
	digest := short(target + " " + written(f.Selector))
	name = name[:min(len(name), longestName-len(digest)-1)]
	return strings.Trim(name, "-.") + "-" + digest
}
