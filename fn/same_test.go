// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
)

// bytesOf returns the one form of a response that does not depend on the order of
// maps.
func bytesOf(tb testing.TB, rsp proto.Message) []byte {
	tb.Helper()
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(rsp)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// mixed is a request for performers of all sorts, more than fit.
func mixed(tb testing.TB) *fnv1.RunFunctionRequest {
	tb.Helper()
	s := sample{
		input: input(composing), desired: map[string]string{"a": plain, "b": huge, "other": other}, observed: map[string]string{"a": inDear},
		xr: xr(`executor: ` + executorSpec + `, performers: [{name: one, replicas: 5, avsAddress: "0x1", image: a/b, executorRef: x},
  {name: gpu, replicas: 4, avsAddress: "0x1", image: a/b, executorRef: x, hardwareRequirements: {gpuType: a100, gpuCount: 3}}]`),
		pools: []string{cheap, dear},
	}
	for i := range 8 {
		s.pools = append(s.pools, gpuPool(fmt.Sprintf("gpu-%d", i), []string{"NVIDIA-A100-SXM4-80GB", "NVIDIA-L4"}[i%2], fmt.Sprint(1+i%3), 1, 4))
	}
	return s.request(tb)
}

// TestSame checks that the same request has the same response, in whichever order
// its maps and the HardwarePools come.
func TestSame(t *testing.T) {
	req := mixed(t)
	want := bytesOf(t, answer(t, req))
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		again, ok := proto.Clone(req).(*fnv1.RunFunctionRequest)
		if !ok {
			t.Fatal("a clone is of another type")
		}
		items := again.GetRequiredResources()[requirementPools].GetItems()
		random.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
		if got := bytesOf(t, answer(t, again)); !bytes.Equal(want, got) {
			t.Fatalf("RunFunction(...): want the same bytes for the same request, got\n%s\n%s", want, got)
		}
	}
}

// TestSameError checks that of several errors it is always the same that is told.
func TestSameError(t *testing.T) {
	s := sample{desired: map[string]string{}}
	for i := range 8 {
		name := fmt.Sprintf("p-%d", i)
		s.desired[name] = `{apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: Performer, spec: {resources: {limits: 1}, scheduling: 2}}`
	}
	want := []string{"FATAL : desired resource p-0: spec.resources.limits: is a number but must be an object"}
	for range 20 {
		if diff := cmp.Diff(want, read(answer(t, s.request(t))).Results); diff != "" {
			t.Fatalf("RunFunction(...): -want, +got:\n%s", diff)
		}
	}
}

// TestSettles checks that what was applied is not changed again: the second
// response, to what the first one has made of the world, is the first one without
// its news.
func TestSettles(t *testing.T) {
	req := mixed(t)
	first := answer(t, req)
	for name, r := range first.GetDesired().GetResources() {
		observed := copied(r.GetResource())
		observed.Fields["status"] = at(parse(t, "{status: {phase: Running}}"), "status")
		req.Observed.Resources[name] = &fnv1.Resource{Resource: observed}
	}
	second := answer(t, req)
	first.Results = slices.DeleteFunc(first.GetResults(), func(r *fnv1.Result) bool { return r.GetSeverity() == fnv1.Severity_SEVERITY_NORMAL })
	for name, want := range first.GetDesired().GetResources() {
		if got := second.GetDesired().GetResources()[name]; !proto.Equal(want, got) {
			t.Errorf("RunFunction(...): want %s as it was applied:\n%v\ngot:\n%v", name, want, got)
		}
	}
	if want, got := len(first.GetResults()), len(second.GetResults()); want != got {
		t.Errorf("RunFunction(...): want %d results, got %d: %v", want, got, second.GetResults())
	}
}
