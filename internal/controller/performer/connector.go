// SPDX-License-Identifier: Apache-2.0

package performer

import (
	"context"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/target"
)

// A connector leads from a Performer to its target cluster.
type connector struct {
	targets *target.Clusters
	track   target.Tracker
	record  event.Recorder
}

// Connect to the cluster that the Performer's ProviderConfig names.
func (c *connector) Connect(ctx context.Context, p *v1alpha1.Performer) (managed.TypedExternalClient[*v1alpha1.Performer], error) {
	if err := c.track.Track(ctx, p); err != nil {
		return nil, errors.Wrap(err, "cannot track the use of the ProviderConfig")
	}
	cl, err := c.targets.Connect(ctx, p)
	if err != nil {
		return nil, err //nolint:wrapcheck // It names the ProviderConfig.
	}
	return &external{
		cluster: cl,
		record:  c.record,
		now:     time.Now,
	}, nil
}
