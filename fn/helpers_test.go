// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
	"sigs.k8s.io/yaml"

	"github.com/crossplane/function-sdk-go/logging"
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
)

// parse reads an object from YAML.
func parse(tb testing.TB, text string) *structpb.Struct {
	tb.Helper()
	data, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		tb.Fatalf("cannot read YAML: %v\n%s", err, text)
	}
	s := &structpb.Struct{}
	if err := protojson.Unmarshal(data, s); err != nil {
		tb.Fatalf("cannot read an object: %v\n%s", err, text)
	}
	return s
}

// A sample is a request in the making, written as YAML.
type sample struct {
	input    string
	xr       string
	desired  map[string]string
	observed map[string]string
	// pools are HardwarePools that Crossplane has found; nil where it was not asked.
	pools []string
}

// request builds the request. Crossplane is a version that says what it can do.
func (s sample) request(tb testing.TB) *fnv1.RunFunctionRequest {
	tb.Helper()
	req := &fnv1.RunFunctionRequest{
		Meta: &fnv1.RequestMeta{Tag: "tag", Capabilities: []fnv1.Capability{
			fnv1.Capability_CAPABILITY_CAPABILITIES, fnv1.Capability_CAPABILITY_REQUIRED_RESOURCES,
		}},
		Observed: &fnv1.State{Composite: &fnv1.Resource{Resource: parse(tb, xrOr(s.xr))}, Resources: resources(tb, s.observed)},
		Desired:  &fnv1.State{Resources: resources(tb, s.desired)},
	}
	if s.input != "" {
		req.Input = parse(tb, s.input)
	}
	if s.pools != nil {
		found := &fnv1.Resources{}
		for _, pool := range s.pools {
			found.Items = append(found.Items, &fnv1.Resource{Resource: parse(tb, pool)})
		}
		req.RequiredResources = map[string]*fnv1.Resources{requirementPools: found}
	}
	return req
}

func resources(tb testing.TB, texts map[string]string) map[string]*fnv1.Resource {
	tb.Helper()
	if texts == nil {
		return nil
	}
	rs := map[string]*fnv1.Resource{}
	for name, text := range texts {
		rs[name] = &fnv1.Resource{Resource: parse(tb, text)}
	}
	return rs
}

// xrOr returns a plain XR where none is given.
func xrOr(text string) string {
	if text != "" {
		return text
	}
	return "{apiVersion: example.org/v1, kind: Stack, metadata: {name: team, namespace: avs}}"
}

// answer runs the function as the server does, and checks that it leaves the
// request as it came.
func answer(tb testing.TB, req *fnv1.RunFunctionRequest) *fnv1.RunFunctionResponse {
	tb.Helper()
	before := proto.Clone(req)
	rsp, err := (&Function{log: logging.NewNopLogger()}).RunFunction(tb.Context(), req)
	if err != nil {
		tb.Fatalf("RunFunction(...): %v", err)
	}
	if !proto.Equal(before, req) {
		tb.Errorf("RunFunction(...) has changed its request")
	}
	return rsp
}

// gpuPool is a HardwarePool of nodes with GPUs.
func gpuPool(name, model, price string, nodes, gpus int) string {
	return fmt.Sprintf(`
apiVersion: hourglass.eigenlayer.io/v1alpha1
kind: HardwarePool
metadata:
  name: %[1]s
  uid: 3f1c0c5e-1f34-4c1c-9d6f-0e7e7d3c6a10
  resourceVersion: "81234"
  creationTimestamp: "2026-01-01T00:00:00Z"
  labels: {team: avs, region: eu-west-1}
spec:
  providerConfigRef: {kind: ClusterProviderConfig, name: default}
  nodeSelector: {example.org/pool: %[1]s}
  taints: [{key: nvidia.com/gpu, value: present, effect: NoSchedule}]
  gpu: {product: %[2]s, count: %[5]d}
  allocatable: {cpu: "32", memory: 128Gi, nvidia.com/gpu: "%[5]d"}
  price: %[3]q
status:
  labels: {kubernetes.io/arch: amd64, nvidia.com/gpu.product: %[2]s, nvidia.com/gpu.count: "%[5]d", nvidia.com/gpu.replicas: "1"}
  nodes: %[4]d
  readyNodes: %[4]d
  free:
  - {nodes: %[4]d, resources: {nvidia.com/gpu: "%[5]d", cpu: "31", memory: 120Gi}}
  conditions:
  - {type: Ready, status: "True", reason: Available, lastTransitionTime: "2026-01-01T00:00:00Z"}
`, name, model, price, nodes, gpus)
}

