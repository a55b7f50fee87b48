// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/ratelimiter"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/customresourcesgate"

	"github.com/crossplane-contrib/provider-hourglass/apis"
	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// Leader election is slower than controller-runtime's default, as in every
// Crossplane provider: under load a renewal may take long.
const (
	leaseDuration = 60 * time.Second
	renewDeadline = 50 * time.Second
)

// performers is the name of the CRD of Performers.
const performers = "performers." + v1alpha1.Group

// manager of the control plane's objects. It caches this provider's own kinds
// and reads Secrets one by one, so that it holds none it was not asked about.
func (f *flags) manager(ctx context.Context, cfg *rest.Config) (ctrl.Manager, error) {
	s := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(s), apiextensionsv1.AddToScheme(s), apis.AddToScheme(s)); err != nil {
		return nil, errors.Wrap(err, "cannot register the API types")
	}
	mgr, err := ctrl.NewManager(ratelimiter.LimitRESTConfig(cfg, f.MaxRate), ctrl.Options{
		Scheme: s,
		Cache: cache.Options{
			SyncPeriod: &f.Sync,
			// Of CRDs it counts which there are, not what is in them: a control plane has thousands.
			DefaultTransform: customresourcesgate.TransformStripCRDSchema,
		},
		Client:                        client.Options{Cache: &client.CacheOptions{DisableFor: []client.Object{&corev1.Secret{}}}},
		Metrics:                       metricsserver.Options{BindAddress: f.MetricsAddress},
		HealthProbeBindAddress:        f.HealthAddress,
		LeaderElection:                f.LeaderElection,
		LeaderElectionID:              "crossplane-leader-election-provider-hourglass",
		LeaderElectionResourceLock:    resourcelock.LeasesResourceLock,
		LeaderElectionReleaseOnCancel: true,
		LeaseDuration:                 new(leaseDuration),
		RenewDeadline:                 new(renewDeadline),
	})
	if err != nil {
		return nil, errors.Wrap(err, "cannot prepare the controllers")
	}
	return mgr, addChecks(ctx, mgr)
}

// addChecks adds /healthz, which says that the process answers, and /readyz,
// which says that it sees the Performers there are. Where their kind is not
// served, there are none.
func addChecks(ctx context.Context, mgr ctrl.Manager) error {
	if err := mgr.AddHealthzCheck("ping", healthz.Ping); err != nil {
		return errors.Wrap(err, "cannot add the health check")
	}
	if _, err := mgr.GetCache().GetInformer(ctx, &apiextensionsv1.CustomResourceDefinition{}, cache.BlockUntilSynced(false)); err != nil {
		return errors.Wrap(err, "cannot watch which kinds are served: is the control plane up?")
	}
	filled := func(r *http.Request) error {
		ctx, cancel := context.WithTimeout(r.Context(), time.Second)
		defer cancel()
		if !sees(ctx, mgr.GetCache()) {
			return errors.New("the caches are not filled yet")
		}
		return nil
	}
	return errors.Wrap(mgr.AddReadyzCheck("caches", filled), "cannot add the readiness check")
}

// sees says whether a cache holds all it should, and the Performers there are.
func sees(ctx context.Context, c cache.Cache) bool {
	if !c.WaitForCacheSync(ctx) {
		return false
	}
	err := c.Get(ctx, client.ObjectKey{Name: performers}, &apiextensionsv1.CustomResourceDefinition{})
	if kerrors.IsNotFound(err) {
		return true
	}
	if err == nil {
		_, err = c.GetInformer(ctx, &v1alpha1.Performer{})
	}
	return err == nil
}
