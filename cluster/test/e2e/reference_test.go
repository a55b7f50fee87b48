// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/cluster/test/manifest"
)

// reference is the API reference, as its readers have it.
func reference(t *testing.T) *bytes.Reader {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(hub.Root, "docs", "api-reference.md"))
	if err != nil {
		t.Fatalf("cannot read the API reference: %v", err)
	}
	return bytes.NewReader(raw)
}

// TestReferenceManifests applies the reference's manifests as they are printed.
func TestReferenceManifests(t *testing.T) {
	ns := namespace(t)
	// The executor that the complex performer belongs to.
	create(t, newExecutor(ns, "main-executor"))
	nodes := map[string]string{"minimal-performer": "", "complex-performer": "a100-sgx-0"}

	examples, err := manifest.FromMarkdown(reference(t))
	if err != nil {
		t.Fatalf("cannot extract the reference's manifests: %v", err)
	}
	seen := map[string]bool{}
	for _, e := range examples {
		t.Run(e.Name, func(t *testing.T) {
			seen[e.Name] = true
			apply(t, ns, e.YAML)
			if e.Kind == v1alpha1.HourglassExecutorKind {
				awaitExecutor(t, newExecutor(ns, e.Name), "runs", executorRuns)
				return
			}
			p := awaitRunning(t, newPerformer(ns, e.Name))
			if want := nodes[e.Name]; want != "" {
				if diff := cmp.Diff(want, p.Status.NodeName); diff != "" {
					t.Errorf("node: -want, +got:\n%s", diff)
				}
			}
			if diff := cmp.Diff("performer-"+e.Name+"."+ns+".svc.cluster.local:9090", p.Status.GRPCEndpoint); diff != "" {
				t.Errorf("grpcEndpoint: -want, +got:\n%s", diff)
			}
		})
	}
	if diff := cmp.Diff(map[string]bool{"minimal-executor": true, "minimal-performer": true, "complex-performer": true}, seen); diff != "" {
		t.Errorf("the reference's manifests: -want, +got:\n%s", diff)
	}
}

// apply a manifest with kubectl.
func apply(t *testing.T, ns, yaml string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "manifest.yaml")
	if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
		t.Fatalf("cannot write the manifest: %v", err)
	}
	if out, err := shell(t, ns, "kubectl apply -f "+file); err != nil {
		t.Fatalf("cannot apply the manifest: %v\n%s", err, out)
	}
}

// TestReferenceCommands types the reference's kubectl lines.
func TestReferenceCommands(t *testing.T) {
	ns := namespace(t)
	p := newPerformer(ns, "my-performer", func(p *v1alpha1.Performer) { p.Spec.Image = "myavs/performer:v2.0.0" })
	create(t, p)
	awaitRunning(t, p)
	before := podOf(t, p)
	x := newExecutor(ns, "my-executor")
	create(t, x)
	awaitExecutor(t, x, "runs", executorRuns)

	// By the words that a line begins with: what its output must have, and what
	// must be so afterwards.
	type effect struct {
		output []string
		image  string
	}
	expect := map[string]effect{
		"kubectl get performers":                    {output: []string{"READY", "SYNCED", "PHASE", "my-performer", "Running"}},
		"kubectl get hourglassexecutors,performers": {output: []string{"NAME", "PHASE", "my-executor", "my-performer", "Running"}},
		"kubectl get hourglassexecutors":            {output: []string{"READY", "SYNCED", "PHASE", "my-executor", "Running"}},
		"kubectl get hourglassexecutor":             {output: []string{"lastConfigUpdate:", "readyReplicas: 1", "phase: Running", "reason: DeploymentAvailable"}},
		"kubectl describe hourglassexecutor":        {output: []string{"Phase:", "DeploymentAvailable", "ConfigMapReady", "Events:"}},
		"kubectl edit hourglassexecutor":            {output: []string{"edited"}},
		"kubectl logs -f":                           {output: []string{"simulated"}},
		"kubectl describe performer":                {output: []string{"Phase:", "Grpc Endpoint:", "PodReady", "ServiceReady", "Events:"}},
		"kubectl edit performer":                    {output: []string{"edited"}, image: "myavs/performer:v2.1.1"},
		"kubectl patch performer":                   {output: []string{"patched"}, image: "myavs/performer:v2.1.0"},
		"kubectl logs performer-my-performer":       {output: []string{"simulated"}},
	}
	commands, err := manifest.Commands(reference(t))
	if err != nil {
		t.Fatalf("cannot extract the reference's commands: %v", err)
	}
	// The reference edits an executor; a performer is edited in the same words.
	commands = append(commands, manifest.Command{Line: "kubectl edit performer my-performer"})
	typed := map[string]bool{}
	for _, c := range commands {
		words := strings.Join(strings.Fields(c.Line)[:3], " ")
		t.Run(words, func(t *testing.T) {
			want, ok := expect[words]
			if !ok {
				t.Fatalf("the reference has a line that this test knows nothing of: %s", c.Line)
			}
			typed[words] = true
			line := c.Line
			if strings.HasPrefix(line, "kubectl logs -f") {
				// The line follows the log until somebody interrupts it.
				line = "timeout 5 " + line + " || test $? = 124"
			}
			out, err := shell(t, ns, line, `KUBE_EDITOR=sed -i -e s/performer:v2.1.0/performer:v2.1.1/ -e s/executor:v1/executor:v2/`)
			if err != nil || !containsAll(out, want.output) {
				t.Errorf("%s\nmust work and print %q: %v\n%s", c.Line, want.output, err, out)
			}
			if want.image != "" {
				await(t, p, "runs "+want.image, func(q *v1alpha1.Performer) bool {
					return running(q) && podOf(t, p).Status.ContainerStatuses[0].Image == want.image
				})
			}
		})
	}
	for words := range expect {
		if !typed[words] {
			t.Errorf("the reference must have a line %q", words)
		}
	}
	if diff := cmp.Diff(identity(before), identity(podOf(t, p))); diff != "" {
		t.Errorf("none of these lines may move the Pod: -before, +after:\n%s", diff)
	}
}

