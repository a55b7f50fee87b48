// SPDX-License-Identifier: Apache-2.0

package render

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestInOrder(t *testing.T) {
	const head = "---\napiVersion: render.crossplane.io/v1beta1\nkind: Result\nmessage: "
	cases := map[string]struct {
		reason  string
		printed string
		want    string
	}{
		"Unready": {
			reason: "What Crossplane says of resources that are not ready is sorted, and nothing else moves.",
			printed: "---\nkind: XR\n" + head + "z\n" + head + "y\n" +
				head + "Composed resource \"b\" is not yet ready\nseverity: Normal\n" +
				head + "Composed resource \"a\" is not yet ready\nseverity: Normal\n" + head + "x\n",
			want: "---\nkind: XR\n" + head + "z\n" + head + "y\n" +
				head + "Composed resource \"a\" is not yet ready\nseverity: Normal\n" +
				head + "Composed resource \"b\" is not yet ready\nseverity: Normal\n" + head + "x\n",
		},
		"Broken": {
			reason: "A long name breaks the line, which makes no difference.",
			printed: head + "Composed resource \"b\" is not yet ready\n" +
				head + "Composed resource \"a-long-one\" is not\n  yet ready\n",
			want: head + "Composed resource \"a-long-one\" is not\n  yet ready\n" +
				head + "Composed resource \"b\" is not yet ready\n",
		},
		"Lone": {
			reason:  "A single document stays as it is, and so does what a resource says of itself.",
			printed: "---\nkind: XR\nmessage: Composed resource \"b\" is not yet ready\n",
			want:    "---\nkind: XR\nmessage: Composed resource \"b\" is not yet ready\n",
		},
		"Nothing": {
			reason: "Nothing stays nothing.",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, inOrder(tc.printed)); diff != "" {
				t.Errorf("%s\ninOrder(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
