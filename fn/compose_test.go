// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"testing"
)

const composing = "compose: {executor: spec.executor, performers: spec.performers}, poolSelector: {}"

// xr is a namespaced XR with this spec.
func xr(spec string) string {
	return "{apiVersion: example.org/v1, kind: Stack, metadata: {name: team, namespace: avs}, spec: {" + spec + "}}"
}

// executorSpec hands down a node selector.
const executorSpec = `{image: hourglass/executor:v1, config: {aggregatorEndpoint: "a:1", operatorKeysSecretRef: {name: keys},
  chains: [{name: eth, rpc: https://rpc, chainId: 1, taskMailboxAddress: "0x1"}], kubernetes: {defaultScheduling: {nodeSelector: {zone: a}}},
  extraConfig: {anything: [1, {goes: true}]}}}`

// The digests of a performer that asks for nothing, and of one that asks for the
// zone of its executor, in the pool cheap.
const (
	asksNothing = "44136fa355b3678a.12216d8420b9507c"
	asksForZone = "b9f9ae78d2b933ba.07d61d2b47315a31"
)

// composedExecutor is the HourglassExecutor of an XR.
func composedExecutor(name, namespace string) string {
	return fmt.Sprintf("{apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: HourglassExecutor, metadata: {name: %s, namespace: %s}, spec: %s}", name, namespace, executorSpec)
}

// composedPerformer is a Performer of an XR in the pool cheap, with what the provider
// would write into it.
func composedPerformer(name, namespace, digests, rest string) string {
	return strings.NewReplacer(
		"metadata: {", "metadata: {finalizers: [finalizer.managedresource.crossplane.io], ",
		"annotations: {", "annotations: {crossplane.io/external-name: performer-"+name+", ",
	).Replace(placedPerformer(name, namespace, digests, rest))
}

// placedPerformer is a Performer of another step in the pool cheap.
func placedPerformer(name, namespace, digests, rest string) string {
	return fmt.Sprintf(`{apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: Performer, metadata: {name: %s, namespace: %s,
  labels: {hourglass.eigenlayer.io/hardware-pool: cheap}, annotations: {hourglass.eigenlayer.io/placed: %s}},
  spec: {avsAddress: "0x1", image: a/b, providerConfigRef: {kind: ClusterProviderConfig, name: default}, %s}}`, name, namespace, digests, rest)
}

// places are the placements of performers in the pool cheap.
func places(names ...string) string {
	var all []string
	for _, name := range names {
		all = append(all, "{performer: "+name+", pool: cheap, target: {kind: ClusterProviderConfig, name: default}, why: the only pool that serves it}")
	}
	return "{placements: [" + strings.Join(all, ", ") + "]}"
}

// going are the results of performers that go to the pool cheap.
func going(names ...string) []string {
	var all []string
	for _, name := range names {
		all = append(all, "NORMAL Placed: performer "+name+" goes to pool cheap: the only pool that serves it")
	}
	return all
}

// with adds fields to a status.
func with(status, fields string) string {
	return strings.TrimSuffix(strings.TrimSpace(status), "}") + ", " + fields + "}"
}

