// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"google.golang.org/protobuf/types/known/structpb"
	"k8s.io/apimachinery/pkg/util/yaml"
	sigsyaml "sigs.k8s.io/yaml"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/fn/input/v1beta1"
)

// documents are the objects of some files.
type documents struct {
	pools      []*fnv1.Resource
	performers []*structpb.Struct
	// xrs are all objects that are nothing else.
	xrs []*structpb.Struct
	// input of the function, nil where no file has any.
	input *structpb.Struct
}

// readFiles reads all documents of all files.
func readFiles(names []string) (documents, error) {
	docs := documents{}
	for _, name := range names {
		content, err := readFile(name)
		if err != nil {
			return docs, err
		}
		r := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(content)))
		for n := 1; ; n++ {
			doc, err := r.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return docs, fmt.Errorf("cannot read document %d of %s: %w", n, name, err)
			}
			if err := docs.add(doc); err != nil {
				return docs, fmt.Errorf("document %d of %s: %w", n, name, err)
			}
		}
	}
	return docs, nil
}

func readFile(name string) ([]byte, error) {
	if name == "-" {
		content, err := io.ReadAll(os.Stdin)
		if err != nil {
			return nil, fmt.Errorf("cannot read standard input: %w", err)
		}
		return content, nil
	}
	content, err := os.ReadFile(name) //nolint:gosec // The user says which file.
	if err != nil {
		return nil, fmt.Errorf("cannot read the file: %w", err)
	}
	return content, nil
}

// add a document by its kind. Empty ones are left out, and so is what says nothing
// about pools and performers.
func (d *documents) add(doc []byte) error {
	fields := map[string]any{}
	if err := sigsyaml.Unmarshal(doc, &fields); err != nil {
		return fmt.Errorf("cannot read YAML: %w", err)
	}
	o, err := structpb.NewStruct(fields)
	if err != nil {
		return fmt.Errorf("cannot read the object: %w", err)
	}
	return d.addObject(o)
}

// addObject adds an object by its kind, and of a list, as kubectl prints them, each
// item.
func (d *documents) addObject(o *structpb.Struct) error {
	switch kind := textAt(o, "kind"); {
	case len(o.GetFields()) == 0:
	case strings.HasSuffix(kind, "List"):
		for i, item := range at(o, "items").GetListValue().GetValues() {
			if err := d.addObject(item.GetStructValue()); err != nil {
				return fmt.Errorf("items[%d]: %w", i, err)
			}
		}
	case kind == "":
		return errors.New("has no kind: it must be an XR, a Performer, a HardwarePool or a Composition")
	case isKind(o, v1alpha1.HardwarePoolKind):
		d.pools = append(d.pools, &fnv1.Resource{Resource: o})
	case isKind(o, v1alpha1.PerformerKind):
		d.performers = append(d.performers, o)
	case kind == "Composition":
		d.input = inputIn(o)
	case kind == "Placement":
		d.input = o
	case kind == "Function", kind == "CompositeResourceDefinition":
	default:
		d.xrs = append(d.xrs, o)
	}
	return nil
}

// inputIn returns the function's input among the steps of a Composition.
func inputIn(composition *structpb.Struct) *structpb.Struct {
	for _, step := range at(composition, "spec", "pipeline").GetListValue().GetValues() {
		if in := objectAt(step.GetStructValue(), "input"); textAt(in, "kind") == "Placement" {
			return in
		}
	}
	return nil
}

// placement returns the function's input. Without any, XRs are read as a
// HourglassStack has its fields.
func (d *documents) placement() (*v1beta1.Placement, error) {
	in, err := readInput(d.input)
	if err == nil && d.input == nil {
		in.Compose = &v1beta1.Compose{Executor: "spec.executor", Performers: "spec.performers"}
	}
	return in, err
}

// requests returns what the function would be asked: about each XR, and about the
// Performers that belong to none.
func (d *documents) requests() []*fnv1.RunFunctionRequest {
	var reqs []*fnv1.RunFunctionRequest
	for _, xr := range d.xrs {
		reqs = append(reqs, &fnv1.RunFunctionRequest{Observed: &fnv1.State{Composite: &fnv1.Resource{Resource: xr}}})
	}
	if len(d.performers) == 0 {
		return reqs
	}
	alone := map[string]*fnv1.Resource{}
	for _, p := range d.performers {
		alone[textAt(p, "metadata", "namespace")+"/"+textAt(p, "metadata", "name")] = &fnv1.Resource{Resource: p}
	}
	// What is observed of a Performer is in the same document.
	return append(reqs, &fnv1.RunFunctionRequest{Observed: &fnv1.State{Resources: alone}, Desired: &fnv1.State{Resources: alone}})
}
