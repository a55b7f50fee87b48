// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// newExecutor is an executor whose operator has a key of its own.
func newExecutor(ns, name string, m ...func(*v1alpha1.HourglassExecutor)) *v1alpha1.HourglassExecutor {
	e := &v1alpha1.HourglassExecutor{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name},
		Spec: v1alpha1.HourglassExecutorSpec{
			Image: "hourglass/executor:v1",
			Config: v1alpha1.HourglassExecutorConfig{
				AggregatorEndpoint: "aggregator.example.com:9090",
				OperatorKeys:       map[string]string{"ecdsa": "0xkey-of-" + ns + "-" + name, "bls": "0xbls"},
				Chains:             []v1alpha1.ChainConfig{{Name: "ethereum", RPC: "https://rpc.example.com", ChainID: 1, TaskMailboxAddress: avs}},
				Kubernetes:         &v1alpha1.KubernetesConfig{Namespace: ns},
			},
		},
	}
	for _, f := range m {
		f(e)
	}
	return e
}

func awaitExecutor(t *testing.T, e *v1alpha1.HourglassExecutor, what string, holds func(*v1alpha1.HourglassExecutor) bool) *v1alpha1.HourglassExecutor {
	t.Helper()
	got := &v1alpha1.HourglassExecutor{}
	eventually(t, "HourglassExecutor "+e.Name+" "+what, func(ctx context.Context) (bool, string) {
		if err := hub.Get(ctx, client.ObjectKeyFromObject(e), got); err != nil {
			return false, err.Error()
		}
		said := "phase " + string(got.Status.Phase)
		for _, c := range got.Status.Conditions {
			said += "; " + string(c.Type) + "=" + string(c.Status) + " " + string(c.Reason) + " " + c.Message
		}
		return holds(got), said
	})
	return got
}

func executorRuns(e *v1alpha1.HourglassExecutor) bool {
	return e.Status.Phase == v1alpha1.ExecutorRunning && e.Status.GetCondition(xpv2.TypeReady).Status == corev1.ConditionTrue &&
		e.Status.GetCondition("Progressing").Status == corev1.ConditionFalse && e.Status.GetCondition(xpv2.TypeSynced).Status == corev1.ConditionTrue
}

// object reads an object of an executor, or fails.
func object[T client.Object](t *testing.T, ns, name string, o T) T {
	t.Helper()
	if err := hub.Get(t.Context(), client.ObjectKey{Namespace: ns, Name: name}, o); err != nil {
		t.Fatalf("cannot get %T %s: %v", o, name, err)
	}
	return o
}

// replicaSets counts those that a Deployment ever had: one for each roll.
func replicaSets(t *testing.T, ns string) int {
	t.Helper()
	l := &appsv1.ReplicaSetList{}
	if err := hub.List(t.Context(), l, client.InNamespace(ns)); err != nil {
		t.Fatalf("cannot list ReplicaSets: %v", err)
	}
	return len(l.Items)
}

