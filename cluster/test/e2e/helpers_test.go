// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/cluster/test/plane"
)

const avs = plane.AVS

// What follows has the hub do what any plane can.

func namespace(t *testing.T) string {
	t.Helper()
	return hub.Namespace(t)
}

func create(t *testing.T, o client.Object) {
	t.Helper()
	hub.Make(t, o)
}

func change[T client.Object](t *testing.T, o T, f func(T)) {
	t.Helper()
	plane.Change(t, hub.Hub, o, f)
}

func eventually(t *testing.T, what string, holds func(context.Context) (bool, string)) {
	t.Helper()
	plane.Eventually(t, what, holds)
}

func await(t *testing.T, p *v1alpha1.Performer, what string, holds func(*v1alpha1.Performer) bool) *v1alpha1.Performer {
	t.Helper()
	return hub.Await(t, p, what, holds)
}

func awaitRunning(t *testing.T, p *v1alpha1.Performer) *v1alpha1.Performer {
	t.Helper()
	return hub.AwaitRunning(t, p)
}

func podOf(t *testing.T, p *v1alpha1.Performer) *corev1.Pod {
	t.Helper()
	return hub.PodOf(t, p)
}

func serviceOf(t *testing.T, p *v1alpha1.Performer) *corev1.Service {
	t.Helper()
	return hub.ServiceOf(t, p)
}

func awaitEvent(t *testing.T, p *v1alpha1.Performer, reason string, words ...string) {
	t.Helper()
	hub.AwaitEvent(t, p, reason, words...)
}

func awaitGone(t *testing.T, o client.Object) {
	t.Helper()
	hub.AwaitGone(t, o)
}

func watchPhases(t *testing.T, p *v1alpha1.Performer) func(until *v1alpha1.Performer) []v1alpha1.PerformerPhase {
	t.Helper()
	return hub.WatchPhases(t, p)
}

func newPerformer(ns, name string, m ...func(*v1alpha1.Performer)) *v1alpha1.Performer {
	return plane.NewPerformer(ns, name, m...)
}

func describe(p *v1alpha1.Performer) string { return plane.Describe(p) }

func running(p *v1alpha1.Performer) bool { return plane.Running(p) }

func identity(pod *corev1.Pod) map[string]string { return plane.Identity(pod) }

func objectMeta(p *v1alpha1.Performer) metav1.ObjectMeta { return plane.ObjectMeta(p) }

func containsAll(s string, words []string) bool { return plane.ContainsAll(s, words) }

// shell runs a command line as a user at the cluster would, and returns what it
// prints.
func shell(t *testing.T, ns, line string, env ...string) (string, error) {
	t.Helper()
	bin := t.TempDir()
	if err := os.Symlink(hub.Cluster.Binaries.Kubectl(), filepath.Join(bin, "kubectl")); err != nil {
		t.Fatalf("cannot link kubectl: %v", err)
	}
	config := filepath.Join(bin, "kubeconfig")
	raw, err := os.ReadFile(hub.Cluster.Kubeconfig)
	if err != nil {
		t.Fatalf("cannot read the kubeconfig: %v", err)
	}
	if err := os.WriteFile(config, raw, 0o600); err != nil {
		t.Fatalf("cannot copy the kubeconfig: %v", err)
	}
	set := "kubectl config set-context --current --namespace=" + ns + " >/dev/null\n"
	cmd := exec.CommandContext(t.Context(), "sh", "-c", set+line)
	cmd.Env = append(os.Environ(), append(env, "PATH="+bin+":"+os.Getenv("PATH"), "KUBECONFIG="+config)...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}
