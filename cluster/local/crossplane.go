// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// CrossplaneBinaries are the paths of what InstallCrossplane has installed.
type CrossplaneBinaries struct {
	// Core is Crossplane itself, which today's command line tool renders with.
	Core string

	// CoreCRDs is the folder with the kinds that Core serves.
	CoreCRDs string

	// CLI is today's command line tool, which has crossplane render.
	CLI string

	// BetaCLI is the command line tool of Crossplane 1.16, which has crossplane beta render.
	BetaCLI string
}

// coreModule is the module of Crossplane itself, which has its kinds in cluster/crds.
const coreModule = "github.com/crossplane/crossplane/v2"

// crossplaneTools are Crossplane and its command line tools. A cluster does not need them.
var crossplaneTools = []tool{
	{
		name:     "crossplane-core",
		module:   coreModule,
		binaries: []string{"crossplane"},
		variable: "github.com/crossplane/crossplane-runtime/v2/pkg/version.version",
		// Its RBAC manager cannot be told where to serve metrics, and would take port 8080 of the machine.
		settings: []string{"sigs.k8s.io/controller-runtime/pkg/metrics/server.DefaultBindAddress=127.0.0.1:0"},
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

// functionTools are composition functions of others, which compose what ours places in an example.
var functionTools = []tool{{
	name:     "function-patch-and-transform",
	module:   "github.com/crossplane-contrib/function-patch-and-transform",
	binaries: []string{"function-patch-and-transform"},
}}

// InstallPatchAndTransform builds function-patch-and-transform unless it is there and returns its path.
func InstallPatchAndTransform(ctx context.Context, progress Progress) (string, error) {
	all, err := installAll(ctx, functionTools, progress)
	if err != nil {
		return "", err
	}
	name := functionTools[0].name
	return filepath.Join(all[name].folder, name), nil
}

// InstallCrossplaneCLI builds today's command line tool unless it is there and returns its path.
func InstallCrossplaneCLI(ctx context.Context, progress Progress) (string, error) {
	i := slices.IndexFunc(crossplaneTools, func(t tool) bool { return t.name == "crossplane-cli" })
	all, err := installAll(ctx, crossplaneTools[i:i+1], progress)
	if err != nil {
		return "", err
	}
	return filepath.Join(all["crossplane-cli"].folder, "crossplane"), nil
}

// InstallCrossplane builds what is missing of Crossplane and its command line tools and returns where they are. Like those
// of Install they are built once for each version and stay in the user's cache folder.
func InstallCrossplane(ctx context.Context, progress Progress) (CrossplaneBinaries, error) {
	all, err := installAll(ctx, crossplaneTools, progress)
	if err != nil {
		return CrossplaneBinaries{}, err
	}
	crds, err := coreCRDs(ctx, all["crossplane-core"].version)
	if err != nil {
		return CrossplaneBinaries{}, err
	}
	crossplane := func(name string) string { return filepath.Join(all[name].folder, "crossplane") }
	return CrossplaneBinaries{
		Core:     crossplane("crossplane-core"),
		CoreCRDs: crds,
		CLI:      crossplane("crossplane-cli"),
		BetaCLI:  crossplane("crossplane-beta"),
	}, nil
}

// coreCRDs returns where the module of Crossplane has its kinds. The module is downloaded where it is not.
func coreCRDs(ctx context.Context, version string) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", coreModule+"@"+version) //nolint:gosec // From a go.mod of ours.
	cmd.Dir = tool{name: "crossplane-core"}.folder(root)
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("cannot download the module of Crossplane: %w: %s", err, out)
	}
	var downloaded struct {
		Dir string `json:"Dir"`
	}
	if err := json.Unmarshal(out, &downloaded); err != nil {
		return "", fmt.Errorf("cannot tell where the module of Crossplane is: %w", err)
	}
	return filepath.Join(downloaded.Dir, "cluster", "crds"), nil
}
