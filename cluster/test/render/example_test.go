// SPDX-License-Identifier: Apache-2.0

package render

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestExamplesIn(t *testing.T) {
	type want struct {
		examples []example
		err      string
	}
	cases := map[string]struct {
		reason string
		files  []string
		want   want
	}{
		"Shared": {
			reason: "An example that has an XR only takes the rest from the Configuration, and files beside it are no examples.",
			files:  []string{"functions.yaml", "a/xr.yaml"},
			want: want{examples: []example{{
				name: "a", xr: "a/xr.yaml",
				composition: "../../package/configuration/compositions/xstacks.yaml",
				xrd:         "../../package/configuration/definitions/xstacks.yaml",
			}}},
		},
		"Own": {
			reason: "What an example has of its own is taken.",
			files: []string{
				"a/xr.yaml", "a/composition.yaml", "a/xrd.yaml", "a/observed.yaml", "a/required.yaml",
				"a/README.md", "a/expected.yaml", "a/expected-beta.yaml",
			},
			want: want{examples: []example{{
				name: "a", xr: "a/xr.yaml", composition: "a/composition.yaml", xrd: "a/xrd.yaml",
				observed: "a/observed.yaml", required: "a/required.yaml",
			}}},
		},
		"Several": {
			reason: "Examples come in the order of their names.",
			files:  []string{"b/xr.yaml", "b/xrd.yaml", "b/composition.yaml", "a/xr.yaml", "a/xrd.yaml", "a/composition.yaml"},
			want: want{examples: []example{
				{name: "a", xr: "a/xr.yaml", composition: "a/composition.yaml", xrd: "a/xrd.yaml"},
				{name: "b", xr: "b/xr.yaml", composition: "b/composition.yaml", xrd: "b/xrd.yaml"},
			}},
		},
		"Unknown": {
			reason: "A file that would be left out silently is an error.",
			files:  []string{"a/xr.yaml", "a/require.yaml"},
			want:   want{err: "a/require.yaml is not rendered"},
		},
		"WithoutXR": {
			reason: "There is nothing to render without an XR.",
			files:  []string{"a/composition.yaml"},
			want:   want{err: "example a has no xr.yaml"},
		},
		"None": {
			reason: "No example at all would prove nothing.",
			files:  []string{"composition.yaml"},
			want:   want{err: "cannot find a single example"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			folder := fstest.MapFS{}
			for _, file := range tc.files {
				folder[file] = &fstest.MapFile{Data: []byte("kind: XStack\n")}
			}
			got, err := examplesIn(folder)
			if diff := cmp.Diff(tc.want.examples, got, cmp.AllowUnexported(example{})); diff != "" {
				t.Errorf("%s\nexamplesIn(...): -want, +got:\n%s", tc.reason, diff)
			}
			if (err != nil) != (tc.want.err != "") || err != nil && !strings.Contains(err.Error(), tc.want.err) {
				t.Errorf("%s\nexamplesIn(...): want error with %q, got %v", tc.reason, tc.want.err, err)
			}
		})
	}
}
