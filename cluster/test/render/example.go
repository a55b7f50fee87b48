// SPDX-License-Identifier: Apache-2.0

package render

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

// The files that an example may have.
const (
	xrFile           = "xr.yaml"
	compositionFile  = "composition.yaml"
	xrdFile          = "xrd.yaml"
	observedFile     = "observed.yaml"
	requiredFile     = "required.yaml"
	readmeFile       = "README.md"
	expectedFile     = "expected.yaml"
	expectedBetaFile = "expected-beta.yaml"
)

// packaged is where the Configuration is, seen from the folder of all examples.
const packaged = "../../package/configuration"

// An example is what is rendered at once. Its files are paths in the folder of all examples.
type example struct {
	name string // Of its folder.
	xr   string

	// These are the example's own, or those of the Configuration for the XR's kind.
	composition string
	xrd         string

	// These are empty where there are none.
	observed string // The composed resources that exist already.
	required string // The resources that the function may ask for.
}

// examplesIn returns the examples of a folder: each has a folder of its own in it.
func examplesIn(folder fs.FS) ([]example, error) {
	entries, err := fs.ReadDir(folder, ".")
	if err != nil {
		return nil, fmt.Errorf("cannot list the examples: %w", err)
	}
	var es []example
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		e, err := exampleIn(folder, entry.Name())
		if err != nil {
			return nil, err
		}
		es = append(es, e)
	}
	if len(es) == 0 {
		return nil, errors.New("cannot find a single example: each is a folder with an " + xrFile)
	}
	return es, nil
}

// exampleIn returns an example by its name. A file that nobody looks at is an error: its name is likely a slip.
func exampleIn(folder fs.FS, name string) (example, error) {
	entries, err := fs.ReadDir(folder, name)
	if err != nil {
		return example{}, fmt.Errorf("cannot list the files of example %s: %w", name, err)
	}
	known := []string{
		xrFile, compositionFile, xrdFile, observedFile, requiredFile, readmeFile, expectedFile, expectedBetaFile,
	}
	own := map[string]string{}
	for _, entry := range entries {
		if !slices.Contains(known, entry.Name()) {
			return example{}, fmt.Errorf("%s/%s is not rendered: an example may have %q", name, entry.Name(), known)
		}
		own[entry.Name()] = path.Join(name, entry.Name())
	}
	if own[xrFile] == "" {
		return example{}, fmt.Errorf("example %s has no %s: add one, or remove the folder", name, xrFile)
	}

	e := example{
		name: name, xr: own[xrFile], composition: own[compositionFile], xrd: own[xrdFile],
		observed: own[observedFile], required: own[requiredFile],
	}
	return e.complete(folder)
}

// complete returns an example with what it does not have of its own from the Configuration.
func (e example) complete(folder fs.FS) (example, error) {
	data, err := fs.ReadFile(folder, e.xr)
	if err != nil {
		return example{}, fmt.Errorf("cannot read the XR of example %s: %w", e.name, err)
	}
	var xr runtime.TypeMeta
	if err := yaml.Unmarshal(data, &xr); err != nil {
		return example{}, fmt.Errorf("cannot read the XR of example %s: %w", e.name, err)
	}
	file := strings.ToLower(xr.Kind) + "s.yaml"
	if e.composition == "" {
		e.composition = path.Join(packaged, "compositions", file)
	}
	if e.xrd == "" {
		e.xrd = path.Join(packaged, "definitions", file)
	}
	return e, nil
}
