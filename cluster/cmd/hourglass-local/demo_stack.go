// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// The stacks of the demo, in examples/local.
const (
	claim   = "hourglassstackclaim/oracle --namespace team-a"
	stack   = "hourglassstack/private --namespace team-b"
	waiting = "private-classifier"
)

// packages that Crossplane has installed.
func (d *demo) packages(ctx context.Context) error {
	return d.shell(ctx, "kubectl get pkg", "")
}

// stacks are asked for by two teams.
func (d *demo) stacks(ctx context.Context) error {
	for _, line := range []string{
		"kubectl apply -f examples/local/pools.yaml",
		"kubectl create namespace team-a --dry-run=client -o yaml | kubectl apply -f -",
		"kubectl create namespace team-b --dry-run=client -o yaml | kubectl apply -f -",
		"kubectl apply -f examples/local/claim.yaml",
		"kubectl apply -f examples/local/stack.yaml",
	} {
		if err := d.shell(ctx, line, ""); err != nil {
			return err
		}
	}
	return nil
}

// awaitStacks until the claim is Ready and the stack has placed what can be placed.
func (d *demo) awaitStacks(ctx context.Context) error {
	if err := d.condition(ctx, claim, "Ready", "True"); err != nil {
		return err
	}
	if err := d.condition(ctx, stack, "Placed", "False"); err != nil {
		return err
	}
	for _, name := range []string{"private-model", "private-vault"} {
		if err := d.condition(ctx, "performer/"+name+" --namespace team-b", "Ready", "True"); err != nil {
			return err
		}
	}
	return nil
}

// chosen pools, and what became of them.
func (d *demo) chosen(ctx context.Context) error {
	for _, line := range []string{
		"kubectl get hardwarepools",
		"crossplane resource trace hourglassstackclaim.platform.hourglass.eigenlayer.io/oracle -n team-a",
		"kubectl get hourglassstacks --all-namespaces",
		`kubectl get hourglassstackclaims --all-namespaces -o go-template='{{range .items}}{{range .status.placements}}{{printf "%-20s %-20s %s\n" .performer .pool .why}}{{end}}{{end}}'`,
		`kubectl get hourglassstacks --all-namespaces -o go-template='{{range .items}}{{range .status.placements}}{{printf "%-20s %-20s %s\n" .performer .pool .why}}{{end}}{{end}}'`,
		"kubectl get hourglassexecutors,performers,pods --all-namespaces",
	} {
		fmt.Println("$ " + line)
		if err := d.shell(ctx, line, ""); err != nil {
			return err
		}
		fmt.Println()
	}
	return nil
}

// mendStack shows why one performer is not placed, and asks for something that there is.
func (d *demo) mendStack(ctx context.Context) error {
	const (
		why  = `kubectl get ` + stack + ` -o go-template='{{range .status.unplaced}}{{.performer}}{{"\n"}}{{range .reasons}}{{printf "  %-18s %s\n" .pool .reason}}{{end}}{{end}}'`
		mend = `kubectl patch ` + stack + ` --type json --patch '[{"op":"replace","path":"/spec/performers/2/hardwareRequirements/gpuType","value":"t4"}]'`
	)
	for _, line := range []string{why, mend} {
		fmt.Println("$ " + line)
		if err := d.shell(ctx, line, ""); err != nil {
			return err
		}
	}
	if err := d.condition(ctx, stack, "Ready", "True"); err != nil {
		return err
	}
	return d.shell(ctx, "kubectl get hourglassstacks --all-namespaces", "")
}

// deleteClaim and see that nothing of it stays.
func (d *demo) deleteClaim(ctx context.Context) error {
	if err := d.shell(ctx, "kubectl delete "+claim+" --timeout=60s", ""); err != nil {
		return err
	}
	const ours = "hourglassexecutors,performers,pods,services,deployments,secrets,configmaps,serviceaccounts,roles,rolebindings"
	var left []string
	err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, settleWithin, true, func(ctx context.Context) (bool, error) {
		out, err := d.cluster.Kubectl(ctx, "get", ours, "--namespace", "team-a", "-o", "name")
		left = besides(strings.Fields(out), "secret/operator-keys", "configmap/kube-root-ca.crt", "serviceaccount/default")
		return len(left) == 0, err
	})
	if err != nil {
		return fmt.Errorf("waited for all of the claim to be gone: %w; left are %s", err, strings.Join(left, ", "))
	}
	fmt.Println("nothing of it is left in its namespace: " + strings.ReplaceAll(ours, ",", ", "))
	return nil
}

// besides returns the names that are not among those that were there before.
func besides(names []string, before ...string) []string {
	var others []string
	for _, name := range names {
		if !slices.Contains(before, name) {
			others = append(others, name)
		}
	}
	return others
}

// condition awaits that an object has a condition.
func (d *demo) condition(ctx context.Context, object, condition, status string) error {
	get := append([]string{"get"}, strings.Fields(object)...)
	var last string
	err := wait.PollUntilContextTimeout(ctx, 200*time.Millisecond, settleWithin, true, func(ctx context.Context) (bool, error) {
		out, err := d.cluster.Kubectl(ctx, append(get, "-o", fmt.Sprintf(`jsonpath={.status.conditions[?(@.type==%q)].status}`, condition))...)
		last = out
		return err == nil && out == status, nil
	})
	if err != nil {
		state, _ := d.cluster.Kubectl(context.WithoutCancel(ctx), append(get, "-o", "yaml")...) // Said if it can be.
		return fmt.Errorf("waited for %s to have %s=%s, it is %q: %w\n%s", object, condition, status, last, err, state)
	}
	return nil
}
