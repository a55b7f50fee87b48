// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/cluster/test/manifest"
)

// mainExecutor is the executor that the reference's complex Performer belongs
// to.
const mainExecutor = `
apiVersion: hourglass.eigenlayer.io/v1alpha1
kind: HourglassExecutor
metadata:
  name: main-executor
spec:
  image: hourglass/executor:v1.0.0
  config:
    aggregatorEndpoint: aggregator.example.com:9090
    operatorKeys:
      ecdsa: "0x0000000000000000000000000000000000000000000000000000000000000001"
    chains:
      - name: ethereum
        rpc: https://mainnet.example.com/v3/SECRET
        chainId: 1
        taskMailboxAddress: "0x1234567890abcdef1234567890abcdef12345678"
`

// apply the manifests with kubectl.
func (d *demo) apply(ctx context.Context) error {
	if err := d.shell(ctx, "kubectl apply -f -", mainExecutor); err != nil {
		return err
	}
	raw, err := os.ReadFile(d.reference())
	if err != nil {
		return err
	}
	examples, err := manifest.FromMarkdown(strings.NewReader(string(raw)))
	if err != nil {
		return err
	}
	for _, e := range examples {
		if e.Kind != v1alpha1.PerformerKind {
			continue
		}
		d.running = append(d.running, e.Name)
		if err := d.shell(ctx, "kubectl apply -f -", e.YAML); err != nil {
			return err
		}
	}
	d.running = append(d.running, upgraded, "gpu-performer", "sgx-performer", "snp-performer", "confidential-gpu-performer")
	if err := d.shell(ctx, `sed 's/name: my-performer/name: second-performer/; s/^spec:/spec:\n  executorRef: main-executor/' examples/performer/minimal.yaml | kubectl apply -f -`, ""); err != nil {
		return err
	}
	d.running = append(d.running, "second-performer")
	for _, f := range []string{"minimal", "gpu", "sgx", "confidential-vm", "confidential-gpu", "unplaceable"} {
		if err := d.shell(ctx, "kubectl apply -f examples/performer/"+f+".yaml", ""); err != nil {
			return err
		}
	}
	return nil
}

// await that every Performer is where it should be.
func (d *demo) await(ctx context.Context) error {
	for _, name := range d.running {
		if _, err := d.until(ctx, name, "Running and ready", ready); err != nil {
			return err
		}
	}
	if err := d.awaitExecutor(ctx); err != nil {
		return err
	}
	_, err := d.until(ctx, unplaced, "Pending with the reason SchedulingFailed", func(p *v1alpha1.Performer, _ *corev1.Pod) bool {
		return p.Status.Phase == v1alpha1.PerformerPending && p.Status.GetCondition("Available").Reason == "SchedulingFailed"
	})
	return err
}

// awaitExecutor that runs its one replica.
func (d *demo) awaitExecutor(ctx context.Context) error {
	e := &v1alpha1.HourglassExecutor{}
	err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, settleWithin, true, func(ctx context.Context) (bool, error) {
		if err := d.Get(ctx, client.ObjectKey{Namespace: namespace, Name: executor}, e); err != nil {
			return false, client.IgnoreNotFound(err)
		}
		return e.Status.Phase == v1alpha1.ExecutorRunning && e.Status.ReadyReplicas == 1, nil
	})
	if err != nil {
		return fmt.Errorf("waited for HourglassExecutor %s to run: %w; it is %s: %s", executor, err, e.Status.Phase, e.Status.GetCondition("Available").Message)
	}
	return nil
}

func ready(p *v1alpha1.Performer, _ *corev1.Pod) bool {
	return p.Status.Phase == v1alpha1.PerformerRunning && p.Status.Ready
}

// tables of Performers, Pods and nodes.
func (d *demo) tables(ctx context.Context) error {
	for _, line := range []string{
		"kubectl get hourglassexecutors",
		`kubectl get performers -o custom-columns='PERFORMER:.metadata.name,EXECUTOR:.spec.executorRef' | grep -E 'EXECUTOR|main-executor'`,
		"kubectl get configmap main-executor-config -o jsonpath='{.data.config\\.yaml}'",
		"kubectl get performers",
		`kubectl get pods -o custom-columns='POD:.metadata.name,PHASE:.status.phase,NODE:.spec.nodeName,CLASS:.spec.runtimeClassName,LIMITS:.spec.containers[0].resources.limits'`,
		`kubectl get nodes -o custom-columns='NODE:.metadata.name,MODEL:.metadata.labels.nvidia\.com/gpu\.product,GPUS:.status.allocatable.nvidia\.com/gpu,PASSTHROUGH:.status.allocatable.nvidia\.com/pgpu,SGX:.status.allocatable.sgx\.intel\.com/epc,TDX:.status.allocatable.tdx\.intel\.com/keys,SNP:.status.allocatable.sev-snp\.amd\.com/esids,TAINTS:.spec.taints[*].key'`,
	} {
		if err := d.shell(ctx, line, ""); err != nil {
			return err
		}
		fmt.Println()
	}
	return nil
}

// explain shows the part of kubectl describe that says why.
func (d *demo) explain(ctx context.Context) error {
	out, err := d.cluster.Kubectl(ctx, "--namespace", namespace, "describe", "performer", unplaced)
	if err != nil {
		return err
	}
	_, status, found := strings.Cut(out, "\nStatus:")
	if !found || !strings.Contains(status, "no node can take Pod") {
		return fmt.Errorf("kubectl describe does not say why:\n%s", out)
	}
	fmt.Print("Status:" + status)
	return nil
}

// upgrade a Performer and see that its Pod stays.
func (d *demo) upgrade(ctx context.Context) error {
	raw, err := os.ReadFile(d.reference())
	if err != nil {
		return err
	}
	commands, err := manifest.Commands(strings.NewReader(string(raw)))
	if err != nil {
		return err
	}
	before, err := d.until(ctx, upgraded, "running its old image", runs("myavs/performer:v2.0.0"))
	if err != nil {
		return err
	}
	for _, c := range commands {
		if !strings.HasPrefix(c.Line, "kubectl patch performer "+upgraded) {
			continue
		}
		fmt.Println(c.Line)
		if err := d.shell(ctx, c.Line, ""); err != nil {
			return err
		}
	}
	after, err := d.until(ctx, upgraded, "running its new image", runs("myavs/performer:v2.1.0"))
	if err != nil {
		return err
	}
	fmt.Printf("before: image %s, Pod UID %s on node %s\nafter:  image %s, Pod UID %s on node %s, %d restart(s)\n",
		before.Spec.Containers[0].Image, before.UID, before.Spec.NodeName,
		after.Spec.Containers[0].Image, after.UID, after.Spec.NodeName, after.Status.ContainerStatuses[0].RestartCount)
	if before.UID != after.UID {
		return errors.New("the upgrade must keep the Pod")
	}
	return nil
}

// runs holds for a Performer that is ready with an image.
func runs(image string) func(*v1alpha1.Performer, *corev1.Pod) bool {
	return func(p *v1alpha1.Performer, pod *corev1.Pod) bool {
		return ready(p, pod) && len(pod.Status.ContainerStatuses) > 0 && pod.Status.ContainerStatuses[0].Image == image
	}
}
