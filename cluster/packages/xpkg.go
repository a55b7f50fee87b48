// SPDX-License-Identifier: Apache-2.0

package packages

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// xpkg builds a package that is laid out in a folder.
func (o Options) xpkg(ctx context.Context, staged, file string, args ...string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		return fmt.Errorf("cannot make the folder of the packages: %w", err)
	}
	return run(ctx, o.CLI, append([]string{
		"xpkg", "build",
		"--package-root=" + filepath.Join(staged, stagedRoot),
		"--examples-root=" + filepath.Join(staged, stagedExamples),
		"--package-file=" + file,
	}, args...)...)
}

// Push sends a package to its registry with Crossplane's command line tool. All of its architectures have one tag.
func Push(ctx context.Context, cli string, p Package) error {
	return run(ctx, cli, PushCommand(p)...)
}

// PushCommand are the arguments of Crossplane's command line tool that push a package.
func PushCommand(p Package) []string {
	return []string{"xpkg", "push", "--package-files=" + strings.Join(p.Files, ","), p.Ref}
}

func run(ctx context.Context, cli string, args ...string) error {
	cmd := exec.CommandContext(ctx, cli, args...) //nolint:gosec // Crossplane's command line tool.
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot run crossplane %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}
