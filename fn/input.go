// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/crossplane-contrib/provider-hourglass/fn/input/v1beta1"
	"github.com/crossplane-contrib/provider-hourglass/fn/typed"
)

// readInput reads the step's input. Without any, the defaults hold.
func readInput(s *structpb.Struct) (*v1beta1.Placement, error) {
	in := &v1beta1.Placement{}
	if s != nil {
		if err := codec.Decode(structpb.NewStructValue(s), "input", in, typed.Strict); err != nil {
			return nil, err
		}
	}
	if in.Strategy == "" {
		in.Strategy = v1beta1.StrategyPrice
	}
	if in.Unplaceable == "" {
		in.Unplaceable = v1beta1.UnplaceableWait
	}
	return in, checkInput(in)
}

// checkInput finds what no single field is wrong about.
func checkInput(in *v1beta1.Placement) error {
	seen := make(map[string]int, len(in.Pools))
	for i, p := range in.Pools {
		if p.Name == "" {
			return fmt.Errorf("input.pools[%d].name: is empty: give the pool a name", i)
		}
		if first, twice := seen[p.Name]; twice {
			return fmt.Errorf("input.pools[%d].name: is %q, which input.pools[%d] is called already", i, p.Name, first)
		}
		seen[p.Name] = i
	}
	if in.Compose == nil {
		return nil
	}
	if err := checkPath("executor", in.Compose.Executor); err != nil {
		return err
	}
	return checkPath("performers", in.Compose.Performers)
}

// checkPath checks a path of the XR. Empty it leads nowhere, which is allowed.
func checkPath(field, path string) error {
	if path != "" && (strings.ContainsAny(path, "[]'\" ") || slices.Contains(strings.Split(path, "."), "")) {
		return fmt.Errorf("input.compose.%s: is %q but must be names of fields with dots between them, such as spec.%s", field, path, field)
	}
	return nil
}

// inXR returns what is at a path of the XR, nil where nothing is.
func inXR(xr *structpb.Struct, path string) *structpb.Value {
	if path == "" {
		return nil
	}
	return at(xr, strings.Split(path, ".")...)
}
