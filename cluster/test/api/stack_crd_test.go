// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-hourglass/cluster/local"
)

// TestStackCRDs reads what the API server has made of the definitions: it serves all kinds, and knows all that a
// definition says of executor and performers.
func TestStackCRDs(t *testing.T) {
	cases := map[string]struct {
		reason     string
		definition string
	}{
		"hourglassstacks":      {reason: "What Crossplane 2 has.", definition: "hourglassstacks.yaml"},
		"xhourglassstacks":     {reason: "What a claim stands for.", definition: "xhourglassstacks.yaml"},
		"hourglassstackclaims": {reason: "A claim has what the XR has.", definition: "xhourglassstacks.yaml"},
	}
	root, err := local.Root()
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			crd := &unstructured.Unstructured{}
			crd.SetAPIVersion("apiextensions.k8s.io/v1")
			crd.SetKind("CustomResourceDefinition")
			if err := server.Get(t.Context(), client.ObjectKey{Name: name + ".platform.hourglass.eigenlayer.io"}, crd); err != nil {
				t.Fatal(err)
			}
			conditions, _, _ := unstructured.NestedSlice(crd.Object, "status", "conditions")
			if diff := cmp.Diff(map[string]any{"NamesAccepted": "True", "Established": "True"}, statuses(conditions)); diff != "" {
				t.Errorf("%s\nconditions: -want, +got:\n%s", tc.reason, diff)
			}
			xrd := parse(t, contentOf(t, filepath.Join(root, "package", "configuration", "definitions", tc.definition)))
			want, got := partsOf(t, xrd), partsOf(t, crd.Object)
			if diff := cmp.Diff(normalized(t, want), normalized(t, got)); diff != "" {
				t.Errorf("%s\nschemas: -definition, +CRD:\n%s", tc.reason, diff)
			}
		})
	}
}

// statuses returns the status of each condition.
func statuses(conditions []any) map[string]any {
	all := map[string]any{}
	for _, c := range conditions {
		c, _ := c.(map[string]any)
		all[fmt.Sprint(c["type"])] = c["status"]
	}
	return all
}

// partsOf returns what the schema of a definition or CRD says of a stack's parts, and the rules of the whole.
func partsOf(t *testing.T, o map[string]any) []any {
	t.Helper()
	versions, _, err := unstructured.NestedSlice(o, "spec", "versions")
	if err != nil {
		t.Fatal(err)
	}
	schema, _, err := unstructured.NestedMap(versions[0].(map[string]any), "schema", "openAPIV3Schema")
	if err != nil {
		t.Fatal(err)
	}
	executor, _, _ := unstructured.NestedMap(schema, "properties", "spec", "properties", "executor")
	performers, _, _ := unstructured.NestedMap(schema, "properties", "spec", "properties", "performers")
	endpoints, _, _ := unstructured.NestedMap(schema, "properties", "status", "properties", "endpoints")
	return []any{executor, performers, endpoints, schema["x-kubernetes-validations"]}
}

// TestStackDefaults wants the reference's manifests as parts of stacks. They get the reference's defaults but for the
// cluster, which is the pool's, and for how they are managed, which a stack does not say.
func TestStackDefaults(t *testing.T) {
	examples := 0
	for _, e := range reference(t) {
		object := withChange(t, e.YAML, "")
		if e.Kind == "Performer" {
			object.SetName("valid")
		}
		for _, p := range inStacks(object) {
			examples++
			t.Run(e.Name+"/"+p.stack.GetKind(), func(t *testing.T) {
				checkAccepted(t, "What the reference has is accepted.", p.stack)
				want := changed(parse(t, defaults[e.Kind]), parse(t, e.YAML))["spec"].(map[string]any)
				delete(want, "managementPolicies")
				delete(want, "providerConfigRef")
				spec := p.stack.Object["spec"].(map[string]any)
				got := spec["executor"]
				if e.Kind == "Performer" {
					want = changed(want, map[string]any{"name": "valid", "replicas": 1})
					got = spec["performers"].([]any)[0]
				}
				if diff := cmp.Diff(normalized(t, want), normalized(t, got)); diff != "" {
					t.Errorf("%s: -want, +got:\n%s", p.path, diff)
				}
			})
		}
	}
	if want := 2 * referenceExamples; examples != want {
		t.Errorf("want %d parts of stacks, got %d", want, examples)
	}
}

// TestStackFull creates a stack of 50 performers that each use nearly all there is, and an executor that does: the API
// server ends the check of an object whose rules cost too much, and refuses it.
func TestStackFull(t *testing.T) {
	labels := func(n int) string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf("example.org/label-%d: value-%d", i, i))
		}
		return "{" + strings.Join(all, ", ") + "}"
	}
	repeated := func(item string, n int) string {
		var all []string
		for i := range n {
			all = append(all, strings.ReplaceAll(item, "#", fmt.Sprint(i)))
		}
		return strings.Join(all, ", ")
	}
	image := "registry.example.com:5000/" + strings.Repeat("team/", 20) + "performer:v1.2.3@sha256:" + strings.Repeat("0123456789abcdef", 4)
	scheduling := `{nodeSelector: ` + labels(16) + `, runtimeClass: kata-qemu-tdx, priorityClassName: high,
  tolerations: [` + repeated("{key: key-#, operator: Equal, value: v, effect: NoSchedule}", 16) + `],
  nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [` + repeated("{weight: 1, preference: {matchExpressions: [{key: a, operator: In, values: [b]}]}}", 8) + `]}}`
	item := `{name: p#, avsAddress: "0x1234567890abcdef1234567890abcdef12345678", image: "` + image + `", version: v1.2.3,
  executorRef: bridge, imagePullSecrets: [{name: a}, {name: b}],
  config: {serviceAccountName: avs, environment: {` + repeated("VARIABLE_#: value", 64) + `},
    environmentFrom: [` + repeated("{name: SECRET_#, valueFrom: {secretKeyRef: {name: s, key: k}}}", 32) + `]},
  resources: {requests: {cpu: "2", memory: 4Gi}, limits: {cpu: "8", memory: 16Gi, nvidia.com/gpu: 2}},
  hardwareRequirements: {gpuType: nvidia-a100, gpuCount: 2, teeRequired: true, teeType: tdx, customLabels: ` + labels(16) + `},
  scheduling: ` + scheduling + `}`
	var performers []string
	for i := range 50 {
		performers = append(performers, strings.Replace(item, "p#", fmt.Sprintf("p%d", i), 1))
	}
	change := "spec: {executor: {config: {kubernetes: {defaultScheduling: " + scheduling + "}}}, performers: [" + strings.Join(performers, ", ") + "]}"
	for _, kind := range kindsOfStacks {
		t.Run(kind, func(t *testing.T) {
			u := withChange(t, strings.Replace(aStack, "KIND", kind, 1), change)
			if err := server.Create(t.Context(), u); err != nil {
				t.Fatalf("want it to be accepted, got: %v", err)
			}
			t.Cleanup(func() { remove(t, u) })
			u.SetLabels(map[string]string{"changed": "true"})
			if err := server.Update(t.Context(), u); err != nil {
				t.Errorf("want it to be changed, got: %v", err)
			}
		})
	}
}

// remove deletes an object when its test has ended.
func remove(t *testing.T, u *unstructured.Unstructured) {
	t.Helper()
	if err := server.Delete(context.WithoutCancel(t.Context()), u); err != nil {
		t.Errorf("cannot delete %s: %v", u.GetName(), err)
	}
}
