// SPDX-License-Identifier: Apache-2.0

// Command function is function-hourglass, a composition function that gives the
// Performers of an XR to pools of GPU and TEE nodes.
package main

import (
	"github.com/alecthomas/kong"

	"github.com/crossplane-contrib/provider-hourglass/internal/version"
)

// cli are the commands and their flags.
type cli struct {
	Version kong.VersionFlag `help:"Print the version and exit."`

	Serve serve `cmd:"" default:"withargs" help:"Serve the function to Crossplane. This is the default."`
	Plan  plan  `cmd:"" help:"Decide offline where the performers in some files go, and say why."`
}

func main() {
	c := cli{}
	k := kong.Parse(&c, kong.Name("function"),
		kong.Description("A composition function that gives Performers to pools of GPU and TEE nodes."),
		kong.Vars{"version": version.Version})
	k.FatalIfErrorf(k.Run())
}
