// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
)

// inDear is plain as it was observed in the pool dear, and keptInDear is what is
// desired of it while it stays as it is: its image is new.
const (
	inDear = `{apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: Performer, metadata: {name: a, uid: "1",
  labels: {hourglass.eigenlayer.io/hardware-pool: dear}, annotations: {hourglass.eigenlayer.io/placed: fac4483a3e33fa1f.1aa0565f454e57c2}},
  spec: {avsAddress: "0x1", image: "old", providerConfigRef: {kind: ClusterProviderConfig, name: default},
    resources: {requests: {cpu: "1"}}, scheduling: {nodeSelector: {pool: dear}}}, status: {phase: Running}}`
	keptInDear = `{apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: Performer, metadata: {name: a,
  labels: {mine: stays, hourglass.eigenlayer.io/hardware-pool: dear}, annotations: {hourglass.eigenlayer.io/placed: fac4483a3e33fa1f.1aa0565f454e57c2}},
  spec: {avsAddress: "0x1", image: "new", config: {args: [1, 2.5]}, providerConfigRef: {kind: ClusterProviderConfig, name: default},
    resources: {requests: {cpu: "1"}}, scheduling: {nodeSelector: {pool: dear}}}}`
	keptStatus = `{placements: [{performer: a, pool: dear, target: {kind: ClusterProviderConfig, name: default}, why: stays where it is}]}`
)

// remembering is an XR whose status says why a went to a pool.
func remembering(pool, why string) string {
	return "{apiVersion: example.org/v1, kind: Stack, metadata: {name: team, namespace: avs}, status: {placements: [{performer: a, pool: " + pool + ", why: '" + why + "'}]}}"
}

