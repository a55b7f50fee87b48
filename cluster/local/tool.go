package local

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"
)

// A tool is a Go module of its own under cluster/tools, whose go.mod alone says which version is used.
type tool struct {
	name     string   // Of its folder.
	source   string   // The tool whose folder it shares, if that is another's.
	module   string   // Whose version it has.
	packages []string // What is built. All that go.mod names as tools, if empty.
	binaries []string // It must yield these.
	tags     []string // Build tags. May be empty.
	stamp    string   // The package that holds its version, set at link time. May be empty.
	variable string   // The variable that holds its version instead, set at link time. May be empty.
	settings []string // Further variables to set at link time, as NAME=VALUE.
}

// tools are what a local cluster needs.
var tools = []tool{
	{
		name:   "kubernetes",
		module: "k8s.io/kubernetes",
		packages: []string{
			"k8s.io/kubernetes/cmd/kube-apiserver",
			"k8s.io/kubernetes/cmd/kube-controller-manager",
			"k8s.io/kubernetes/cmd/kube-scheduler",
			"k8s.io/kubernetes/cmd/kubectl",
		},
		binaries: []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl"},
		stamp:    "k8s.io/component-base/version",
	},
	{name: "etcd", module: "go.etcd.io/etcd/server/v3", binaries: []string{"etcd"}},
	{name: "kwok", module: "sigs.k8s.io/kwok", binaries: []string{"kwok", "kwokctl"}},
}

// folder returns where the tool's module lies in the repository.
func (t tool) folder(root string) string {
	return filepath.Join(root, "cluster", "tools", cmp.Or(t.source, t.name))
}

// version reads the tool's version from its go.mod.
func (t tool) version(root string) (string, error) {
	path := filepath.Join(t.folder(root), "go.mod")
	data, err := os.ReadFile(path) //nolint:gosec // A file of the repository.
	if err != nil {
		return "", fmt.Errorf("cannot read which version of %s to install: %w", t.name, err)
	}
	v, err := requiredVersion(data, t.module)
	if err != nil {
		return "", fmt.Errorf("cannot tell which version of %s to install from %s: %w", t.name, path, err)
	}
	return v, nil
}

// requiredVersion returns the version of a module that a go.mod requires.
func requiredVersion(gomod []byte, module string) (string, error) {
	f, err := modfile.Parse("go.mod", gomod, nil)
	if err != nil {
		return "", err
	}
	for _, r := range f.Require {
		if r.Mod.Path == module {
			return r.Mod.Version, nil
		}
	}
	return "", fmt.Errorf("it does not require %s: add the requirement and run go mod tidy there", module)
}

// arguments returns what to tell go install.
func (t tool) arguments(version string) []string {
	args := []string{"install", "-v", "-ldflags", t.ldflags(version)}
	if len(t.tags) > 0 {
		args = append(args, "-tags", strings.Join(t.tags, ","))
	}
	if len(t.packages) == 0 {
		return append(args, "tool")
	}
	return append(args, t.packages...)
}

// ldflags returns what to tell the linker: no debug information, and the version where the tool wants to know it.
func (t tool) ldflags(version string) string {
	flags := []string{"-s", "-w"}
	if t.stamp != "" {
		major, minor, _ := strings.Cut(strings.TrimPrefix(semver.MajorMinor(version), "v"), ".")
		flags = append(flags,
			"-X", t.stamp+".gitVersion="+version,
			"-X", t.stamp+".gitMajor="+major,
			"-X", t.stamp+".gitMinor="+minor)
	}
	if t.variable != "" {
		flags = append(flags, "-X", t.variable+"="+version)
	}
	for _, s := range t.settings {
		flags = append(flags, "-X", s)
	}
	return strings.Join(flags, " ")
}
