// SPDX-License-Identifier: Apache-2.0

package render

import (
	"regexp"
	"slices"
	"strings"
)

// separator begins every document that the tools print.
const separator = "---\n"

// unready matches a result with which Crossplane says of a composed resource that it is not ready. Long lines are broken.
var unready = regexp.MustCompile(
	`^apiVersion: render\.crossplane\.io/v1beta1\nkind: Result\nmessage: '?Composed\s+resource\s+"[^"]*"\s+is\s+not\s+yet\s+ready`)

// inOrder returns the documents that a tool has printed, but with the results about composed resources that are not ready
// in the order of their text: Crossplane prints them in any order. All else has the same order every time.
func inOrder(printed string) string {
	documents := strings.Split(printed, separator)
	var places []int
	var results []string
	for i, d := range documents {
		if unready.MatchString(d) {
			places = append(places, i)
			results = append(results, d)
		}
	}
	slices.Sort(results)
	for i, place := range places {
		documents[place] = results[i]
	}
	return strings.Join(documents, separator)
}
