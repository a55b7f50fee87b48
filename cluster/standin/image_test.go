// SPDX-License-Identifier: Apache-2.0

package standin

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUnpack(t *testing.T) {
	type file struct {
		Content string
		Mode    os.FileMode
	}
	cases := map[string]struct {
		reason  string
		headers []tar.Header
		want    map[string]file
	}{
		"Files": {
			reason: "Regular files are written with their modes, in the folders that they are in.",
			headers: []tar.Header{
				{Name: "usr/", Typeflag: tar.TypeDir, Mode: 0o755},
				{Name: "usr/local/bin/provider", Typeflag: tar.TypeReg, Mode: 0o755},
				{Name: "/etc/passwd", Typeflag: tar.TypeReg, Mode: 0o644},
			},
			want: map[string]file{
				"usr/local/bin/provider": {Content: "content", Mode: 0o755},
				"etc/passwd":             {Content: "content", Mode: 0o644},
			},
		},
		"Escape": {
			reason:  "A file stays in the folder wherever it says it is.",
			headers: []tar.Header{{Name: "../../escaped", Typeflag: tar.TypeReg, Mode: 0o644}},
			want:    map[string]file{"escaped": {Content: "content", Mode: 0o644}},
		},
		"Links": {
			reason:  "What is no regular file is left out: static binaries need none.",
			headers: []tar.Header{{Name: "bin/sh", Typeflag: tar.TypeSymlink, Linkname: "/bin/bash"}},
			want:    map[string]file{},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var content bytes.Buffer
			w := tar.NewWriter(&content)
			for _, h := range tc.headers {
				if h.Typeflag == tar.TypeReg {
					h.Size = int64(len("content"))
				}
				if err := w.WriteHeader(&h); err != nil {
					t.Fatal(err)
				}
				if h.Typeflag == tar.TypeReg {
					if _, err := w.Write([]byte("content")); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			folder := filepath.Join(t.TempDir(), "image")
			if err := unpack(&content, folder); err != nil {
				t.Fatalf("\n%s\nunpack(...): %v", tc.reason, err)
			}
			got := map[string]file{}
			err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				data, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				info, err := d.Info()
				if err != nil {
					return err
				}
				got[path[len(folder)+1:]] = file{Content: string(data), Mode: info.Mode().Perm()}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nunpack(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
