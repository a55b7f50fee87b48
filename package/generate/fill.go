// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// leftOut are fields of a managed resource that a stack's items do not have. A
// stack observes nothing that others manage, and the replicas of a performer could
// not all write the same Secret: endpoints are in the stack's status.
var leftOut = []string{"managementPolicies", "writeConnectionSecretToRef"}

// A bound is how long a list or a text of a performer may be in a stack, where the
// CRD does not say. The cost of a CEL rule is estimated from it, times the number of
// performers, and the API server refuses a kind whose rules may cost too much.
type bound struct {
	path  []string
	field string
	most  int64
}

var bounds = []bound{
	// An address has 42 characters. With a few more the rule can say what is wrong.
	{path: []string{"avsAddress"}, field: "maxLength", most: 64},
	{path: []string{"scheduling", "nodeAffinity", "preferredDuringSchedulingIgnoredDuringExecution"}, field: "maxItems", most: 64},
	{path: []string{"scheduling", "affinity", "nodeAffinity", "preferredDuringSchedulingIgnoredDuringExecution"}, field: "maxItems", most: 64},
}

// fill fills the executor and the performers of a stack into its version.
func fill(version, performer, executor object) error {
	stack, err := at(version, "schema", "openAPIV3Schema", "properties", "spec", "properties")
	if err != nil {
		return err
	}
	if err := add(stack, "executor", executor); err != nil {
		return fmt.Errorf("the executor: %w", err)
	}
	performers, err := at(stack, "performers")
	if err != nil {
		return err
	}
	if err := add(performers, "items", performer); err != nil {
		return fmt.Errorf("a performer: %w", err)
	}
	item, err := at(performers, "items")
	if err != nil {
		return err
	}
	return makeAffordable(item)
}

// add adds the schema of a kind's spec to what a field of a stack says already.
func add(parent object, field string, crd object) error {
	ours, err := at(parent, field)
	if err != nil {
		return err
	}
	theirs, err := specOf(crd)
	if err != nil {
		return err
	}
	properties, err := at(theirs, "properties")
	if err != nil {
		return err
	}
	for _, name := range leftOut {
		delete(properties, name)
	}
	// The pool says which cluster it is. A default would say it first.
	ref, err := at(properties, "providerConfigRef")
	if err != nil {
		return err
	}
	delete(ref, "default")

	own, _ := ours["properties"].(object)
	maps.Copy(properties, own)
	required, _ := theirs["required"].([]any)
	more, _ := ours["required"].([]any)
	theirs["required"] = append(more, required...)
	theirs["description"] = ours["description"]
	parent[field] = theirs
	return nil
}

// specOf returns the schema of a kind's spec, to be changed.
func specOf(crd object) (object, error) {
	spec, err := at(crd, "spec")
	if err != nil {
		return nil, err
	}
	versions, _ := spec["versions"].([]any)
	if len(versions) != 1 {
		return nil, fmt.Errorf("its CRD has %d versions, but a stack has one", len(versions))
	}
	version, _ := versions[0].(object)
	schema, err := at(version, "schema", "openAPIV3Schema", "properties", "spec")
	if err != nil {
		return nil, err
	}
	return copied(schema).(object), nil //nolint:forcetypeassert // The copy of an object is one.
}

// copied returns a deep copy.
func copied(v any) any {
	switch v := v.(type) {
	case object:
		o := make(object, len(v))
		for name, field := range v {
			o[name] = copied(field)
		}
		return o
	case []any:
		l := make([]any, 0, len(v))
		for _, item := range v {
			l = append(l, copied(item))
		}
		return l
	default:
		return v
	}
}

// makeAffordable has the API server afford the rules of a list of performers. A
// quantity may be a number, and what may be a number or a text has no maxLength: a
// rule that reads one is estimated to cost as much as with the longest text that a
// request can hold. Those rules are not among a stack's. The function has them.
func makeAffordable(performer object) error {
	for _, b := range bounds {
		field := performer
		for _, name := range b.path {
			var err error
			if field, err = at(field, "properties", name); err != nil {
				return err
			}
		}
		if field[b.field] != nil {
			return fmt.Errorf("%s has a %s of its own: take it from the bounds", strings.Join(b.path, "."), b.field)
		}
		field[b.field] = b.most
	}
	resources, err := at(performer, "properties", "resources")
	if err != nil {
		return err
	}
	if dropQuantityRules(performer)+dropQuantityRules(resources) == 0 {
		return errors.New("no rule reads a quantity any more: take what drops them from this command")
	}
	return nil
}

// dropQuantityRules removes the rules of a schema that read a quantity and says how
// many there were.
func dropQuantityRules(schema object) int {
	list, _ := schema[rules].([]any)
	kept := slices.DeleteFunc(slices.Clone(list), func(r any) bool {
		rule, _ := r.(object)
		text, _ := rule["rule"].(string)
		return strings.Contains(text, "quantity(")
	})
	schema[rules] = kept
	return len(list) - len(kept)
}
