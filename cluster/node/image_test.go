// SPDX-License-Identifier: Apache-2.0

package node

import (
	"archive/tar"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

func TestBuild(t *testing.T) {
	i := Image{Binary: filepath.Join(t.TempDir(), "performer"), Environment: []string{"RELEASE=v1"}}
	if err := os.WriteFile(i.Binary, []byte("#!binary"), 0o600); err != nil {
		t.Fatal(err)
	}
	img, again := build(t, i), build(t, i)
	if diff := cmp.Diff(digest(t, img), digest(t, again)); diff != "" {
		t.Errorf("The same binary makes the same image: -first, +second:\n%s", diff)
	}

	file, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	want := v1.Config{Entrypoint: []string{"/entrypoint"}, Env: []string{"RELEASE=v1"}}
	if diff := cmp.Diff(want, file.Config); diff != "" {
		t.Errorf("The binary is what runs: -want, +got:\n%s", diff)
	}
	if file.OS != "linux" || file.Architecture != runtime.GOARCH {
		t.Errorf("The image is for this machine, got %s/%s", file.OS, file.Architecture)
	}
	if diff := cmp.Diff(map[string]string{"entrypoint": "#!binary"}, files(t, img)); diff != "" {
		t.Errorf("There is nothing but the binary: -want, +got:\n%s", diff)
	}
}

func TestPush(t *testing.T) {
	i := Image{Binary: filepath.Join(t.TempDir(), "performer")}
	if err := os.WriteFile(i.Binary, []byte("#!binary"), 0o600); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(registry.New(registry.Logger(quiet)))
	t.Cleanup(server.Close)
	img := build(t, i)
	if err := push(t.Context(), server.URL+"/v2/performer", "v1", img); err != nil {
		t.Fatal(err)
	}
	resp, err := server.Client().Get(server.URL + "/v2/performer/manifests/v1") //nolint:noctx // It does not wait.
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // Nothing is read from it.
	if diff := cmp.Diff(digest(t, img), resp.Header.Get("Docker-Content-Digest")); diff != "" {
		t.Errorf("What is pushed can be pulled: -want, +got:\n%s", diff)
	}
}

func build(t *testing.T, i Image) v1.Image {
	t.Helper()
	img, err := i.build()
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func digest(t *testing.T, img v1.Image) string {
	t.Helper()
	d, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return d.String()
}

// files are those of all layers, by name.
func files(t *testing.T, img v1.Image) map[string]string {
	t.Helper()
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, l := range layers {
		content, err := l.Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		for r := tar.NewReader(content); ; {
			h, err := r.Next()
			if err != nil {
				break
			}
			data, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			found[h.Name] = string(data)
		}
	}
	return found
}
