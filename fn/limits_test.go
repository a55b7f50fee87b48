// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
)

// crowd is a request for so many performers of another step, each with a field of
// some length that placement does not read.
func crowd(tb testing.TB, n, length int) *fnv1.RunFunctionRequest {
	tb.Helper()
	s := sample{}
	for i := range 100 {
		s.pools = append(s.pools, gpuPool(fmt.Sprintf("pool-%03d", i), "NVIDIA-A100-SXM4-80GB", fmt.Sprint(1+i%7), 10, 8))
	}
	req := s.request(tb)
	req.Desired.Resources = map[string]*fnv1.Resource{}
	one := parse(tb, gpuPerformer("p", "a100", 1))
	for i := range n {
		p, ok := proto.Clone(one).(*structpb.Struct)
		if !ok {
			tb.Fatal("a clone is of another type")
		}
		name := fmt.Sprintf("p-%04d", i)
		objectAt(p, "metadata").Fields["name"] = structpb.NewStringValue(name)
		objectAt(p, "spec").Fields["version"] = structpb.NewStringValue(strings.Repeat("x", length))
		objectAt(p, "spec", "hardwareRequirements").Fields["gpuCount"] = structpb.NewNumberValue(float64(1 + i%4))
		req.Desired.Resources[name] = &fnv1.Resource{Resource: p}
	}
	return req
}

func TestMostPerformers(t *testing.T) {
	rsp := answer(t, crowd(t, 2500, 0))
	got := read(rsp)
	if got.Condition != "TRUE AllPlaced: 2500 performers placed" || len(got.Resources) != 2500 {
		t.Errorf("RunFunction(...): want all of 2500 performers placed, got %d: %s", len(got.Resources), got.Condition)
	}
	if size := proto.Size(rsp); size > 4<<20 {
		t.Errorf("RunFunction(...): want at most 4 MiB, got %d bytes", size)
	}
	if n := len(got.Results); n != 21 || got.Results[20] != "NORMAL Placed: and 2480 more like this" {
		t.Errorf("RunFunction(...): want 20 results and how many there are besides, got %d: %s", n, got.Results[n-1])
	}
}

func TestTooMany(t *testing.T) {
	replicas := func(counts ...int) string {
		var items []string
		for i, n := range counts {
			items = append(items, fmt.Sprintf(`{name: p%d, avsAddress: "0x1", image: a/b, replicas: %d}`, i, n))
		}
		return xr("performers: [" + strings.Join(items, ", ") + "]")
	}
	cases := map[string]struct {
		reason string
		req    *fnv1.RunFunctionRequest
		want   string
	}{
		"OthersPerformers": {
			reason: "The sentence has the number.",
			req:    crowd(t, 2501, 0),
			want:   "FATAL : the XR has 2501 performers, but may have 2500 at most: make several of it",
		},
		"OwnPerformers": {
			reason: "No more are composed only to be refused.",
			req:    sample{input: input(composing), xr: replicas(2000, 501), pools: []string{cheap}}.request(t),
			want:   "FATAL : spec.performers[1]: the XR has more than 2500 performers, which is the most it may have: make several of it",
		},
		"Both": {
			reason: "All performers count.",
			req:    sample{input: input(composing), xr: replicas(2500), pools: []string{cheap}, desired: map[string]string{"a": plain}}.request(t),
			want:   "FATAL : the XR has 2501 performers, but may have 2500 at most: make several of it",
		},
		"Bytes": {
			reason: "What Crossplane could not receive is told in a response that it can.",
			req:    crowd(t, 1500, 2500),
			want:   "FATAL : the response would have N MiB, but Crossplane receives 4 MiB at most: the XR has 1500 composed resources, 1500 of them performers; make several of it",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			rsp := answer(t, tc.req)
			if diff := cmp.Diff([]string{tc.want}, withoutSize(read(rsp).Results)); diff != "" {
				t.Errorf("%s\nRunFunction(...): -want, +got:\n%s", tc.reason, diff)
			}
			if size := proto.Size(rsp); size > 4<<20 {
				t.Errorf("%s\nRunFunction(...): want at most 4 MiB, got %d bytes", tc.reason, size)
			}
		})
	}
}

// withoutSize replaces the number of bytes, which depends on the words of others.
func withoutSize(texts []string) []string {
	for i, text := range texts {
		texts[i] = regexp.MustCompile(`have [0-9.]+ MiB`).ReplaceAllString(text, "have N MiB")
	}
	return texts
}
