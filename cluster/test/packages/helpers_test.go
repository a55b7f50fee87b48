// SPDX-License-Identifier: Apache-2.0

package packages

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/crossplane-contrib/provider-hourglass/cluster/local"
	"github.com/crossplane-contrib/provider-hourglass/cluster/packages"
)

// tell what takes long.
func tell(sentence string) { fmt.Println(sentence) }

// cli is Crossplane's command line tool.
func cli(t *testing.T) string {
	t.Helper()
	path, err := local.InstallCrossplaneCLI(t.Context(), tell)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// build packages into a folder that goes with the test.
func build(t *testing.T, o packages.Options) []packages.Package {
	t.Helper()
	o.Dir, o.Version, o.CLI, o.Progress = t.TempDir(), version, cli(t), tell
	built, err := packages.Build(t.Context(), o)
	if err != nil {
		t.Fatalf("Build(...): %v", err)
	}
	return built
}

func load(t *testing.T, file string) v1.Image {
	t.Helper()
	img, err := tarball.ImageFromPath(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// extract all files of an image.
func extract(t *testing.T, img v1.Image) map[string][]byte {
	t.Helper()
	r := mutate.Extract(img)
	defer r.Close() //nolint:errcheck // All of it was read.
	files := map[string][]byte{}
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[h.Name], err = io.ReadAll(tr); err != nil {
			t.Fatal(err)
		}
	}
}

// objects in a stream of YAML, each as its kind and name: the first one, then the others in order.
func objects(t *testing.T, stream []byte) []string {
	t.Helper()
	var all []string
	for r := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(stream))); ; {
		doc, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		o := metav1.PartialObjectMetadata{}
		if err := yaml.Unmarshal(doc, &o); err != nil {
			t.Fatal(err)
		}
		if o.Kind != "" {
			all = append(all, o.Kind+" "+o.Name)
		}
	}
	if len(all) > 0 {
		slices.Sort(all[1:])
	}
	return all
}

// wantRuntime sees that an image runs a program on a platform, and not as root.
func wantRuntime(t *testing.T, img v1.Image, program, arch string) {
	t.Helper()
	type config struct {
		OS, Arch, User string
		Entrypoint     []string
	}
	got, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	want := config{OS: "linux", Arch: arch, User: "65532:65532", Entrypoint: []string{"/" + program}}
	if diff := cmp.Diff(want, config{OS: got.OS, Arch: got.Architecture, User: got.Config.User, Entrypoint: got.Config.Entrypoint}); diff != "" {
		t.Errorf("what the image runs: -want, +got:\n%s", diff)
	}
}

// wantBase sees that one layer of an image is marked as the one that Crossplane reads.
func wantBase(t *testing.T, img v1.Image) {
	t.Helper()
	m, err := img.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	bases := 0
	for _, l := range m.Layers {
		if l.Annotations["io.crossplane.xpkg"] == "base" {
			bases++
		}
	}
	if bases != 1 {
		t.Errorf("one layer must be the package's, got %d of %d", bases, len(m.Layers))
	}
}

func digest(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", sha256.Sum256(data))
}
