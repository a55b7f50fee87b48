// SPDX-License-Identifier: Apache-2.0

package main

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/structpb"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/fn/input/v1beta1"
	"github.com/crossplane-contrib/provider-hourglass/fn/typed"
)

// stackXRD is what an API server knows of a stack.
const stackXRD = "../package/configuration/definitions/hourglassstacks.yaml"

// TestCodecKnowsSchemas compares the codec with the generated CRDs: what they say
// that a field may be, and which fields there must be, it says too.
func TestCodecKnowsSchemas(t *testing.T) {
	cases := map[string]struct {
		reason string
		crd    string
		field  string
		into   any
	}{
		"Input":     {reason: "The step's input.", crd: "package/input/fn.hourglass.eigenlayer.io_placements.yaml", into: v1beta1.Placement{}},
		"Pool":      {reason: "What an administrator declares.", crd: "../package/provider/crds/hourglass.eigenlayer.io_hardwarepools.yaml", field: "spec", into: v1alpha1.HardwarePoolSpec{}},
		"Observed":  {reason: "What the provider observes.", crd: "../package/provider/crds/hourglass.eigenlayer.io_hardwarepools.yaml", field: "status", into: v1alpha1.HardwarePoolStatus{}},
		"Performer": {reason: "What is composed.", crd: "../package/provider/crds/hourglass.eigenlayer.io_performers.yaml", field: "spec", into: v1alpha1.PerformerSpec{}},
		"Executor":  {reason: "And its executor.", crd: "../package/provider/crds/hourglass.eigenlayer.io_hourglassexecutors.yaml", field: "spec", into: v1alpha1.HourglassExecutorSpec{}},

		"StackPerformer": {reason: "What it is composed of.", crd: stackXRD, field: "spec.performers.items", into: performerItem{}},
		"StackExecutor":  {reason: "And what its executor is.", crd: stackXRD, field: "spec.executor", into: v1alpha1.HourglassExecutorSpec{}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			schema := schemaIn(t, tc.crd, tc.field)
			visit(schema, "", func(v *structpb.Value) *structpb.Value { return v }, func(path string, at apiextensionsv1.JSONSchemaProps, in func(*structpb.Value) *structpb.Value) {
				into := reflect.New(reflect.TypeOf(tc.into)).Interface()
				var want, got string
				switch {
				case len(at.Enum) > 0:
					want = path + `: is the string "x" but must be ` + alternatives(t, at.Enum)
					got = textOf(codec.Decode(in(structpb.NewStringValue("x")), "", into, typed.Strict))
				case at.Type == "object" && at.Properties != nil:
					if len(at.Required) > 0 {
						want = path + "." + slices.Min(at.Required) + ": is missing"
					}
					got = textOf(codec.Decode(in(structpb.NewStructValue(&structpb.Struct{})), "", into, typed.Strict))
					if want == "" && !strings.HasPrefix(got, path+".") {
						got = "" // Something around it is missing.
					}
				}
				if diff := cmp.Diff(strings.TrimPrefix(want, "."), got); diff != "" {
					t.Errorf("%s\nDecode(...) at %s: -want, +got:\n%s", tc.reason, path, diff)
				}
			})
		})
	}
}

// TestStackFields compares which fields the codec knows with those of the stacks'
// definitions, at every depth: what an API server lets through can be composed, and
// what can be composed it lets through.
func TestStackFields(t *testing.T) {
	// A stack has no part of a managed resource that would make no sense in it.
	notInStack := []string{"managementPolicies", "writeConnectionSecretToRef"}
	cases := map[string]struct {
		reason string
		field  string
		into   any
	}{
		"Performer": {reason: "A performer has a name and replicas too.", field: "spec.performers.items", into: performerItem{}},
		"Executor":  {reason: "An executor has its spec's fields.", field: "spec.executor", into: v1alpha1.HourglassExecutorSpec{}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			visit(schemaIn(t, stackXRD, tc.field), "", func(v *structpb.Value) *structpb.Value { return v }, func(path string, at apiextensionsv1.JSONSchemaProps, in func(*structpb.Value) *structpb.Value) {
				if at.Type != "object" || at.Properties == nil {
					return
				}
				want := slices.Collect(maps.Keys(at.Properties))
				if path == "" {
					want = append(want, notInStack...)
				}
				slices.Sort(want)
				slip := structpb.NewStructValue(&structpb.Struct{Fields: map[string]*structpb.Value{"-": structpb.NewNullValue()}})
				err := codec.Decode(in(slip), "", reflect.New(reflect.TypeOf(tc.into)).Interface(), typed.Strict)
				_, known, _ := strings.Cut(textOf(err), "-: is not a known field; known are ")
				if diff := cmp.Diff(want, strings.Split(strings.Replace(known, " and ", ", ", 1), ", ")); diff != "" {
					t.Errorf("%s\nthe fields at %q: -definition, +codec:\n%s\n%v", tc.reason, path, diff, err)
				}
			})
		})
	}
}

// schemaIn reads the schema of a CRD or of a definition, or of one of their fields.
func schemaIn(t *testing.T, file, field string) apiextensionsv1.JSONSchemaProps {
	t.Helper()
	data, err := os.ReadFile(filepath.FromSlash(file))
	if err != nil {
		t.Fatal(err)
	}
	crd := apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.Unmarshal(data, &crd); err != nil {
		t.Fatal(err)
	}
	schema := *crd.Spec.Versions[0].Schema.OpenAPIV3Schema
	if field == "" {
		return schema
	}
	for name := range strings.SplitSeq(field, ".") {
		if name == "items" {
			schema = *schema.Items.Schema
			continue
		}
		schema = schema.Properties[name]
	}
	return schema
}

// visit calls see with the schema of every field, its path, and how a value is put
// there.
func visit(schema apiextensionsv1.JSONSchemaProps, path string, in func(*structpb.Value) *structpb.Value, see func(string, apiextensionsv1.JSONSchemaProps, func(*structpb.Value) *structpb.Value)) {
	see(path, schema, in)
	for name, field := range schema.Properties {
		visit(field, path+"."+name, func(v *structpb.Value) *structpb.Value {
			return in(structpb.NewStructValue(&structpb.Struct{Fields: map[string]*structpb.Value{name: v}}))
		}, see)
	}
	if items := schema.Items; items != nil {
		visit(*items.Schema, path+"[0]", func(v *structpb.Value) *structpb.Value {
			return in(structpb.NewListValue(&structpb.ListValue{Values: []*structpb.Value{v}}))
		}, see)
	}
	if values := schema.AdditionalProperties; values != nil && values.Schema != nil {
		visit(*values.Schema, path+"[k]", func(v *structpb.Value) *structpb.Value {
			return in(structpb.NewStructValue(&structpb.Struct{Fields: map[string]*structpb.Value{"k": v}}))
		}, see)
	}
}

// alternatives lists the values of an enum.
func alternatives(t *testing.T, enum []apiextensionsv1.JSON) string {
	t.Helper()
	var values []string
	for _, e := range enum {
		value, err := strconv.Unquote(string(e.Raw))
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, value)
	}
	if len(values) < 2 {
		return strings.Join(values, "")
	}
	return strings.Join(values[:len(values)-1], ", ") + " or " + values[len(values)-1]
}

// textOf is what an error says, if there is one.
func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
