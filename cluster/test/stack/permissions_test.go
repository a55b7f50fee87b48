// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

const provider = "system:serviceaccount:crossplane-system:provider-hourglass"

// TestPermissions makes the provider do all that it ever does, and compares what it was seen to ask the API server with
// what it may: nothing was refused, and our own role grants nothing that was not asked for.
func TestPermissions(t *testing.T) {
	ns := namespace(t, "permissions")
	everything(t, ns)

	asked := map[string]bool{}
	for _, e := range audited(t) {
		call := e.Verb + " " + e.ObjectRef.Resource + suffix(".", e.ObjectRef.APIGroup) + suffix("/", e.ObjectRef.Subresource)
		asked[call] = true
		if e.ResponseStatus != nil && e.ResponseStatus.Code == 403 && !passing(e.ResponseStatus.Message) {
			t.Errorf("the provider was refused: %s: %s", call, e.ResponseStatus.Message)
		}
	}
	var unused []string
	for _, call := range granted(t) {
		if !asked[call] {
			unused = append(unused, call)
		}
	}
	if diff := cmp.Diff([]string(nil), unused); diff != "" {
		t.Errorf("package/rbac must not grant what the provider never asks for: -want, +got:\n%s\nit asked for %v", diff, sorted(asked))
	}
	mayAllOf(t, asked)
}

// passing says whether something was refused for a reason that passes: Crossplane starts a provider and makes its role at
// the same time, and a namespace that is being deleted takes no new objects.
func passing(refusal string) bool {
	return strings.Contains(refusal, `clusterrole.rbac.authorization.k8s.io "crossplane:provider:`) && strings.Contains(refusal, "not found") ||
		strings.Contains(refusal, "because it is being terminated")
}

// granted are the calls that our own role allows, but for what has to be granted so that it can be granted on.
func granted(t *testing.T) []string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(control.root, "package", "rbac", "clusterrole.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	role := &rbacv1.ClusterRole{}
	if err := yaml.UnmarshalStrict(raw, role); err != nil {
		t.Fatal(err)
	}
	var calls []string
	for _, rule := range role.Rules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					calls = append(calls, verb+" "+resource+suffix(".", group))
				}
			}
		}
	}
	return slices.DeleteFunc(calls, func(call string) bool { return call == "delete performers."+v1alpha1.Group })
}

// mayAllOf checks with the API server's own list that what was asked for is allowed. It would be without this role too,
// if something else bound the service account to more.
func mayAllOf(t *testing.T, asked map[string]bool) {
	t.Helper()
	list := kubectl(t, "auth", "can-i", "--list", "--as", provider, "--no-headers")
	allowed := map[string]string{}
	for line := range strings.Lines(list) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		verbs := line[strings.LastIndex(line, "[")+1:]
		allowed[name] += " " + strings.TrimRight(strings.TrimSpace(verbs), "]") + " "
	}
	for call := range asked {
		verb, resource, _ := strings.Cut(call, " ")
		verbs := allowed[resource]
		if !strings.Contains(verbs, " "+verb+" ") && !strings.Contains(verbs, "*") && !ofEverybody(call) {
			t.Errorf("kubectl auth can-i --list does not allow the provider to %s", call)
		}
	}
	if _, everything := allowed["*.*"]; everything {
		t.Errorf("the provider must not be allowed everything:\n%s", list)
	}
}

// ofEverybody says whether any authenticated user may make a call.
func ofEverybody(call string) bool {
	return strings.HasSuffix(call, ".authorization.k8s.io") || strings.HasSuffix(call, ".authentication.k8s.io")
}

// audited are the provider's calls of resources.
func audited(t *testing.T) []auditv1.Event {
	t.Helper()
	f, err := os.Open(control.plane.Cluster.AuditLog())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // It is only read.
	var events []auditv1.Event
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		e := auditv1.Event{}
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatalf("cannot read the audit log: %v", err)
		}
		if e.User.Username == provider && e.ObjectRef != nil {
			events = append(events, e)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if len(events) == 0 {
		t.Fatal("the audit log must have calls of the provider")
	}
	return events
}

// findsAnother has a Performer find somebody else's Pod in its place.
func findsAnother(t *testing.T, ns string) {
	t.Helper()
	kubectl(t, "run", "performer-taken", "-n", ns, "--image=myavs/performer:v1")
	p := &v1alpha1.Performer{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "taken"}}
	p.Spec.AVSAddress, p.Spec.Image = avs, "myavs/performer:v1"
	if err := control.Create(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	kubectl(t, "wait", "performer/taken", "-n", ns, "--for=condition=Synced=False", "--timeout=60s")
	kubectl(t, "delete", "performer/taken", "pod/performer-taken", "-n", ns, "--timeout=60s")
}

