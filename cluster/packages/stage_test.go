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
	const published = "apiVersion: meta.pkg.crossplane.io/v1\nkind: Configuration\nmetadata:\n  annotations:\n" +
		"    meta.crossplane.io/iconURI: data:image/svg+xml;base64,PHN2Zy8+\n  name: c\nspec: {}\n"

	cases := map[string]struct {
		reason string
		files  map[string]string
		part   part
		want   map[string]string
		err    string
	}{
		"Configuration": {
			reason: "All objects of a folder without a folder for them are taken, and nothing else.",
			files: map[string]string{
				"p/crossplane.yaml":      crossplaneYAML,
				"p/README.md":            "not an object",
				"p/definitions/xrd.yaml": "# A comment.\nkind: CompositeResourceDefinition\n",
				"p/compositions/c.yaml":  "kind: Composition\n",
			},
			part: part{name: "configuration", root: "p"},
			want: map[string]string{
				"root/crossplane.yaml":              published,
				"root/objects/definitions/xrd.yaml": "# A comment.\nkind: CompositeResourceDefinition\n",
				"root/objects/compositions/c.yaml":  "kind: Composition\n",
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
				"root/crossplane.yaml":           published,
				"root/objects/a.yaml":            "kind: A\n",
				"examples/examples/one.yaml":     "kind: One\n",
				"examples/examples/two/x/y.yaml": "kind: Two\n",
			},
		},
		"NoExample": {
			reason: "An example that is gone is not left out without a word.",
			files:  map[string]string{"p/crossplane.yaml": crossplaneYAML},
			part:   part{name: "provider", root: "p", examples: []string{"examples/gone"}},
			err:    "lstat ROOT/examples/gone: no such file or directory",
		},
		"Broken": {
			reason: "Metadata with a field that there is not is refused, and it is said where.",
			files:  map[string]string{"p/crossplane.yaml": "kind: Provider\nspce: {}\n"},
			part:   part{name: "provider", root: "p"},
			err:    "cannot read p/crossplane.yaml: error unmarshaling JSON: while decoding JSON: json: unknown field \"spce\"",
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
