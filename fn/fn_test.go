// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/crossplane/function-sdk-go/logging"
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
)

// Pools of nodes without GPUs, and Performers.
const (
	cheap = `{apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: HardwarePool, metadata: {name: cheap}, spec: {
  nodeSelector: {pool: cheap}, price: "1", allocatable: {cpu: "8", memory: 32Gi}, minNodes: 1}}`
	dear = `{apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: HardwarePool, metadata: {name: dear}, spec: {
  nodeSelector: {pool: dear}, price: "9", allocatable: {cpu: "8", memory: 32Gi}, minNodes: 1}}`

	// plain asks for little.
	plain = `{apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: Performer, metadata: {name: a, labels: {mine: stays}},
  spec: {avsAddress: "0x1", image: "new", config: {args: [1, 2.5]}, resources: {requests: {cpu: 1}}}}`
	// inCheap is plain, given to the pool cheap.
	inCheap = `{apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: Performer, metadata: {name: a,
  labels: {mine: stays, hourglass.eigenlayer.io/hardware-pool: cheap}, annotations: {hourglass.eigenlayer.io/placed: fac4483a3e33fa1f.aeb64ed6ff135a44}},
  spec: {avsAddress: "0x1", image: "new", config: {args: [1, 2.5]}, providerConfigRef: {kind: ClusterProviderConfig, name: default},
    resources: {requests: {cpu: "1"}}, scheduling: {nodeSelector: {pool: cheap}}}}`
	// huge asks for what no node has.
	huge = `{apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: Performer, metadata: {name: b},
  spec: {avsAddress: "0x1", image: "new", resources: {requests: {cpu: 99}}}}`
	// other is nothing of ours.
	other = `{apiVersion: v1, kind: Other, spec: {x: 1, performer: [null]}}`
)

// What is said of plain in a pool that serves it best.
const (
	inCheapStatus = `{placements: [{performer: a, pool: cheap, target: {kind: ClusterProviderConfig, name: default}, why: the lowest price of the 2 pools that serve it}]}`
	inCheapResult = "NORMAL Placed: performer a goes to pool cheap: the lowest price of the 2 pools that serve it"
	asksForPools  = "resources.hardware-pools"
)

