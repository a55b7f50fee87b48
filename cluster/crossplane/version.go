// SPDX-License-Identifier: Apache-2.0

package crossplane

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// sources are the folders and files that packages are made from.
var sources = []string{"apis", "cmd", "cluster/packages", "examples", "fn", "internal", "package", "go.mod", "go.sum"}

// sourceVersion returns a version for packages that differs when what they are made from differs, and only then: an
// unchanged provider is not installed again.
func sourceVersion(root string) (string, error) {
	h := sha256.New()
	for _, source := range sources {
		err := filepath.WalkDir(filepath.Join(root, source), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			data, err := os.ReadFile(path) //nolint:gosec // A file of the repository.
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(h, "%s %x\n", path[len(root):], sha256.Sum256(data))
			return err
		})
		if err != nil {
			return "", fmt.Errorf("cannot read what the packages are made from: %w", err)
		}
	}
	return "v0.0.0-source." + "h" + hex.EncodeToString(h.Sum(nil))[:12], nil
}
