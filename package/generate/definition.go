// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"
)

// group of the stacks' kinds.
const group = "platform.hourglass.eigenlayer.io"

// rules is the field of a schema that holds its CEL rules.
const rules = "x-kubernetes-validations"

// An object is one of YAML.
type object = map[string]any

// names of a kind.
type names struct{ kind, plural, short string }

// A definition is what the CompositeResourceDefinitions differ in.
type definition struct {
	apiVersion string
	scope      string
	names      names
	// claim is the kind that stands for this one in a namespace, nil for none.
	claim *names
}

var (
	stacks = definition{
		apiVersion: "apiextensions.crossplane.io/v2",
		scope:      "Namespaced",
		names:      names{kind: "HourglassStack", plural: "hourglassstacks", short: "hgstack"},
	}
	legacyStacks = definition{
		apiVersion: "apiextensions.crossplane.io/v1",
		scope:      "LegacyCluster",
		names:      names{kind: "XHourglassStack", plural: "xhourglassstacks", short: "xhgstack"},
		claim:      &names{kind: "HourglassStackClaim", plural: "hourglassstackclaims", short: "hgclaim"},
	}
)

// of returns the definition as an object, from what a stack has of its own and from
// the CRDs of a Performer and a HourglassExecutor.
func (d definition) of(ours []byte, performer, executor object) (object, error) {
	version := object{}
	if err := yaml.Unmarshal(ours, &version); err != nil {
		return nil, err
	}
	if err := fill(version, performer, executor); err != nil {
		return nil, err
	}
	spec := object{
		"group":                 group,
		"names":                 d.names.object(),
		"scope":                 d.scope,
		"defaultCompositionRef": object{"name": d.names.plural},
		"versions":              []any{version},
	}
	if d.claim != nil {
		spec["claimNames"] = d.claim.object()
		if err := exceptClaimed(version); err != nil {
			return nil, err
		}
	}
	return object{
		"apiVersion": d.apiVersion,
		"kind":       "CompositeResourceDefinition",
		"metadata":   object{"name": d.names.plural + "." + group},
		"spec":       spec,
	}, nil
}

func (n names) object() object {
	return object{
		"kind":       n.kind,
		"plural":     n.plural,
		"shortNames": []any{n.short},
		"categories": []any{"crossplane", "hourglass"},
	}
}

// exceptClaimed has the rules of the whole object not hold for the XR of a claim,
// whose name is one that Crossplane has made of the claim's: they held for the
// claim. Both have the same rules, but only one has a claimRef, hence dyn.
func exceptClaimed(version object) error {
	root, err := at(version, "schema", "openAPIV3Schema")
	if err != nil {
		return err
	}
	list, _ := root[rules].([]any)
	for _, r := range list {
		r, _ := r.(object)
		r["rule"] = fmt.Sprintf("has(dyn(self.spec).claimRef) || (%s)", r["rule"])
	}
	return nil
}

// at returns the object at a path of fields. That there is none means that a schema
// is no longer what this command knows.
func at(o object, path ...string) (object, error) {
	for i, name := range path {
		next, ok := o[name].(object)
		if !ok {
			return nil, fmt.Errorf("there is no object at %s", strings.Join(path[:i+1], "."))
		}
		o = next
	}
	return o, nil
}
