// SPDX-License-Identifier: Apache-2.0

package packages

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

func TestAssemble(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "binary")
	if err := os.WriteFile(binary, []byte("a program"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, arch := range published {
		t.Run(arch, func(t *testing.T) {
			p := part{name: "provider", title: "A title"}
			img, err := p.assemble(Options{Version: "v0.1.0"}, arch, binary)
			if err != nil {
				t.Fatal(err)
			}
			got, err := img.ConfigFile()
			if err != nil {
				t.Fatal(err)
			}
			diffID := got.RootFS.DiffIDs[0]
			want := &v1.ConfigFile{
				Architecture: arch,
				OS:           "linux",
				Created:      v1.Time{Time: epoch},
				History: []v1.History{{
					Created: v1.Time{Time: epoch}, CreatedBy: "provider-hourglass cluster/packages",
					Comment: "a static binary and the certificates that it trusts",
				}},
				RootFS: v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{diffID}},
				Config: v1.Config{
					User: "65532:65532", Entrypoint: []string{"/provider"}, WorkingDir: "/",
					Labels: map[string]string{
						"org.opencontainers.image.licenses": "Apache-2.0",
						"org.opencontainers.image.source":   "https://github.com/crossplane-contrib/provider-hourglass",
						"org.opencontainers.image.title":    "A title",
						"org.opencontainers.image.version":  "v0.1.0",
					},
				},
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the config of the image: -want, +got:\n%s", diff)
			}
		})
	}
}

func TestLayer(t *testing.T) {
	dir := t.TempDir()
	binary, cas := filepath.Join(dir, "binary"), filepath.Join(dir, "cas")
	for _, path := range []string{binary, cas} {
		if err := os.WriteFile(path, []byte(filepath.Base(path)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	names := []string{"etc/ 755", "etc/group 644", "etc/passwd 644"}
	trusts := []string{"etc/ssl/ 755", "etc/ssl/certs/ 755", "etc/ssl/certs/ca-certificates.crt 644 cas"}

	cases := map[string]struct {
		reason       string
		certificates []string
		want         []string
	}{
		"Trusting": {
			reason:       "An image trusts those that the machine trusts that it is built on.",
			certificates: []string{filepath.Join(dir, "gone"), cas},
			want:         append(append(append([]string{}, names...), trusts...), "function 755 binary"),
		},
		"Alone": {
			reason: "Where the machine trusts nobody, so does the image.",
			want:   append(append([]string{}, names...), "function 755 binary"),
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			before := certificates
			certificates = tc.certificates
			defer func() { certificates = before }()

			layer, err := part{name: "function"}.layer(binary)
			if err != nil {
				t.Fatal(err)
			}
			r, err := layer.Uncompressed()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, entries(t, r)); diff != "" {
				t.Errorf("\n%s\nlayer(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestSameBytes(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "binary")
	if err := os.WriteFile(binary, bytes.Repeat([]byte("a program"), 100000), 0o600); err != nil {
		t.Fatal(err)
	}
	built := func() []byte {
		img, err := part{name: "provider"}.assemble(Options{Version: "v0.1.0"}, "arm64", binary)
		if err != nil {
			t.Fatal(err)
		}
		buf := &bytes.Buffer{}
		if err := tarball.Write(nil, img, buf); err != nil {
			t.Fatal(err)
		}
		return buf.Bytes()
	}
	first := built()
	if err := os.Chtimes(binary, epoch, epoch); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, built()) {
		t.Error("the same binary must give the same bytes, whenever it was built")
	}
}

// entries of an archive: path, mode and what is short enough to show.
func entries(t *testing.T, r io.Reader) []string {
	t.Helper()
	var all []string
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		entry := h.Name + " " + strconv.FormatInt(h.Mode, 8)
		data, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		if len(data) > 0 && len(data) < 10 {
			entry += " " + string(data)
		}
		all = append(all, entry)
		if h.Uid != 0 || h.Gid != 0 || !h.ModTime.Equal(epoch) {
			t.Errorf("%s must be root's and of no time, got %+v", h.Name, h)
		}
	}
}
