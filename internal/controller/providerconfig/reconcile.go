// SPDX-License-Identifier: Apache-2.0

package providerconfig

import (
	"context"
	"time"

	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/target"
)

// lookAgain is how often credentials are read that led nowhere: those in files are
// changed without a word.
const lookAgain = 10 * time.Second

// A providerConfig is a ProviderConfig of either kind.
type providerConfig struct {
	object client.Object
	spec   *v1alpha1.ProviderConfigSpec
	status *v1alpha1.ProviderConfigStatus
}

func configOf(o client.Object) providerConfig {
	if pc, ok := o.(*v1alpha1.ClusterProviderConfig); ok {
		return providerConfig{object: pc, spec: &pc.Spec, status: &pc.Status}
	}
	pc := o.(*v1alpha1.ProviderConfig) //nolint:forcetypeassert // There are two kinds.
	return providerConfig{object: pc, spec: &pc.Spec, status: &pc.Status}
}

// A reconciler reconciles ProviderConfigs of one kind. Next accounts for who uses
// them.
type reconciler struct {
	next    reconcile.Reconciler
	kube    client.Client
	kind    string
	config  client.Object
	targets *target.Clusters
}

// Reconcile a ProviderConfig.
func (r reconciler) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	ref := target.Ref{Kind: r.kind, Namespace: req.Namespace, Name: req.Name}
	pc := configOf(r.config.DeepCopyObject().(client.Object)) //nolint:forcetypeassert // It is a copy of one.
	err := r.kube.Get(ctx, req.NamespacedName, pc.object)
	if kerrors.IsNotFound(err) {
		r.targets.Release(ref)
		return reconcile.Result{}, nil
	}
	if err != nil {
		return reconcile.Result{}, errors.Wrapf(err, "cannot get %s", ref)
	}
	result, err := r.next.Reconcile(ctx, req)
	if err != nil || pc.status.Users == 0 && pc.spec.Inventory == nil && !r.targets.Knows(ref) {
		return result, err //nolint:wrapcheck // The next reconciler's own.
	}
	_, err = r.targets.Open(ctx, ref)
	if err != nil && (result.RequeueAfter == 0 || result.RequeueAfter > lookAgain) {
		result.RequeueAfter = lookAgain
	}
	if target.IsOpening(err) {
		return result, nil
	}
	return result, r.tell(ctx, pc, err)
}

// tell in a ProviderConfig's status whether its cluster can be used.
func (r reconciler) tell(ctx context.Context, pc providerConfig, err error) error {
	c := v1alpha1.TargetReachable()
	if err != nil {
		c = v1alpha1.TargetUnreachable(reasonOf(err), err.Error())
	}
	if pc.status.GetCondition(c.Type).Equal(c) {
		return nil
	}
	before, _ := pc.object.DeepCopyObject().(client.Object)
	pc.status.SetConditions(c)
	return errors.Wrap(r.kube.Status().Patch(ctx, pc.object, client.MergeFrom(before)), "cannot tell whether the target cluster can be used")
}

// reasonOf is the condition reason for why a cluster cannot be used.
func reasonOf(err error) xpv2.ConditionReason {
	var trouble *target.Trouble
	if errors.As(err, &trouble) {
		return trouble.Reason
	}
	return v1alpha1.ReasonUnusable
}

// readers has the ProviderConfigs reconciled whose credentials are in a Secret.
func readers(kube client.Reader, kind string) handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, s client.Object) []reconcile.Request {
		var reqs []reconcile.Request
		for _, o := range all(ctx, kube, kind) {
			ref := configOf(o).spec.Credentials.SecretRef
			if ref != nil && ref.Name == s.GetName() && ref.Namespace == s.GetNamespace() {
				reqs = append(reqs, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(o)})
			}
		}
		return reqs
	})
}

// all ProviderConfigs of a kind.
func all(ctx context.Context, kube client.Reader, kind string) []client.Object {
	var objects []client.Object
	if kind == v1alpha1.ClusterProviderConfigKind {
		l := &v1alpha1.ClusterProviderConfigList{}
		_ = kube.List(ctx, l) // It fails only when the cache is shutting down.
		for i := range l.Items {
			objects = append(objects, &l.Items[i])
		}
		return objects
	}
	l := &v1alpha1.ProviderConfigList{}
	_ = kube.List(ctx, l) // As above.
	for i := range l.Items {
		objects = append(objects, &l.Items[i])
	}
	return objects
}