// gpuPerformer is a Performer that wants GPUs.
func gpuPerformer(name, model string, gpus int) string {
	return fmt.Sprintf(`
apiVersion: hourglass.eigenlayer.io/v1alpha1
kind: Performer
metadata: {name: %s}
spec:
  avsAddress: "0x1234567890abcdef1234567890abcdef12345678"
  image: example.org/avs/performer:v1
  resources: {requests: {cpu: "2", memory: 4Gi}}
  hardwareRequirements: {gpuType: %s, gpuCount: %d}
`, name, model, gpus)
}

// told is what a response says, in a form that can be read.
type told struct {
	// Resources that are desired, and whether each is ready, where it is said.
	Resources map[string]any
	Ready     map[string]string
	// Status of the XR.
	Status map[string]any
	// Condition as "Status Reason: message".
	Condition string
	// Results as "Severity Reason: message".
	Results []string
	// Asks are the names of the fields that HardwarePools are asked for in.
	Asks []string
}

// read reads a response.
func read(rsp *fnv1.RunFunctionResponse) told {
	got := told{Resources: map[string]any{}, Ready: map[string]string{}}
	if status := objectAt(rsp.GetDesired().GetComposite().GetResource(), "status"); status != nil {
		got.Status = status.AsMap()
	}
	note := func(name string, r *fnv1.Resource) {
		if r.GetReady() != fnv1.Ready_READY_UNSPECIFIED {
			got.Ready[name] = strings.TrimPrefix(r.GetReady().String(), "READY_")
		}
	}
	note("XR", rsp.GetDesired().GetComposite())
	for name, r := range rsp.GetDesired().GetResources() {
		got.Resources[name] = r.GetResource().AsMap()
		note(name, r)
	}
	for _, c := range rsp.GetConditions() {
		got.Condition += fmt.Sprintf("%s %s: %s", strings.TrimPrefix(c.GetStatus().String(), "STATUS_CONDITION_"), c.GetReason(), c.GetMessage())
	}
	for _, r := range rsp.GetResults() {
		got.Results = append(got.Results, fmt.Sprintf("%s %s: %s", strings.TrimPrefix(r.GetSeverity().String(), "SEVERITY_"), r.GetReason(), r.GetMessage()))
	}
	for name := range rsp.GetRequirements().GetResources() {
		got.Asks = append(got.Asks, "resources."+name)
	}
	for name := range rsp.GetRequirements().GetExtraResources() { //nolint:staticcheck // Older versions have no other.
		got.Asks = append(got.Asks, "extra_resources."+name)
	}
	return got
}

// expected is what a test wants to be told, written as YAML.
type expected struct {
	resources map[string]string
	ready     map[string]string
	status    string
	condition string
	results   []string
	asks      string
}

// diff compares what is told with what is expected.
func (e expected) diff(tb testing.TB, rsp *fnv1.RunFunctionResponse) string {
	tb.Helper()
	want := told{Resources: map[string]any{}, Ready: e.ready, Condition: e.condition, Results: e.results}
	for name, text := range e.resources {
		want.Resources[name] = parse(tb, text).AsMap()
	}
	if e.status != "" {
		want.Status = parse(tb, e.status).AsMap()
	}
	if e.asks != "" {
		want.Asks = []string{e.asks}
	}
	return cmp.Diff(want, read(rsp), cmpopts.EquateEmpty())
}
