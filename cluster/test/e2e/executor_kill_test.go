// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// TestExecutorKilledBetweenWrites kills the provider in the midst of everything
// that may be done to a HourglassExecutor. In the end there must be one object of
// each kind, and no roll of the Pods that nobody asked for.
func TestExecutorKilledBetweenWrites(t *testing.T) {
	ns := namespace(t)
	// The keys are in a Secret, so that they can change beside the executor.
	fresh := func(t *testing.T, name string) *v1alpha1.HourglassExecutor {
		t.Helper()
		create(t, &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "operator-" + name},
			Data:       map[string][]byte{"ecdsa": []byte("0xold-" + name)},
		})
		return newExecutor(ns, name, func(e *v1alpha1.HourglassExecutor) {
			e.Spec.Config.OperatorKeys = nil
			e.Spec.Config.OperatorKeysSecretRef = &v1alpha1.OperatorKeysSecretReference{Name: "operator-" + name}
		})
	}
	existing := func(t *testing.T, name string) *v1alpha1.HourglassExecutor {
		t.Helper()
		e := fresh(t, name)
		create(t, e)
		return awaitExecutor(t, e, "runs", executorRuns)
	}
	leaves := func(objects, replicaSets int) func(*testing.T, *v1alpha1.HourglassExecutor) {
		return func(t *testing.T, e *v1alpha1.HourglassExecutor) {
			t.Helper()
			expectExecutorObjects(t, e, objects, replicaSets)
		}
	}
	operations := []operation[*v1alpha1.HourglassExecutor]{
		{
			// The finalizer and seven objects.
			name: "create", prepare: fresh, expect: leaves(1, 1), least: 8,
			do: func(t *testing.T, e *v1alpha1.HourglassExecutor) { t.Helper(); create(t, e) },
			done: func(ctx context.Context, e *v1alpha1.HourglassExecutor) bool {
				return executorRolled(ctx, e, func(executorState) bool { return true })
			},
		},
		{
			// The ConfigMap, the Deployment and what the status says of it.
			name: "config", prepare: existing, expect: leaves(1, 2), least: 3,
			do: func(t *testing.T, e *v1alpha1.HourglassExecutor) {
				t.Helper()
				change(t, e, func(e *v1alpha1.HourglassExecutor) { e.Spec.Config.LogLevel = "debug" })
			},
			done: func(ctx context.Context, e *v1alpha1.HourglassExecutor) bool {
				return executorRolled(ctx, e, func(s executorState) bool {
					return strings.Contains(s.config.Data["config.yaml"], "log_level: debug") && s.replicaSets == 2
				})
			},
		},
		{
			name: "rotate", prepare: existing, expect: leaves(1, 2), least: 3,
			do: func(t *testing.T, e *v1alpha1.HourglassExecutor) {
				t.Helper()
				change(t, object(t, ns, "operator-"+e.Name, &corev1.Secret{}), func(s *corev1.Secret) {
					s.Data["ecdsa"] = []byte("0xnew-" + e.Name)
				})
			},
			done: func(ctx context.Context, e *v1alpha1.HourglassExecutor) bool {
				return executorRolled(ctx, e, func(s executorState) bool {
					return string(s.keys.Data["ecdsa"]) == "0xnew-"+e.Name && s.replicaSets == 2
				})
			},
		},
		{
			// The Deployment and what the status says of it.
			name: "scale", prepare: existing, expect: leaves(1, 1), least: 2,
			do: func(t *testing.T, e *v1alpha1.HourglassExecutor) {
				t.Helper()
				change(t, e, func(e *v1alpha1.HourglassExecutor) { e.Spec.Replicas = new(int32(2)) })
			},
			done: func(ctx context.Context, e *v1alpha1.HourglassExecutor) bool {
				return executorRolled(ctx, e, func(s executorState) bool {
					return s.deployment.Status.ReadyReplicas == 2 && s.executor.Status.ReadyReplicas == 2
				})
			},
		},
		{
			// Seven objects and the finalizer.
			name: "delete", prepare: existing, expect: leaves(0, 0), least: 8, do: deleteIt[*v1alpha1.HourglassExecutor],
			done: func(ctx context.Context, e *v1alpha1.HourglassExecutor) bool {
				return kerrors.IsNotFound(hub.Get(ctx, client.ObjectKeyFromObject(e), &v1alpha1.HourglassExecutor{}))
			},
		},
	}
	for _, op := range operations {
		t.Run(op.name, func(t *testing.T) { killBetweenWrites(t, op) })
	}
}

