// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
)

// FuzzDecodeInput reads inputs of all kinds. What is wrong is told in one sentence
// that begins with a path, and it is always the same.
func FuzzDecodeInput(f *testing.F) {
	for _, seed := range []string{
		input("strategy: Spread, unplaceable: Fatal, poolSelector: {matchLabels: {a: b}}"),
		input("metadata: {name: a, creationTimestamp: '2026-01-01T00:00:00Z'}, compose: {executor: spec.executor, performers: a.b.c}"),
		input("pools: [{name: a, labels: {b: c}, spec: {nodeSelector: {a: b}, price: 1e-3, weight: 5, tee: {type: sgx}}, status: {free: [{nodes: 1, resources: {cpu: 1}}]}}]"),
		input("pools: [{name: a, spec: {nodeSelector: {a: b}, gpu: {product: L4, count: '8'}, allocatable: {cpu: 1e9999999999}}}]"),
		"{}", "{pools: [null]}", "{kind: 1, x: [[[{}]]]}",
	} {
		data, err := protojson.Marshal(parse(f, seed))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s := &structpb.Struct{}
		if protojson.Unmarshal(data, s) != nil {
			return
		}
		_, err := readInput(s)
		if err == nil {
			return
		}
		if !strings.HasPrefix(err.Error(), "input") || !strings.Contains(err.Error(), ": ") {
			t.Errorf("readInput(%s): want an error that begins with a path, got %q", data, err)
		}
		if _, again := readInput(s); again == nil || again.Error() != err.Error() {
			t.Errorf("readInput(%s): want %q again, got %q", data, err, again)
		}
	})
}

// FuzzRunFunction answers whatever may arrive: bytes that are a request, damaged
// in some places. There is always an answer, it is the same for the same request,
// and Crossplane can receive it.
func FuzzRunFunction(f *testing.F) {
	old := olden(fleetOf(f, 2))
	for i, seed := range []*fnv1.RunFunctionRequest{
		{},
		mixed(f),
		fleetOf(f, 3),
		old,
		sample{desired: map[string]string{"a": plain, "b": huge}, observed: map[string]string{"a": inDear}, pools: []string{cheap, dear}}.request(f),
		sample{input: input("pools: [{name: a, spec: {nodeSelector: {a: b}, tee: {type: tdx}}}]"), desired: map[string]string{"a": plain}}.request(f),
		sample{input: input(composing), pools: []string{cheap}, xr: `{metadata: {name: x}, spec: {claimRef: {name: team, namespace: avs},
  performers: [{name: a, avsAddress: "0x1", image: a/b, replicas: 3, hardwareRequirements: {teeType: sgx}}]}}`}.request(f),
	} {
		for damage := range uint64(20) {
			f.Add(bytesOf(f, seed), damage*uint64(1+i))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, damage uint64) {
		req := &fnv1.RunFunctionRequest{}
		if proto.Unmarshal(data, req) != nil {
			return
		}
		damageRequest(req, damage)
		rsp := answer(t, req)
		got := bytesOf(t, rsp)
		if len(got) > largestResponse {
			t.Errorf("RunFunction(...): got %d bytes", len(got))
		}
		for _, r := range rsp.GetResults() {
			if strings.Contains(r.GetMessage(), "defect") {
				t.Errorf("RunFunction(...): %s", r.GetMessage())
			}
		}
		if again := bytesOf(t, answer(t, req)); !bytes.Equal(got, again) {
			t.Errorf("RunFunction(...): want the same again:\n%q\ngot:\n%q", got, again)
		}
	})
}

// damageRequest replaces some values of a request by others, as chance will have
// it. The same seed does the same damage.
func damageRequest(req *fnv1.RunFunctionRequest, seed uint64) {
	if seed == 0 {
		return
	}
	random := rand.New(rand.NewPCG(seed, 0))
	objects := []*structpb.Struct{req.GetInput(), req.GetObserved().GetComposite().GetResource(), req.GetDesired().GetComposite().GetResource()}
	for _, rs := range []map[string]*fnv1.Resource{req.GetObserved().GetResources(), req.GetDesired().GetResources()} {
		for _, name := range slices.Sorted(maps.Keys(rs)) {
			objects = append(objects, rs[name].GetResource())
		}
	}
	for _, item := range req.GetRequiredResources()[requirementPools].GetItems() {
		objects = append(objects, item.GetResource())
	}
	for range 1 + random.IntN(4) {
		damageValue(structpb.NewStructValue(objects[random.IntN(len(objects))]), random)
	}
}

// damageValue goes down from a value, for as long as chance will have it, and
// replaces what it finds.
func damageValue(v *structpb.Value, random *rand.Rand) {
	fields, items := v.GetStructValue().GetFields(), v.GetListValue().GetValues()
	switch {
	case len(fields) > 0 && random.IntN(8) > 0:
		names := slices.Sorted(maps.Keys(fields))
		name := names[random.IntN(len(names))]
		if random.IntN(30) == 0 {
			delete(fields, name)
			return
		}
		damageValue(fields[name], random)
	case len(items) > 0 && random.IntN(8) > 0:
		damageValue(items[random.IntN(len(items))], random)
	case v != nil:
		v.Kind = []*structpb.Value{
			nil, structpb.NewNullValue(), structpb.NewBoolValue(true), structpb.NewStringValue(""), structpb.NewStringValue("1e99"),
			structpb.NewNumberValue(-1), structpb.NewNumberValue(1.5), structpb.NewNumberValue(2147483647), structpb.NewNumberValue(math.NaN()), structpb.NewNumberValue(math.Inf(1)),
			structpb.NewListValue(nil), structpb.NewListValue(&structpb.ListValue{Values: []*structpb.Value{nil, {}}}),
			structpb.NewStructValue(nil), structpb.NewStructValue(&structpb.Struct{Fields: map[string]*structpb.Value{"a": nil, "b": {}}}),
		}[random.IntN(14)].GetKind()
	}
}
