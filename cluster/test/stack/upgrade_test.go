// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// earlier is a commit whose packages are upgraded to those of today.
const earlier = "a1d4879fc8a33bab0d7430c4c9a87e0087e811a9"

// TestUpgrade installs the packages of an earlier commit, makes a stack, and upgrades all three packages to those of
// today: no Pod restarts, and nothing that was Ready is ever seen not to be.
func TestUpgrade(t *testing.T) {
	if err := control.plane.InstallVersion(t.Context(), earlierSource(t), "v0.0.1-earlier"); err != nil {
		t.Fatal(err)
	}
	ns := namespace(t, "upgrade")
	stack := newStack(ns, "lasting", 3)
	if err := unstructured.SetNestedMap(stack.Object, executorSpec(), "spec", "executor"); err != nil {
		t.Fatal(err)
	}
	kubectl(t, "create", "secret", "generic", "operator-keys", "-n", ns, "--from-literal=ecdsa=0x0000000000000000000000000000000000000000000000000000000000000001")
	if err := control.Create(t.Context(), stack); err != nil {
		t.Fatal(err)
	}
	awaitCondition(t, stack, "Ready", "True")
	awaitStill(t, stack)

	before := pods(t, ns)
	flaps := watchReady(t, ns)
	if err := control.plane.InstallPackages(t.Context()); err != nil {
		t.Fatal(err)
	}
	// The new function and provider have had all in hand when they have made another stack, and the stack's is looked at.
	kubectl(t, "annotate", "hourglassstack", "lasting", "-n", ns, "looked-at=again")
	probe := newStack(namespace(t, "upgraded"), "probe", 1)
	if err := control.Create(t.Context(), probe); err != nil {
		t.Fatal(err)
	}
	awaitCondition(t, probe, "Ready", "True")
	if diff := cmp.Diff([]string(nil), flaps()); diff != "" {
		t.Errorf("what was Ready must stay so while packages are upgraded: -want, +got:\n%s", diff)
	}
	if diff := cmp.Diff(before, pods(t, ns)); diff != "" {
		t.Errorf("no Pod may restart because packages are upgraded: -before, +after:\n%s", diff)
	}
}

// executorSpec is an executor's spec.
func executorSpec() map[string]any {
	return map[string]any{
		"image": "hourglass/executor:v1.0.0",
		"config": map[string]any{
			"aggregatorEndpoint":    "aggregator.example.com:9090",
			"operatorKeysSecretRef": map[string]any{"name": "operator-keys"},
			"chains": []any{map[string]any{
				"name": "ethereum", "rpc": "https://mainnet.example.com", "chainId": int64(1), "taskMailboxAddress": avs,
			}},
		},
	}
}

// earlierSource is a folder with the source of the earlier commit. In a clone without its history that is today's source,
// which becomes packages of another version all the same.
func earlierSource(t *testing.T) string {
	t.Helper()
	archive := exec.CommandContext(t.Context(), "git", "archive", earlier)
	archive.Dir = control.root
	data, err := archive.Output()
	if err != nil {
		t.Logf("this clone has no commit %s: the upgrade is from today's source in an earlier version", earlier)
		return control.root
	}
	dir := t.TempDir()
	extract := exec.CommandContext(t.Context(), "tar", "-x", "-C", dir)
	extract.Stdin = bytes.NewReader(data)
	if out, err := extract.CombinedOutput(); err != nil {
		t.Fatalf("cannot extract the source of %s: %v\n%s", earlier, err, out)
	}
	return dir
}

// pods of a namespace: name, UID and restarts of each.
func pods(t *testing.T, ns string) []string {
	t.Helper()
	l := &corev1.PodList{}
	if err := control.List(t.Context(), l, client.InNamespace(ns)); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, p := range l.Items {
		restarts := int32(0)
		for _, s := range p.Status.ContainerStatuses {
			restarts += s.RestartCount
		}
		all = append(all, p.Name+" "+string(p.UID)+" restarts "+strconv.Itoa(int(restarts)))
	}
	return all
}