// TestStay checks what becomes of a performer that exists.
func TestStay(t *testing.T) {
	const placed = "TRUE AllPlaced: 1 performer placed"
	tainted := strings.Replace(dear, "minNodes: 1", "minNodes: 1, taints: [{key: new, effect: NoSchedule}]", 1)
	tolerant := strings.Replace(keptInDear, "{nodeSelector: {pool: dear}}", "{nodeSelector: {pool: dear}, tolerations: [{key: new, operator: Exists, effect: NoSchedule}]}", 1)
	cases := map[string]struct {
		reason string
		sample sample
		want   expected
	}{
		"Cheaper": {
			reason: "A cheaper pool is no reason to move, and nothing new is no result.",
			sample: sample{desired: map[string]string{"a": plain}, observed: map[string]string{"a": inDear}, pools: []string{cheap, dear}},
			want:   expected{resources: map[string]string{"a": keptInDear}, status: keptStatus, condition: placed, asks: asksForPools},
		},
		"Why": {
			reason: "Why it went there is said for as long as it stays.",
			sample: sample{
				xr:      remembering("dear", "the lowest price of the 2 pools that serve it"),
				desired: map[string]string{"a": plain}, observed: map[string]string{"a": inDear}, pools: []string{cheap, dear},
			},
			want: expected{
				resources: map[string]string{"a": keptInDear}, condition: placed, asks: asksForPools,
				status: strings.Replace(keptStatus, "stays where it is", "the lowest price of the 2 pools that serve it", 1),
			},
		},
		"WhyElsewhere": {
			reason: "Why it was somewhere else before tells nothing.",
			sample: sample{
				xr:      remembering("cheap", "the lowest price of the 2 pools that serve it"),
				desired: map[string]string{"a": plain}, observed: map[string]string{"a": inDear}, pools: []string{cheap, dear},
			},
			want: expected{resources: map[string]string{"a": keptInDear}, status: keptStatus, condition: placed, asks: asksForPools},
		},
		"WaitsNoMore": {
			reason: "Nor that it waited for a node, once it has one.",
			sample: sample{
				xr:      remembering("dear", "stays, though no node has room yet: no other pool has"),
				desired: map[string]string{"a": plain}, observed: map[string]string{"a": inDear}, pools: []string{cheap, dear},
			},
			want: expected{resources: map[string]string{"a": keptInDear}, status: keptStatus, condition: placed, asks: asksForPools},
		},
		"NewTaint": {
			reason: "What runs on a node runs on there when its pool gets a taint: a toleration would need a new Pod.",
			sample: sample{desired: map[string]string{"a": plain}, observed: map[string]string{"a": inDear}, pools: []string{tainted}},
			want:   expected{resources: map[string]string{"a": keptInDear}, status: keptStatus, condition: placed, asks: asksForPools},
		},
		"NewTaintPending": {
			reason: "What does not run yet needs the toleration.",
			sample: sample{
				desired:  map[string]string{"a": plain},
				observed: map[string]string{"a": strings.Replace(inDear, "phase: Running", "phase: Pending", 1)}, pools: []string{tainted},
			},
			want: expected{
				resources: map[string]string{"a": strings.Replace(tolerant, "1aa0565f454e57c2", "25e362ff7bd02797", 1)},
				status:    keptStatus, condition: placed, asks: asksForPools,
			},
		},
		"AsksForMore": {
			reason: "What asks for something else gets it, with what the pool wants now.",
			sample: sample{
				desired:  map[string]string{"a": strings.Replace(plain, "cpu: 1", "cpu: 2", 1)},
				observed: map[string]string{"a": inDear}, pools: []string{tainted},
			},
			want: expected{
				resources: map[string]string{"a": strings.NewReplacer(`cpu: "1"`, `cpu: "2"`, "fac4483a3e33fa1f.1aa0565f454e57c2", "390f8618b8a7c261.2885945343fdce69").Replace(tolerant)},
				status:    keptStatus, condition: placed, asks: asksForPools,
			},
		},
		"Spelled": {
			reason: "One cpu is one cpu, however it is spelled.",
			sample: sample{
				desired:  map[string]string{"a": strings.Replace(plain, "cpu: 1", `cpu: "1000m"`, 1)},
				observed: map[string]string{"a": inDear}, pools: []string{tainted},
			},
			want: expected{resources: map[string]string{"a": keptInDear}, status: keptStatus, condition: placed, asks: asksForPools},
		},
		"Edited": {
			reason: "What somebody else has written into the spec is not what was placed.",
			sample: sample{
				desired:  map[string]string{"a": plain},
				observed: map[string]string{"a": strings.Replace(inDear, "{pool: dear}", "{pool: dear, edited: by-hand}", 1)}, pools: []string{tainted},
			},
			want: expected{
				resources: map[string]string{"a": strings.Replace(tolerant, "1aa0565f454e57c2", "25e362ff7bd02797", 1)},
				status:    keptStatus, condition: placed, asks: asksForPools,
			},
		},
		"Stranded": {
			reason: "What found no node in its pool goes to another one, in the same cluster.",
			sample: sample{
				desired: map[string]string{"a": plain}, pools: []string{cheap, dear},
				observed: map[string]string{"a": strings.Replace(inDear, "{phase: Running}", "{phase: Pending, conditions: [{type: Ready, reason: X}, {type: Available, reason: SchedulingFailed}]}", 1)},
			},
			want: expected{resources: map[string]string{"a": inCheap}, status: inCheapStatus, condition: placed, results: []string{inCheapResult}, asks: asksForPools},
		},
		"PoolGone": {
			reason: "What runs goes on where it is, even if its pool is gone and another one would serve it.",
			sample: sample{desired: map[string]string{"a": plain}, observed: map[string]string{"a": inDear}, pools: []string{cheap}},
			want: expected{
				resources: map[string]string{"a": keptInDear}, condition: placed, asks: asksForPools,
				status: strings.Replace(keptStatus, "stays where it is", "'runs on, though there is no pool dear any more'", 1),
			},
		},
		"PoolChanged": {
			reason: "So it does if the labels of the pool's nodes are others now.",
			sample: sample{
				desired: map[string]string{"a": plain}, observed: map[string]string{"a": inDear},
				pools: []string{cheap, strings.Replace(dear, "minNodes: 1", "minNodes: 1, architecture: arm64, gpu: {product: GH200, resource: amd.com/gpu}", 1)},
			},
			want: expected{
				resources: map[string]string{"a": keptInDear}, condition: placed, asks: asksForPools,
				status: strings.Replace(keptStatus, "stays where it is", "'runs on, though its pool would not serve it now: spec.gpu: GH200 is made by nvidia, but amd.com/gpu counts GPUs of amd'", 1),
			},
		},
		"Unreachable": {
			reason: "Nor does it matter that its cluster does not answer.",
			sample: sample{
				desired: map[string]string{"a": plain}, observed: map[string]string{"a": inDear},
				pools: []string{cheap, strings.TrimSuffix(dear, "}") + ", status: {nodes: 1, readyNodes: 1, conditions: [{type: TargetReachable, status: 'False', reason: Unreachable}]}}"},
			},
			want: expected{resources: map[string]string{"a": keptInDear}, status: keptStatus, condition: placed, asks: asksForPools},
		},
		"OtherCluster": {
			reason: "Nothing moves to another cluster, and what no pool serves any longer stays as it is.",
			sample: sample{
				desired: map[string]string{"a": strings.Replace(plain, "cpu: 1", "cpu: 2", 1)}, pools: []string{cheap},
				observed: map[string]string{"a": strings.Replace(inDear, "name: default", "name: elsewhere", 1)},
			},
			want: expected{
				resources: map[string]string{"a": strings.Replace(keptInDear, "name: default", "name: elsewhere", 1)},
				ready:     map[string]string{"XR": "FALSE"},
				status:    `{unplaced: [{performer: a, reasons: [{pool: cheap, reason: 'is in the cluster of ClusterProviderConfig default, but the workload belongs to that of ClusterProviderConfig elsewhere'}]}]}`,
				condition: "FALSE Unplaceable: no pool serves 1 of 1 performers. a: cheap: is in the cluster of ClusterProviderConfig default, but the workload belongs to that of ClusterProviderConfig elsewhere",
				results:   []string{"WARNING Unplaceable: performer a is left as it is, because no pool serves it: cheap: is in the cluster of ClusterProviderConfig default, but the workload belongs to that of ClusterProviderConfig elsewhere"},
				asks:      asksForPools,
			},
		},
		"AsksForTooMuch": {
			reason: "What asks for more than any pool has stays as it is until it asks for less, and takes only the rest.",
			sample: sample{
				desired: map[string]string{"a": strings.Replace(plain, "cpu: 1", "cpu: 99", 1)}, pools: []string{dear},
				observed: map[string]string{"a": inDear},
			},
			want: expected{
				resources: map[string]string{"a": keptInDear},
				ready:     map[string]string{"XR": "FALSE"},
				status:    `{unplaced: [{performer: a, reasons: [{pool: dear, reason: 8 cpu per node is less than 99}]}]}`,
				condition: "FALSE Unplaceable: no pool serves 1 of 1 performers. a: dear: 8 cpu per node is less than 99",
				results:   []string{"WARNING Unplaceable: performer a is left as it is, because no pool serves it: dear: 8 cpu per node is less than 99"},
				asks:      asksForPools,
			},
		},
		"Unpooled": {
			reason: "What ran before there was this function is left alone. It keeps nothing of what it does not say itself.",
			sample: sample{
				desired: map[string]string{"a": plain}, pools: []string{cheap},
				observed: map[string]string{"a": strings.Replace(inDear, "{hourglass.eigenlayer.io/hardware-pool: dear}", "{}", 1)},
			},
			want: expected{
				resources: map[string]string{"a": plain},
				status:    `{placements: [{performer: a, pool: "", target: {kind: ClusterProviderConfig, name: default}, why: runs without a pool and is left as it is}]}`,
				condition: "TRUE AllPlaced: 0 performers placed, 1 running without a pool",
				results:   []string{"NORMAL WithoutPool: performer a runs without a pool and is left as it is"},
				asks:      asksForPools,
			},
		},
		"UnpooledPending": {
			reason: "What does not run yet may still be given to a pool.",
			sample: sample{
				desired: map[string]string{"a": plain}, pools: []string{cheap, dear},
				observed: map[string]string{"a": strings.NewReplacer("{hourglass.eigenlayer.io/hardware-pool: dear}", "{}", "phase: Running", "phase: Pending").Replace(inDear)},
			},
			want: expected{resources: map[string]string{"a": inCheap}, status: inCheapStatus, condition: placed, results: []string{inCheapResult}, asks: asksForPools},
		},
		"OtherKind": {
			reason: "A resource of another kind that once had the name says nothing.",
			sample: sample{
				desired: map[string]string{"a": plain}, pools: []string{cheap, dear},
				observed: map[string]string{"a": strings.Replace(inDear, "kind: Performer", "kind: Pod", 1)},
			},
			want: expected{resources: map[string]string{"a": inCheap}, status: inCheapStatus, condition: placed, results: []string{inCheapResult}, asks: asksForPools},
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
