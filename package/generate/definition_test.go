// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// own is what a stack has of its own, in little.
const own = `
name: v1
schema:
  openAPIV3Schema:
    x-kubernetes-validations: [{rule: self.a || self.b, message: a or b}]
    properties:
      spec:
        properties:
          executor: {description: An executor.}
          performers:
            items: {description: A performer., required: [name], properties: {name: {type: string}}}
`

// crd is a CRD with these properties of its spec, in little.
func crd(properties string) string {
	return `spec: {versions: [{schema: {openAPIV3Schema: {properties: {spec: {description: theirs, type: object, required: [image],
  x-kubernetes-validations: [{rule: "quantity(self.x) > 0"}, {rule: self.y, message: stays}], properties: {` + properties + `}}}}}}]}`
}

const (
	managed = `managementPolicies: {default: ["*"]}, writeConnectionSecretToRef: {}, providerConfigRef: {type: object, default: {name: default}}, image: {default: x}`

	preferred = `{properties: {preferredDuringSchedulingIgnoredDuringExecution: {type: array}}}`
	resources = `resources: {x-kubernetes-validations: [{rule: quantity(self.a)}, {rule: self.b}]}`
	scheduled = `scheduling: {properties: {nodeAffinity: ` + preferred + `, affinity: {properties: {nodeAffinity: ` + preferred + `}}}}`
	performer = managed + ", avsAddress: {}, " + resources + ", " + scheduled
)

// filled is what becomes of them. RULE stands for the rule of the whole.
const filled = `
name: v1
schema:
  openAPIV3Schema:
    x-kubernetes-validations: [{rule: RULE, message: a or b}]
    properties:
      spec:
        properties:
          executor:
            description: An executor.
            type: object
            required: [image]
            x-kubernetes-validations: [{rule: "quantity(self.x) > 0"}, {rule: self.y, message: stays}]
            properties: {providerConfigRef: {type: object}, image: {default: x}}
          performers:
            items:
              description: A performer.
              type: object
              required: [name, image]
              x-kubernetes-validations: [{rule: self.y, message: stays}]
              properties:
                name: {type: string}
                providerConfigRef: {type: object}
                image: {default: x}
                avsAddress: {maxLength: 64}
                resources: {x-kubernetes-validations: [{rule: self.b}]}
                scheduling: {properties: {
                  nodeAffinity: {properties: {preferredDuringSchedulingIgnoredDuringExecution: {type: array, maxItems: 64}}},
                  affinity: {properties: {nodeAffinity: {properties: {preferredDuringSchedulingIgnoredDuringExecution: {type: array, maxItems: 64}}}}}}}
`

func parse(t *testing.T, text string) object {
	t.Helper()
	o := object{}
	if err := yaml.UnmarshalStrict([]byte(text), &o); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return o
}

func TestDefinitionOf(t *testing.T) {
	type want struct {
		version string
		err     string
	}
	cases := map[string]struct {
		reason    string
		d         definition
		performer string
		want      want
	}{
		"Namespaced": {
			reason: "The parts have what the CRDs have, but for how they are managed. What a list cannot afford is bounded or left out.",
			d:      stacks, performer: crd(performer),
			want: want{version: strings.Replace(filled, "RULE", "self.a || self.b", 1)},
		},
		"Legacy": {
			reason: "A rule of the whole does not hold for the XR of a claim.",
			d:      legacyStacks, performer: crd(performer),
			want: want{version: strings.Replace(filled, "RULE", "has(dyn(self.spec).claimRef) || (self.a || self.b)", 1)},
		},
		"FieldGone": {
			reason: "A field that is no longer there is not bounded in silence.",
			d:      stacks, performer: crd(managed + ", " + resources + ", " + scheduled),
			want: want{err: "there is no object at properties.avsAddress"},
		},
		"BoundedAlready": {
			reason: "A bound that the CRD has is the one that counts.",
			d:      stacks, performer: crd(strings.Replace(performer, "avsAddress: {}", "avsAddress: {maxLength: 42}", 1)),
			want: want{err: "avsAddress has a maxLength of its own: take it from the bounds"},
		},
		"NoQuantities": {
			reason: "Nothing is left here that does nothing.",
			d:      stacks, performer: strings.ReplaceAll(crd(performer), "quantity(", "size("),
			want: want{err: "no rule reads a quantity any more: take what drops them from this command"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			executor := parse(t, crd(managed))
			before := copied(executor)
			xrd, err := tc.d.of([]byte(own), parse(t, tc.performer), executor)
			if tc.want.err != "" {
				if diff := cmp.Diff(tc.want.err, errText(err)); diff != "" {
					t.Errorf("%s\nof(...): -want, +got:\n%s", tc.reason, diff)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(before, any(executor)); diff != "" {
				t.Errorf("of(...) has changed what it has read: -before, +after:\n%s", diff)
			}
			if diff := cmp.Diff(normal(t, parse(t, tc.want.version)), normal(t, xrd["spec"].(object)["versions"].([]any)[0])); diff != "" {
				t.Errorf("%s\nof(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// normal returns a value as YAML has it, so that numbers compare.
func normal(t *testing.T, v any) string {
	t.Helper()
	data, err := yaml.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
