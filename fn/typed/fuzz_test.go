// SPDX-License-Identifier: Apache-2.0

package typed

import (
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"
	"k8s.io/apimachinery/pkg/api/equality"
	kjson "sigs.k8s.io/json"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// FuzzDecodeLikeJSON compares the codec with what the API server's JSON decoder
// makes of the same: what that can read the codec reads, as the same value, and
// writes so that it is read again.
func FuzzDecodeLikeJSON(f *testing.F) {
	for _, seed := range []string{
		`{"avsAddress":"0x12","image":"a/b:c","config":{"grpcPort":9090,"environment":{"A":"b"},"environmentFrom":[{"name":"X","valueFrom":{"secretKeyRef":{"name":"s","key":"k","optional":true}}}]}}`,
		`{"resources":{"limits":{"nvidia.com/gpu":2,"cpu":"500m"},"requests":{"memory":"1e3","cpu":0.5}},"hardwareRequirements":{"gpuType":"a100","gpuCount":8,"teeRequired":false,"customLabels":{"a":"b"}}}`,
		`{"scheduling":{"nodeSelector":{"a":"b"},"tolerations":[{"key":"k","operator":"Exists","tolerationSeconds":30}],"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"k","operator":"In","values":["a"]}]}]},"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":5,"preference":{}}]},"runtimeClass":"kata"}}`,
		`{"affinity":{"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"zone","labelSelector":{"matchLabels":{"a":"b"}}}]}}}`,
		`{"managementPolicies":["*"],"writeConnectionSecretToRef":{"name":"c"},"providerConfigRef":{"kind":"ProviderConfig","name":"p"}}`,
		`{"gpuCount":1.0,"x":null,"image":null,"config":null}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v := &structpb.Value{}
		if protojson.Unmarshal(data, v) != nil || beyondFloats(v) {
			return
		}
		want, got, again := v1alpha1.PerformerSpec{}, v1alpha1.PerformerSpec{}, v1alpha1.PerformerSpec{}
		c := New(nil)
		err := c.Decode(v, "", &got, Lenient)
		if err != nil && strings.Contains(err.Error(), "a quantity such as") {
			return // The codec takes those of a sensible size only. JSON would take hours.
		}
		if kjson.UnmarshalCaseSensitivePreserveInts(AppendCanonical(nil, v), &want) != nil {
			return
		}
		if err != nil {
			t.Fatalf("Decode(%s): %v", data, err)
		}
		if !equality.Semantic.DeepEqual(want, got) {
			t.Fatalf("Decode(%s): -want, +got:\n%s", data, cmp.Diff(want, got))
		}
		if err := c.Decode(c.Encode(got), "", &again, Lenient); err != nil || !equality.Semantic.DeepEqual(got, again) {
			t.Fatalf("Encode(...): %v: -want, +got:\n%s", err, cmp.Diff(got, again))
		}
	})
}

// beyondFloats says whether a value has an integer that a floating-point number
// cannot hold, as which a protobuf struct has it.
func beyondFloats(v *structpb.Value) bool {
	switch k := v.GetKind().(type) {
	case *structpb.Value_NumberValue:
		return math.Abs(k.NumberValue) >= 1<<53
	case *structpb.Value_StructValue:
		return slices.ContainsFunc(slices.Collect(maps.Values(k.StructValue.GetFields())), beyondFloats)
	case *structpb.Value_ListValue:
		return slices.ContainsFunc(k.ListValue.GetValues(), beyondFloats)
	}
	return false
}
