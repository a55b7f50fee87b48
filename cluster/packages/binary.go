// SPDX-License-Identifier: Apache-2.0

package packages

import (
	"context"
	"fmt"
	"os"
	"os/exec"
)

// versionVariable is what the linker sets to the version.
const versionVariable = "github.com/crossplane-contrib/provider-hourglass/internal/version.Version"

// binary builds what a part runs, statically linked, and returns its path. Paths of this machine and the state of the
// repository stay out of it, so that the same source gives the same binary. Go's cache and the binary of the last time
// make it quick when nothing has changed.
func (p part) binary(ctx context.Context, o Options, arch string) (string, error) {
	path := o.path("binaries", p.name+"-"+arch)
	o.say(fmt.Sprintf("building the %s %s for %s: the first time takes minutes", p.name, o.Version, arch))
	//nolint:gosec // Every argument is from the table of parts, or was checked.
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false",
		"-ldflags", "-s -w -X "+versionVariable+"="+o.Version, "-o", path, p.main)
	cmd.Dir = o.Root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch, "GOAMD64=v1", "GOARM64=v8.0", "GOFLAGS=", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("cannot build the %s for %s: %w\n%s", p.name, arch, err, out)
	}
	return path, nil
}