func TestRunFunction(t *testing.T) {
	cases := map[string]struct {
		reason string
		sample sample
		want   expected
	}{
		"Place": {
			reason: "A Performer of another step is placed. What placement does not decide stays as it is, other resources too.",
			sample: sample{desired: map[string]string{"a": plain, "other": other}, pools: []string{dear, cheap}},
			want: expected{
				resources: map[string]string{"a": inCheap, "other": other},
				status:    inCheapStatus, condition: "TRUE AllPlaced: 1 performer placed", results: []string{inCheapResult}, asks: asksForPools,
			},
		},
		"Nothing": {
			reason: "Without performers there is nothing to wait for, not even for a pool.",
			sample: sample{desired: map[string]string{"other": other}, pools: []string{}},
			want: expected{
				resources: map[string]string{"other": other}, condition: "TRUE AllPlaced: 0 performers placed", asks: asksForPools,
			},
		},
		"Wait": {
			reason: "A new Performer that no pool serves is not composed, and the XR is not ready. The others are composed.",
			sample: sample{desired: map[string]string{"a": plain, "b": huge}, pools: []string{dear, cheap}},
			want: expected{
				resources: map[string]string{"a": inCheap},
				ready:     map[string]string{"XR": "FALSE"},
				status: `{placements: [{performer: a, pool: cheap, target: {kind: ClusterProviderConfig, name: default}, why: the lowest price of the 2 pools that serve it}],
  unplaced: [{performer: b, reasons: [{pool: cheap, reason: 8 cpu per node is less than 99}, {pool: dear, reason: 8 cpu per node is less than 99}]}]}`,
				condition: "FALSE Unplaceable: no pool serves 1 of 2 performers. b: cheap: 8 cpu per node is less than 99; dear: 8 cpu per node is less than 99",
				results: []string{
					inCheapResult,
					"WARNING Unplaceable: performer b is not created, because no pool serves it: cheap: 8 cpu per node is less than 99; dear: 8 cpu per node is less than 99",
				},
				asks: asksForPools,
			},
		},
		"Order": {
			reason: "What is said is in the order of the names of Performers, which people know, not of the pipeline's.",
			sample: sample{desired: map[string]string{"y": strings.Replace(plain, "name: a", "name: z", 1), "z": plain}, pools: []string{dear, cheap}},
			want: expected{
				resources: map[string]string{"y": strings.Replace(inCheap, "name: a", "name: z", 1), "z": inCheap},
				status: `{placements: [{performer: a, pool: cheap, target: {kind: ClusterProviderConfig, name: default}, why: the lowest price of the 2 pools that serve it},
  {performer: z, pool: cheap, target: {kind: ClusterProviderConfig, name: default}, why: the lowest price of the 2 pools that serve it}]}`,
				condition: "TRUE AllPlaced: 2 performers placed",
				results:   []string{inCheapResult, strings.Replace(inCheapResult, "performer a", "performer z", 1)},
				asks:      asksForPools,
			},
		},
		"Contradiction": {
			reason: "What a performer's own demand is wrong about is no pool's reason.",
			sample: sample{desired: map[string]string{"b": gpuPerformer("b", "t4, teeType: nitro", 1)}, pools: []string{dear}},
			want: expected{
				ready:     map[string]string{"XR": "FALSE"},
				status:    `{unplaced: [{performer: b, reasons: [{reason: 'spec.hardwareRequirements.teeType: "nitro" is not a known TEE; known TEEs are sgx, sev, sev-snp, tdx'}]}]}`,
				condition: `FALSE Unplaceable: no pool serves 1 of 1 performers. b: spec.hardwareRequirements.teeType: "nitro" is not a known TEE; known TEEs are sgx, sev, sev-snp, tdx`,
				results:   []string{`WARNING Unplaceable: performer b is not created, because no pool serves it: spec.hardwareRequirements.teeType: "nitro" is not a known TEE; known TEEs are sgx, sev, sev-snp, tdx`},
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

func TestUnplaceableFatal(t *testing.T) {
	s := sample{
		input:   "{apiVersion: fn.hourglass.eigenlayer.io/v1beta1, kind: Placement, unplaceable: Fatal}",
		desired: map[string]string{"a": plain, "b": huge},
		pools:   []string{dear},
	}
	req := s.request(t)
	want := &fnv1.RunFunctionResponse{
		Meta:    &fnv1.ResponseMeta{Tag: "tag", Ttl: durationpb.New(10 * time.Minute)},
		Desired: req.GetDesired(),
		Results: []*fnv1.Result{{
			Severity: fnv1.Severity_SEVERITY_FATAL,
			Message:  "no pool serves 1 of 2 performers. b: dear: 8 cpu per node is less than 99",
			Target:   fnv1.Target_TARGET_COMPOSITE.Enum(),
		}},
	}
	if diff := cmp.Diff(want, answer(t, req), protocmp.Transform()); diff != "" {
		t.Errorf("RunFunction(...): -want, +got:\n%s", diff)
	}
}

// TestWholeResponse compares everything that a response has.
func TestWholeResponse(t *testing.T) {
	req := sample{desired: map[string]string{"a": plain}, pools: []string{dear, cheap}}.request(t)
	req.Context = parse(t, "{environment: {x: 1}}")
	req.Desired.Composite = &fnv1.Resource{
		Resource:          parse(t, "{status: {other: stays, placements: old}}"),
		ConnectionDetails: map[string][]byte{"k": []byte("v")},
		Ready:             fnv1.Ready_READY_TRUE,
	}
	req.Desired.Resources["a"].Ready = fnv1.Ready_READY_TRUE
	xr := parse(t, "{apiVersion: example.org/v1, kind: Stack, status: "+inCheapStatus+"}")
	objectAt(xr, "status").Fields["other"] = structpb.NewStringValue("stays")
	want := &fnv1.RunFunctionResponse{
		Meta: &fnv1.ResponseMeta{Tag: "tag", Ttl: durationpb.New(10 * time.Minute)},
		Desired: &fnv1.State{
			Composite: &fnv1.Resource{Resource: xr, ConnectionDetails: map[string][]byte{"k": []byte("v")}, Ready: fnv1.Ready_READY_TRUE},
			Resources: map[string]*fnv1.Resource{"a": {Resource: parse(t, inCheap), Ready: fnv1.Ready_READY_TRUE}},
		},
		Context: req.GetContext(),
		Results: []*fnv1.Result{{
			Severity: fnv1.Severity_SEVERITY_NORMAL, Reason: new("Placed"), Target: fnv1.Target_TARGET_COMPOSITE.Enum(),
			Message: "performer a goes to pool cheap: the lowest price of the 2 pools that serve it",
		}},
		Requirements: &fnv1.Requirements{Resources: map[string]*fnv1.ResourceSelector{"hardware-pools": {
			ApiVersion: "hourglass.eigenlayer.io/v1alpha1", Kind: "HardwarePool",
			Match: &fnv1.ResourceSelector_MatchLabels{MatchLabels: &fnv1.MatchLabels{}},
		}}},
		Conditions: []*fnv1.Condition{{
			Type: "Placed", Status: fnv1.Status_STATUS_CONDITION_TRUE, Reason: "AllPlaced",
			Message: new("1 performer placed"), Target: fnv1.Target_TARGET_COMPOSITE_AND_CLAIM.Enum(),
		}},
	}
	if diff := cmp.Diff(want, answer(t, req), protocmp.Transform()); diff != "" {
		t.Errorf("RunFunction(...): -want, +got:\n%s", diff)
	}
}

func TestGuard(t *testing.T) {
	cases := map[string]struct {
		reason string
		run    func(*fnv1.RunFunctionRequest) (*fnv1.RunFunctionResponse, error)
		want   string
	}{
		"Panic": {
			reason: "A defect is told, and ends no other call.",
			run:    func(*fnv1.RunFunctionRequest) (*fnv1.RunFunctionResponse, error) { panic("boom") },
			want:   "the function has a defect, please report it with the function's log: boom",
		},
		"Error": {
			reason: "An error is told.",
			run:    func(*fnv1.RunFunctionRequest) (*fnv1.RunFunctionResponse, error) { return nil, errors.New("boom") },
			want:   "boom",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			req := sample{desired: map[string]string{"a": plain}}.request(t)
			want := &fnv1.RunFunctionResponse{
				Desired: req.GetDesired(),
				Results: []*fnv1.Result{{Severity: fnv1.Severity_SEVERITY_FATAL, Message: tc.want, Target: fnv1.Target_TARGET_COMPOSITE.Enum()}},
			}
			got := (&Function{log: logging.NewNopLogger()}).guard(req, tc.run)
			if diff := cmp.Diff(want, got, protocmp.Transform(), protocmp.IgnoreFields(want, "meta")); diff != "" {
				t.Errorf("%s\nguard(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
