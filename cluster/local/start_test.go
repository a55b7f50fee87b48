// SPDX-License-Identifier: Apache-2.0

package local

import "testing"

func TestFlag(t *testing.T) {
	const flag = "--health-probe-port="

	cases := map[string]struct {
		reason  string
		command []string
		want    string
	}{
		"There":   {reason: "The value is what follows the name.", command: []string{"core", "--other=1", flag + "81"}, want: "81"},
		"Missing": {reason: "Without the flag there is no value.", command: []string{"core"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := (&Process{Command: tc.command}).Flag(flag); got != tc.want {
				t.Errorf("%s\nFlag(...): want %q, got %q", tc.reason, tc.want, got)
			}
		})
	}
}
