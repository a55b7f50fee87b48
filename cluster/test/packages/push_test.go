// SPDX-License-Identifier: Apache-2.0

package packages

import (
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/crossplane-contrib/provider-hourglass/cluster/packages"
)

// repository is one as small as can be, to be built for every architecture in seconds.
var repository = map[string]string{
	"go.mod":                      "module github.com/crossplane-contrib/provider-hourglass\n\ngo 1.26.0\n",
	"internal/version/version.go": "package version\n\nvar Version = \"unset\"\n",
	"cmd/provider/main.go":        program,
	"fn/main.go":                  program,
	"package/icon.svg":            "<svg/>",

	"package/provider/crossplane.yaml":      metadata("Provider", "provider-hourglass"),
	"fn/package/crossplane.yaml":            metadata("Function", "function-hourglass"),
	"package/configuration/crossplane.yaml": metadata("Configuration", "configuration-hourglass"),

	"package/provider/crds/a.yaml": crd,
	"fn/package/input/a.yaml":      crd,

	"examples/provider/a.yaml":                                example,
	"examples/performer/a.yaml":                               example,
	"examples/executor/a.yaml":                                example,
	"examples/stack/a.yaml":                                   example,
	"package/configuration/definitions/hourglassstacks.yaml":  xrd,
	"package/configuration/compositions/hourglassstacks.yaml": composition,
	"examples/composition/fitting/xr.yaml":                    example,
	"examples/composition/fitting/required.yaml":              example,
}

const (
	program = "package main\n\nimport \"github.com/crossplane-contrib/provider-hourglass/internal/version\"\n\nfunc main() { println(version.Version) }\n"
	example = "apiVersion: example.org/v1\nkind: Example\nmetadata:\n  name: example\n"
	xrd     = "apiVersion: apiextensions.crossplane.io/v2\nkind: CompositeResourceDefinition\nmetadata:\n  name: bs.example.org\n" +
		"spec:\n  group: example.org\n  names: {kind: B, plural: bs}\n  scope: Namespaced\n" +
		"  versions: [{name: v1, served: true, referenceable: true, schema: {openAPIV3Schema: {type: object}}}]\n"
	composition = "apiVersion: apiextensions.crossplane.io/v1\nkind: Composition\nmetadata:\n  name: bs\n" +
		"spec: {compositeTypeRef: {apiVersion: example.org/v1, kind: B}, mode: Pipeline, pipeline: [{step: a, functionRef: {name: a}}]}\n"
	crd = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: as.example.org\n" +
		"spec:\n  group: example.org\n  names: {kind: A, plural: as}\n  scope: Namespaced\n" +
		"  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]\n"
)

func metadata(kind, name string) string {
	return "apiVersion: meta.pkg.crossplane.io/v1\nkind: " + kind + "\nmetadata:\n  name: " + name + "\nspec: {}\n"
}

// TestPush builds packages for every architecture, twice and in different places, and pushes them.
func TestPush(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")

	built := build(t, packages.Options{Root: checkout(t), Registry: host + "/hourglass"})
	again := build(t, packages.Options{Root: checkout(t), Registry: host + "/hourglass"})

	want := map[string][]string{
		"provider-hourglass":      {"linux/amd64", "linux/arm64"},
		"function-hourglass":      {"linux/amd64", "linux/arm64"},
		"configuration-hourglass": nil,
	}
	for i, p := range built {
		t.Run(p.Name, func(t *testing.T) {
			for j, file := range p.Files {
				if diff := cmp.Diff(digest(t, file), digest(t, again[i].Files[j])); diff != "" {
					t.Errorf("the same source must give the same bytes of %s: -first, +second:\n%s", filepath.Base(file), diff)
				}
			}
			if err := packages.Push(t.Context(), cli(t), p); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want[p.Name], platforms(t, p.Ref)); diff != "" {
				t.Errorf("platforms behind the tag: -want, +got:\n%s", diff)
			}
		})
	}
}

func TestPushError(t *testing.T) {
	p := packages.Package{Files: []string{filepath.Join(t.TempDir(), "gone.xpkg")}, Ref: "127.0.0.1:1/p:v0.1.0"}
	err := packages.Push(t.Context(), cli(t), p)
	if err == nil || !strings.HasPrefix(err.Error(), "cannot run crossplane xpkg push --package-files="+p.Files[0]+" 127.0.0.1:1/p:v0.1.0: ") {
		t.Errorf("Push(...): want an error with the command, got %v", err)
	}
}

// checkout writes the small repository into a folder.
func checkout(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for path, content := range repository {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// platforms behind a tag, which Crossplane and container runtimes choose from. All images there have a package in the
// layer that Crossplane reads. None where the tag is one image.
func platforms(t *testing.T, ref string) []string {
	t.Helper()
	tag, err := name.NewTag(ref, name.StrictValidation)
	if err != nil {
		t.Fatal(err)
	}
	d, err := remote.Get(tag, remote.WithContext(t.Context()))
	if err != nil {
		t.Fatalf("cannot pull what was pushed: %v", err)
	}
	if !d.MediaType.IsIndex() {
		img, err := d.Image()
		if err != nil {
			t.Fatal(err)
		}
		wantBase(t, img)
		return nil
	}
	idx, err := d.ImageIndex()
	if err != nil {
		t.Fatal(err)
	}
	m, err := idx.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, entry := range m.Manifests {
		img, err := idx.Image(entry.Digest)
		if err != nil {
			t.Fatal(err)
		}
		wantBase(t, img)
		wantRuntime(t, img, strings.TrimSuffix(tag.RepositoryStr()[len("hourglass/"):], "-hourglass"), entry.Platform.Architecture)
		all = append(all, entry.Platform.String())
	}
	return all
}
