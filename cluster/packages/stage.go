// SPDX-License-Identifier: Apache-2.0

package packages

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// metadataFile describes a package.
const metadataFile = "crossplane.yaml"

// The folders of a package that is laid out to be built.
const (
	stagedRoot     = "root"
	stagedExamples = "examples"
)

// stage lays out what goes into a package as the command line tool wants it, in a temporary folder, and returns that.
func (p part) stage(o Options) (string, error) {
	dir, err := os.MkdirTemp("", "hourglass-package-")
	if err != nil {
		return "", err
	}
	if err := errors.Join(p.stageMetadata(o, dir), p.stageObjects(o, dir), p.stageExamples(o, dir)); err != nil {
		return "", errors.Join(err, os.RemoveAll(dir))
	}
	return dir, nil
}

func (p part) stageMetadata(o Options, dir string) error {
	raw, err := os.ReadFile(filepath.Join(o.Root, p.root, metadataFile))
	if err != nil {
		return err
	}
	icon, err := os.ReadFile(filepath.Join(o.Root, "package", "icon.svg"))
	if err != nil {
		return err
	}
	data, err := publish(raw, icon, o)
	if err != nil {
		return fmt.Errorf("cannot read %s/%s: %w", p.root, metadataFile, err)
	}
	return write(filepath.Join(dir, stagedRoot, metadataFile), data)
}

// stageObjects copies the objects that a package installs.
func (p part) stageObjects(o Options, dir string) error {
	from := filepath.Join(o.Root, p.root, p.objects)
	return eachYAML(from, func(path string, data []byte) error {
		rel, err := filepath.Rel(from, path)
		if err != nil || rel == metadataFile {
			return err
		}
		return write(filepath.Join(dir, stagedRoot, "objects", rel), data)
	})
}

func (p part) stageExamples(o Options, dir string) error {
	for _, example := range p.examples {
		err := eachYAML(filepath.Join(o.Root, example), func(path string, data []byte) error {
			rel, err := filepath.Rel(o.Root, path)
			if err != nil {
				return err
			}
			return write(filepath.Join(dir, stagedExamples, rel), data)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// eachYAML calls f for a YAML file, or for those in a folder and the folders in it.
func eachYAML(from string, f func(path string, data []byte) error) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".yaml") {
			return err
		}
		data, err := os.ReadFile(path) //nolint:gosec // A file of the repository.
		if err != nil {
			return err
		}
		return f(path, data)
	})
}

func write(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o600) //nolint:gosec // In a temporary folder, by the names of the repository's files.
}
