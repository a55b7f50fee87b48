// SPDX-License-Identifier: Apache-2.0

package packages

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// certificates are where Linux distributions keep the authorities that they trust.
var certificates = []string{
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/cert.pem",
}

// A file in an image.
type file struct {
	path    string
	mode    int64
	content []byte
}

// layer is all there is in an image: the binary, the names of its user, and the certificates that it trusts.
func (p part) layer(binary string) (v1.Layer, error) {
	data, err := os.ReadFile(binary) //nolint:gosec // It was just built.
	if err != nil {
		return nil, err
	}
	files := []file{
		{path: "etc/group", mode: 0o644, content: []byte("root:x:0:\nnonroot:x:" + user + ":\n")},
		{path: "etc/passwd", mode: 0o644, content: []byte("root:x:0:0:root:/:/sbin/nologin\nnonroot:x:" + user + ":" + user + ":nonroot:/:/sbin/nologin\n")},
	}
	cas, err := authorities()
	if err != nil {
		return nil, err
	}
	if cas != nil {
		files = append(files, file{path: "etc/ssl/certs/ca-certificates.crt", mode: 0o644, content: cas})
	}
	archive, err := pack(append(files, file{path: p.name, mode: 0o755, content: data}))
	if err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(archive)), nil
	}, tarball.WithCompressedCaching)
}

// authorities are what the provider trusts where nothing else says whom to trust: those that this machine trusts. The
// usual cases need none of them. A kubeconfig has the authority of its cluster, and a Pod is given that of its own. Only
// a cluster whose certificate a public authority has signed, and whose kubeconfig names none, is verified by these.
// Without such a file an image has none, and such a cluster is refused.
func authorities() ([]byte, error) {
	for _, path := range certificates {
		data, err := os.ReadFile(path) //nolint:gosec // From the list above.
		if err == nil {
			return data, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("cannot read the certificates that this machine trusts: %w", err)
		}
	}
	return nil, nil
}

// pack files and the folders above them, owned by root, into an archive.
func pack(files []file) ([]byte, error) {
	buf := &bytes.Buffer{}
	w := tar.NewWriter(buf)
	made := map[string]bool{".": true}
	for _, f := range files {
		for _, dir := range missing(path.Dir(f.path), made) {
			if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755, ModTime: epoch}); err != nil {
				return nil, err
			}
		}
		h := &tar.Header{Typeflag: tar.TypeReg, Name: f.path, Mode: f.mode, Size: int64(len(f.content)), ModTime: epoch}
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.content); err != nil {
			return nil, err
		}
	}
	return buf.Bytes(), w.Close()
}

// missing are the folders, outermost first, that are not made yet. They are taken to be made after this.
func missing(dir string, made map[string]bool) []string {
	if made[dir] {
		return nil
	}
	made[dir] = true
	return append(missing(path.Dir(dir), made), dir)
}
