// SPDX-License-Identifier: Apache-2.0

package packages

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// crossplaneYAML of a package that depends on nothing.
const crossplaneYAML = "apiVersion: meta.pkg.crossplane.io/v1\nkind: Configuration\nmetadata:\n  name: c\nspec: {}\n"

func TestStage(t *testing.T) {
	const (
		xrd         = "# A comment.\napiVersion: apiextensions.crossplane.io/v2\nkind: CompositeResourceDefinition\n"
		composition = `apiVersion: apiextensions.crossplane.io/v1
kind: Composition
metadata:
  name: stack
spec:
  compositeTypeRef:
    apiVersion: avs.example.org/v1alpha1
    kind: Stack
  mode: Pipeline
  pipeline:
  - functionRef:
      name: %FUNCTION%
    input:
      apiVersion: fn.hourglass.eigenlayer.io/v1beta1
      kind: Placement
    step: place
  - functionRef:
      name: function-of-others
    step: others
`
		published = "apiVersion: meta.pkg.crossplane.io/v1\nkind: Configuration\nmetadata:\n  annotations:\n" +
			"    meta.crossplane.io/iconURI: data:image/svg+xml;base64,PHN2Zy8+\n  name: c\nspec: {}\n"
	)
	calling := func(name string) string { return strings.ReplaceAll(composition, "%FUNCTION%", name) }

	cases := map[string]struct {
		reason string
		files  map[string]string
		part   part
		want   map[string]string
		err    string
	}{
		"Configuration": {
			reason: "All objects are taken, and Compositions call the function by the name that Crossplane installs it with.",
			files: map[string]string{
				"p/crossplane.yaml":  crossplaneYAML,
				"p/README.md":        "not an object",
				"p/stack/all.yaml":   xrd + "---\n" + calling("function-hourglass"),
				"p/stack/other.yaml": calling("function-hourglass-of-others"),
			},
			part: part{name: "configuration", root: "p"},
			want: map[string]string{
				"root/crossplane.yaml":          published,
				"root/objects/stack/all.yaml":   "---\n" + xrd + "---\n" + calling("hourglass-function-hourglass"),
				"root/objects/stack/other.yaml": "---\n" + calling("function-hourglass-of-others"),
			},
		},
		"Provider": {
			reason: "Only the objects that the package installs are taken of its folder. Examples are files and folders.",
			files: map[string]string{
				"p/crossplane.yaml":      crossplaneYAML,
				"p/crds/a.yaml":          "kind: A\n",
				"p/rbac/b.yaml":          "kind: B\n",
				"examples/one.yaml":      "kind: One\n",
				"examples/not.yaml":      "kind: Not\n",
				"examples/two/x/y.yaml":  "kind: Two\n",
				"examples/two/README.md": "not an example",
			},
			part: part{name: "provider", root: "p", objects: "crds", examples: []string{"examples/one.yaml", "examples/two"}},
			want: map[string]string{
				"root/crossplane.yaml":  published,
				"root/objects/a.yaml":   "---\nkind: A\n",
				"examples/one.yaml":     "kind: One\n",
				"examples/two/x/y.yaml": "kind: Two\n",
			},
		},
		"NoExample": {
			reason: "An example that is gone is not left out without a word.",
			files:  map[string]string{"p/crossplane.yaml": crossplaneYAML},
			part:   part{name: "provider", root: "p", examples: []string{"examples/gone"}},
			err:    "lstat ROOT/examples/gone: no such file or directory",
		},
		"Broken": {
			reason: "A Composition with a field that there is not is refused, and it is said where.",
			files:  map[string]string{"p/crossplane.yaml": crossplaneYAML, "p/c.yaml": "kind: Composition\nspce: {}\n"},
			part:   part{name: "configuration", root: "p"},
			err:    "cannot read ROOT/p/c.yaml\nerror unmarshaling JSON: while decoding JSON: json: unknown field \"spce\"",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			tc.files["package/icon.svg"] = "<svg/>"
			for path, content := range tc.files {
				if err := write(filepath.Join(root, path), []byte(content)); err != nil {
					t.Fatal(err)
				}
			}
			dir, err := tc.part.stage(Options{Root: root, Registry: "registry.example.org/hourglass", Version: "v0.1.0"})
			if diff := cmp.Diff(strings.ReplaceAll(tc.err, "ROOT", root), words(err)); diff != "" {
				t.Fatalf("\n%s\nstage(...): -want error, +got error:\n%s", tc.reason, diff)
			}
			if tc.err != "" {
				return
			}
			defer os.RemoveAll(dir) //nolint:errcheck // A temporary folder.
			if diff := cmp.Diff(tc.want, read(t, dir)); diff != "" {
				t.Errorf("\n%s\nstage(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestInstalledName(t *testing.T) {
	cases := map[string]struct {
		reason     string
		repository string
		want       string
	}{
		"Path":     {reason: "The path is joined by dashes.", repository: "registry.example.org/hourglass/function-hourglass", want: "hourglass-function-hourglass"},
		"NoPath":   {reason: "The registry itself counts for nothing.", repository: "127.0.0.1:5000/function-hourglass", want: "function-hourglass"},
		"Odd":      {reason: "What a DNS label cannot have is replaced or left out.", repository: "r.io/a.b_c/function-hourglass", want: "a-bc-function-hourglass"},
		"TooLong":  {reason: "A DNS label ends after 63 characters.", repository: "r.io/" + strings.Repeat("abcdefghi/", 7), want: strings.Repeat("abcdefghi-", 6) + "abc"},
		"AtTheEnd": {reason: "It never ends with a dash.", repository: "r.io/" + strings.Repeat("abcdefg/", 8), want: strings.Repeat("abcdefg-", 7) + "abcdefg"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, installedName(tc.repository)); diff != "" {
				t.Errorf("\n%s\ninstalledName(%s): -want, +got:\n%s", tc.reason, tc.repository, diff)
			}
		})
	}
}

// read all files of a folder.
func read(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, path))
		files[path] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// words is the text of an error, "" for none.
func words(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
