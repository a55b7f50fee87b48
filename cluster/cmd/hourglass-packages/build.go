// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/crossplane-contrib/provider-hourglass/cluster/local"
	"github.com/crossplane-contrib/provider-hourglass/cluster/packages"
)

type buildCmd struct {
	what

	Registry string `help:"The registry and the path in it that the packages belong to, such as registry.example.org/hourglass."`
	Push     bool   `help:"Push the packages there too."`
}

// Run builds the packages.
func (c buildCmd) Run(ctx context.Context, progress local.Progress) error {
	o, err := c.options(progress)
	if err != nil {
		return err
	}
	o.Registry = c.Registry
	built, err := packages.Build(ctx, o)
	if err != nil {
		return err
	}
	if c.Push {
		if err := push(ctx, built, progress); err != nil {
			return err
		}
	}
	progress("ready")
	fmt.Print(next(o, built, c.Push))
	return nil
}

func push(ctx context.Context, built []packages.Package, progress local.Progress) error {
	cli, err := local.InstallCrossplaneCLI(ctx, progress)
	if err != nil {
		return err
	}
	for _, p := range built {
		progress("pushing " + p.Ref)
		if err := packages.Push(ctx, cli, p); err != nil {
			return err
		}
	}
	return nil
}

// next says what to do with the packages.
func next(o packages.Options, built []packages.Package, pushed bool) string {
	b := &strings.Builder{}
	if !pushed {
		b.WriteString("\nTo push them, add PUSH=1, or use Crossplane's command line tool:\n\n")
		for _, p := range built {
			p.Files = short(p.Files)
			b.WriteString("  crossplane " + strings.Join(packages.PushCommand(p), " ") + "\n")
		}
	}
	fmt.Fprintf(b, `
To install them, once they are pushed:

  kubectl apply -f package/rbac
  for p in provider function configuration; do
    sed -e 's#%s#%s#' -e 's#:v0.1.0#:%s#' examples/install/$p.yaml | kubectl apply -f -
  done

What is in them, and more, is in docs/packages.md.
`, packages.Placeholder, o.Registry, o.Version)
	return b.String()
}