func TestExecutorRuns(t *testing.T) {
	ns := namespace(t)
	e := newExecutor(ns, "x")
	create(t, e)
	got := awaitExecutor(t, e, "runs", executorRuns)
	if got.Status.Replicas != 1 || got.Status.ReadyReplicas != 1 || got.Status.LastConfigUpdate == nil {
		t.Errorf("replicas, readyReplicas and lastConfigUpdate must be told, got %+v", got.Status)
	}
	reasons := map[xpv2.ConditionType]xpv2.ConditionReason{}
	for _, c := range got.Status.Conditions {
		reasons[c.Type] = c.Reason
	}
	if diff := cmp.Diff(map[xpv2.ConditionType]xpv2.ConditionReason{
		"Synced": "ReconcileSuccess", "Ready": "Available", "Progressing": "ConfigMapReady", "Degraded": "DeploymentAvailable",
		"SingleSigner": "OneSigner", "Available": "DeploymentAvailable",
	}, reasons); diff != "" {
		t.Errorf("reasons: -want, +got:\n%s", diff)
	}

	d := object(t, ns, "x", &appsv1.Deployment{})
	pod := d.Spec.Template.Spec
	if diff := cmp.Diff([]string{"--config=/etc/hourglass/config.yaml"}, pod.Containers[0].Args); diff != "" {
		t.Errorf("arguments: -want, +got:\n%s", diff)
	}
	if d.Spec.Strategy.Type != appsv1.RecreateDeploymentStrategyType || len(pod.Containers[0].Env) != 0 || pod.ServiceAccountName != "x" {
		t.Errorf("one replica is recreated, its keys are in no variable, and it has its own service account: %+v", d.Spec)
	}
	config := object(t, ns, "x-config", &corev1.ConfigMap{}).Data["config.yaml"]
	if !containsAll(config, []string{"aggregator_endpoint: aggregator.example.com:9090", "chain_id: 1", "namespace: " + ns}) || strings.Contains(config, "0xkey") {
		t.Errorf("config.yaml must say what the spec says, but for keys:\n%s", config)
	}
	keys := object(t, ns, "x-keys", &corev1.Secret{}).Data
	if diff := cmp.Diff([]string{"bls", "ecdsa"}, slices.Sorted(maps.Keys(keys))); diff != "" {
		t.Errorf("keys of the Secret: -want, +got:\n%s", diff)
	}
	object(t, ns, "x", &corev1.Service{})
	object(t, ns, "x", &corev1.ServiceAccount{})
	object(t, ns, "x", &rbacv1.RoleBinding{})

	out, err := shell(t, ns, "kubectl auth can-i create performers.hourglass.eigenlayer.io --as=system:serviceaccount:"+ns+":x && ! kubectl auth can-i get secrets --as=system:serviceaccount:"+ns+":x && ! kubectl auth can-i create performers.hourglass.eigenlayer.io -n default --as=system:serviceaccount:"+ns+":x")
	if err != nil {
		t.Errorf("the executor may manage Performers in its namespace, and nothing wider: %v\n%s", err, out)
	}
}

func TestExecutorRollsOnce(t *testing.T) {
	ns := namespace(t)
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "operator"},
		StringData: map[string]string{"ecdsa": "0xkey-1-" + ns, "unrelated": "a"},
	}
	create(t, secret)
	e := newExecutor(ns, "x", func(e *v1alpha1.HourglassExecutor) {
		e.Spec.Config.OperatorKeys = nil
		e.Spec.Config.OperatorKeysSecretRef = &v1alpha1.OperatorKeysSecretReference{Name: "operator"}
	})
	create(t, e)
	first := awaitExecutor(t, e, "runs", executorRuns)
	if diff := cmp.Diff(1, replicaSets(t, ns)); diff != "" {
		t.Fatalf("ReplicaSets after the create: -want, +got:\n%s", diff)
	}

	change(t, secret, func(s *corev1.Secret) { s.StringData = nil; s.Data["unrelated"] = []byte("b") })
	change(t, e, func(e *v1alpha1.HourglassExecutor) { e.Spec.Replicas = new(int32(2)) })
	awaitExecutor(t, e, "has two replicas and says that this is dangerous", func(e *v1alpha1.HourglassExecutor) bool {
		c := e.Status.GetCondition("SingleSigner")
		return executorRuns(e) && e.Status.ReadyReplicas == 2 && c.Status == corev1.ConditionFalse && c.Reason == "ManyReplicas"
	})
	if diff := cmp.Diff(1, replicaSets(t, ns)); diff != "" {
		t.Errorf("neither an unrelated key nor a number of replicas rolls the Pods: ReplicaSets: -want, +got:\n%s", diff)
	}
	change(t, e, func(e *v1alpha1.HourglassExecutor) { e.Spec.Replicas = new(int32(1)) })
	awaitExecutor(t, e, "has one replica", func(e *v1alpha1.HourglassExecutor) bool { return executorRuns(e) && e.Status.Replicas == 1 })

	steps := []struct {
		what string
		do   func()
		has  func(*testing.T) bool
	}{
		{
			what: "a changed key",
			do:   func() { change(t, secret, func(s *corev1.Secret) { s.Data["ecdsa"] = []byte("0xkey-2-" + ns) }) },
			has: func(t *testing.T) bool {
				t.Helper()
				return string(object(t, ns, "x-keys", &corev1.Secret{}).Data["ecdsa"]) == "0xkey-2-"+ns
			},
		},
		{
			what: "a changed configuration",
			do: func() {
				change(t, e, func(e *v1alpha1.HourglassExecutor) { e.Spec.Config.LogLevel = "debug" })
			},
			has: func(t *testing.T) bool {
				t.Helper()
				return strings.Contains(object(t, ns, "x-config", &corev1.ConfigMap{}).Data["config.yaml"], "log_level: debug")
			},
		},
	}
	for i, s := range steps {
		s.do()
		awaitExecutor(t, e, "has rolled for "+s.what, func(e *v1alpha1.HourglassExecutor) bool {
			return executorRuns(e) && s.has(t) && replicaSets(t, ns) == i+2
		})
		if diff := cmp.Diff(i+2, replicaSets(t, ns)); diff != "" {
			t.Errorf("%s rolls the Pods once: ReplicaSets: -want, +got:\n%s", s.what, diff)
		}
	}
	last := awaitExecutor(t, e, "runs", executorRuns)
	if last.Status.LastConfigUpdate.Before(first.Status.LastConfigUpdate) {
		t.Errorf("lastConfigUpdate must not go back: %v, %v", first.Status.LastConfigUpdate, last.Status.LastConfigUpdate)
	}
}

