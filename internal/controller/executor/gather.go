// SPDX-License-Identifier: Apache-2.0

package executor

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/workload"
)

// find reads the executor's objects and Pods from the cache.
func (x *external) find(ctx context.Context, e *v1alpha1.HourglassExecutor) (workload.ExecutorFound, error) {
	return find(ctx, x.cluster, e)
}

// findToDelete reads what is the executor's own. Where the cache has nothing of
// that, the API server is asked: what lost the label that the cache selects by
// must not be left behind.
func (x *external) findToDelete(ctx context.Context, e *v1alpha1.HourglassExecutor) (workload.ExecutorFound, error) {
	f, err := find(ctx, x.cluster, e)
	f = f.Own(e)
	if err != nil || len(f.Objects()) > 0 || len(f.Pods) > 0 {
		return f, err
	}
	f, err = find(ctx, x.cluster.Live, e)
	return f.Own(e), err
}

func find(ctx context.Context, from client.Reader, e *v1alpha1.HourglassExecutor) (workload.ExecutorFound, error) {
	var f workload.ExecutorFound
	name, ns := workload.ExecutorName(e), e.GetNamespace()
	err := errors.Join(
		get(ctx, from, ns, name, &corev1.ServiceAccount{}, &f.ServiceAccount),
		get(ctx, from, workload.PerformerNamespace(e), name, &rbacv1.Role{}, &f.Role),
		get(ctx, from, workload.PerformerNamespace(e), name, &rbacv1.RoleBinding{}, &f.RoleBinding),
		get(ctx, from, ns, workload.ConfigMapName(e), &corev1.ConfigMap{}, &f.ConfigMap),
		get(ctx, from, ns, workload.KeysName(e), &corev1.Secret{}, &f.Secret),
		get(ctx, from, ns, name, &corev1.Service{}, &f.Service),
		get(ctx, from, ns, name, &appsv1.Deployment{}, &f.Deployment),
	)
	if err != nil {
		return f, errors.Wrap(err, "cannot get the executor's objects")
	}
	pods := &corev1.PodList{}
	if err := from.List(ctx, pods, client.InNamespace(ns), client.MatchingLabels{
		workload.LabelApp: workload.AppExecutor, workload.LabelExecutor: e.GetName(),
	}); err != nil {
		return f, errors.Wrap(err, "cannot list the executor's Pods")
	}
	f.Pods = pods.Items
	var strayErr error
	f.Strays, strayErr = strays(ctx, from, e)
	return f, strayErr
}

// strays are the executor's RBAC objects in namespaces that its performers do not
// run in, or not any more.
func strays(ctx context.Context, from client.Reader, e *v1alpha1.HourglassExecutor) ([]workload.Object, error) {
	roles, bindings := &rbacv1.RoleList{}, &rbacv1.RoleBindingList{}
	labels := client.MatchingLabels(workload.ExecutorLabels(e))
	if err := errors.Join(from.List(ctx, roles, labels), from.List(ctx, bindings, labels)); err != nil {
		return nil, errors.Wrap(err, "cannot list the executor's Roles and RoleBindings")
	}
	var out []workload.Object
	for i := range bindings.Items {
		if o := &bindings.Items[i]; o.Namespace != workload.PerformerNamespace(e) && workload.Owns(e, o) {
			out = append(out, o)
		}
	}
	for i := range roles.Items {
		if o := &roles.Items[i]; o.Namespace != workload.PerformerNamespace(e) && workload.Owns(e, o) {
			out = append(out, o)
		}
	}
	return out, nil
}

// get an object into a field, which stays nil where there is none.
func get[T client.Object](ctx context.Context, from client.Reader, ns, name string, o T, into *T) error {
	err := from.Get(ctx, client.ObjectKey{Namespace: ns, Name: name}, o)
	if kerrors.IsNotFound(err) {
		return nil
	}
	if err == nil {
		*into = o
	}
	return err
}

// want renders the objects that the executor asks for, with the values that it
// refers to.
func (x *external) want(ctx context.Context, e *v1alpha1.HourglassExecutor) (workload.ExecutorObjects, error) {
	s, err := x.secrets(ctx, e)
	if err != nil {
		return workload.ExecutorObjects{}, err
	}
	return workload.Executor(e, s)
}

// secrets reads the keys and RPC URLs that the executor refers to, in the
// control plane.
func (x *external) secrets(ctx context.Context, e *v1alpha1.HourglassExecutor) (workload.Secrets, error) {
	s := workload.Secrets{Keys: map[string][]byte{}, RPC: map[string][]byte{}}
	if ref := e.Spec.Config.OperatorKeysSecretRef; ref != nil {
		data, err := x.secret(ctx, e, ref.Name)
		if err != nil {
			return s, errors.Wrap(err, "spec.config.operatorKeysSecretRef")
		}
		if s.Keys, err = workload.OperatorKeys(*ref, data); err != nil {
			return s, errors.Wrap(err, "spec.config.operatorKeysSecretRef")
		}
	}
	for _, c := range e.Spec.Config.Chains {
		if c.RPCSecretRef == nil {
			continue
		}
		data, err := x.secret(ctx, e, c.RPCSecretRef.Name)
		if err == nil && len(data[c.RPCSecretRef.Key]) == 0 {
			err = errors.Errorf("Secret %s/%s has no key %q", e.GetNamespace(), c.RPCSecretRef.Name, c.RPCSecretRef.Key)
		}
		if err != nil {
			return s, errors.Wrapf(err, "spec.config.chains[%s].rpcSecretRef", c.Name)
		}
		s.RPC[c.Name] = data[c.RPCSecretRef.Key]
	}
	return s, nil
}

func (x *external) secret(ctx context.Context, e *v1alpha1.HourglassExecutor, name string) (map[string][]byte, error) {
	s := &corev1.Secret{}
	err := x.kube.Get(ctx, client.ObjectKey{Namespace: e.GetNamespace(), Name: name}, s)
	return s.Data, errors.Wrapf(err, "cannot get Secret %s/%s", e.GetNamespace(), name)
}

// sameSigners names the other executors in the target that sign with the key of
// this one.
func (x *external) sameSigners(ctx context.Context, e *v1alpha1.HourglassExecutor, want workload.ExecutorObjects) ([]string, error) {
	l := &appsv1.DeploymentList{}
	if err := x.cluster.List(ctx, l); err != nil {
		return nil, errors.Wrap(err, "cannot list the target's executors")
	}
	return workload.SameSigners(e, want.Deployment, l.Items), nil
}

// noOtherDeployment looks for a Deployment of the executor that has not its name:
// there must never be two that sign.
func (x *external) noOtherDeployment(ctx context.Context, e *v1alpha1.HourglassExecutor) error {
	l := &appsv1.DeploymentList{}
	if err := x.cluster.List(ctx, l, client.InNamespace(e.GetNamespace()), client.MatchingLabels{workload.LabelExecutor: e.GetName()}); err != nil {
		return errors.Wrap(err, "cannot list the executor's Deployments")
	}
	for i := range l.Items {
		if d := &l.Items[i]; workload.Owns(e, d) && d.Name != workload.ExecutorName(e) {
			return errors.Errorf("Deployment %s of this executor still runs under another name: set the annotation crossplane.io/external-name back to %s", d.Name, d.Name)
		}
	}
	return nil
}
