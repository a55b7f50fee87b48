// SPDX-License-Identifier: Apache-2.0

package packages

// published are the architectures that packages are published for.
var published = []string{"amd64", "arm64"}

// A part of this project that becomes a package.
type part struct {
	name     string   // Of its files, and the beginning of its repository's name.
	root     string   // The folder with its crossplane.yaml.
	objects  string   // The folder in root with the objects that it installs.
	examples []string // Files and folders that show how to use it.
	main     string   // The Go package of what it runs. Empty when it runs nothing.
	title    string   // What its image is called.
}

// parts, each after those that it depends on.
var parts = []part{
	{
		name:     "provider",
		root:     "package/provider",
		objects:  "crds",
		examples: []string{"examples/provider", "examples/performer", "examples/executor"},
		main:     "./cmd/provider",
		title:    "The Crossplane provider for EigenLayer Hourglass",
	},
	{
		name:    "function",
		root:    "fn/package",
		objects: "input",
		examples: []string{
			"package/configuration/definitions/hourglassstacks.yaml",
			"package/configuration/compositions/hourglassstacks.yaml",
			"examples/composition/fitting/xr.yaml",
			"examples/composition/fitting/required.yaml",
		},
		main:  "./fn",
		title: "A composition function that gives Performers to pools of GPU and TEE nodes",
	},
	{
		name:     "configuration",
		root:     "package/configuration",
		examples: []string{"examples/stack"},
	},
}

// repository is the name of the package, and of its repository in a registry.
func (p part) repository() string { return p.name + "-hourglass" }
