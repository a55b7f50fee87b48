// SPDX-License-Identifier: Apache-2.0

package options

import (
	"context"
	"math/rand/v2"
	"time"

	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlcontroller "sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/feature"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/crossplane/crossplane-runtime/v2/pkg/statemetrics"

	"github.com/crossplane-contrib/provider-hourglass/internal/controller/quiet"
)

// Backoff of a managed resource whose reconcile failed. It starts short: most
// failures are a cache that is a moment behind.
const (
	MinBackoff = 10 * time.Millisecond
	MaxBackoff = time.Minute
)

// Reconciler options that the reconcilers of all kinds have in common. Names are
// known before anything is created, so that a create that was cut off is simply
// done again.
func Reconciler(o Options, name string, record event.Recorder) []managed.ReconcilerOption {
	ro := []managed.ReconcilerOption{
		managed.WithLogger(o.Logger.WithValues("controller", name)),
		managed.WithRecorder(record),
		managed.WithPollInterval(o.PollInterval),
		managed.WithMinPollInterval(o.MinPollInterval),
		managed.WithInitializers(),
		managed.WithDeterministicExternalName(true),
		managed.WithCreationGracePeriod(0),
		managed.WithCriticalAnnotationUpdater(managed.CriticalAnnotationUpdateFn(func(context.Context, client.Object) error { return nil })),
	}
	if o.Features.Enabled(feature.EnableBetaManagementPolicies) {
		ro = append(ro, managed.WithManagementPolicies())
	}
	if o.Features.Enabled(feature.EnableAlphaChangeLogs) {
		ro = append(ro, managed.WithChangeLogger(o.ChangeLogOptions.ChangeLogger))
	}
	if o.MetricOptions != nil && o.MetricOptions.MRMetrics != nil {
		ro = append(ro, managed.WithMetricRecorder(o.MetricOptions.MRMetrics))
	}
	return ro
}

// PollInterval is when a managed resource with which all is well is looked at again:
// after the usual interval, to which jitter is added, or when it is not young any
// more and its status can wait no longer.
func PollInterval(o Options) managed.PollIntervalHook {
	return func(mg resource.Managed, poll time.Duration) time.Duration {
		if left := quiet.GrownIn(mg, time.Now()); left > 0 {
			return left
		}
		return poll + time.Duration((rand.Float64()-0.5)*2*float64(o.PollJitter)) //nolint:gosec // Jitter needs no secrets.
	}
}

// AddStateMetrics records how many managed resources of a kind there are, and in
// which state.
func AddStateMetrics(mgr ctrl.Manager, o Options, list resource.ManagedList) error {
	if o.MetricOptions == nil || o.MetricOptions.MRStateMetrics == nil {
		return nil
	}
	rec := statemetrics.NewMRStateRecorder(mgr.GetClient(), o.Logger, o.MetricOptions.MRStateMetrics, list, o.MetricOptions.PollStateMetricInterval)
	return errors.Wrapf(mgr.Add(rec), "cannot record the state metrics of %T", list)
}

// Controller options that the controllers of all kinds have in common.
func Controller(o Options) ctrlcontroller.Options {
	co := o.ForControllerRuntime()
	co.RateLimiter = workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](MinBackoff, MaxBackoff)
	return co
}