func TestCompose(t *testing.T) {
	const selectCheap = "scheduling: {nodeSelector: {pool: cheap}}"
	cases := map[string]struct {
		reason string
		sample sample
		want   expected
	}{
		"Performers": {
			reason: "Replicas count up from the performer's own name, so that more of them rename none. 0 of them are none.",
			sample: sample{
				input: input(composing), pools: []string{cheap},
				xr: xr(`performers: [{name: one, avsAddress: "0x1", image: a/b}, {name: two, replicas: 2, avsAddress: "0x1", image: a/b}, {name: none, replicas: 0, avsAddress: "0x1", image: a/b}]`),
			},
			want: expected{
				resources: map[string]string{
					"performer-one":   composedPerformer("team-one", "avs", asksNothing, selectCheap),
					"performer-two":   composedPerformer("team-two", "avs", asksNothing, selectCheap),
					"performer-two-1": composedPerformer("team-two-1", "avs", asksNothing, selectCheap),
				},
				ready:  map[string]string{"performer-one": "FALSE", "performer-two": "FALSE", "performer-two-1": "FALSE"},
				status: with(places("team-one", "team-two", "team-two-1"), "performers: 3, servingPerformers: 0"), condition: "TRUE AllPlaced: 3 performers placed",
				results: going("team-one", "team-two", "team-two-1"), asks: asksForPools,
			},
		},
		"Stack": {
			reason: "Performers belong to the XR's executor, unless they name another, and inherit its scheduling. What is observed to be ready is.",
			sample: sample{
				input: input(composing), pools: []string{strings.Replace(cheap, "price:", "labels: {zone: a}, price:", 1)},
				xr: xr(`executor: ` + executorSpec + `, performers: [{name: one, avsAddress: "0x1", image: a/b}, {name: two, executorRef: else, avsAddress: "0x1", image: a/b}]`),
				observed: map[string]string{
					"executor":      "{apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: HourglassExecutor, metadata: {name: team}, status: {conditions: [{type: Ready, status: 'True'}]}}",
					"performer-one": "{apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: Performer, metadata: {name: team-one}, status: {conditions: [{type: Synced, status: 'True'}, {type: Ready, status: 'False'}]}}",
				},
			},
			want: expected{
				resources: map[string]string{
					"executor":      composedExecutor("team", "avs"),
					"performer-one": composedPerformer("team-one", "avs", asksForZone, "executorRef: team, scheduling: {nodeSelector: {pool: cheap, zone: a}}"),
					"performer-two": composedPerformer("team-two", "avs", asksNothing, "executorRef: else, "+selectCheap),
				},
				ready:  map[string]string{"executor": "TRUE", "performer-one": "FALSE", "performer-two": "FALSE"},
				status: with(places("team-one", "team-two"), "executor: {name: team}, performers: 2, servingPerformers: 0"), condition: "TRUE AllPlaced: 2 performers placed",
				results: going("team-one", "team-two"), asks: asksForPools,
			},
		},
		"OtherExecutor": {
			reason: "An executor of another step hands down its scheduling too. It may have a name that Crossplane has made up.",
			sample: sample{
				pools: []string{strings.Replace(cheap, "price:", "labels: {zone: a}, price:", 1)},
				desired: map[string]string{
					"e": "{apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: HourglassExecutor, spec: {config: {kubernetes: {defaultScheduling: {nodeSelector: {zone: a}}}}}}",
					"f": "{apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: HourglassExecutor, spec: {config: {kubernetes: {defaultScheduling: {nodeSelector: {zone: unnamed}}}}}}",
					"p": `{apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: Performer, metadata: {name: p, namespace: avs}, spec: {avsAddress: "0x1", image: a/b, executorRef: team-x7}}`,
					"q": `{apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: Performer, metadata: {name: q, namespace: avs}, spec: {avsAddress: "0x1", image: a/b}}`,
				},
				observed: map[string]string{"e": "{apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: HourglassExecutor, metadata: {name: team-x7}}"},
			},
			want: expected{
				resources: map[string]string{
					"e": "{apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: HourglassExecutor, spec: {config: {kubernetes: {defaultScheduling: {nodeSelector: {zone: a}}}}}}",
					"f": "{apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: HourglassExecutor, spec: {config: {kubernetes: {defaultScheduling: {nodeSelector: {zone: unnamed}}}}}}",
					"p": placedPerformer("p", "avs", asksForZone, "executorRef: team-x7, scheduling: {nodeSelector: {pool: cheap, zone: a}}"),
					"q": placedPerformer("q", "avs", asksNothing, selectCheap),
				},
				status: places("p", "q"), condition: "TRUE AllPlaced: 2 performers placed", results: going("p", "q"), asks: asksForPools,
			},
		},
		"Claim": {
			reason: "What a claim's XR composes is named after the claim and lives beside it. So do the Performers of other steps that name no namespace.",
			sample: sample{
				input: input(composing), pools: []string{cheap},
				xr: `{apiVersion: example.org/v1, kind: XStack, metadata: {name: team-x7k2p}, spec: {claimRef: {name: team, namespace: avs},
  executor: ` + strings.Replace(executorSpec, "kubernetes: {defaultScheduling: {nodeSelector: {zone: a}}},", "", 1) + `, performers: [{name: one, avsAddress: "0x1", image: a/b}]}}`,
				desired: map[string]string{
					"mine":  `{apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: Performer, metadata: {name: mine, namespace: elsewhere}, spec: {avsAddress: "0x1", image: a/b}}`,
					"yours": `{apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: Performer, spec: {avsAddress: "0x1", image: a/b}}`,
				},
			},
			want: expected{
				resources: map[string]string{
					"executor":      strings.Replace(composedExecutor("team", "avs"), "kubernetes: {defaultScheduling: {nodeSelector: {zone: a}}},", "", 1),
					"performer-one": composedPerformer("team-one", "avs", asksNothing, "executorRef: team, "+selectCheap),
					"mine":          placedPerformer("mine", "elsewhere", asksNothing, selectCheap),
					"yours":         strings.Replace(placedPerformer("yours", "avs", asksNothing, selectCheap), "name: yours, ", "", 1),
				},
				ready:  map[string]string{"executor": "FALSE", "performer-one": "FALSE"},
				status: with(places("mine", "team-one", "yours"), "executor: {name: team}, performers: 3, servingPerformers: 0"), condition: "TRUE AllPlaced: 3 performers placed",
				results: going("mine", "team-one", "yours"), asks: asksForPools,
			},
		},
		"Target": {
			reason: "A performer that names a cluster goes to a pool of that one. A ProviderConfig is in the performer's namespace.",
			sample: sample{
				input: input(composing),
				xr:    xr(`performers: [{name: one, avsAddress: "0x1", image: a/b, providerConfigRef: {kind: ProviderConfig, name: own}}]`),
				pools: []string{
					strings.Replace(strings.ReplaceAll(cheap, "cheap", "theirs"), "price:", "providerConfigRef: {kind: ProviderConfig, name: own, namespace: theirs}, price:", 1),
					strings.Replace(cheap, "price:", "providerConfigRef: {kind: ProviderConfig, name: own, namespace: avs}, price:", 1),
				},
			},
			want: expected{
				resources: map[string]string{
					"performer-one": strings.Replace(composedPerformer("team-one", "avs", asksNothing, selectCheap), "{kind: ClusterProviderConfig, name: default}", "{kind: ProviderConfig, name: own}", 1),
				},
				ready:     map[string]string{"performer-one": "FALSE"},
				status:    with(strings.Replace(places("team-one"), "{kind: ClusterProviderConfig, name: default}", "{kind: ProviderConfig, name: own, namespace: avs}", 1), "performers: 1, servingPerformers: 0"),
				condition: "TRUE AllPlaced: 1 performer placed", results: going("team-one"), asks: asksForPools,
			},
		},
		"Serving": {
			reason: "What is observed of the executor and its performers is told in the order of the performers' names, also of one that another step composes.",
			sample: sample{
				input: input(composing), pools: []string{cheap},
				xr:      xr(`performers: [{name: two, avsAddress: "0x1", image: a/b}, {name: one, avsAddress: "0x1", image: a/b}, {name: new, avsAddress: "0x1", image: a/b}]`),
				desired: map[string]string{"mine": `{apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: Performer, metadata: {name: mine, namespace: avs}, spec: {avsAddress: "0x1", image: a/b}}`},
				observed: map[string]string{
					"mine":          "{apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: Performer, metadata: {name: mine}, status: {phase: Pending, ready: true, grpcEndpoint: 'performer-mine:1'}}",
					"performer-two": "{apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: Performer, metadata: {name: team-two}, status: {phase: Pending, ready: true, grpcEndpoint: 'performer-team-two:2'}}",
					"performer-one": "{apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: Performer, metadata: {name: team-one}, status: {phase: Pending, ready: false, grpcEndpoint: 'performer-team-one:3'}}",
				},
			},
			want: expected{
				resources: map[string]string{
					"mine":          placedPerformer("mine", "avs", asksNothing, selectCheap),
					"performer-new": composedPerformer("team-new", "avs", asksNothing, selectCheap),
					"performer-one": composedPerformer("team-one", "avs", asksNothing, selectCheap),
					"performer-two": composedPerformer("team-two", "avs", asksNothing, selectCheap),
				},
				ready: map[string]string{"performer-new": "FALSE", "performer-one": "FALSE", "performer-two": "FALSE"},
				status: with(places("mine", "team-new", "team-one", "team-two"), `performers: 4, servingPerformers: 2, endpoints: [
  {performer: mine, grpcEndpoint: "performer-mine:1", ready: true},
  {performer: team-one, grpcEndpoint: "performer-team-one:3", ready: false},
  {performer: team-two, grpcEndpoint: "performer-team-two:2", ready: true}]`),
				condition: "TRUE AllPlaced: 4 performers placed", results: going("mine", "team-new", "team-one", "team-two"), asks: asksForPools,
			},
		},
		"ExecutorRuns": {
			reason: "The executor's phase is told.",
			sample: sample{
				input: input(composing), pools: []string{cheap}, xr: xr("executor: " + executorSpec),
				observed: map[string]string{"executor": "{apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: HourglassExecutor, metadata: {name: team-x7}, status: {phase: Running}}"},
			},
			want: expected{
				resources: map[string]string{"executor": composedExecutor("team", "avs")},
				ready:     map[string]string{"executor": "FALSE"},
				status:    "{executor: {name: team-x7, phase: Running}}", condition: "TRUE AllPlaced: 0 performers placed", asks: asksForPools,
			},
		},
		"Neither": {
			reason: "Where the XR has neither there is nothing to compose, and no namespace is needed for that.",
			sample: sample{input: input(composing), pools: []string{cheap}, xr: `{apiVersion: example.org/v1, kind: XStack, metadata: {name: team}, spec: {executor: null}}`},
			want:   expected{condition: "TRUE AllPlaced: 0 performers placed", asks: asksForPools},
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