func TestExecutorsWithOneKey(t *testing.T) {
	ns := namespace(t)
	same := func(e *v1alpha1.HourglassExecutor) {
		e.Spec.Config.OperatorKeys = map[string]string{"ecdsa": "0xshared-" + ns}
	}
	a, b := newExecutor(ns, "a", same), newExecutor(ns, "b", same)
	create(t, a)
	awaitExecutor(t, a, "is alone", func(e *v1alpha1.HourglassExecutor) bool {
		return e.Status.GetCondition("SingleSigner").Status == corev1.ConditionTrue
	})
	create(t, b)
	for _, pair := range [][2]*v1alpha1.HourglassExecutor{{a, b}, {b, a}} {
		awaitExecutor(t, pair[0], "is warned of the other", func(e *v1alpha1.HourglassExecutor) bool {
			c := e.Status.GetCondition("SingleSigner")
			return c.Reason == "KeyInUse" && containsAll(c.Message, []string{ns + "/" + pair[1].Name}) && !strings.Contains(c.Message, "0xshared")
		})
	}
	if err := hub.Delete(t.Context(), b); err != nil {
		t.Fatalf("cannot delete an executor: %v", err)
	}
	awaitExecutor(t, a, "is alone again", func(e *v1alpha1.HourglassExecutor) bool {
		return e.Status.GetCondition("SingleSigner").Status == corev1.ConditionTrue
	})
}

func TestExecutorSaysWhyItIsStuck(t *testing.T) {
	ns := namespace(t)
	e := newExecutor(ns, "x")
	create(t, e)
	awaitExecutor(t, e, "runs", executorRuns)
	change(t, e, func(e *v1alpha1.HourglassExecutor) { e.Spec.Image = "hourglass/missing:v2" })
	awaitExecutor(t, e, "says that the image is missing", func(e *v1alpha1.HourglassExecutor) bool {
		c := e.Status.GetCondition("Degraded")
		return c.Status == corev1.ConditionTrue && c.Reason == "ImagePullFailed" && containsAll(c.Message, []string{"hourglass/missing:v2"})
	})
	change(t, e, func(e *v1alpha1.HourglassExecutor) {
		e.Spec.Image = "hourglass/executor:v2"
		e.Spec.NodeSelector = v1alpha1.NodeLabels{"no": "such"}
	})
	awaitExecutor(t, e, "says that no node fits", func(e *v1alpha1.HourglassExecutor) bool {
		c := e.Status.GetCondition("Degraded")
		return c.Reason == "SchedulingFailed" && containsAll(c.Message, []string{"node label no=such"})
	})
}

