// SPDX-License-Identifier: Apache-2.0

package render

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCommands(t *testing.T) {
	type want struct {
		args, beta []string
	}
	cases := map[string]struct {
		reason  string
		example example
		want    want
	}{
		"Least": {
			reason:  "No flag is given for a file that there is not.",
			example: example{xr: "a/xr.yaml", composition: "composition.yaml", xrd: "xrd.yaml"},
			want: want{
				args: []string{
					"render", "a/xr.yaml", "composition.yaml", "f.yaml",
					"--crossplane-binary=core", "--xrd=xrd.yaml", "--include-function-results",
				},
				beta: []string{"beta", "render", "a/xr.yaml", "composition.yaml", "f.yaml", "--include-function-results"},
			},
		},
		"Most": {
			reason: "Each tool has its own name for the resources that a function may ask for.",
			example: example{
				xr: "a/xr.yaml", composition: "a/composition.yaml", xrd: "a/xrd.yaml",
				observed: "a/observed.yaml", required: "a/required.yaml",
			},
			want: want{
				args: []string{
					"render", "a/xr.yaml", "a/composition.yaml", "f.yaml",
					"--crossplane-binary=core", "--xrd=a/xrd.yaml", "--include-function-results",
					"--observed-resources=a/observed.yaml", "--required-resources=a/required.yaml",
				},
				beta: []string{
					"beta", "render", "a/xr.yaml", "a/composition.yaml", "f.yaml", "--include-function-results",
					"--observed-resources=a/observed.yaml", "--extra-resources=a/required.yaml",
				},
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := want{args: tc.example.command("f.yaml", "core"), beta: tc.example.betaCommand("f.yaml")}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
