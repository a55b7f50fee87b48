// SPDX-License-Identifier: Apache-2.0

package inventory

import "strings"

// longestName of a HardwarePool that is given to Performers: it becomes the value of
// a label.
const longestName = 63

// Name is the name of the HardwarePool of a find in a target. A name that is taken,
// or too long, ends with a digest of target and selector.
func Name(target string, f Find, taken func(name string) bool) string {
	name := sanitized(target + "-" + f.Name)
	if len(name) <= longestName && !taken(name) {
		return name
	}
	digest := short(target + " " + written(f.Selector))
	name = name[:min(len(name), longestName-len(digest)-1)]
	return strings.Trim(name, "-.") + "-" + digest
}
