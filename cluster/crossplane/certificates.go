// SPDX-License-Identifier: Apache-2.0

package crossplane

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// certificates writes those that Crossplane shows to functions into a folder and returns it.
func (p Plane) certificates(ctx context.Context) (string, error) {
	out, err := p.Cluster.Kubectl(ctx, "get", "secret", clientSecret, "--namespace", Namespace, "-o", "jsonpath={.data}")
	if err != nil {
		return "", err
	}
	var files map[string]string
	if err := json.Unmarshal([]byte(out), &files); err != nil {
		return "", fmt.Errorf("cannot read Crossplane's certificates: %w", err)
	}
	dir := p.Cluster.Path("crossplane", "tls")
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", fmt.Errorf("cannot make a folder for Crossplane's certificates: %w", err)
	}
	for name, encoded := range files {
		data, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return "", fmt.Errorf("cannot decode Crossplane's %s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), data, 0o600); err != nil {
			return "", fmt.Errorf("cannot write Crossplane's %s: %w", name, err)
		}
	}
	return dir, nil
}
