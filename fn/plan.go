// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"

	"google.golang.org/protobuf/types/known/structpb"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"

	"github.com/crossplane-contrib/provider-hourglass/fn/input/v1beta1"
	"github.com/crossplane-contrib/provider-hourglass/fn/picture"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

// plan is the command that decides offline, for whoever edits pools.
type plan struct {
	Files    []string `help:"A YAML file with XRs, Performers, HardwarePools or a Composition that has the function's input; - for standard input. May be repeated."  name:"file" placeholder:"FILE" required:"" short:"f"`
	Output   string   `default:"table" enum:"table,svg" help:"What to print: a table, or a picture of the pools and what sits where (svg)." short:"o"`
	Strategy string   `default:"" enum:",Price,LeastWaste,Spread" help:"Decide by another strategy than that of the input."`
}

// Run prints where the performers in the files go.
func (c *plan) Run() error {
	docs, err := readFiles(c.Files)
	if err != nil {
		return err
	}
	p, err := planOf(docs, v1beta1.Strategy(c.Strategy))
	if err != nil {
		return err
	}
	if c.Output == "svg" {
		_, err = io.WriteString(os.Stdout, picture.SVG(p.result.Pools(), p.names))
		return err //nolint:wrapcheck // It says what could not be written.
	}
	return p.table(os.Stdout)
}

// A planned is the decision about all performers of some files.
type planned struct {
	// names of the performers, namespace first.
	names  []string
	pools  int
	result *placement.Result
}

// planOf decides about the performers of all documents together, as the function
// does for those of one XR.
func planOf(docs documents, strategy v1beta1.Strategy) (*planned, error) {
	in, err := docs.placement()
	if err != nil {
		return nil, err
	}
	pools, err := readPools(&fnv1.RunFunctionRequest{RequiredResources: map[string]*fnv1.Resources{requirementPools: {Items: docs.pools}}}, in, selectorOf(in))
	if err != nil {
		return nil, err
	}
	p := &planned{pools: len(pools.all)}
	var workloads []placement.Workload
	for _, req := range docs.requests() {
		s, err := readStack(req, in)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", describeObject(req.GetObserved().GetComposite().GetResource()), err)
		}
		for i := range s.performers {
			workloads = append(workloads, s.performers[i].workload())
			p.names = append(p.names, s.performers[i].namespace+"/"+s.performers[i].title())
		}
	}
	if strategy == "" {
		strategy = in.Strategy
	}
	p.result = pools.fleet.Place(workloads, placement.Strategy(strategy))
	return p, nil
}

// describeObject names an object, or the files where there is none.
func describeObject(o *structpb.Struct) string {
	if o == nil {
		return "the Performers of the files"
	}
	return textAt(o, "kind") + " " + textAt(o, "metadata", "name")
}