// everything that makes the provider call the API server.
func everything(t *testing.T, ns string) {
	t.Helper()
	apply(t, "examples", "executor", "minimal.yaml")
	p := &v1alpha1.Performer{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "all"}}
	p.Spec.AVSAddress, p.Spec.Image = avs, "myavs/performer:v1"
	if err := control.Create(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	ready(t, p, "v1", "")
	merge(t, p, `{"spec":{"image":"myavs/performer:v2"}}`)
	first := ready(t, p, "v2", "")
	merge(t, p, `{"spec":{"resources":{"requests":{"cpu":"1"}}}}`)
	second := ready(t, p, "v2", first)
	for _, args := range []string{"--again", "--and-again"} {
		merge(t, p, `{"spec":{"config":{"args":["`+args+`"]}}}`)
		second = ready(t, p, "v2", second)
	}
	findsAnother(t, ns)
	if err := control.Delete(t.Context(), &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "performer-all"}}); err != nil {
		t.Fatal(err)
	}
	ready(t, p, "v2", second)
	kubectl(t, "label", "service", "performer-all", "-n", ns, "app=another", "--overwrite")
	kubectl(t, "delete", "performer", "all", "-n", ns, "--timeout=60s")
	executorChanges(t)
	takesInventory(t)
}

// takesInventory has the provider find the pools of its own cluster, and forget them.
func takesInventory(t *testing.T) {
	t.Helper()
	found := func(want bool) {
		t.Helper()
		eventually(t, fmt.Sprintf("HardwarePools that were found are there: %t", want), func(context.Context) (bool, string) {
			out := kubectl(t, "get", "hardwarepools", "-l", v1alpha1.LabelDiscovered+"=true", "-o", "name")
			return (out != "") == want, out
		})
	}
	inventory(t, "{}")
	found(true)
	inventory(t, "null")
	found(false)
}

// executorChanges has every object of an executor changed, deleted, made again and deleted for good.
func executorChanges(t *testing.T) {
	t.Helper()
	const (
		name    = "hourglassexecutor/my-executor"
		objects = "deployment,service,configmap,secret,serviceaccount,role,rolebinding"
		ours    = "app=hourglass-executor"
		another = "app.kubernetes.io/managed-by=another"
	)
	kubectl(t, "wait", name, "-n", "default", "--for=condition=Ready", "--timeout=60s")
	kubectl(t, "label", objects, "-n", "default", "-l", ours, another, "--overwrite")
	eventually(t, "the labels are what they were", func(context.Context) (bool, string) {
		out := kubectl(t, "get", objects, "-n", "default", "-l", ours+","+another, "-o", "name")
		return out == "", out
	})
	for _, mode := range []string{"docker", "kubernetes"} {
		roles := map[string]int{"docker": 0, "kubernetes": 1}[mode]
		kubectl(t, "patch", name, "-n", "default", "--type=merge", `--patch={"spec":{"config":{"performerMode":"`+mode+`"}}}`)
		eventually(t, "it runs in mode "+mode, func(context.Context) (bool, string) {
			out := kubectl(t, "get", "role", "-n", "default", "-l", ours, "-o", "name")
			return len(strings.Fields(out)) == roles, out
		})
	}
	kubectl(t, "delete", name, "-n", "default", "--timeout=60s")
}

// ready waits until a Performer runs an image on a Pod that is another than before, whose UID it returns.
func ready(t *testing.T, p *v1alpha1.Performer, tag string, before types.UID) types.UID {
	t.Helper()
	pod := &corev1.Pod{}
	eventually(t, "Performer "+p.Name+" is ready with "+tag, func(ctx context.Context) (bool, string) {
		if err := control.Get(ctx, client.ObjectKeyFromObject(p), p); err != nil {
			return false, err.Error()
		}
		if err := control.Get(ctx, client.ObjectKey{Namespace: p.Namespace, Name: "performer-" + p.Name}, pod); err != nil {
			return false, err.Error()
		}
		return p.Status.Ready && pod.UID != before && strings.HasSuffix(pod.Spec.Containers[0].Image, tag), fmt.Sprint(p.Status)
	})
	return pod.UID
}

func merge(t *testing.T, o client.Object, patch string) {
	t.Helper()
	if err := control.Patch(t.Context(), o, client.RawPatch(types.MergePatchType, []byte(patch))); err != nil {
		t.Fatal(err)
	}
}

func suffix(separator, s string) string {
	if s == "" {
		return ""
	}
	return separator + s
}

func sorted(set map[string]bool) []string {
	var all []string
	for s := range set {
		all = append(all, s)
	}
	slices.Sort(all)
	return all
}
