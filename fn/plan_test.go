// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/crossplane-contrib/provider-hourglass/fn/input/v1beta1"
	"github.com/crossplane-contrib/provider-hourglass/fn/picture"
)

var update = flag.Bool("update", false, "write what the plan prints to testdata")

// TestPlan compares what plan prints for testdata/plan.yaml with what is there.
func TestPlan(t *testing.T) {
	docs, err := readFiles([]string{filepath.Join("testdata", "plan.yaml")})
	if err != nil {
		t.Fatalf("readFiles(...): %v", err)
	}
	p, err := planOf(docs, "")
	if err != nil {
		t.Fatalf("planOf(...): %v", err)
	}
	table := &strings.Builder{}
	if err := p.table(table); err != nil {
		t.Fatalf("table(...): %v", err)
	}
	golden(t, "plan.txt", table.String())
	golden(t, "plan.svg", picture.SVG(p.result.Pools(), p.names))
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatalf("cannot write %s: %v", path, err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("cannot read %s: %v", path, err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s: -want, +got:\n%s\nif it is meant to change, run go test ./fn -run TestPlan -update", path, diff)
	}
}

func TestPlanStrategy(t *testing.T) {
	const pools = `
{apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: HardwarePool, metadata: {name: large}, spec: {nodeSelector: {p: l}, gpu: {product: T4, count: 4}, maxNodes: 1, price: "1"}}
---
{apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: HardwarePool, metadata: {name: small}, spec: {nodeSelector: {p: s}, gpu: {product: T4, count: 1}, maxNodes: 1, price: "1"}}
---
{apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: Performer, metadata: {name: a, namespace: avs}, spec: {hardwareRequirements: {gpuType: t4, gpuCount: 1}}}
`
	for strategy, want := range map[v1beta1.Strategy]string{"": "large", v1beta1.StrategyLeastWaste: "small"} {
		p, err := planOf(documentsOf(t, pools), strategy)
		if err != nil {
			t.Fatalf("planOf(...): %v", err)
		}
		b, _ := p.result.Binding(0)
		if diff := cmp.Diff(want, b.Pool); diff != "" {
			t.Errorf("strategy %q: -want pool, +got pool:\n%s", strategy, diff)
		}
	}
}

func TestPlanRefuses(t *testing.T) {
	cases := map[string]struct {
		reason string
		doc    string
		want   string
	}{
		"NoKind": {
			reason: "What is no object is told by its place in the file.",
			doc:    "spec: {}",
			want:   "has no kind: it must be an XR, a Performer, a HardwarePool or a Composition",
		},
		"NotYAML": {
			reason: "What cannot be read is told as the parser says it.",
			doc:    "kind: [",
			want:   "cannot read YAML",
		},
		"WrongType": {
			reason: "A field of the wrong type is named with the object it is in.",
			doc:    "{kind: HourglassStack, metadata: {name: s, namespace: avs}, spec: {performers: [{name: a, replicas: three}]}}",
			want:   `HourglassStack s: spec.performers[0].replicas: is the string "three"`,
		},
		"Pool": {
			reason: "So is one of a pool.",
			doc:    "{apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: HardwarePool, metadata: {name: p}, spec: {weight: heavy}}",
			want:   `HardwarePool p: spec.weight: is the string "heavy"`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "in.yaml")
			if err := os.WriteFile(file, []byte(tc.doc), 0o600); err != nil {
				t.Fatalf("cannot write the file: %v", err)
			}
			docs, err := readFiles([]string{file})
			if err == nil {
				_, err = planOf(docs, "")
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("\n%s\nwant an error with %q, got %v", tc.reason, tc.want, err)
			}
		})
	}
}

// TestPlanOfList reads what kubectl prints: a Performer that runs stays in its
// pool, though a cheaper one is there.
func TestPlanOfList(t *testing.T) {
	docs := documentsOf(t, `
kind: List
apiVersion: v1
items:
- {apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: HardwarePool, metadata: {name: cheap}, spec: {nodeSelector: {p: c}, price: "1"}}
- {apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: HardwarePool, metadata: {name: dear}, spec: {nodeSelector: {p: d}, price: "2"}}
- {apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: Performer, metadata: {name: a, namespace: avs, labels: {hourglass.eigenlayer.io/hardware-pool: dear}}, spec: {image: a/b}, status: {phase: Running}}
- {apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: Performer, metadata: {name: b, namespace: avs}, spec: {image: a/b}}
`)
	p, err := planOf(docs, "")
	if err != nil {
		t.Fatalf("planOf(...): %v", err)
	}
	got := map[string]string{}
	for i, name := range p.names {
		b, _ := p.result.Binding(i)
		got[name] = b.Pool
	}
	if diff := cmp.Diff(map[string]string{"avs/a": "dear", "avs/b": "cheap"}, got); diff != "" {
		t.Errorf("-want pools, +got pools:\n%s", diff)
	}
}

func TestPlanOfNothing(t *testing.T) {
	p, err := planOf(documents{}, "")
	if err != nil {
		t.Fatalf("planOf(...): %v", err)
	}
	out := &strings.Builder{}
	if err := p.table(out); err != nil {
		t.Fatalf("table(...): %v", err)
	}
	if diff := cmp.Diff("The files have no performers.\n", out.String()); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

func documentsOf(t *testing.T, yaml string) documents {
	t.Helper()
	file := filepath.Join(t.TempDir(), "in.yaml")
	if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
		t.Fatalf("cannot write the file: %v", err)
	}
	docs, err := readFiles([]string{file})
	if err != nil {
		t.Fatalf("readFiles(...): %v", err)
	}
	return docs
}
