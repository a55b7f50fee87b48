// SPDX-License-Identifier: Apache-2.0

// Command hourglass-packages builds Crossplane's packages of this project and the images that they run, without a
// container engine.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/crossplane-contrib/provider-hourglass/cluster/local"
	"github.com/crossplane-contrib/provider-hourglass/cluster/packages"
)

type cli struct {
	Images imagesCmd `cmd:"" help:"Build the images of the provider and of the function."`
	Build  buildCmd  `cmd:"" help:"Build the packages, and push them where that is asked for."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	app := kong.Parse(&cli{},
		kong.Name("hourglass-packages"),
		kong.Description("Builds the packages of the provider, the function and the configuration."),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(narrate(time.Now())))
	app.FatalIfErrorf(app.Run())
}

// narrate prints each sentence with the seconds since the start.
func narrate(start time.Time) local.Progress {
	return func(sentence string) {
		fmt.Printf("%6.1f s  %s\n", time.Since(start).Seconds(), sentence)
	}
}

// what is built.
type what struct {
	Version string   `default:"v0.0.0-unset" help:"The version, such as v0.1.0."`
	Arch    []string `help:"The architectures, amd64 and arm64 when empty."`
	Dir     string   `help:"Folder for all that is built. The repository's _output when empty." type:"path"`
}

func (w what) options(progress local.Progress) (packages.Options, error) {
	root, err := local.Root()
	if err != nil {
		return packages.Options{}, err
	}
	if w.Dir == "" {
		w.Dir = filepath.Join(root, "_output")
	}
	return packages.Options{Root: root, Dir: w.Dir, Version: w.Version, Arch: w.Arch, Progress: progress}, nil
}

type imagesCmd struct {
	what
}

// Run builds the images.
func (c imagesCmd) Run(ctx context.Context, progress local.Progress) error {
	o, err := c.options(progress)
	if err != nil {
		return err
	}
	files, err := packages.Images(ctx, o)
	if err != nil {
		return err
	}
	progress("built " + strings.Join(short(files), ", "))
	fmt.Print("\nTo load one into a container engine:\n\n  docker load --input " + short(files)[0] + "\n\nTo build Crossplane's packages with them: make xpkg\n")
	return nil
}

// short are paths as they can be typed in the working directory.
func short(paths []string) []string {
	wd, _ := os.Getwd() // Paths stay absolute without it.
	var out []string
	for _, path := range paths {
		if rel, err := filepath.Rel(wd, path); err == nil && !strings.HasPrefix(rel, "..") {
			path = rel
		}
		out = append(out, path)
	}
	return out
}
