// Package local runs Kubernetes on this machine without containers: real etcd, API server, scheduler and controllers,
// built from their Go modules, and simulated nodes whose Pods kwok walks through their lives.
//
// Install builds the binaries once. Create starts a cluster in a directory, and leaves it as it is when it already runs.
// Every cluster has its own directory, ports and processes, so several can run at once.
package local

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/mod/modfile"
)

// module is the module whose repository holds the files that this package reads: tool modules, stages and nodes.
const module = "github.com/crossplane-contrib/provider-hourglass"

// Root returns the root of the repository that the working directory lies in.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod")) //nolint:gosec // The working directory's own parents.
		if err == nil && modfile.ModulePath(mod) == module {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("cannot find the provider-hourglass repository: change into its folder and try again")
		}
		dir = parent
	}
}

// Progress is told, in a sentence, what is being done. A nil Progress is not told.
type Progress func(sentence string)

func (p Progress) say(sentence string) {
	if p != nil {
		p(sentence)
	}
}
