// SPDX-License-Identifier: Apache-2.0

package api

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-hourglass/cluster/local"
)

// aStack is a valid stack, and has what the cases change.
const aStack = `
apiVersion: platform.hourglass.eigenlayer.io/v1alpha1
kind: KIND
metadata:
  name: bridge
spec:
  executor:
    image: hourglass/executor:v1.2.0
    config:
      aggregatorEndpoint: aggregator.example.com:9090
      operatorKeysSecretRef:
        name: operator-keys
      chains:
      - name: ethereum
        rpc: https://rpc.example.com/v3/key
        chainId: 1
        taskMailboxAddress: "0x1234567890abcdef1234567890abcdef12345678"
  performers:
  - name: watcher
    replicas: 2
    avsAddress: "0x1234567890abcdef1234567890abcdef12345678"
    image: bridge/watcher:v1.0.0
`

// kindsOfStacks are those that people write.
var kindsOfStacks = []string{"HourglassStack", "HourglassStackClaim"}

// performersOf returns a change to performers of these names. A number follows a name of several.
func performersOf(names ...string) string {
	var all []string
	for _, name := range names {
		name, replicas, several := strings.Cut(name, " ")
		p := fmt.Sprintf(`{name: %s, avsAddress: "0x1234567890abcdef1234567890abcdef12345678", image: a/b`, name)
		if several {
			p += ", replicas: " + replicas
		}
		all = append(all, p+"}")
	}
	return "spec: {performers: [" + strings.Join(all, ", ") + "]}"
}

// numbered returns so many names.
func numbered(n int) []string {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("p%d", i))
	}
	return names
}

func TestStackRefused(t *testing.T) {
	const (
		together = "metadata.name and each performer's name must have at most 52 characters together"
		total    = "performers must be at most 50 together, replicas counted: make several stacks"
		label    = "name must be a DNS label"
		replicas = "replicas must be between 1 and 50"
	)
	cases := map[string]refusal{
		"NameMissing": {
			reason: "A performer is told from another by its name.",
			change: `spec: {performers: [{avsAddress: "0x1234567890abcdef1234567890abcdef12345678", image: a/b}]}`,
			want:   []string{"spec.performers[0].name: Required value"},
		},
		"NameEmpty": {
			reason: "An empty name would be no name of a Service.",
			change: performersOf(`""`),
			want:   []string{"spec.performers[0].name", label},
		},
		"NameWithDots": {
			reason: "The name becomes part of a Service name, which has no dots.",
			change: performersOf("my.watcher"),
			want:   []string{"spec.performers[0].name", label},
		},
		"NameTooLong": {
			reason: "No stack has a name that is short enough.",
			change: performersOf(strings.Repeat("a", 52)),
			want:   []string{"spec.performers[0].name: Too long"},
		},
		"NameTwice": {
			reason: "Two performers of one name would be one Performer.",
			change: performersOf("a", "b", "a"),
			want:   []string{"spec.performers[2]: Duplicate value", `"a"`},
		},
		"NamesTooLongTogether": {
			reason: "The Service performer-bridge-NAME has at most 63 characters.",
			change: performersOf(strings.Repeat("a", 47)),
			want:   []string{together},
		},
		"NamesTooLongWithReplicas": {
			reason: "A replica's name is longer by 2.",
			change: performersOf(strings.Repeat("a", 45) + " 2"),
			want:   []string{together},
		},
		"NamesTooLongWithTenReplicas": {
			reason: "The tenth that is added is called NAME-10.",
			change: performersOf(strings.Repeat("a", 44) + " 11"),
			want:   []string{together},
		},
		"ReplicasNone": {
			reason: "A performer that nobody wants is taken away.",
			change: performersOf("a 0"),
			want:   []string{"spec.performers[0].replicas", replicas},
		},
		"ReplicasNegative": {
			reason: "There is no less than none.",
			change: performersOf("a -1"),
			want:   []string{"spec.performers[0].replicas", replicas},
		},
		"ReplicasTooMany": {
			reason: "A slip by a zero would fill a cluster.",
			change: performersOf("a 51"),
			want:   []string{"spec.performers[0].replicas", replicas},
		},
		"TooMany": {
			reason: "Crossplane is at ease with about 50 composed resources.",
			change: performersOf(numbered(51)...),
			want:   []string{"spec.performers: Too many"},
		},
		"TooManyTogether": {
			reason: "Replicas count.",
			change: performersOf("a 50", "b"),
			want:   []string{"spec.performers", total},
		},
		"StackNameWithDots": {
			reason: "The executor's Service is called like the stack.",
			change: "metadata: {name: my.bridge}",
			want:   []string{"metadata.name must be a DNS label that starts with a letter"},
		},
		"StackNameWithDotsWithoutExecutor": {
			reason: "Its performers are called after it.",
			change: "{metadata: {name: my.bridge}, spec: {executor: null}}",
			want:   []string{"metadata.name must be a DNS label (lower-case letters, digits or '-', no dots)"},
		},
		"StackNameTooLong": {
			reason: "The name of a stack is the value of a label.",
			change: "{metadata: {name: " + strings.Repeat("a", 64) + "}, spec: {performers: null}}",
			want:   []string{"metadata.name: Too long"},
		},
		"SpecMissing": {
			reason: "A stack without a spec asks for nothing.",
			change: "spec: null",
			want:   []string{"spec: Required value"},
		},
		"MisspelledField": {
			reason: "A misspelled field would be lost in silence.",
			change: "spec: {executors: {}}",
			want:   []string{`unknown field "spec.executors"`},
		},
		"ManagementPolicies": {
			reason: "A stack observes nothing that others manage.",
			change: "spec: {executor: {managementPolicies: [Observe]}}",
			want:   []string{`unknown field "spec.executor.managementPolicies"`},
		},
		"ConnectionSecret": {
			reason: "The endpoints are in the status.",
			change: "spec: {executor: {writeConnectionSecretToRef: {name: s}}}",
			want:   []string{`unknown field "spec.executor.writeConnectionSecretToRef"`},
		},
	}
	for _, kind := range kindsOfStacks {
		t.Run(kind, func(t *testing.T) {
			checkRefusals(t, strings.Replace(aStack, "KIND", kind, 1), cases)
		})
	}
}