// An executorState is an executor with those of its objects that change.
type executorState struct {
	executor    *v1alpha1.HourglassExecutor
	deployment  *appsv1.Deployment
	config      *corev1.ConfigMap
	keys        *corev1.Secret
	replicaSets int
}

// executorRolled says whether an executor runs, its Deployment has nothing left
// to do, the status says so, and a condition holds.
func executorRolled(ctx context.Context, e *v1alpha1.HourglassExecutor, holds func(executorState) bool) bool {
	s := executorState{executor: &v1alpha1.HourglassExecutor{}, deployment: &appsv1.Deployment{}, config: &corev1.ConfigMap{}, keys: &corev1.Secret{}}
	for name, o := range map[string]client.Object{e.Name + "-config": s.config, e.Name + "-keys": s.keys} {
		if hub.Get(ctx, client.ObjectKey{Namespace: e.Namespace, Name: name}, o) != nil {
			return false
		}
	}
	key := client.ObjectKeyFromObject(e)
	if hub.Get(ctx, key, s.deployment) != nil || hub.Get(ctx, key, s.executor) != nil || !executorRuns(s.executor) {
		return false
	}
	sets := &appsv1.ReplicaSetList{}
	if hub.List(ctx, sets, client.InNamespace(e.Namespace), executorObjects(e)) != nil {
		return false
	}
	s.replicaSets = len(sets.Items)
	d, status := s.deployment, s.deployment.Status
	replicas := *d.Spec.Replicas
	told := s.executor.Status.LastConfigUpdate
	return status.ObservedGeneration == d.Generation && status.Replicas == replicas && status.UpdatedReplicas == replicas && status.ReadyReplicas == replicas &&
		told != nil && told.UTC().Format("2006-01-02T15:04:05Z") == d.Annotations["hourglass.eigenlayer.io/config-updated"] && holds(s)
}

// executorObjects selects what belongs to an executor.
func executorObjects(e *v1alpha1.HourglassExecutor) client.MatchingLabels {
	return client.MatchingLabels{"hourglass.eigenlayer.io/executor": e.Name}
}

// expectExecutorObjects counts the objects of each kind that belong to an
// executor, and the ReplicaSets that its Deployment ever had. Those outlive a
// Deployment for as long as the garbage collector takes.
func expectExecutorObjects(t *testing.T, e *v1alpha1.HourglassExecutor, objects, replicaSets int) {
	t.Helper()
	want, lists := map[string]int{}, map[string]client.ObjectList{
		"Deployment": &appsv1.DeploymentList{}, "ConfigMap": &corev1.ConfigMapList{}, "Secret": &corev1.SecretList{}, "Service": &corev1.ServiceList{},
		"ServiceAccount": &corev1.ServiceAccountList{}, "Role": &rbacv1.RoleList{}, "RoleBinding": &rbacv1.RoleBindingList{},
	}
	for kind := range lists {
		want[kind] = objects
	}
	if objects > 0 {
		lists["ReplicaSet"], want["ReplicaSet"] = &appsv1.ReplicaSetList{}, replicaSets
	}
	got := map[string]int{}
	for kind, l := range lists {
		if err := hub.List(t.Context(), l, client.InNamespace(e.Namespace), executorObjects(e)); err != nil {
			t.Fatalf("cannot list each %s of the executor: %v", kind, err)
		}
		got[kind] = meta.LenList(l)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("objects of %s after the restart: -want, +got:\n%s", e.Name, diff)
	}
}
