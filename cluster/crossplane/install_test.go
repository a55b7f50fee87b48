// SPDX-License-Identifier: Apache-2.0

package crossplane

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/semver"
)

func TestUnhealthy(t *testing.T) {
	row := func(want, have, installed, healthy string) string {
		return strings.Join([]string{"provider-hourglass", want, have, installed, healthy}, "   ") + "\n"
	}
	cases := map[string]struct {
		reason string
		table  string
		want   string
	}{
		"Healthy": {
			reason: "What is Installed and Healthy in the version that is wanted is as it should be.",
			table:  row("r/p:v1", "r/p:v1", "True", "True"),
		},
		"Upgrading": {
			reason: "What is Healthy in the version before is not.",
			table:  row("r/p:v2", "r/p:v1", "True", "True"),
			want:   "not healthy: provider-hourglass wants r/p:v2, has r/p:v1, Installed is True, Healthy is True",
		},
		"Unknown": {
			reason: "Nor is what Crossplane has not looked at.",
			table:  row("r/p:v1", "<none>", "<none>", "<none>"),
			want:   "not healthy: provider-hourglass wants r/p:v1, has <none>, Installed is <none>, Healthy is <none>",
		},
		"Unhealthy": {
			reason: "Nor what it found not to be healthy.",
			table:  row("r/p:v1", "r/p:v1", "True", "False"),
			want:   "not healthy: provider-hourglass wants r/p:v1, has r/p:v1, Installed is True, Healthy is False",
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
