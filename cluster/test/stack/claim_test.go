// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"context"
	"os/exec"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// TestClaim is what a team that works with claims does: it applies one, gets an executor and performers on the pools that
// they need, and deletes it again.
func TestClaim(t *testing.T) {
	ns := namespace(t, "team-a")
	apply(t, "examples", "local", "claim.yaml")
	claim := &unstructured.Unstructured{}
	claim.SetGroupVersionKind(platform("HourglassStackClaim"))
	claim.SetNamespace(ns)
	claim.SetName("oracle")
	awaitCondition(t, claim, "Ready", "True")
	awaitCondition(t, claim, "Placed", "True")

	for name, pool := range map[string]string{"oracle-model": "a100", "oracle-attester": "sgx", "oracle-feeder": "plain", "oracle-feeder-1": "plain"} {
		p := &v1alpha1.Performer{}
		if err := control.Get(t.Context(), client.ObjectKey{Namespace: ns, Name: name}, p); err != nil {
			t.Fatal(err)
		}
		if p.Labels["hourglass.eigenlayer.io/hardware-pool"] != pool || p.Status.Phase != v1alpha1.PerformerRunning {
			t.Errorf("Performer %s: want it Running in pool %s, got it %s with labels %v", name, pool, p.Status.Phase, p.Labels)
		}
	}
	traced(t, "hourglassstackclaim.platform.hourglass.eigenlayer.io/oracle", ns, 7)

	if err := control.Delete(t.Context(), claim, client.PropagationPolicy("Foreground")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "nothing of the claim is left", func(context.Context) (bool, string) {
		names := left(t, ns, "secret/operator-keys")
		return len(names) == 0, strings.Join(names, ", ")
	})
	if out := kubectl(t, "get", "xhourglassstacks", "-o", "name"); out != "" {
		t.Errorf("the claim's composite resource must go too, left is %s", out)
	}
}

// traced checks what crossplane resource trace tells of an object: so many lines, all Synced and Ready.
func traced(t *testing.T, object, ns string, lines int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), control.plane.Binaries.CLI, "resource", "trace", object, "-n", ns)
	cmd.Env = append(cmd.Environ(), "KUBECONFIG="+control.plane.Cluster.Kubeconfig)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("cannot trace %s: %v\n%s", object, err, out)
	}
	rows := strings.Split(strings.TrimSpace(string(out)), "\n")[1:]
	if len(rows) != lines {
		t.Errorf("want %d resources below %s, got:\n%s", lines, object, out)
	}
	for _, row := range rows {
		if strings.Count(row, "True") != 2 {
			t.Errorf("want everything Synced and Ready below %s, got:\n%s", object, out)
		}
	}
}

// TestWaiting is a stack with a performer that no pool serves: the others run, the status says why it waits, and it runs
// once it asks for what there is.
func TestWaiting(t *testing.T) {
	ns := namespace(t, "team-b")
	apply(t, "examples", "local", "stack.yaml")
	stack := newStack(ns, "private", 0)
	awaitCondition(t, stack, "Placed", "False")
	eventually(t, "the two that are served run", func(ctx context.Context) (bool, string) {
		l := &v1alpha1.PerformerList{}
		if err := control.List(ctx, l, client.InNamespace(ns)); err != nil {
			return false, err.Error()
		}
		said := ""
		for _, p := range l.Items {
			said += p.Name + " " + string(p.Status.Phase) + "; "
		}
		return said == "private-model Running; private-vault Running; ", said
	})
	unplaced, _, _ := unstructured.NestedSlice(stack.Object, "status", "unplaced")
	if len(unplaced) != 1 || !strings.Contains(kubectl(t, "get", "hourglassstack/private", "-n", ns, "-o", "jsonpath={.status.unplaced}"), "GPU NVIDIA-A100-SXM4-80GB is not h200") {
		t.Errorf("the status must say why the classifier waits, got %v", unplaced)
	}

	kubectl(t, "patch", "hourglassstack/private", "-n", ns, "--type=json", `--patch=[{"op":"replace","path":"/spec/performers/2/hardwareRequirements/gpuType","value":"t4"}]`)
	awaitCondition(t, stack, "Placed", "True")
	awaitCondition(t, stack, "Ready", "True")
	traced(t, "hourglassstack.platform.hourglass.eigenlayer.io/private", ns, 4)
}

// TestRefused is a claim that the reference's rules do not allow: it is refused at admission, in the reference's words.
func TestRefused(t *testing.T) {
	ns := namespace(t, "team-c")
	for _, kind := range []string{"HourglassStackClaim", "HourglassStack"} {
		bad := newStack(ns, "bad", 1)
		bad.SetGroupVersionKind(platform(kind))
		performers, _, _ := unstructured.NestedSlice(bad.Object, "spec", "performers")
		performers[0].(map[string]any)["avsAddress"] = "0x1234"
		if err := unstructured.SetNestedSlice(bad.Object, performers, "spec", "performers"); err != nil {
			t.Fatal(err)
		}
		err := control.Create(t.Context(), bad)
		const want = "avsAddress must be an Ethereum address: 0x and 40 hexadecimal digits"
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: want a refusal that says %q, got %v", kind, want, err)
		}
	}
}
