// SPDX-License-Identifier: Apache-2.0

// Package packages tests what make xpkg builds: what is in the images and in the packages, and that a registry has all of
// it once they are pushed.
package packages

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/crossplane-contrib/provider-hourglass/cluster/local"
	"github.com/crossplane-contrib/provider-hourglass/cluster/packages"
)

const version = "v0.1.0-3-gabc1234"

// TestRepository builds the repository's packages for this machine and looks into them.
func TestRepository(t *testing.T) {
	root, err := local.Root()
	if err != nil {
		t.Fatal(err)
	}
	built := build(t, packages.Options{Root: root, Registry: "registry.example.org/hourglass", Arch: []string{runtime.GOARCH}})

	crds := func(kinds ...string) []string {
		for i := range kinds {
			kinds[i] = "CustomResourceDefinition " + kinds[i]
		}
		return kinds
	}
	cases := map[string]struct {
		reason   string
		objects  []string
		examples []string // Some of them.
		runs     string
	}{
		"provider-hourglass": {
			reason: "The provider has all of its kinds, and an example of each managed resource.",
			objects: append([]string{"Provider provider-hourglass"}, crds(
				"clusterproviderconfigs.hourglass.eigenlayer.io", "clusterproviderconfigusages.hourglass.eigenlayer.io",
				"hardwarepools.hourglass.eigenlayer.io", "hourglassexecutors.hourglass.eigenlayer.io",
				"performers.hourglass.eigenlayer.io", "providerconfigs.hourglass.eigenlayer.io",
				"providerconfigusages.hourglass.eigenlayer.io")...),
			examples: []string{"ClusterProviderConfig default", "HourglassExecutor my-executor", "Performer my-performer"},
			runs:     "provider",
		},
		"function-hourglass": {
			reason:   "The function has the kind of its input, and an example of a Composition and what it is for.",
			objects:  append([]string{"Function function-hourglass"}, crds("placements.fn.hourglass.eigenlayer.io")...),
			examples: []string{"CompositeResourceDefinition hourglassstacks.platform.hourglass.eigenlayer.io", "Composition hourglassstacks", "HourglassStack eigenai"},
			runs:     "function",
		},
		"configuration-hourglass": {
			reason: "The configuration has its definitions and Compositions, and an example of each. It runs nothing.",
			objects: []string{
				"Configuration configuration-hourglass",
				"CompositeResourceDefinition hourglassstacks.platform.hourglass.eigenlayer.io",
				"CompositeResourceDefinition xhourglassstacks.platform.hourglass.eigenlayer.io",
				"Composition hourglassstacks", "Composition xhourglassstacks",
			},
			examples: []string{"HourglassStack bridge", "HourglassStackClaim bridge"},
		},
	}
	if diff := cmp.Diff(len(cases), len(built)); diff != "" {
		t.Errorf("-want packages, +got packages:\n%s", diff)
	}
	for _, p := range built {
		t.Run(p.Name, func(t *testing.T) {
			tc := cases[p.Name]
			if diff := cmp.Diff("registry.example.org/hourglass/"+p.Name+":"+version, p.Ref); diff != "" {
				t.Errorf("\n%s\nwhere it belongs: -want, +got:\n%s", tc.reason, diff)
			}
			img := load(t, p.Files[0])
			files := extract(t, img)
			if diff := cmp.Diff(tc.objects, objects(t, files["package.yaml"])); diff != "" {
				t.Errorf("\n%s\nobjects: -want, +got:\n%s", tc.reason, diff)
			}
			examples := objects(t, files[".up/examples.yaml"])
			for _, want := range tc.examples {
				if !slices.Contains(examples, want) {
					t.Errorf("\n%s\nwant the example %s, got %q", tc.reason, want, examples)
				}
			}
			if tc.runs != "" {
				wantRuntime(t, img, tc.runs, runtime.GOARCH)
				wantVersion(t, files[tc.runs])
			}
		})
	}
}

// wantVersion runs a binary that must say which version it is.
func wantVersion(t *testing.T, binary []byte) {
	t.Helper()
	if runtime.GOOS != "linux" {
		return // Images are for Linux.
	}
	path := filepath.Join(t.TempDir(), "binary")
	if err := os.WriteFile(path, binary, 0o700); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), path, "--version").CombinedOutput()
	if err != nil {
		t.Fatalf("cannot run what the package runs: %v\n%s", err, out)
	}
	if diff := cmp.Diff(version, strings.TrimSpace(string(out))); diff != "" {
		t.Errorf("--version: -want, +got:\n%s", diff)
	}
}
