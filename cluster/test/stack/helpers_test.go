// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// within bounds everything that a test waits for. It is no measure of speed.
const within = 3 * time.Minute

const avs = "0x1234567890abcdef1234567890abcdef12345678"

// platform is the kind of a composite resource or claim.
func platform(kind string) schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: "platform.hourglass.eigenlayer.io", Version: "v1alpha1", Kind: kind}
}

// namespace makes a namespace for one test.
func namespace(t *testing.T, name string) string {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if err := control.Create(t.Context(), ns); err != nil {
		t.Fatalf("cannot create a namespace: %v", err)
	}
	return name
}

// newStack is a HourglassStack with n performers that any node can run.
func newStack(ns, name string, n int) *unstructured.Unstructured {
	s := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"performers": []any{
		map[string]any{"name": "p", "replicas": int64(n), "avsAddress": avs, "image": "myavs/performer:v1"},
	}}}}
	s.SetGroupVersionKind(platform("HourglassStack"))
	s.SetNamespace(ns)
	s.SetName(name)
	return s
}

// kubectl or fail.
func kubectl(t *testing.T, args ...string) string {
	t.Helper()
	out, err := control.plane.Cluster.Kubectl(context.WithoutCancel(t.Context()), args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// apply a file of the repository.
func apply(t *testing.T, elem ...string) {
	t.Helper()
	kubectl(t, "apply", "-f", filepath.Join(append([]string{control.root}, elem...)...))
}

// eventually waits until a condition holds. It fails with what is said last.
func eventually(t *testing.T, what string, holds func(context.Context) (bool, string)) {
	t.Helper()
	eventuallyWithin(t, within, what, holds)
}

// eventuallyWithin is eventually for what takes its time.
func eventuallyWithin(t *testing.T, limit time.Duration, what string, holds func(context.Context) (bool, string)) {
	t.Helper()
	last := ""
	err := wait.PollUntilContextTimeout(context.WithoutCancel(t.Context()), 100*time.Millisecond, limit, true, func(ctx context.Context) (bool, error) {
		ok, said := holds(ctx)
		last = said
		return ok, nil
	})
	if err != nil {
		t.Fatalf("waited %s in vain until %s; last: %s", limit, what, last)
	}
}

// awaitCondition of an object.
func awaitCondition(t *testing.T, o *unstructured.Unstructured, condition, status string) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s %s is %s=%s", o.GetKind(), o.GetName(), condition, status), func(ctx context.Context) (bool, string) {
		if err := control.Get(ctx, client.ObjectKeyFromObject(o), o); err != nil {
			return false, err.Error()
		}
		conditions, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
		said := fmt.Sprintf("resourceVersion %s:", o.GetResourceVersion())
		for _, c := range conditions {
			c, _ := c.(map[string]any)
			if c["type"] == condition && c["status"] == status {
				return true, ""
			}
			said += fmt.Sprintf(" %v=%v %v %v;", c["type"], c["status"], c["reason"], c["message"])
		}
		return false, said
	})
}

// left are the names of what is in a namespace, besides some.
func left(t *testing.T, ns string, besides ...string) []string {
	t.Helper()
	const kinds = "hourglassexecutors,performers,pods,services,deployments,replicasets,secrets,configmaps,serviceaccounts,roles,rolebindings"
	expected := map[string]bool{"configmap/kube-root-ca.crt": true, "serviceaccount/default": true}
	for _, name := range besides {
		expected[name] = true
	}
	var names []string
	for name := range strings.FieldsSeq(kubectl(t, "get", kinds, "--namespace", ns, "-o", "name")) {
		if !expected[name] {
			names = append(names, name)
		}
	}
	return names
}

// documented are the command lines of a section of docs/install.md.
func documented(t *testing.T, title string) []string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(control.root, "docs", "install.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(raw), "\n## "+title)
	if !found {
		t.Fatalf("docs/install.md must have a section %q", title)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var lines []string
	for i, block := range strings.Split(section, "```") {
		if i%2 == 1 {
			lines = append(lines, strings.Split(strings.TrimSpace(strings.TrimPrefix(block, "bash\n")), "\n")...)
		}
	}
	return lines
}

// shell runs command lines one after the other, in the repository, until one fails.
func shell(t *testing.T, kubeconfig string, lines []string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-ex", "-o", "pipefail", "-c", strings.Join(lines, "\n"))
	cmd.Dir = control.root
	cmd.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig,
		"PATH="+filepath.Dir(control.plane.Cluster.Binaries.Kubectl())+":"+os.Getenv("PATH"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
