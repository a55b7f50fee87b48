// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"maps"
	"runtime/debug"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/crossplane/function-sdk-go/logging"
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/response"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/fn/input/v1beta1"
)

// largestResponse is what Crossplane receives, in bytes. A larger response never
// arrives, and nobody is told why.
const largestResponse = 4 << 20

// goodFor is how long Crossplane may go by a response before it asks again. It asks
// at once when something changes that the answer depends on: the XR, what is
// composed for it and the HardwarePools that were required. The rest is a safety
// net, as wide as the one that the provider polls with. A Crossplane that does not
// yet watch what was required sees a new pool that late.
const goodFor = 10 * time.Minute

// A Function places the Performers of an XR.
type Function struct {
	fnv1.UnimplementedFunctionRunnerServiceServer

	log   logging.Logger
	known knownPools
}

// RunFunction answers a request. Whatever is wrong is a result: an error of the
// call itself would say less, and say it to fewer people.
func (f *Function) RunFunction(_ context.Context, req *fnv1.RunFunctionRequest) (*fnv1.RunFunctionResponse, error) {
	return f.guard(req, f.run), nil
}

// guard makes a response of whatever becomes of a request.
func (f *Function) guard(req *fnv1.RunFunctionRequest, run func(*fnv1.RunFunctionRequest) (*fnv1.RunFunctionResponse, error)) (rsp *fnv1.RunFunctionResponse) {
	defer func() {
		if p := recover(); p != nil {
			f.log.Info("A defect of the function", "panic", p, "stack", string(debug.Stack()))
			rsp = failed(req, fmt.Errorf("the function has a defect, please report it with the function's log: %v", p))
		}
	}()
	rsp, err := run(req)
	if err == nil {
		err = checkSize(rsp)
	}
	if err != nil {
		f.log.Debug("Refused a request", "tag", req.GetMeta().GetTag(), "error", err)
		return failed(req, err)
	}
	return rsp
}

// run reads a request, places the performers and writes the response.
func (f *Function) run(req *fnv1.RunFunctionRequest) (*fnv1.RunFunctionResponse, error) {
	in, err := readInput(req.GetInput())
	if err != nil {
		return nil, err
	}
	selector := selectorOf(in)
	p, err := f.known.read(req, in, selector)
	if err != nil {
		return nil, err
	}
	s, err := readStack(req, in)
	if err != nil {
		return nil, err
	}

	verdicts, invalid := place(s.performers, p, in.Strategy)
	report := newReport(s, verdicts, noPools(in))
	if in.Unplaceable == v1beta1.UnplaceableFatal {
		if err := report.fatal(); err != nil {
			return nil, err
		}
	}

	for i := range s.performers {
		s.apply(&s.performers[i], verdicts[i])
	}
	rsp := response.To(req, goodFor)
	rsp.Requirements = requirements(req, selector)
	rsp.Desired = &fnv1.State{Composite: req.GetDesired().GetComposite(), Resources: s.resources}
	if p.pending {
		return rsp, nil // Crossplane asks again, with the pools.
	}
	rsp.Desired.Composite = s.composite(req.GetDesired().GetComposite(), report)
	report.condition(rsp)
	report.results(rsp)
	poolWarnings(rsp, p, invalid)
	return rsp, nil
}

// composite returns the XR with the report in its status. It is not ready while a
// performer waits.
func (s *stack) composite(desired *fnv1.Resource, r *report) *fnv1.Resource {
	xr := copied(desired.GetResource())
	for _, name := range []string{"apiVersion", "kind"} {
		if v := s.xr.GetFields()[name]; v != nil && xr.GetFields()[name] == nil {
			xr.Fields[name] = v
		}
	}
	status := within(xr, "status")
	maps.Copy(status.GetFields(), r.status())
	if s.composes {
		maps.Copy(status.GetFields(), s.serving(r))
	}
	if len(status.GetFields()) == 0 {
		delete(xr.GetFields(), "status")
	}
	out := &fnv1.Resource{Resource: xr, ConnectionDetails: desired.GetConnectionDetails(), Ready: desired.GetReady()}
	if r.waiting() > 0 {
		out.Ready = fnv1.Ready_READY_FALSE
	}
	return out
}

// checkSize finds a response that would never arrive.
func checkSize(rsp *fnv1.RunFunctionResponse) error {
	size := proto.Size(rsp)
	if size <= largestResponse {
		return nil
	}
	n := 0
	for _, r := range rsp.GetDesired().GetResources() {
		if isKind(r.GetResource(), v1alpha1.PerformerKind) {
			n++
		}
	}
	return fmt.Errorf("the response would have %.1f MiB, but Crossplane receives %d MiB at most: the XR has %d composed resources, %d of them performers; make several of it",
		float64(size)/(1<<20), largestResponse>>20, len(rsp.GetDesired().GetResources()), n)
}

// failed returns the response to a request that cannot be answered. Crossplane
// then changes nothing, so that what is desired need not fit into it.
func failed(req *fnv1.RunFunctionRequest, err error) *fnv1.RunFunctionResponse {
	rsp := response.To(req, goodFor)
	response.Fatal(rsp, err)
	if proto.Size(rsp) > largestResponse {
		rsp.Desired, rsp.Context = nil, &structpb.Struct{}
	}
	return rsp
}
