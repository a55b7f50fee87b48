// SPDX-License-Identifier: Apache-2.0

// Package packages builds Crossplane's packages of this project, and the images that two of them run, without a container
// engine: the provider, the composition function, and the configuration that depends on both.
//
// Images makes the images. Build makes the packages with Crossplane's own command line tool, and Push sends one to a
// registry. The same source gives the same bytes.
package packages

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/crossplane-contrib/provider-hourglass/cluster/local"
)

// Options say what is built, and where it goes.
type Options struct {
	// Root of the repository.
	Root string

	// Dir takes what is built, in the folders binaries, images and packages.
	Dir string

	// Registry and the path in it that the packages will be pushed to, such as registry.example.org/hourglass.
	// Images does without it.
	Registry string

	// Version of the packages, such as v0.1.0.
	Version string

	// Arch are the architectures to build for, as Go names them. All that are published when empty.
	Arch []string

	// CLI is the path of Crossplane's command line tool. It is installed when empty.
	CLI string

	// Progress is told what is being done.
	Progress local.Progress
}

// A Package is one that was built.
type Package struct {
	// Name of the package, such as provider-hourglass.
	Name string

	// Files are the package's, one for each architecture. A package that runs nothing has one.
	Files []string

	// Ref is where the package belongs: registry, name and version.
	Ref string
}

// Build builds all packages, in the order in which they depend on each other.
func Build(ctx context.Context, o Options) ([]Package, error) {
	o = o.withDefaults()
	if err := o.checkAll(); err != nil {
		return nil, err
	}
	if o.CLI == "" {
		cli, err := local.InstallCrossplaneCLI(ctx, o.Progress)
		if err != nil {
			return nil, err
		}
		o.CLI = cli
	}
	var all []Package
	for _, p := range parts {
		built, err := p.build(ctx, o)
		if err != nil {
			return nil, err
		}
		all = append(all, built)
	}
	return all, nil
}

// Images builds the images of what runs and returns their files.
func Images(ctx context.Context, o Options) ([]string, error) {
	o = o.withDefaults()
	if err := o.check(); err != nil {
		return nil, err
	}
	var files []string
	for _, p := range parts {
		if p.main == "" {
			continue
		}
		for _, arch := range o.Arch {
			file, err := p.image(ctx, o, arch)
			if err != nil {
				return nil, err
			}
			files = append(files, file)
		}
	}
	return files, nil
}

// build builds one package: for each architecture if it runs something, else once.
func (p part) build(ctx context.Context, o Options) (Package, error) {
	built := Package{Name: p.repository(), Ref: o.ref(p)}
	staged, err := p.stage(o)
	if err != nil {
		return Package{}, fmt.Errorf("cannot lay out package %s: %w", built.Name, err)
	}
	defer os.RemoveAll(staged) //nolint:errcheck // It is a temporary folder.

	if p.main == "" {
		file := o.path("packages", p.name+".xpkg")
		o.say("building package " + built.Name)
		built.Files = []string{file}
		return built, o.xpkg(ctx, staged, file)
	}
	for _, arch := range o.Arch {
		image, err := p.image(ctx, o, arch)
		if err != nil {
			return Package{}, err
		}
		file := o.path("packages", p.name+"-"+arch+".xpkg")
		o.say(fmt.Sprintf("building package %s for %s", built.Name, arch))
		if err := o.xpkg(ctx, staged, file, "--embed-runtime-image-tarball="+image); err != nil {
			return Package{}, err
		}
		built.Files = append(built.Files, file)
	}
	return built, nil
}

func (o Options) withDefaults() Options {
	if len(o.Arch) == 0 {
		o.Arch = slices.Clone(published)
	}
	return o
}

// path of something that is built.
func (o Options) path(elem ...string) string {
	return filepath.Join(append([]string{o.Dir}, elem...)...)
}

// ref is where a package belongs.
func (o Options) ref(p part) string {
	return o.Registry + "/" + p.repository() + ":" + o.Version
}

func (o Options) say(sentence string) {
	if o.Progress != nil {
		o.Progress(sentence)
	}
}
