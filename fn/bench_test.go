// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"

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

func BenchmarkRunFunction100Pools(b *testing.B) {
	benchmark(b, serving(b, trusting))
}

func BenchmarkNothing100Pools(b *testing.B) {
	server := grpc.NewServer()
	fnv1.RegisterFunctionRunnerServiceServer(server, nothing{})
	benchmark(b, start(b, server))
}

// benchmark calls a function again and again. Beside the mean it tells the 50th
// and the 99th percentile.
func benchmark(b *testing.B, address string) {
	b.Helper()
	client, req := dial(b, address), fleetOf(b, 100)
	var took []time.Duration
	for b.Loop() {
		start := time.Now()
		rsp, err := client.RunFunction(b.Context(), req)
		if err != nil || len(rsp.GetDesired().GetResources()) != 1 {
			b.Fatalf("RunFunction(...): %v %v", rsp, err)
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}