// awaitStill waits until nobody writes an object any more. With a status that a function returns, Crossplane writes the
// conditions that it has read, which are a moment old where it has just written others: a stack that has become Ready may
// say once more that it is not.
func awaitStill(t *testing.T, o *unstructured.Unstructured) {
	t.Helper()
	version, since := "", time.Now()
	eventually(t, o.GetName()+" is still", func(ctx context.Context) (bool, string) {
		if err := control.Get(ctx, client.ObjectKeyFromObject(o), o); err != nil {
			return false, err.Error()
		}
		if o.GetResourceVersion() != version {
			version, since = o.GetResourceVersion(), time.Now()
		}
		return time.Since(since) > 3*time.Second, "it was written again"
	})
}

// watchReady notes Performers, executors and stacks in a namespace that were Ready and are not any more, until it is asked
// which.
func watchReady(t *testing.T, ns string) func() []string {
	t.Helper()
	c, err := client.NewWithWatch(control.config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var (
		mu    sync.Mutex
		notes []string
		done  sync.WaitGroup
	)
	seen := map[string]bool{}
	for _, kind := range []schema.GroupVersionKind{
		v1alpha1.SchemeGroupVersion.WithKind("Performer"), v1alpha1.SchemeGroupVersion.WithKind("HourglassExecutor"), platform("HourglassStack"),
	} {
		done.Go(func() {
			was := map[string]bool{}
			// A watch ends where its kind is defined anew, as an upgrade does.
			for ctx.Err() == nil {
				l := &unstructured.UnstructuredList{}
				l.SetGroupVersionKind(kind)
				w, err := c.Watch(ctx, l, client.InNamespace(ns))
				if err != nil {
					continue
				}
				for e := range w.ResultChan() {
					o, ok := e.Object.(*unstructured.Unstructured)
					if !ok {
						continue
					}
					name := o.GetKind() + " " + o.GetName()
					is, why := isReady(o)
					if was[name] && !is {
						mu.Lock()
						notes = append(notes, name+" is not Ready any more: "+why)
						mu.Unlock()
					}
					was[name] = is
					mu.Lock()
					seen[kind.Kind] = seen[kind.Kind] || is
					mu.Unlock()
				}
			}
		})
	}
	eventually(t, "all kinds are watched, and Ready", func(context.Context) (bool, string) {
		mu.Lock()
		defer mu.Unlock()
		return len(seen) == 3 && seen[v1alpha1.PerformerKind] && seen[v1alpha1.HourglassExecutorKind] && seen["HourglassStack"], fmt.Sprint(seen)
	})
	return func() []string {
		cancel()
		done.Wait()
		return notes
	}
}

// isReady says whether an object is Ready, and its own words for it.
func isReady(o *unstructured.Unstructured) (ready bool, why string) {
	conditions, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, c := range conditions {
		if c, ok := c.(map[string]any); ok && c["type"] == "Ready" {
			return c["status"] == "True", fmt.Sprint(c["reason"], " ", c["message"])
		}
	}
	return false, "there is no condition Ready"
}

// TestUninstall does what docs/install.md says, line by line: nothing of this project is left.
func TestUninstall(t *testing.T) {
	shell(t, control.plane.Cluster.Kubeconfig, documented(t, "Remove it without leaving anything"))
	eventually(t, "nothing is left", func(context.Context) (bool, string) {
		var names []string
		for _, kinds := range []string{"crds", "clusterroles,clusterrolebindings", "managedresourcedefinitions,xrds,compositions,pkg,pkgrev,deploymentruntimeconfigs"} {
			for name := range strings.FieldsSeq(kubectl(t, "get", kinds, "-o", "name")) {
				if strings.Contains(name, "hourglass") {
					names = append(names, name)
				}
			}
		}
		for name := range strings.FieldsSeq(kubectl(t, "get", "pods,deployments,services,serviceaccounts,secrets", "-A", "-o", "name")) {
			if strings.Contains(name, "hourglass") {
				names = append(names, name)
			}
		}
		return len(names) == 0, strings.Join(names, ", ")
	})
}
