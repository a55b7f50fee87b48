// SPDX-License-Identifier: Apache-2.0

package api

import (
	"maps"
	"strings"
	"testing"

	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// long500 is a text of 500 characters.
var long500 = strings.Repeat("abcdefghij", 50)

// parse reads a manifest, or the part of one that a case changes.
func parse(t *testing.T, manifest string) map[string]any {
	t.Helper()
	var fields map[string]any
	if err := yaml.UnmarshalStrict([]byte(manifest), &fields); err != nil {
		t.Fatalf("cannot read the manifest of this case: %v\n%s", err, manifest)
	}
	return fields
}

// changed returns an object with a change merged into it: objects are merged, null takes a field away, and all else
// takes the place of what was there.
func changed(object, change map[string]any) map[string]any {
	out := maps.Clone(object)
	if out == nil {
		out = map[string]any{}
	}
	for key, value := range change {
		switch value := value.(type) {
		case nil:
			delete(out, key)
		case map[string]any:
			old, _ := out[key].(map[string]any)
			out[key] = changed(old, value)
		default:
			out[key] = value
		}
	}
	return out
}

// withChange returns the object of a manifest, changed.
func withChange(t *testing.T, manifest, change string) *unstructured.Unstructured {
	t.Helper()
	u := &unstructured.Unstructured{Object: changed(parse(t, manifest), parse(t, change))}
	if u.GetKind() != "ClusterProviderConfig" && u.GetNamespace() == "" {
		u.SetNamespace("default")
	}
	return u
}

// checkAccepted has the API server check an object, and wants it accepted. The object gets its defaults.
func checkAccepted(t *testing.T, reason string, u *unstructured.Unstructured) {
	t.Helper()
	if err := server.Create(t.Context(), u, client.DryRunAll); err != nil {
		t.Errorf("\n%s\nwant the %s to be accepted, got: %v", reason, u.GetKind(), err)
	}
}

// checkRefused has the API server check an object, and wants it refused with a message that has all of the phrases.
func checkRefused(t *testing.T, reason string, u *unstructured.Unstructured, phrases []string) {
	t.Helper()
	err := server.Create(t.Context(), u, client.DryRunAll)
	if err == nil {
		t.Fatalf("\n%s\nwant the %s to be refused, but it was accepted", reason, u.GetKind())
	}
	if !kerrors.IsInvalid(err) && !kerrors.IsBadRequest(err) {
		t.Fatalf("\n%s\nwant the %s to be refused as invalid, got: %v", reason, u.GetKind(), err)
	}
	t.Log(err)
	if len(phrases) == 0 {
		t.Fatalf("\n%s\nthis case must say what the refusal has to name, got: %v", reason, err)
	}
	for _, phrase := range phrases {
		if !strings.Contains(err.Error(), phrase) {
			t.Errorf("\n%s\nwant a refusal that has %q, got: %v", reason, phrase, err)
		}
	}
}

// A refusal is a change that makes a valid object invalid.
type refusal struct {
	reason string
	change string
	want   []string // What the refusal has to name.
	dear   bool     // A stack lets it through: a list of performers cannot afford the rule.
}

// checkRefusals wants the manifest to be accepted as it is, and refused with each of the changes. So it must be where it
// is a part of a stack.
func checkRefusals(t *testing.T, manifest string, cases map[string]refusal) {
	t.Helper()
	checkAcceptedEverywhere(t, "Without a change the object is valid, or its refusals would prove nothing.", withChange(t, manifest, ""))
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			checkRefused(t, tc.reason, withChange(t, manifest, tc.change), tc.want)
			for _, p := range inStacks(withChange(t, manifest, tc.change)) {
				if tc.dear {
					checkAccepted(t, tc.reason, p.stack)
					continue
				}
				checkRefused(t, tc.reason, p.stack, p.named(tc.want))
			}
		})
	}
}

// ofKind returns the manifest of a provider config.
func ofKind(kind string) string {
	return strings.Replace(providerConfig, "KIND", kind, 1)
}

// normalized returns a value as JSON has it: numbers that were read from YAML and from an API server then compare.
func normalized(t *testing.T, value any) any {
	t.Helper()
	data, err := yaml.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := yaml.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}
