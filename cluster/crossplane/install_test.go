// SPDX-License-Identifier: Apache-2.0

package crossplane

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/semver"
)

func TestUnhealthy(t *testing.T) {
	cases := map[string]struct {
		reason string
		table  string
		want   string
	}{
		"Healthy": {
			reason: "What is Installed and Healthy in the version that is wanted is as it should be.",
			table:  "provider-hourglass   r/p:v1   r/p:v1   True   True\n",
		},
		"Upgrading": {
			reason: "What is Healthy in the version before is not.",
			table:  "provider-hourglass   r/p:v2   r/p:v1   True   True\n",
			want:   "not healthy: provider-hourglass r/p:v2 r/p:v1 True True",
		},
		"Unknown": {
			reason: "Nor is what Crossplane has not looked at.",
			table:  "provider-hourglass   r/p:v1   <none>   <none>   <none>\n",
			want:   "not healthy: provider-hourglass r/p:v1 <none> <none> <none>",
		},
		"Unhealthy": {
			reason: "Nor what it found not to be healthy.",
			table:  "provider-hourglass   r/p:v1   r/p:v1   True   False\n",
			want:   "not healthy: provider-hourglass r/p:v1 r/p:v1 True False",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := ""
			if err := unhealthy(tc.table); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nunhealthy(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestSourceVersion(t *testing.T) {
	root := t.TempDir()
	for _, source := range sources {
		write(t, filepath.Join(root, source, "file"), "content")
	}
	version := func() string {
		v, err := sourceVersion(root)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	first := version()
	if !semver.IsValid(first) {
		t.Errorf("Crossplane needs a semantic version, got %q", first)
	}
	if again := version(); again != first {
		t.Errorf("what is not changed has the same version, got %q and %q", first, again)
	}
	write(t, filepath.Join(root, "fn", "file"), "changed")
	if changed := version(); changed == first {
		t.Errorf("what is changed has another version, got %q twice", first)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
