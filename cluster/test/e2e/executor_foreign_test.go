// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

const (
	annotationOwner = "hourglass.eigenlayer.io/owner-uid"
	annotationAdopt = "hourglass.eigenlayer.io/adopt"
)

func mayAdopt(e *v1alpha1.HourglassExecutor) {
	e.Annotations = map[string]string{annotationAdopt: "true"}
}

// content is what of an object nobody but its owner may change. A Deployment's
// status and the annotation of its revision are its controller's.
func content(t *testing.T, o client.Object) any {
	t.Helper()
	annotations := map[string]string{}
	maps.Copy(annotations, o.GetAnnotations())
	delete(annotations, "deployment.kubernetes.io/revision")
	c := []any{o.GetUID(), o.GetLabels(), annotations, o.GetDeletionTimestamp()}
	switch o := o.(type) {
	case *appsv1.Deployment:
		return append(c, o.Spec)
	case *corev1.ConfigMap:
		return append(c, o.Data, o.ResourceVersion)
	case *corev1.Secret:
		return append(c, o.Data, o.ResourceVersion)
	}
	t.Fatalf("the content of a %T is not known", o)
	return nil
}

// foreignDeployment is one that has nothing to do with the provider but its
// name.
func foreignDeployment(ns, name string, labels map[string]string) *appsv1.Deployment {
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name, Labels: labels},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"of": "someone"}},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"of": "someone"}},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "theirs", Image: "someone/image:v1"}}},
			},
		},
	}
}

// awaitRefused waits until an executor says whose an object is that has its
// name.
func awaitRefused(t *testing.T, e *v1alpha1.HourglassExecutor, sentence, whose string) *v1alpha1.HourglassExecutor {
	t.Helper()
	return awaitExecutor(t, e, "says that "+sentence, func(e *v1alpha1.HourglassExecutor) bool {
		c := e.Status.GetCondition(xpv2.TypeSynced)
		return c.Status == corev1.ConditionFalse && containsAll(c.Message, []string{sentence + " exists and belongs to ", whose, annotationAdopt})
	})
}

// TestExecutorForeignObjects has someone take one of an executor's names first.
// The provider finds such an object by its name, or by the labels that whoever
// made it copied.
func TestExecutorForeignObjects(t *testing.T) {
	data := map[string]string{"theirs": "yes"}
	cases := map[string]struct {
		reason string
		kind   string
		made   func(meta metav1.ObjectMeta) client.Object
		empty  func() client.Object
		name   string
	}{
		"Deployment": {
			reason: "A Deployment of someone else runs someone else's Pods.",
			kind:   "Deployment", name: "x", empty: func() client.Object { return &appsv1.Deployment{} },
			made: func(m metav1.ObjectMeta) client.Object { return foreignDeployment(m.Namespace, m.Name, m.Labels) },
		},
		"ConfigMap": {
			reason: "A ConfigMap of someone else is read by someone else's Pods.",
			kind:   "ConfigMap", name: "x-config", empty: func() client.Object { return &corev1.ConfigMap{} },
			made: func(m metav1.ObjectMeta) client.Object { return &corev1.ConfigMap{ObjectMeta: m, Data: data} },
		},
		"Secret": {
			reason: "A Secret of someone else may hold the only copy of a key.",
			kind:   "Secret", name: "x-keys", empty: func() client.Object { return &corev1.Secret{} },
			made: func(m metav1.ObjectMeta) client.Object { return &corev1.Secret{ObjectMeta: m, StringData: data} },
		},
	}
	for name, tc := range cases {
		for found, labels := range map[string]map[string]string{"ByName": nil, "ByLabel": {"app": "hourglass-executor"}} {
			t.Run(name+found, func(t *testing.T) {
				ns := namespace(t)
				create(t, tc.made(metav1.ObjectMeta{Namespace: ns, Name: tc.name, Labels: labels}))
				before := content(t, object(t, ns, tc.name, tc.empty()))

				e := newExecutor(ns, "x")
				create(t, e)
				got := awaitRefused(t, e, tc.kind+" "+ns+"/"+tc.name, "e2e.test")
				if got.Status.GetCondition(xpv2.TypeReady).Status == corev1.ConditionTrue || got.Status.Phase == v1alpha1.ExecutorRunning {
					t.Errorf("\n%s\nan executor without a Deployment of its own does not run: phase %s, %+v", tc.reason, got.Status.Phase, got.Status.GetCondition(xpv2.TypeReady))
				}
				if m := got.Status.GetCondition(xpv2.TypeSynced).Message; strings.Contains(m, "*v1.") {
					t.Errorf("\n%s\nthe kind must be named as users know it: %s", tc.reason, m)
				}
				if diff := cmp.Diff(before, content(t, object(t, ns, tc.name, tc.empty()))); diff != "" {
					t.Errorf("\n%s\nit must not be touched: -before, +after:\n%s", tc.reason, diff)
				}

				deleteIt(t, e)
				awaitGone(t, e)
				if diff := cmp.Diff(before, content(t, object(t, ns, tc.name, tc.empty()))); diff != "" {
					t.Errorf("\n%s\nit must not end with the executor: -before, +after:\n%s", tc.reason, diff)
				}
				expectExecutorObjects(t, e, 0, 0)
			})
		}
	}
}

