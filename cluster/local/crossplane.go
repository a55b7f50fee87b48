// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"path/filepath"
)

// CrossplaneBinaries are the paths of what InstallCrossplane has installed.
type CrossplaneBinaries struct {
	// Core is Crossplane itself, which today's command line tool renders with.
	Core string

	// CLI is today's command line tool, which has crossplane render.
	CLI string

	// BetaCLI is the command line tool of Crossplane 1.16, which has crossplane beta render.
	BetaCLI string
}

// crossplaneTools are Crossplane and its command line tools. A cluster does not need them.
var crossplaneTools = []tool{
	{
		name:     "crossplane",
		module:   "github.com/crossplane/crossplane/v2",
		binaries: []string{"crossplane"},
		variable: "github.com/crossplane/crossplane-runtime/v2/pkg/version.version",
	},
	{
		name:     "crossplane-cli",
		module:   "github.com/crossplane/cli/v2",
		binaries: []string{"crossplane"},
		variable: "github.com/crossplane/crossplane-runtime/v2/pkg/version.version",
	},
	{
		name:     "crossplane-beta",
		module:   "github.com/crossplane/crossplane",
		binaries: []string{"crossplane"},
		variable: "github.com/crossplane/crossplane/internal/version.version",
	},
}

// InstallCrossplane builds what is missing of Crossplane and its command line tools and returns where they are. Like those
// of Install they are built once for each version and stay in the user's cache folder.
func InstallCrossplane(ctx context.Context, progress Progress) (CrossplaneBinaries, error) {
	all, err := installAll(ctx, crossplaneTools, progress)
	if err != nil {
		return CrossplaneBinaries{}, err
	}
	crossplane := func(name string) string { return filepath.Join(all[name].folder, "crossplane") }
	return CrossplaneBinaries{
		Core:    crossplane("crossplane"),
		CLI:     crossplane("crossplane-cli"),
		BetaCLI: crossplane("crossplane-beta"),
	}, nil
}
