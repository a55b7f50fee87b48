// SPDX-License-Identifier: Apache-2.0

package standin

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// An image is unpacked in a folder.
type image struct {
	root       string
	entrypoint []string
	env        []string
}

// pull downloads an image and unpacks it in a folder of its own, unless it is there.
func pull(ctx context.Context, ref, dir string) (image, error) {
	r, err := name.ParseReference(ref)
	if err != nil {
		return image{}, fmt.Errorf("cannot pull: %w", err)
	}
	remoteImage, err := remote.Image(r, remote.WithContext(ctx))
	if err != nil {
		return image{}, fmt.Errorf("cannot pull %s: %w", ref, err)
	}
	digest, err := remoteImage.Digest()
	if err != nil {
		return image{}, fmt.Errorf("cannot tell the digest of %s: %w", ref, err)
	}
	cfg, err := remoteImage.ConfigFile()
	if err != nil {
		return image{}, fmt.Errorf("cannot read the configuration of %s: %w", ref, err)
	}
	i := image{
		root:       filepath.Join(dir, digest.Hex),
		entrypoint: append(cfg.Config.Entrypoint, cfg.Config.Cmd...),
		env:        cfg.Config.Env,
	}
	if len(i.entrypoint) == 0 {
		return image{}, fmt.Errorf("cannot run %s: it has no entrypoint", ref)
	}
	if _, err := os.Stat(i.root); err == nil {
		return i, nil
	}
	content := mutate.Extract(remoteImage)
	defer content.Close() //nolint:errcheck // It is only read.
	if err := unpack(content, i.root); err != nil {
		return image{}, fmt.Errorf("cannot unpack %s: %w", ref, err)
	}
	return i, nil
}

// unpack writes the regular files of an archive into a folder, which appears when it is complete.
func unpack(content io.Reader, folder string) error {
	tmp, err := os.MkdirTemp(filepath.Dir(folder), "unpack-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp) //nolint:errcheck // Nothing is left there when all went well.
	root, err := os.OpenRoot(tmp)
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // All files in it are closed.
	for archive := tar.NewReader(content); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return os.Rename(tmp, folder)
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		if err := write(root, strings.TrimPrefix(filepath.Clean("/"+h.Name), "/"), h.FileInfo().Mode(), archive); err != nil {
			return err
		}
	}
}

func write(root *os.Root, path string, mode os.FileMode, content io.Reader) error {
	if err := root.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	f, err := root.OpenFile(path, os.O_CREATE|os.O_WRONLY, mode.Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Close())
}
