// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A refusal is a request that is answered by one sentence.
type refusal struct {
	reason string
	sample sample
	want   string
}

// checkRefusals compares each sentence.
func checkRefusals(t *testing.T, cases map[string]refusal) {
	t.Helper()
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if tc.sample.input == "" {
				tc.sample.input = input(composing)
			}
			got := read(answer(t, tc.sample.request(t))).Results
			if diff := cmp.Diff([]string{"FATAL : " + tc.want}, got); diff != "" {
				t.Errorf("%s\nRunFunction(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestRefuseInput(t *testing.T) {
	checkRefusals(t, map[string]refusal{
		"Kind": {
			reason: "A step that is another function's is told apart.",
			sample: sample{input: "{apiVersion: fn.hourglass.eigenlayer.io/v1beta1, kind: Place}"},
			want:   `input.kind: is the string "Place" but must be Placement`,
		},
		"Version": {
			reason: "So is an input of another version.",
			sample: sample{input: "{apiVersion: fn.hourglass.eigenlayer.io/v1, kind: Placement}"},
			want:   `input.apiVersion: is the string "fn.hourglass.eigenlayer.io/v1" but must be fn.hourglass.eigenlayer.io/v1beta1`,
		},
		"UnknownField": {
			reason: "A slip in a name is no silence.",
			sample: sample{input: input("poolSelektor: {}")},
			want:   `input.poolSelektor: is not a known field; known are apiVersion, compose, kind, metadata, poolSelector, pools, strategy and unplaceable`,
		},
		"Strategy": {
			reason: "What is right is listed.",
			sample: sample{input: input("strategy: Cheapest")},
			want:   `input.strategy: is the string "Cheapest" but must be Price, LeastWaste or Spread`,
		},
		"Unplaceable": {
			reason: "Also where a boolean was meant to be enough.",
			sample: sample{input: input("unplaceable: true")},
			want:   `input.unplaceable: is true but must be Wait or Fatal`,
		},
		"Labels": {
			reason: "YAML makes numbers of what looks like one.",
			sample: sample{input: input("poolSelector: {matchLabels: {a: 1}}")},
			want:   `input.poolSelector.matchLabels[a]: is a number but must be a string`,
		},
		"NumberAsString": {
			reason: "A number in quotes is no number.",
			sample: sample{input: input("pools: [{name: a, spec: {nodeSelector: {a: b}, gpu: {product: L4, count: '8'}}}]")},
			want:   `input.pools[0].spec.gpu.count: is the string "8" but must be a whole number`,
		},
		"Fraction": {
			reason: "A fraction is not cut off.",
			sample: sample{input: input("pools: [{name: a, spec: {nodeSelector: {a: b}, weight: 0.5}}]")},
			want:   `input.pools[0].spec.weight: is 0.5 but must be a whole number`,
		},
		"TEE": {
			reason: "Pools of the input are checked like HardwarePools.",
			sample: sample{input: input("pools: [{name: a, spec: {nodeSelector: {a: b}, tee: {type: nitro}}}]")},
			want:   `input.pools[0].spec.tee.type: is the string "nitro" but must be sgx, sev, sev-snp or tdx`,
		},
		"FreeOfPool": {
			reason: "Their status is too.",
			sample: sample{input: input("pools: [{name: a, spec: {nodeSelector: {a: b}}, status: {free: [{resources: {cpu: 1}}]}}]")},
			want:   `input.pools[0].status.free[0].nodes: is missing`,
		},
		"PoolWithoutSpec": {
			reason: "A pool without a spec says nothing.",
			sample: sample{input: input("pools: [{name: a}]")},
			want:   `input.pools[0].spec: is missing`,
		},
		"PoolSelector": {
			reason: "Nor does one whose nodes nobody can select.",
			sample: sample{input: input("pools: [{name: a, spec: {}}]")},
			want:   `input.pools[0].spec.nodeSelector: is missing`,
		},
		"PoolWithoutName": {
			reason: "Nothing can be given to a pool without a name.",
			sample: sample{input: input("pools: [{name: '', spec: {nodeSelector: {a: b}}}]")},
			want:   `input.pools[0].name: is empty: give the pool a name`,
		},
		"PoolTwice": {
			reason: "Of two pools with one name nobody knows which is meant.",
			sample: sample{input: input("pools: [{name: a, spec: {nodeSelector: {a: b}}}, {name: a, spec: {nodeSelector: {a: b}}}]")},
			want:   `input.pools[1].name: is "a", which input.pools[0] is called already`,
		},
		"ExecutorPath": {
			reason: "A path that leads nowhere is a slip.",
			sample: sample{input: input("compose: {executor: 'spec..executor'}")},
			want:   `input.compose.executor: is "spec..executor" but must be names of fields with dots between them, such as spec.executor`,
		},
		"PerformersPath": {
			reason: "Items of lists have no path.",
			sample: sample{input: input("compose: {performers: 'spec.performers[0]'}")},
			want:   `input.compose.performers: is "spec.performers[0]" but must be names of fields with dots between them, such as spec.performers`,
		},
		"HardwarePool": {
			reason: "What no API server would have accepted is not guessed at.",
			sample: sample{pools: []string{"{metadata: {name: a}, spec: {gpu: {count: many}}}"}},
			want:   `HardwarePool a: spec.gpu.count: is the string "many" but must be a whole number`,
		},
		"HardwarePoolLabel": {
			reason: "Nor in the metadata.",
			sample: sample{pools: []string{"{metadata: {name: a, labels: {b: 1}}}"}},
			want:   `HardwarePool a: metadata.labels[b]: is a number but must be a string`,
		},
		"HardwarePoolFree": {
			reason: "Nor in the status.",
			sample: sample{pools: []string{"{metadata: {name: a}, status: {free: 1}}"}},
			want:   `HardwarePool a: status.free: is a number but must be a list`,
		},
		"DesiredTEE": {
			reason: "What another step has composed is checked where placement reads it.",
			sample: sample{desired: map[string]string{"p": gpuPerformer("p", "l4, teeRequired: 1, teeType: x", 1)}},
			want:   `desired resource p: spec.hardwareRequirements.teeRequired: is 1 but must be true or false`,
		},
		"DesiredUnknown": {
			reason: "A field that placement would drop is told instead.",
			sample: sample{desired: map[string]string{"p": `{apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: Performer, spec: {scheduling: {nodeSelektor: {}}}}`}},
			want:   `desired resource p: spec.scheduling.nodeSelektor: is not a known field; known are affinity, nodeAffinity, nodeSelector, priorityClassName, runtimeClass and tolerations`,
		},
		"DesiredMetadata": {
			reason: "Metadata that takes no label is told.",
			sample: sample{desired: map[string]string{"p": `{apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: Performer, metadata: {labels: [a]}}`}},
			want:   `desired resource p: metadata.labels: is a list but must be an object`,
		},
		"DesiredExecutor": {
			reason: "What is inherited is checked too.",
			sample: sample{desired: map[string]string{"e": `{apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: HourglassExecutor, metadata: {name: e}, spec: {config: {kubernetes: {defaultScheduling: []}}}}`}},
			want:   `desired resource e: spec.config.kubernetes.defaultScheduling: is a list but must be an object`,
		},
		"DesiredTwins": {
			reason: "Two resources that are one object would overwrite each other for ever.",
			sample: sample{desired: map[string]string{"a": plain, "b": plain}},
			want:   `resources a and b are both the Performer a: rename one of them`,
		},
	})
}
