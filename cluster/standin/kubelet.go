// SPDX-License-Identifier: Apache-2.0

package standin

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// restartAfter is how long a process that has ended stays down.
const restartAfter = time.Second

// A kubelet runs Pods of packages as processes.
type kubelet struct {
	client client.Client
	api    *rest.Config
	dir    string

	mu      sync.Mutex
	running map[types.NamespacedName]*process
}

func newKubelet(c client.Client, api *rest.Config, dir string) *kubelet {
	return &kubelet{client: c, api: api, dir: dir, running: map[types.NamespacedName]*process{}}
}

func (k *kubelet) setup(mgr ctrl.Manager) error {
	if err := ctrl.NewControllerManagedBy(mgr).Named("pods").For(&corev1.Pod{}).Complete(k); err != nil {
		return fmt.Errorf("cannot watch Pods: %w", err)
	}
	return nil
}

// Reconcile starts what a Pod is to run once the Pod is on a node, and ends it with the Pod.
func (k *kubelet) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	pod := &corev1.Pod{}
	if err := k.client.Get(ctx, req.NamespacedName, pod); client.IgnoreNotFound(err) != nil {
		return ctrl.Result{}, err
	}
	if pod.DeletionTimestamp != nil || pod.Spec.NodeName == "" || !ofPackage(pod) {
		k.stop(req.NamespacedName)
		return ctrl.Result{}, nil
	}
	if p := k.process(req.NamespacedName); p != nil {
		if p.alive() && p.pod == pod.UID {
			return ctrl.Result{RequeueAfter: restartAfter}, nil
		}
		k.stop(req.NamespacedName)
	}
	p, err := k.start(ctx, pod)
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", pod.Name, err)
		return ctrl.Result{RequeueAfter: restartAfter}, nil
	}
	fmt.Fprintf(os.Stderr, "%s: runs %s as process %d\n", pod.Name, pod.Spec.Containers[0].Image, p.cmd.Process.Pid)
	k.mu.Lock()
	k.running[req.NamespacedName] = p
	k.mu.Unlock()
	return ctrl.Result{RequeueAfter: restartAfter}, nil
}

// start starts the process of a Pod's only container.
func (k *kubelet) start(ctx context.Context, pod *corev1.Pod) (*process, error) {
	container := pod.Spec.Containers[0]
	i, err := pull(ctx, container.Image, k.dir)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(k.dir, pod.Name)
	mounts, err := k.mount(ctx, pod, dir)
	if err != nil {
		return nil, err
	}
	kubeconfig, err := k.kubeconfig(ctx, pod, dir)
	if err != nil {
		return nil, err
	}
	env, err := environment(pod, container, i.env, mounts)
	if err != nil {
		return nil, err
	}
	command := append(append([]string{}, i.entrypoint...), container.Args...)
	if len(container.Command) > 0 {
		command = append(append([]string{}, container.Command...), container.Args...)
	}
	command[0] = filepath.Join(i.root, command[0])
	return run(pod, append(env, "KUBECONFIG="+kubeconfig), command, k.dir)
}

func (k *kubelet) process(pod types.NamespacedName) *process {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.running[pod]
}

// port returns where a Pod's process listens, or 0.
func (k *kubelet) port(pod types.NamespacedName) int {
	if p := k.process(pod); p != nil && p.alive() {
		return p.port
	}
	return 0
}

func (k *kubelet) stop(pod types.NamespacedName) {
	k.mu.Lock()
	p := k.running[pod]
	delete(k.running, pod)
	k.mu.Unlock()
	if p != nil {
		p.stop()
	}
}

func (k *kubelet) stopAll() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, p := range k.running {
		p.stop()
	}
}
