// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"

	"github.com/crossplane-contrib/provider-hourglass/fn/input/v1beta1"
)

// input is an input of the function with these fields.
func input(fields string) string {
	return "{apiVersion: fn.hourglass.eigenlayer.io/v1beta1, kind: Placement, " + fields + "}"
}

func TestPools(t *testing.T) {
	const placed = "TRUE AllPlaced: 1 performer placed"
	cases := map[string]struct {
		reason string
		sample sample
		want   expected
	}{
		"Ask": {
			reason: "HardwarePools are asked for first. Until they are known nothing is composed that does not exist yet.",
			sample: sample{desired: map[string]string{"a": plain, "other": other}},
			want:   expected{resources: map[string]string{"other": other}, asks: asksForPools},
		},
		"AskAndKeep": {
			reason: "Nor is anything that exists taken away or changed.",
			sample: sample{desired: map[string]string{"a": plain}, observed: map[string]string{"a": inDear}},
			want:   expected{resources: map[string]string{"a": keptInDear}, asks: asksForPools},
		},
		"AskBesidesInline": {
			reason: "With the input's pools alone a performer might go where it would not stay.",
			sample: sample{
				input:   input("poolSelector: {}, pools: [{name: own, spec: {nodeSelector: {pool: own}, minNodes: 1, allocatable: {cpu: 4}}}]"),
				desired: map[string]string{"a": plain},
			},
			want: expected{asks: asksForPools},
		},
		"Inline": {
			reason: "Where the input has pools and no selector, nothing is asked for.",
			sample: sample{
				input:   input("pools: [{name: own, labels: {a: b}, spec: {nodeSelector: {pool: own}, allocatable: {cpu: 4}}, status: {nodes: 1, readyNodes: 1}}]"),
				desired: map[string]string{"a": plain},
			},
			want: expected{
				resources: map[string]string{"a": `{apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: Performer, metadata: {name: a,
  labels: {mine: stays, hourglass.eigenlayer.io/hardware-pool: own}, annotations: {hourglass.eigenlayer.io/placed: fac4483a3e33fa1f.91f97139844ef582}},
  spec: {avsAddress: "0x1", image: "new", config: {args: [1, 2.5]}, providerConfigRef: {kind: ClusterProviderConfig, name: default},
    resources: {requests: {cpu: "1"}}, scheduling: {nodeSelector: {pool: own}}}}`},
				status:    `{placements: [{performer: a, pool: own, target: {kind: ClusterProviderConfig, name: default}, why: the only pool that serves it}]}`,
				condition: placed, results: []string{"NORMAL Placed: performer a goes to pool own: the only pool that serves it"},
			},
		},
		"InlineWins": {
			reason: "A pool of the input takes the place of the HardwarePool of the same name.",
			sample: sample{
				input:   input("poolSelector: {}, pools: [{name: dear, spec: {nodeSelector: {pool: dear}, price: 0.1, minNodes: 1, allocatable: {cpu: 4}}}]"),
				desired: map[string]string{"a": plain}, pools: []string{dear, cheap},
			},
			want: expected{
				resources: map[string]string{"a": keptInDear},
				status:    `{placements: [{performer: a, pool: dear, target: {kind: ClusterProviderConfig, name: default}, why: the lowest price of the 2 pools that serve it}]}`,
				condition: placed, asks: asksForPools,
				results: []string{
					"NORMAL Placed: performer a goes to pool dear: the lowest price of the 2 pools that serve it",
					"WARNING PoolIgnored: pools of the input are used instead of the HardwarePools that have their names: dear",
				},
			},
		},
		"NoPools": {
			reason: "Where there are no pools at all everything waits, whatever the input says of what cannot be placed. What exists stays.",
			sample: sample{
				input:   input("unplaceable: Fatal"),
				desired: map[string]string{"a": plain, "b": huge}, observed: map[string]string{"a": inDear}, pools: []string{},
			},
			want: expected{
				resources: map[string]string{"a": keptInDear},
				ready:     map[string]string{"XR": "FALSE"},
				status: `{unplaced: [
  {performer: a, reasons: [{reason: 'there is no HardwarePool: create one, or wait until one is found in a target cluster'}]},
  {performer: b, reasons: [{reason: 'there is no HardwarePool: create one, or wait until one is found in a target cluster'}]}]}`,
				condition: "FALSE NoPools: 2 performers waiting: there is no HardwarePool: create one, or wait until one is found in a target cluster",
				results:   []string{"WARNING NoPools: 2 performers waiting: there is no HardwarePool: create one, or wait until one is found in a target cluster"},
				asks:      asksForPools,
			},
		},
		"NoneSelected": {
			reason: "Where a selector selects nothing, it is told.",
			sample: sample{input: input("poolSelector: {matchLabels: {team: x, region: eu}}"), desired: map[string]string{"a": plain}, pools: []string{}},
			want: expected{
				ready:     map[string]string{"XR": "FALSE"},
				status:    `{unplaced: [{performer: a, reasons: [{reason: 'no HardwarePool has the labels region=eu,team=x: label one, or change input.poolSelector'}]}]}`,
				condition: "FALSE NoPools: 1 performer waiting: no HardwarePool has the labels region=eu,team=x: label one, or change input.poolSelector",
				results:   []string{"WARNING NoPools: 1 performer waiting: no HardwarePool has the labels region=eu,team=x: label one, or change input.poolSelector"},
				asks:      asksForPools,
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := tc.want.diff(t, answer(t, tc.sample.request(t))); diff != "" {
				t.Errorf("%s\nRunFunction(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestRequirements(t *testing.T) {
	selector := &fnv1.ResourceSelector{
		ApiVersion: "hourglass.eigenlayer.io/v1alpha1", Kind: "HardwarePool",
		Match: &fnv1.ResourceSelector_MatchLabels{MatchLabels: &fnv1.MatchLabels{Labels: map[string]string{"a": "b", "c": "d"}}},
	}
	asked := map[string]*fnv1.ResourceSelector{"hardware-pools": selector}
	given := map[string]*fnv1.Resources{"hardware-pools": nil}
	cases := map[string]struct {
		reason string
		req    *fnv1.RunFunctionRequest
		want   *fnv1.Requirements
	}{
		"Capable": {
			reason: "A version that says that it knows the field is asked in it.",
			req:    &fnv1.RunFunctionRequest{Meta: &fnv1.RequestMeta{Capabilities: []fnv1.Capability{fnv1.Capability_CAPABILITY_REQUIRED_RESOURCES}}},
			want:   &fnv1.Requirements{Resources: asked},
		},
		"Answered": {
			reason: "So is one that has filled it without being asked.",
			req:    &fnv1.RunFunctionRequest{RequiredResources: given},
			want:   &fnv1.Requirements{Resources: asked},
		},
		"Older": {
			reason: "One that says nothing is asked in the field that all versions know, and in no other.",
			req:    &fnv1.RunFunctionRequest{},
			want:   &fnv1.Requirements{ExtraResources: asked}, //nolint:staticcheck // Older versions have no other.
		},
		"OlderAnswered": {
			reason: "It is asked the same again when it has answered: only then it is done.",
			req:    &fnv1.RunFunctionRequest{ExtraResources: given}, //nolint:staticcheck // Older versions have no other.
			want:   &fnv1.Requirements{ExtraResources: asked},       //nolint:staticcheck // Older versions have no other.
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			in := &v1beta1.Placement{PoolSelector: &v1beta1.PoolSelector{MatchLabels: map[string]string{"a": "b", "c": "d"}}}
			if diff := cmp.Diff(tc.want, requirements(tc.req, selectorOf(in)), protocmp.Transform()); diff != "" {
				t.Errorf("%s\nrequirements(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestStrategy checks that the input's strategy is the one that counts.
func TestStrategy(t *testing.T) {
	cases := map[string]struct {
		reason string
		fields string
		want   []string
	}{
		"Default":    {reason: "The price counts where nothing is said.", fields: "poolSelector: {}", want: []string{"cheap", "cheap"}},
		"Price":      {reason: "The price counts.", fields: "strategy: Price, poolSelector: {}", want: []string{"cheap", "cheap"}},
		"LeastWaste": {reason: "No GPUs are stranded, so the price counts.", fields: "strategy: LeastWaste, poolSelector: {}", want: []string{"cheap", "cheap"}},
		"Spread":     {reason: "Each pool gets one.", fields: "strategy: Spread, poolSelector: {}", want: []string{"cheap", "dear"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			twin := strings.Replace(plain, "name: a", "name: b", 1)
			req := sample{input: input(tc.fields), desired: map[string]string{"a": plain, "b": twin}, pools: []string{dear, cheap}}.request(t)
			var got []string
			for _, r := range answer(t, req).GetDesired().GetResources() {
				got = append(got, textAt(r.GetResource(), "metadata", "labels", "hourglass.eigenlayer.io/hardware-pool"))
			}
			slices.Sort(got)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\nRunFunction(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// olden makes a request one of a version that knows only the deprecated field.
func olden(req *fnv1.RunFunctionRequest) *fnv1.RunFunctionRequest {
	req.Meta.Capabilities = nil
	req.ExtraResources, req.RequiredResources = req.GetRequiredResources(), nil //nolint:staticcheck // Older versions have no other.
	return req
}

// TestOlderCrossplane answers a version that knows only the deprecated field.
func TestOlderCrossplane(t *testing.T) {
	req := sample{desired: map[string]string{"a": plain}, pools: []string{dear, cheap}}.request(t)
	olden(req)
	want := expected{
		resources: map[string]string{"a": inCheap}, status: inCheapStatus, condition: "TRUE AllPlaced: 1 performer placed",
		results: []string{inCheapResult}, asks: "extra_resources.hardware-pools",
	}
	if diff := want.diff(t, answer(t, req)); diff != "" {
		t.Errorf("RunFunction(...): -want, +got:\n%s", diff)
	}
}
