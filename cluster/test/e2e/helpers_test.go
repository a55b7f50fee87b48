// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// within bounds everything that a test waits for. It is no measure of speed.
const within = time.Minute

const avs = "0x1234567890abcdef1234567890abcdef12345678"

// namespace makes a namespace for one test and removes it, with what is in it,
// when the test ends.
func namespace(t *testing.T) string {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "e2e-"}}
	if err := hub.Create(t.Context(), ns); err != nil {
		t.Fatalf("cannot create a namespace: %v", err)
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		if err := hub.DeleteAllOf(ctx, &v1alpha1.Performer{}, client.InNamespace(ns.Name)); err != nil {
			t.Errorf("cannot delete the test's Performers: %v", err)
		}
		eventually(t, "the test's Performers are gone", func(ctx context.Context) (bool, string) {
			l := &v1alpha1.PerformerList{}
			err := hub.List(ctx, l, client.InNamespace(ns.Name))
			return err == nil && len(l.Items) == 0, "there are still some"
		})
		if err := hub.DeleteAllOf(ctx, &v1alpha1.HourglassExecutor{}, client.InNamespace(ns.Name)); err != nil {
			t.Errorf("cannot delete the test's executors: %v", err)
		}
		eventually(t, "the test's executors are gone", func(ctx context.Context) (bool, string) {
			l := &v1alpha1.HourglassExecutorList{}
			err := hub.List(ctx, l, client.InNamespace(ns.Name))
			return err == nil && len(l.Items) == 0, "there are still some"
		})
		if err := hub.Delete(ctx, ns); err != nil {
			t.Errorf("cannot delete the test's namespace: %v", err)
		}
	})
	return ns.Name
}

// newPerformer is a Performer that any node can run.
func newPerformer(ns, name string, m ...func(*v1alpha1.Performer)) *v1alpha1.Performer {
	p := &v1alpha1.Performer{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name},
		Spec:       v1alpha1.PerformerSpec{AVSAddress: avs, Image: "myavs/performer:v1"},
	}
	for _, f := range m {
		f(p)
	}
	return p
}

// create an object or fail.
func create(t *testing.T, o client.Object) {
	t.Helper()
	if err := hub.Create(t.Context(), o); err != nil {
		t.Fatalf("cannot create %T %s: %v", o, o.GetName(), err)
	}
}

// change an object with a merge patch, as kubectl would.
func change[T client.Object](t *testing.T, o T, f func(T)) {
	t.Helper()
	before, ok := o.DeepCopyObject().(T)
	if !ok {
		t.Fatalf("cannot copy %T", o)
	}
	f(o)
	if err := hub.Patch(t.Context(), o, client.MergeFrom(before), client.FieldOwner("e2e-test")); err != nil {
		t.Fatalf("cannot change %T %s: %v", o, o.GetName(), err)
	}
}

// eventually waits until a condition holds. It fails with what is said last.
func eventually(t *testing.T, what string, holds func(context.Context) (bool, string)) {
	t.Helper()
	last := ""
	ctx := context.WithoutCancel(t.Context())
	err := wait.PollUntilContextTimeout(ctx, 20*time.Millisecond, within, true, func(ctx context.Context) (bool, error) {
		ok, said := holds(ctx)
		last = said
		return ok, nil
	})
	if err != nil {
		t.Fatalf("waited %s in vain until %s; last: %s", within, what, last)
	}
}

// await a Performer for which a condition holds.
func await(t *testing.T, p *v1alpha1.Performer, what string, holds func(*v1alpha1.Performer) bool) *v1alpha1.Performer {
	t.Helper()
	got := &v1alpha1.Performer{}
	eventually(t, "Performer "+p.GetName()+" "+what, func(ctx context.Context) (bool, string) {
		if err := hub.Get(ctx, client.ObjectKeyFromObject(p), got); err != nil {
			return false, err.Error()
		}
		return holds(got), describe(got)
	})
	return got
}

func describe(p *v1alpha1.Performer) string {
	b := strings.Builder{}
	b.WriteString("phase " + string(p.Status.Phase))
	for _, c := range p.Status.Conditions {
		b.WriteString("; " + string(c.Type) + "=" + string(c.Status) + " " + string(c.Reason) + " " + c.Message)
	}
	return b.String()
}

// running is what a Performer is when all is well.
func running(p *v1alpha1.Performer) bool {
	return p.Status.Phase == v1alpha1.PerformerRunning && p.Status.Ready
}

func awaitRunning(t *testing.T, p *v1alpha1.Performer) *v1alpha1.Performer {
	t.Helper()
	return await(t, p, "is Running and ready", running)
}

// podOf is a Performer's Pod, or nil.
func podOf(t *testing.T, p *v1alpha1.Performer) *corev1.Pod {
	t.Helper()
	pod := &corev1.Pod{}
	err := hub.Get(t.Context(), client.ObjectKey{Namespace: p.GetNamespace(), Name: "performer-" + p.GetName()}, pod)
	if kerrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		t.Fatalf("cannot get the Pod of %s: %v", p.GetName(), err)
	}
	return pod
}

// serviceOf is a Performer's Service, or nil.
func serviceOf(t *testing.T, p *v1alpha1.Performer) *corev1.Service {
	t.Helper()
	svc := &corev1.Service{}
	err := hub.Get(t.Context(), client.ObjectKey{Namespace: p.GetNamespace(), Name: "performer-" + p.GetName()}, svc)
	if kerrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		t.Fatalf("cannot get the Service of %s: %v", p.GetName(), err)
	}
	return svc
}

// awaitEvent of a Performer whose message holds all of some words.
func awaitEvent(t *testing.T, p *v1alpha1.Performer, reason string, words ...string) {
	t.Helper()
	eventually(t, "an event "+reason+" says "+strings.Join(words, ", "), func(ctx context.Context) (bool, string) {
		l := &corev1.EventList{}
		if err := hub.List(ctx, l, client.InNamespace(p.GetNamespace())); err != nil {
			return false, err.Error()
		}
		said := ""
		var saidSb169 strings.Builder
		for _, e := range l.Items {
			if e.InvolvedObject.Name != p.GetName() {
				continue
			}
			saidSb169.WriteString(e.Reason + ": " + e.Message + "\n")
			if e.Reason == reason && containsAll(e.Message, words) {
				return true, ""
			}
		}
		said += saidSb169.String()
		return false, said
	})
}

func containsAll(s string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(s, w) {
			return false
		}
	}
	return true
}

// shell runs a command line as a user at the cluster would, and returns what it
// prints.
func shell(t *testing.T, ns, line string, env ...string) (string, error) {
	t.Helper()
	bin := t.TempDir()
	if err := os.Symlink(hub.cluster.Binaries.Kubectl(), filepath.Join(bin, "kubectl")); err != nil {
		t.Fatalf("cannot link kubectl: %v", err)
	}
	config := filepath.Join(bin, "kubeconfig")
	raw, err := os.ReadFile(hub.cluster.Kubeconfig)
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
