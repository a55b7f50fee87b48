package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-hourglass/apis"
	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/cluster/local"
	"github.com/crossplane-contrib/provider-hourglass/cluster/test/manifest"
)

// settleWithin bounds each of the demo's waits.
const settleWithin = 2 * time.Minute

// The Performers of the demo that are not the reference's.
const (
	executor  = "main-executor"
	upgraded  = "my-performer"
	unplaced  = "unplaceable-performer"
	namespace = "default"
)

type demoCmd struct {
	place
}

// Run starts everything and shows the provider at work. It fails unless all that it shows was seen.
func (c demoCmd) Run(ctx context.Context, progress local.Progress) error {
	if err := (upCmd{place: c.place, Provider: true}).Run(ctx, progress); err != nil {
		return err
	}
	o, root, err := c.options(progress)
	if err != nil {
		return err
	}
	d, err := newDemo(ctx, o, root)
	if err != nil {
		return err
	}
	for _, step := range []struct {
		title string
		do    func(context.Context) error
	}{
		{"applying an executor, the API reference's Performers as printed, some more, and one that no node can take", d.apply},
		{"waiting for all of them but that one to run", d.await},
		{"what runs where", d.tables},
		{"why " + unplaced + " waits, as kubectl describe tells it", d.explain},
		{"upgrading " + upgraded + " with the API reference's own line", d.upgrade},
	} {
		fmt.Println()
		progress(step.title)
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w; the provider's log is %s", step.title, err, filepath.Join(o.Dir, "provider.log"))
		}
	}
	fmt.Println()
	progress("all of this was seen to hold; make down removes it again")
	return nil
}

// A demo is a running one.
type demo struct {
	client.Client

	cluster *local.Cluster
	root    string
	bin     string
	running []string
}

func newDemo(ctx context.Context, o local.Options, root string) (*demo, error) {
	b, err := local.Install(ctx, o.Progress)
	if err != nil {
		return nil, err
	}
	o.Binaries = b
	c, err := local.Open(o)
	if err != nil {
		return nil, err
	}
	cfg, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("cannot read the cluster's kubeconfig: %w", err)
	}
	s := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(s), apis.AddToScheme(s)); err != nil {
		return nil, fmt.Errorf("cannot register the API types: %w", err)
	}
	kube, err := client.New(cfg, client.Options{Scheme: s})
	if err != nil {
		return nil, fmt.Errorf("cannot reach the cluster: %w", err)
	}
	return &demo{Client: kube, cluster: c, root: root, bin: filepath.Join(o.Dir, "bin")}, nil
}

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

// until something holds of a Performer and its Pod, which it returns.
func (d *demo) until(ctx context.Context, name, what string, holds func(*v1alpha1.Performer, *corev1.Pod) bool) (*corev1.Pod, error) {
	p, pod := &v1alpha1.Performer{}, &corev1.Pod{}
	err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, settleWithin, true, func(ctx context.Context) (bool, error) {
		if err := d.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, p); err != nil {
			return false, client.IgnoreNotFound(err)
		}
		if err := d.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "performer-" + name}, pod); err != nil {
			return false, client.IgnoreNotFound(err)
		}
		return holds(p, pod), nil
	})
	if err != nil {
		return nil, fmt.Errorf("waited for Performer %s to be %s: %w; it is %s: %s", name, what, err, p.Status.Phase, p.Status.GetCondition("Available").Message)
	}
	return pod, nil
}

// shell runs a command line as its reader would, in the repository and with the cluster's kubectl.
func (d *demo) shell(ctx context.Context, line, stdin string) error {
	cmd := exec.CommandContext(ctx, "sh", "-c", line) //nolint:gosec // Lines of this demo and of the reference.
	cmd.Dir = d.root
	cmd.Env = append(os.Environ(), "KUBECONFIG="+d.cluster.Kubeconfig, "PATH="+d.bin+":"+os.Getenv("PATH"))
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("cannot run %q: %w", line, err)
	}
	return nil
}

func (d *demo) reference() string {
	return filepath.Join(d.root, "docs", "api-reference.md")
}
