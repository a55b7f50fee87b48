package local

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRequiredVersion(t *testing.T) {
	type want struct {
		version string
		err     string
	}
	cases := map[string]struct {
		reason string
		gomod  string
		want   want
	}{
		"Block": {
			reason: "A requirement in a block is found, and not one whose path only begins the same.",
			gomod:  "module m\nrequire (\n\tk8s.io/kubernetes/sub v1.0.0 // indirect\n\tk8s.io/kubernetes v1.37.2 // indirect\n)\n",
			want:   want{version: "v1.37.2"},
		},
		"Line": {
			reason: "A requirement on a line of its own is found.",
			gomod:  "module m\nrequire k8s.io/kubernetes v1.37.2\n",
			want:   want{version: "v1.37.2"},
		},
		"Missing": {
			reason: "Without the requirement the error says what to add.",
			gomod:  "module m\n",
			want:   want{err: "does not require k8s.io/kubernetes: add the requirement"},
		},
		"Damaged": {
			reason: "What is no go.mod is an error.",
			gomod:  "require (",
			want:   want{err: "go.mod"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := requiredVersion([]byte(tc.gomod), "k8s.io/kubernetes")
			if diff := cmp.Diff(tc.want.version, got); diff != "" {
				t.Errorf("%s\nrequiredVersion(...): -want, +got:\n%s", tc.reason, diff)
			}
			if (err != nil) != (tc.want.err != "") || err != nil && !strings.Contains(err.Error(), tc.want.err) {
				t.Errorf("%s\nrequiredVersion(...): want error with %q, got %v", tc.reason, tc.want.err, err)
			}
		})
	}
}

func TestLdflags(t *testing.T) {
	cases := map[string]struct {
		reason string
		tool   tool
		want   string
	}{
		"Stamped": {
			reason: "The version, and its parts, are set where the tool keeps them.",
			tool:   tool{stamp: "p"},
			want:   "-s -w -X p.gitVersion=v1.37.2 -X p.gitMajor=1 -X p.gitMinor=37",
		},
		"Variable": {
			reason: "The whole version is set where the tool keeps it in one variable.",
			tool:   tool{variable: "p.version"},
			want:   "-s -w -X p.version=v1.37.2",
		},
		"Setting": {
			reason: "Other variables are set as they are given.",
			tool:   tool{settings: []string{"p.address=127.0.0.1:0"}},
			want:   "-s -w -X p.address=127.0.0.1:0",
		},
		"Plain": {
			reason: "A tool that knows its version by itself is told nothing.",
			tool:   tool{},
			want:   "-s -w",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.tool.ldflags("v1.37.2")); diff != "" {
				t.Errorf("%s\nldflags(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestArguments(t *testing.T) {
	cases := map[string]struct {
		reason string
		tool   tool
		want   []string
	}{
		"All": {
			reason: "Without packages, what go.mod names is built.",
			tool:   tool{},
			want:   []string{"install", "-v", "-ldflags", "-s -w", "tool"},
		},
		"Some": {
			reason: "Packages and tags are the tool's own.",
			tool:   tool{packages: []string{"p/a", "p/b"}, tags: []string{"no_x", "no_y"}},
			want:   []string{"install", "-v", "-ldflags", "-s -w", "-tags", "no_x,no_y", "p/a", "p/b"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.tool.arguments("v1.37.2")); diff != "" {
				t.Errorf("%s\narguments(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// Every tool's module is there and says which version to build: otherwise nobody could start a cluster, or render.
func TestToolVersions(t *testing.T) {
	root, err := Root()
	if err != nil {
		t.Fatal(err)
	}
	for _, tl := range slices.Concat(tools, crossplaneTools, functionTools, nodeTools) {
		if v, err := tl.version(root); err != nil || !strings.HasPrefix(v, "v") {
			t.Errorf("%s: want a version, got %q, %v", tl.name, v, err)
		}
	}
}

func TestRename(t *testing.T) {
	cases := map[string]struct {
		reason  string
		tool    tool
		built   []string
		want    []string
		wantErr bool
	}{
		"Lone": {
			reason: "The only binary takes the name that it should have.",
			tool:   tool{binaries: []string{"etcd"}},
			built:  []string{"server"},
			want:   []string{"etcd"},
		},
		"Right": {
			reason: "Binaries that are named right are left alone.",
			tool:   tool{binaries: []string{"kwok", "kwokctl"}},
			built:  []string{"kwok", "kwokctl"},
			want:   []string{"kwok", "kwokctl"},
		},
		"Incomplete": {
			reason:  "A binary that is missing is not made up.",
			tool:    tool{binaries: []string{"kwok", "kwokctl"}},
			built:   []string{"kwok"},
			want:    []string{"kwok"},
			wantErr: true,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for _, b := range tc.built {
				touch(t, filepath.Join(dir, b))
			}
			if err := tc.tool.rename(dir); (err != nil) != tc.wantErr {
				t.Errorf("%s\nrename(...): %v", tc.reason, err)
			}
			if diff := cmp.Diff(tc.want, names(t, dir)); diff != "" {
				t.Errorf("%s\nrename(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func touch(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
