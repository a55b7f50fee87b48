// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/structpb"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/request"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/fn/input/v1beta1"
	"github.com/crossplane-contrib/provider-hourglass/fn/typed"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

// requirementPools is the name under which Crossplane is asked for HardwarePools.
const requirementPools = "hardware-pools"

// pools are where performers may go.
type pools struct {
	// all of them, in any order.
	all []v1alpha1.HardwarePool
	// hidden are the names, in order, of HardwarePools whose place a pool of the
	// input takes.
	hidden []string
	// inline are the names of the pools that the input has.
	inline []string
	// pending says that Crossplane has not answered yet which HardwarePools there
	// are.
	pending bool
	// fleet is all of them, ready to place performers on.
	fleet *placement.Fleet
}

// selectorOf returns what HardwarePools to ask Crossplane for, nil for none.
func selectorOf(in *v1beta1.Placement) *fnv1.ResourceSelector {
	if in.PoolSelector == nil && len(in.Pools) > 0 {
		return nil
	}
	labels := &fnv1.MatchLabels{}
	if in.PoolSelector != nil {
		labels.Labels = in.PoolSelector.MatchLabels
	}
	return &fnv1.ResourceSelector{
		ApiVersion: v1alpha1.SchemeGroupVersion.String(),
		Kind:       v1alpha1.HardwarePoolKind,
		Match:      &fnv1.ResourceSelector_MatchLabels{MatchLabels: labels},
	}
}

// requirements asks for HardwarePools. Since 2.2 Crossplane says what it can do.
// Before, all versions read the deprecated field, and the older ones, crossplane
// beta render among them, no other. They must not find the other one either: they
// compare unknown fields byte by byte, and labels are written in any order.
func requirements(req *fnv1.RunFunctionRequest, selector *fnv1.ResourceSelector) *fnv1.Requirements {
	if selector == nil {
		return nil
	}
	asked := map[string]*fnv1.ResourceSelector{requirementPools: selector}
	_, answered := req.GetRequiredResources()[requirementPools]
	if answered || request.HasCapability(req, fnv1.Capability_CAPABILITY_REQUIRED_RESOURCES) {
		return &fnv1.Requirements{Resources: asked}
	}
	return &fnv1.Requirements{ExtraResources: asked} //nolint:staticcheck // Older versions have no other.
}

// readPools unites the pools of the input with the HardwarePools of the request.
func readPools(req *fnv1.RunFunctionRequest, in *v1beta1.Placement, selector *fnv1.ResourceSelector) (pools, error) {
	p := pools{}
	for _, inline := range in.Pools {
		pool := v1alpha1.HardwarePool{Spec: inline.Spec}
		pool.Name, pool.Labels = inline.Name, inline.Labels
		if inline.Status != nil {
			pool.Status = *inline.Status
		}
		p.all = append(p.all, pool)
		p.inline = append(p.inline, inline.Name)
	}
	var found []*fnv1.Resource
	if selector != nil {
		answer := selected(req)
		p.pending, found = answer == nil, answer.GetItems()
	}
	p.all = slices.Grow(p.all, len(found))
	for _, item := range found {
		name := textAt(item.GetResource(), "metadata", "name")
		if slices.Contains(p.inline, name) {
			p.hidden = append(p.hidden, name)
			continue
		}
		p.all = append(p.all, v1alpha1.HardwarePool{})
		if err := readPool(item.GetResource(), &p.all[len(p.all)-1]); err != nil {
			return p, fmt.Errorf("HardwarePool %s: %w", name, err)
		}
	}
	slices.Sort(p.hidden)
	p.fleet = placement.NewFleet(p.all)
	return p, nil
}

// selected are the HardwarePools that Crossplane has found, nil where it was not
// asked yet.
func selected(req *fnv1.RunFunctionRequest) *fnv1.Resources {
	if found, answered := req.GetRequiredResources()[requirementPools]; answered {
		return orNone(found)
	}
	if found, answered := req.GetExtraResources()[requirementPools]; answered { //nolint:staticcheck // Older versions have no other.
		return orNone(found)
	}
	return nil
}

// orNone makes an answer that says nothing one that says that there are none.
func orNone(found *fnv1.Resources) *fnv1.Resources {
	if found == nil {
		return &fnv1.Resources{}
	}
	return found
}

// readPool reads what counts of a HardwarePool. The rest of its metadata is large
// and says nothing about nodes.
func readPool(s *structpb.Struct, pool *v1alpha1.HardwarePool) error {
	pool.Name = textAt(s, "metadata", "name")
	if err := codec.Decode(at(s, "metadata", "labels"), "metadata.labels", &pool.Labels, typed.Lenient); err != nil {
		return err
	}
	if err := codec.Decode(at(s, "spec"), "spec", &pool.Spec, typed.Lenient); err != nil {
		return err
	}
	return codec.Decode(at(s, "status"), "status", &pool.Status, typed.Lenient)
}

// noPools says why there is no pool and what to do.
func noPools(in *v1beta1.Placement) string {
	if in.PoolSelector == nil || len(in.PoolSelector.MatchLabels) == 0 {
		return "there is no HardwarePool: create one, or wait until one is found in a target cluster"
	}
	labels := make([]string, 0, len(in.PoolSelector.MatchLabels))
	for key, value := range in.PoolSelector.MatchLabels {
		labels = append(labels, key+"="+value)
	}
	slices.Sort(labels)
	return "no HardwarePool has the labels " + strings.Join(labels, ",") + ": label one, or change input.poolSelector"
}
