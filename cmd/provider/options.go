// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	changelogsv1alpha1 "github.com/crossplane/crossplane-runtime/v2/apis/changelogs/proto/v1alpha1"
	xpcontroller "github.com/crossplane/crossplane-runtime/v2/pkg/controller"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/feature"
	"github.com/crossplane/crossplane-runtime/v2/pkg/gate"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/crossplane/crossplane-runtime/v2/pkg/ratelimiter"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/statemetrics"

	"github.com/crossplane-contrib/provider-hourglass/internal/controller/options"
	"github.com/crossplane-contrib/provider-hourglass/internal/target"
	"github.com/crossplane-contrib/provider-hourglass/internal/version"
)

// options of the controllers, as the flags say. It registers the two sets of
// metrics that every Crossplane provider has.
func (f *flags) options(ctx context.Context, mgr ctrl.Manager, cfg *rest.Config, log logging.Logger) (options.Options, error) {
	mr, state := managed.NewMRMetricRecorder(), statemetrics.NewMRStateMetrics()
	metrics.Registry.MustRegister(mr, state)

	o := options.Options{
		Options: xpcontroller.Options{
			Logger:                  log,
			MaxConcurrentReconciles: f.MaxRate,
			PollInterval:            f.Poll,
			GlobalRateLimiter:       ratelimiter.NewGlobal(f.MaxRate),
			Features:                &feature.Flags{},
			Gate:                    &gate.Gate[schema.GroupVersionKind]{},
			MetricOptions: &xpcontroller.MetricOptions{
				PollStateMetricInterval: f.PollStateMetric,
				MRMetrics:               mr,
				MRStateMetrics:          state,
			},
		},
		Targets:         target.NewClusters(ctx, cfg, mgr.GetClient()),
		Failed:          make(chan error),
		MinPollInterval: f.MinPoll,
		PollJitter:      f.Poll * time.Duration(f.PollJitter) / 100,
	}
	if f.ManagementPolicies {
		o.Features.Enable(feature.EnableBetaManagementPolicies)
	}
	if !f.ChangeLogs {
		return o, nil
	}
	conn, err := grpc.NewClient("unix://"+f.ChangeLogsSocket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return o, errors.Wrapf(err, "cannot connect to the change log socket %s", f.ChangeLogsSocket)
	}
	o.Features.Enable(feature.EnableAlphaChangeLogs)
	o.ChangeLogOptions = &xpcontroller.ChangeLogOptions{ChangeLogger: managed.NewGRPCChangeLogger(
		changelogsv1alpha1.NewChangeLogServiceClient(conn), managed.WithProviderVersion("provider-hourglass:"+version.Version))}
	return o, nil
}