// TestExecutorAdoptsByName lets an executor take over what someone else made
// under one of its names, without any label.
func TestExecutorAdoptsByName(t *testing.T) {
	cases := map[string]struct {
		reason string
		o      client.Object
	}{
		"ConfigMap": {"A ConfigMap is filled with the executor's configuration.", &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "x-config"}}},
		"Secret":    {"A Secret is filled with the executor's keys.", &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "x-keys"}}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			ns := namespace(t)
			tc.o.SetNamespace(ns)
			create(t, tc.o)
			uid := tc.o.GetUID()
			e := newExecutor(ns, "x", mayAdopt)
			create(t, e)
			awaitExecutor(t, e, "runs", executorRuns)
			got := object(t, ns, tc.o.GetName(), tc.o)
			if got.GetUID() != uid || got.GetAnnotations()[annotationOwner] != string(e.UID) {
				t.Errorf("\n%s\nit must be the executor's now, and the same object: %+v", tc.reason, got)
			}
		})
	}
}

// orphans are the objects that a HourglassExecutor, which may not delete, left.
func orphans(t *testing.T, ns string) *v1alpha1.HourglassExecutor {
	t.Helper()
	e := newExecutor(ns, "x", func(e *v1alpha1.HourglassExecutor) {
		e.Spec.ManagementPolicies = xpv2.ManagementPolicies{"Observe", "Create", "Update", "LateInitialize"}
	})
	create(t, e)
	e = awaitExecutor(t, e, "runs", executorRuns)
	deleteIt(t, e)
	awaitGone(t, &v1alpha1.HourglassExecutor{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "x"}})
	expectExecutorObjects(t, e, 1, 1)
	return e
}

// executorPods are the UIDs of the Pods in a namespace.
func executorPods(t *testing.T, ns string) map[string]bool {
	t.Helper()
	l, uids := &corev1.PodList{}, map[string]bool{}
	if err := hub.List(t.Context(), l, client.InNamespace(ns)); err != nil {
		t.Fatalf("cannot list Pods: %v", err)
	}
	for _, p := range l.Items {
		uids[string(p.UID)] = p.DeletionTimestamp == nil
	}
	return uids
}

// TestExecutorAdoptsWithoutRoll lets an executor take over what an earlier one of
// its name left.
func TestExecutorAdoptsWithoutRoll(t *testing.T) {
	ns := namespace(t)
	earlier := orphans(t, ns)
	before, pods := object(t, ns, "x", &appsv1.Deployment{}), executorPods(t, ns)

	e := newExecutor(ns, "x")
	create(t, e)
	awaitRefused(t, e, ns+"/x", "another resource (UID "+string(earlier.UID)+")")
	if diff := cmp.Diff(content(t, before), content(t, object(t, ns, "x", &appsv1.Deployment{}))); diff != "" {
		t.Errorf("what an earlier executor left is not taken over silently: -before, +after:\n%s", diff)
	}

	change(t, e, mayAdopt)
	awaitExecutor(t, e, "runs", executorRuns)
	after := object(t, ns, "x", &appsv1.Deployment{})
	if diff := cmp.Diff([]any{before.UID, before.Spec}, []any{after.UID, after.Spec}); diff != "" {
		t.Errorf("to adopt is to change nothing that runs: -before, +after:\n%s", diff)
	}
	if diff := cmp.Diff(pods, executorPods(t, ns)); diff != "" {
		t.Errorf("to adopt is not to restart: Pods: -before, +after:\n%s", diff)
	}
	for name, o := range map[string]client.Object{"x": after, "x-config": &corev1.ConfigMap{}, "x-keys": &corev1.Secret{}} {
		if got := object(t, ns, name, o).GetAnnotations()[annotationOwner]; got != string(e.UID) {
			t.Errorf("%T %s must be the new executor's, it is that of %q", o, name, got)
		}
	}
	for _, o := range []client.Object{&corev1.Service{}, &corev1.ServiceAccount{}, &rbacv1.Role{}, &rbacv1.RoleBinding{}} {
		if got := object(t, ns, "x", o).GetAnnotations()[annotationOwner]; got != string(e.UID) {
			t.Errorf("%T x must be the new executor's, it is that of %q", o, got)
		}
	}
	expectExecutorObjects(t, e, 1, 1)
}

// TestExecutorLeavesAnothersPods deletes an executor whose names are taken by
// what an earlier one left. It has nothing to wait for, even where it has a
// finalizer already, as one that comes from a backup has.
func TestExecutorLeavesAnothersPods(t *testing.T) {
	ns := namespace(t)
	earlier := orphans(t, ns)
	before, pods := object(t, ns, "x", &appsv1.Deployment{}), executorPods(t, ns)
	e := newExecutor(ns, "x", func(e *v1alpha1.HourglassExecutor) { e.Finalizers = []string{managed.FinalizerName} })
	create(t, e)
	got := awaitRefused(t, e, ns+"/x", string(earlier.UID))
	if got.Status.GetCondition(xpv2.TypeReady).Status == corev1.ConditionTrue || got.Status.Phase == v1alpha1.ExecutorRunning {
		t.Errorf("what runs is not this executor's: phase %s, %+v", got.Status.Phase, got.Status.GetCondition(xpv2.TypeReady))
	}
	deleteIt(t, e)
	awaitGone(t, e)
	if diff := cmp.Diff(content(t, before), content(t, object(t, ns, "x", &appsv1.Deployment{}))); diff != "" {
		t.Errorf("another's Deployment must not end with the executor: -before, +after:\n%s", diff)
	}
	if diff := cmp.Diff(pods, executorPods(t, ns)); diff != "" {
		t.Errorf("nor may its Pods: -before, +after:\n%s", diff)
	}
}
