// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/response"
)

// nothing is a function that does nothing.
type nothing struct {
	fnv1.UnimplementedFunctionRunnerServiceServer
}

func (nothing) RunFunction(_ context.Context, req *fnv1.RunFunctionRequest) (*fnv1.RunFunctionResponse, error) {
	return response.To(req, goodFor), nil
}

// fleetOf returns a request for one performer that so many HardwarePools may serve.
func fleetOf(tb testing.TB, n int) *fnv1.RunFunctionRequest {
	tb.Helper()
	models := []string{"NVIDIA-A100-SXM4-80GB", "NVIDIA-H100-80GB-HBM3", "NVIDIA-L4", "Tesla-T4", "NVIDIA-L40S"}
	s := sample{desired: map[string]string{"gpu": gpuPerformer("gpu", "a100", 2)}}
	for i := range n {
		s.pools = append(s.pools, gpuPool(fmt.Sprintf("pool-%03d", i), models[i%len(models)], fmt.Sprint(1+i%7), 1+i%9, 8))
	}
	return s.request(tb)
}

// BenchmarkRunFunction100Pools has pools that do not change between the calls.
func BenchmarkRunFunction100Pools(b *testing.B) {
	benchmark(b, serving(b, trusting), fleetOf(b, 100))
}

// BenchmarkRunFunction100NewPools has pools of which nothing is known.
func BenchmarkRunFunction100NewPools(b *testing.B) {
	req := fleetOf(b, 100)
	for _, pool := range selected(req).GetItems() {
		put(objectAt(pool.GetResource(), "metadata"), "resourceVersion", nil)
	}
	benchmark(b, serving(b, trusting), req)
}

func BenchmarkNothing100Pools(b *testing.B) {
	server := grpc.NewServer()
	fnv1.RegisterFunctionRunnerServiceServer(server, nothing{})
	benchmark(b, start(b, server), fleetOf(b, 100))
}

// encoded is a codec that sends and receives the bytes that messages are. To the
// server it is the usual one.
type encoded struct{}

func (encoded) Marshal(v any) ([]byte, error) {
	data, ok := v.(*[]byte)
	if !ok {
		return nil, fmt.Errorf("%T is no bytes", v)
	}
	return *data, nil
}

func (encoded) Unmarshal(data []byte, v any) error {
	into, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("%T is no bytes", v)
	}
	*into = slices.Clone(data)
	return nil
}

func (encoded) Name() string { return "proto" }

// benchmark calls a function again and again. What Crossplane does on its own side
// of a call is not measured: the request is encoded once. Beside the mean it tells
// the 50th and the 99th percentile.
func benchmark(b *testing.B, address string, r *fnv1.RunFunctionRequest) {
	b.Helper()
	conn, req := connect(b, address, insecure.NewCredentials()), bytesOf(b, r)
	var rsp []byte
	var took []time.Duration
	for b.Loop() {
		start := time.Now()
		if err := conn.Invoke(b.Context(), fnv1.FunctionRunnerService_RunFunction_FullMethodName, &req, &rsp, grpc.ForceCodec(encoded{})); err != nil {
			b.Fatalf("RunFunction(...): %v", err)
		}
		took = append(took, time.Since(start))
	}
	answer := &fnv1.RunFunctionResponse{}
	if err := proto.Unmarshal(rsp, answer); err != nil || len(answer.GetDesired().GetResources()) != 1 {
		b.Fatalf("RunFunction(...): %v %v", answer, err)
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}
