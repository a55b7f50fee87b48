// SPDX-License-Identifier: Apache-2.0

package packages

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"golang.org/x/mod/semver"
)

// check says what is wrong with what an image needs.
func (o Options) check() error {
	// semver.IsValid takes v1 and v1.2 too. Crossplane takes them for no version of a package.
	if !semver.IsValid(o.Version) || semver.Canonical(o.Version)+semver.Build(o.Version) != o.Version {
		return fmt.Errorf("VERSION is %q but must be a semantic version with a v, such as v0.1.0 or v0.1.0-3-gabc1234", o.Version)
	}
	if semver.Build(o.Version) != "" {
		return fmt.Errorf("VERSION is %q but must have no build metadata: a registry's tags have no plus sign", o.Version)
	}
	for _, arch := range o.Arch {
		if !slices.Contains(published, arch) {
			return fmt.Errorf("ARCH has %q but must be some of %s", arch, strings.Join(published, ", "))
		}
	}
	return nil
}

// checkAll says what is wrong with what a package needs.
func (o Options) checkAll() error {
	if err := o.check(); err != nil {
		return err
	}
	switch {
	case o.Registry == "":
		return fmt.Errorf("REGISTRY is missing: name the registry and the path in it that the packages go to, such as %s", Placeholder)
	case strings.Contains(o.Registry, "://"):
		return fmt.Errorf("REGISTRY is %q but must have no scheme, such as %s", o.Registry, Placeholder)
	case strings.Contains(o.Registry+"/", "//"):
		return fmt.Errorf("REGISTRY is %q but must have one slash at a time and none at the end, such as %s", o.Registry, Placeholder)
	}
	for _, p := range parts {
		if _, err := name.NewTag(o.ref(p), name.StrictValidation); err != nil {
			return fmt.Errorf("REGISTRY is %q but must be a registry's host and a path in it, such as %s: %w", o.Registry, Placeholder, err)
		}
	}
	return nil
}
