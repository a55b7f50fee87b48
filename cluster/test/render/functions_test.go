// SPDX-License-Identifier: Apache-2.0

package render

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFunctionsAt(t *testing.T) {
	type want struct {
		stream string
		err    string
	}
	cases := map[string]struct {
		reason string
		stream string
		want   want
	}{
		"Annotated": {
			reason: "The API version and the address are set, and whatever else the Function says stays.",
			stream: "# Where it runs.\napiVersion: pkg.crossplane.io/v1\nkind: Function\nmetadata:\n  name: f\n" +
				"  annotations:\n    render.crossplane.io/runtime: Development\nspec:\n  package: p\n",
			want: want{stream: "---\napiVersion: pkg.crossplane.io/v1beta1\nkind: Function\nmetadata:\n  annotations:\n" +
				"    render.crossplane.io/runtime: Development\n" +
				"    render.crossplane.io/runtime-development-target: 127.0.0.1:1\n  name: f\nspec:\n  package: p\n"},
		},
		"Moved": {
			reason: "Another address is replaced.",
			stream: "metadata:\n  name: g\n  annotations:\n    render.crossplane.io/runtime-development-target: localhost:9443\n",
			want: want{stream: "---\napiVersion: pkg.crossplane.io/v1beta1\nmetadata:\n  annotations:\n" +
				"    render.crossplane.io/runtime-development-target: 127.0.0.1:2\n  name: g\n"},
		},
		"Several": {
			reason: "Every Function gets its address, also one without annotations, and what is no Function is left out.",
			stream: "---\n# Only a comment.\n---\nmetadata: {name: f}\n---\nmetadata: {name: g}\n",
			want: want{stream: "---\napiVersion: pkg.crossplane.io/v1beta1\nmetadata:\n  annotations:\n" +
				"    render.crossplane.io/runtime-development-target: 127.0.0.1:1\n  name: f\n" +
				"---\napiVersion: pkg.crossplane.io/v1beta1\nmetadata:\n  annotations:\n" +
				"    render.crossplane.io/runtime-development-target: 127.0.0.1:2\n  name: g\n"},
		},
		"Unknown": {
			reason: "A Function that nobody has started would be waited for.",
			stream: "metadata: {name: h}\n",
			want:   want{err: `cannot render with Function "h": it does not run`},
		},
		"Damaged": {
			reason: "What is not YAML is an error.",
			stream: "kind: [",
			want:   want{err: "cannot read a Function"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := functionsAt([]byte(tc.stream), "pkg.crossplane.io/v1beta1", map[string]string{"f": "127.0.0.1:1", "g": "127.0.0.1:2"})
			if diff := cmp.Diff(tc.want.stream, string(got)); diff != "" {
				t.Errorf("%s\nfunctionsAt(...): -want, +got:\n%s", tc.reason, diff)
			}
			if (err != nil) != (tc.want.err != "") || err != nil && !strings.Contains(err.Error(), tc.want.err) {
				t.Errorf("%s\nfunctionsAt(...): want error with %q, got %v", tc.reason, tc.want.err, err)
			}
		})
	}
}