func TestStackAccepted(t *testing.T) {
	cases := map[string]struct {
		reason string
		change string
	}{
		"ExecutorOnly": {
			reason: "Performers may come later.",
			change: "spec: {performers: null}",
		},
		"PerformersOnly": {
			reason: "Performers may belong to an executor of another stack, and then their stack may begin with a digit.",
			change: `{metadata: {name: 1-bridge}, spec: {executor: null}}`,
		},
		"NamesLongest": {
			reason: "52 characters are not too many together, nor 50 and a number, nor 49 and a number of two digits.",
			change: performersOf(strings.Repeat("a", 46), strings.Repeat("b", 44)+" 10", strings.Repeat("c", 43)+" 11"),
		},
		"NameOfDigits": {
			reason: "performer-bridge-1 is a valid name of a Service.",
			change: performersOf(`"1"`),
		},
		"Most": {
			reason: "50 performers are not too many.",
			change: performersOf(numbered(50)...),
		},
		"MostAlike": {
			reason: "50 replicas are not too many.",
			change: performersOf("a 50"),
		},
	}
	for _, kind := range kindsOfStacks {
		for name, tc := range cases {
			t.Run(kind+"/"+name, func(t *testing.T) {
				checkAccepted(t, tc.reason, withChange(t, strings.Replace(aStack, "KIND", kind, 1), tc.change))
			})
		}
	}
}

// TestStackExamples wants every example that is a stack to be accepted, also those that are rendered.
func TestStackExamples(t *testing.T) {
	root, err := local.Root()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root, "examples", "stack", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	rendered, err := filepath.Glob(filepath.Join(root, "examples", "composition", "*", "xr.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 || len(rendered) == 0 {
		t.Fatalf("cannot find examples: %d stacks, %d that are rendered", len(files), len(rendered))
	}
	for _, file := range append(files, rendered...) {
		u := &unstructured.Unstructured{Object: parse(t, contentOf(t, file))}
		if u.GroupVersionKind().Group != "platform.hourglass.eigenlayer.io" {
			continue // A kind of one's own.
		}
		if u.GetKind() != "XHourglassStack" {
			u.SetNamespace("default") // Which there is.
		}
		checkAccepted(t, file, u)
	}
}

// TestClaimed creates the XR of a claim, as Crossplane does. The rules on names hold for the claim only.
func TestClaimed(t *testing.T) {
	u := withChange(t, strings.Replace(aStack, "KIND", "XHourglassStack", 1), performersOf(strings.Repeat("a", 46)))
	u.SetNamespace("")
	u.SetName("bridge-x7k2p")
	checkRefused(t, "Without a claim its own name counts.", u.DeepCopy(), []string{"metadata.name and each performer's name"})
	claim := map[string]any{"apiVersion": u.GetAPIVersion(), "kind": "HourglassStackClaim", "namespace": "default", "name": "bridge"}
	if err := unstructured.SetNestedMap(u.Object, claim, "spec", "claimRef"); err != nil {
		t.Fatal(err)
	}
	checkAccepted(t, "With a claim the claim's name counts, which is shorter.", u)
}

// TestStackChanged changes a stack that exists.
func TestStackChanged(t *testing.T) {
	const moved = "providerConfigRef must stay as it is: what runs in one cluster cannot move to another"
	for _, kind := range kindsOfStacks {
		t.Run(kind, func(t *testing.T) {
			u := withChange(t, strings.Replace(aStack, "KIND", kind, 1), performersOf("a", "b"))
			setRef(t, u, 1, "west")
			if err := server.Create(t.Context(), u); err != nil {
				t.Fatalf("cannot create the stack: %v", err)
			}
			t.Cleanup(func() { remove(t, u) })

			turned := u.DeepCopy()
			performers, _, _ := unstructured.NestedSlice(turned.Object, "spec", "performers")
			performers[0], performers[1] = performers[1], performers[0]
			_ = unstructured.SetNestedSlice(turned.Object, performers, "spec", "performers")
			if err := server.Update(t.Context(), turned, client.DryRunAll); err != nil {
				t.Errorf("Performers are told apart by their names, wherever they stand: %v", err)
			}

			setRef(t, u, 1, "east")
			if err := server.Update(t.Context(), u, client.DryRunAll); err == nil || !strings.Contains(err.Error(), moved) {
				t.Errorf("A performer cannot move to another cluster: want a refusal that has %q, got: %v", moved, err)
			}
		})
	}
}

// setRef sets the providerConfigRef of a stack's performer.
func setRef(t *testing.T, u *unstructured.Unstructured, performer int, name string) {
	t.Helper()
	performers, _, err := unstructured.NestedSlice(u.Object, "spec", "performers")
	if err != nil {
		t.Fatal(err)
	}
	performers[performer].(map[string]any)["providerConfigRef"] = map[string]any{"kind": "ClusterProviderConfig", "name": name}
	if err := unstructured.SetNestedSlice(u.Object, performers, "spec", "performers"); err != nil {
		t.Fatal(err)
	}
}