func TestExecutorDriftAndDeletion(t *testing.T) {
	ns := namespace(t)
	e := newExecutor(ns, "x")
	create(t, e)
	awaitExecutor(t, e, "runs", executorRuns)

	out, err := shell(t, ns, `kubectl patch configmap x-config -p '{"data":{"config.yaml":"edited"}}' && kubectl scale deployment x --replicas=3 && kubectl set image deployment/x executor=other:v1`)
	if err != nil {
		t.Fatalf("cannot edit the objects: %v\n%s", err, out)
	}
	eventually(t, "everything is as it was", func(context.Context) (bool, string) {
		d := object(t, ns, "x", &appsv1.Deployment{})
		c := object(t, ns, "x-config", &corev1.ConfigMap{}).Data["config.yaml"]
		return *d.Spec.Replicas == 1 && d.Spec.Template.Spec.Containers[0].Image == "hourglass/executor:v1" && c != "edited", "it is not"
	})
	awaitExecutor(t, e, "runs", executorRuns)

	// A restart that an administrator asks for is no drift.
	if out, err := shell(t, ns, "kubectl rollout restart deployment/x && kubectl rollout status deployment/x --timeout=60s"); err != nil {
		t.Fatalf("cannot restart the executor: %v\n%s", err, out)
	}
	if a := object(t, ns, "x", &appsv1.Deployment{}).Spec.Template.Annotations; a["kubectl.kubernetes.io/restartedAt"] == "" {
		t.Errorf("the annotation of kubectl rollout restart must stay, got %v", a)
	}

	if err := hub.Delete(t.Context(), e); err != nil {
		t.Fatalf("cannot delete the executor: %v", err)
	}
	awaitGone(t, e)
	for _, o := range []client.Object{&appsv1.Deployment{}, &corev1.Service{}, &corev1.ServiceAccount{}, &rbacv1.Role{}, &rbacv1.RoleBinding{}} {
		o.SetNamespace(ns)
		o.SetName("x")
		awaitGone(t, o)
	}
	awaitGone(t, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "x-config"}})
	awaitGone(t, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "x-keys"}})
	pods := &corev1.PodList{}
	if err := hub.List(t.Context(), pods, client.InNamespace(ns)); err != nil || len(pods.Items) > 0 {
		t.Errorf("no Pod may outlive its executor: %v, %d left", err, len(pods.Items))
	}
}

func TestPerformerInheritsFromExecutor(t *testing.T) {
	ns := namespace(t)
	p := newPerformer(ns, "a", func(p *v1alpha1.Performer) { p.Spec.ExecutorRef = "x" })
	create(t, p)
	awaitNotSynced(t, p, "HourglassExecutor "+ns+"/x does not exist")

	e := newExecutor(ns, "x", func(e *v1alpha1.HourglassExecutor) {
		e.Spec.Config.Kubernetes.DefaultScheduling = &v1alpha1.SchedulingConfig{NodeSelector: v1alpha1.NodeLabels{"kubernetes.io/hostname": "t4-0"}}
	})
	create(t, e)
	got := awaitRunning(t, p)
	if diff := cmp.Diff("t4-0", got.Status.NodeName); diff != "" {
		t.Errorf("the executor's default scheduling decides: node: -want, +got:\n%s", diff)
	}
	change(t, e, func(e *v1alpha1.HourglassExecutor) {
		e.Spec.Config.Kubernetes.DefaultScheduling.NodeSelector["kubernetes.io/hostname"] = "cpu-0"
	})
	await(t, p, "has moved where the executor's new default says", func(p *v1alpha1.Performer) bool {
		return running(p) && p.Status.NodeName == "cpu-0"
	})
	before := podOf(t, p)

	if err := hub.Delete(t.Context(), e); err != nil {
		t.Fatalf("cannot delete the executor: %v", err)
	}
	await(t, p, "says that its executor is gone", func(p *v1alpha1.Performer) bool {
		c := p.Status.GetCondition("Degraded")
		return p.Status.Ready && c.Reason == "ExecutorMissing" && containsAll(c.Message, []string{"a Pod that runs already goes on"})
	})
	if diff := cmp.Diff(identity(before), identity(podOf(t, p))); diff != "" {
		t.Errorf("a Performer outlives its executor: -before, +after:\n%s", diff)
	}
}
