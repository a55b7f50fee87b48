// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// A Tracker records which managed resources use which ProviderConfig, in a usage
// of that ProviderConfig's kind.
type Tracker struct {
	namespaced, cluster resource.ModernTracker
}

// NewTracker makes a Tracker that writes usages with c.
func NewTracker(c client.Client) Tracker {
	return Tracker{
		namespaced: resource.NewProviderConfigUsageTracker(c, &v1alpha1.ProviderConfigUsage{}),
		cluster:    resource.NewProviderConfigUsageTracker(c, &v1alpha1.ClusterProviderConfigUsage{}),
	}
}

// Track that a managed resource uses the ProviderConfig it refers to. It writes
// nothing where that is known.
func (t Tracker) Track(ctx context.Context, mg resource.ModernManaged) error {
	r, err := RefOf(mg)
	if err != nil {
		return err
	}
	if r.Kind == v1alpha1.ClusterProviderConfigKind {
		return t.cluster.Track(ctx, mg) //nolint:wrapcheck // Wrapped by the caller.
	}
	return t.namespaced.Track(ctx, mg) //nolint:wrapcheck // Wrapped by the caller.
}