// TestExamples applies every file of examples/performer and examples/provider.
func TestExamples(t *testing.T) {
	// What becomes of the Performer of each file; "" where it has none.
	type fate struct {
		performer string
		node      string
		holds     func(*v1alpha1.Performer) bool
	}
	stuck := func(p *v1alpha1.Performer) bool {
		return p.Status.Phase == v1alpha1.PerformerPending && p.Status.GetCondition("Available").Reason == "SchedulingFailed"
	}
	files := []struct {
		name string
		fate
	}{
		{name: "provider/injected-identity.yaml"},
		{name: "provider/remote-cluster.yaml"},
		{name: "provider/inventory.yaml"},
		{name: "executor/minimal.yaml"},
		{name: "executor/secret-rpc.yaml"},
		{name: "executor/field.yaml"},
		{name: "performer/minimal.yaml", fate: fate{performer: "my-performer", holds: running}},
		{name: "performer/gpu.yaml", fate: fate{performer: "gpu-performer", holds: running}},
		{name: "performer/sgx.yaml", fate: fate{performer: "sgx-performer", holds: running}},
		{name: "performer/confidential-vm.yaml", fate: fate{performer: "snp-performer", node: "sev-snp-0", holds: running}},
		{name: "performer/confidential-gpu.yaml", fate: fate{performer: "confidential-gpu-performer", node: "h100-tdx-0", holds: running}},
		{name: "performer/secrets.yaml", fate: fate{performer: "secret-performer", holds: running}},
		{name: "performer/observe-only.yaml", fate: fate{performer: "observed-performer", holds: running}},
		{name: "performer/rollback.yaml", fate: fate{performer: "rollback-performer", holds: running}},
		{name: "performer/resize.yaml", fate: fate{performer: "resize-performer", holds: running}},
		{name: "performer/surge.yaml", fate: fate{performer: "surge-performer", holds: running}},
		{name: "performer/drain.yaml", fate: fate{performer: "drain-performer", holds: running}},
		{name: "performer/adopt.yaml", fate: fate{performer: "adopting-performer", holds: running}},
		{name: "performer/drift.yaml", fate: fate{performer: "drift-performer", holds: running}},
		{name: "performer/pinned.yaml", fate: fate{performer: "pinned-performer", holds: running}},
		{name: "performer/tee-violation.yaml", fate: fate{performer: "strict-performer", holds: running}},
		{name: "performer/unplaceable.yaml", fate: fate{performer: "unplaceable-performer", holds: stuck}},
	}
	t.Cleanup(func() { // It runs last: all drain at the same time.
		eventually(t, "the Performers of the examples are gone", func(ctx context.Context) (bool, string) {
			l := &v1alpha1.PerformerList{}
			err := hub.List(ctx, l, client.InNamespace("default"))
			return err == nil && len(l.Items) == 0, fmt.Sprint(err, len(l.Items))
		})
	})
	known := map[string]bool{}
	for _, f := range files {
		known[f.name] = true
		file := filepath.Join(hub.Root, "examples", f.name)
		t.Cleanup(func() {
			if f.name != "provider/injected-identity.yaml" {
				_, _ = hub.Cluster.Kubectl(context.WithoutCancel(t.Context()), "delete", "--ignore-not-found", "--wait=false", "-f", file)
			}
		})
		t.Run(f.name, func(t *testing.T) {
			if out, err := shell(t, "default", "kubectl apply -f "+file); err != nil {
				t.Fatalf("cannot apply the example: %v\n%s", err, out)
			}
			if dir, name := filepath.Split(f.name); dir == "executor/" {
				e := map[string]string{"minimal.yaml": "my-executor", "secret-rpc.yaml": "rpc-executor", "field.yaml": "field-executor"}[name]
				awaitExecutor(t, newExecutor("default", e), "runs", executorRuns)
			}
			if f.performer == "" {
				return
			}
			p := await(t, newPerformer("default", f.performer), "is what the example says", f.holds)
			if f.node != "" {
				if diff := cmp.Diff(f.node, p.Status.NodeName); diff != "" {
					t.Errorf("node: -want, +got:\n%s", diff)
				}
			}
		})
	}
	for _, dir := range []string{"executor", "performer", "provider"} {
		entries, err := os.ReadDir(filepath.Join(hub.Root, "examples", dir))
		if err != nil {
			t.Fatalf("cannot list the examples: %v", err)
		}
		for _, e := range entries {
			if !known[dir+"/"+e.Name()] {
				t.Errorf("examples/%s/%s is not tested: say in this test what becomes of it", dir, e.Name())
			}
		}
	}
}
