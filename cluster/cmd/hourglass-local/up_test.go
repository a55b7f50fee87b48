package main

import "testing"

func TestFlag(t *testing.T) {
	cases := map[string]struct {
		reason  string
		command []string
		want    string
	}{
		"There":   {reason: "The value is what follows the name.", command: []string{"provider", "--other=1", healthFlag + "127.0.0.1:1"}, want: "127.0.0.1:1"},
		"Missing": {reason: "Without the flag there is no value.", command: []string{"provider"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := flag(tc.command, healthFlag); got != tc.want {
				t.Errorf("%s\nflag(...): want %q, got %q", tc.reason, tc.want, got)
			}
		})
	}
}
