// SPDX-License-Identifier: Apache-2.0

package node

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The files of the node's processes and the code must mean the same folders and addresses.
func TestConfigAgrees(t *testing.T) {
	everything := &strings.Builder{}
	folder := os.DirFS("config")
	err := fs.WalkDir(folder, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(folder, path)
		everything.Write(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}

	cases := map[string]struct {
		reason  string
		pattern string
		want    []string
	}{
		"Folders":   {reason: "All is below one folder, which is in memory.", pattern: `/run/\w+|/var/\w+|/etc/\w+|/opt/\w+`, want: []string{state}},
		"Addresses": {reason: "Pods look names up at the node's address.", pattern: `\b192\.[0-9.]+`, want: []string{Address}},
		"Registry":  {reason: "The sandbox comes from the node's registry.", pattern: `127\.0\.0\.1:\d+`, want: []string{Registry}},
		"Cluster":   {reason: "The kubeconfig is where the control plane writes it.", pattern: `[/\w]+/kubeconfig`, want: []string{kubeconfig}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var got []string
			seen := map[string]bool{}
			for _, found := range regexp.MustCompile(tc.pattern).FindAllString(everything.String(), -1) {
				if !seen[found] {
					got = append(got, found)
				}
				seen[found] = true
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
