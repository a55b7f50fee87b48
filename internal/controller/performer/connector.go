// SPDX-License-Identifier: Apache-2.0

package performer

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/controller/reach"
	"github.com/crossplane-contrib/provider-hourglass/internal/target"
)

// A connector leads from a Performer to its target cluster.
type connector struct {
	targets *target.Clusters
	track   target.Tracker
	record  event.Recorder
	kube    client.Reader
	live    client.Reader
	nodes   *nodes
	again   func(p *v1alpha1.Performer, after time.Duration)
}

// Connect to the cluster that the Performer's ProviderConfig names.
func (c *connector) Connect(ctx context.Context, p *v1alpha1.Performer) (managed.TypedExternalClient[*v1alpha1.Performer], error) {
	// One that is being deleted was tracked before, and a namespace that is being
	// deleted takes no new objects.
	if !meta.WasDeleted(p) {
		if err := c.track.Track(ctx, p); err != nil {
			return nil, errors.Wrap(err, "cannot track the use of the ProviderConfig")
		}
	}
	cl, err := c.targets.Connect(ctx, p)
	reach.Note(p, err)
	if err != nil {
		return nil, err //nolint:wrapcheck // It names the ProviderConfig.
	}
	return &external{
		cluster: cl,
		kube:    c.kube,
		live:    c.live,
		nodes:   c.nodes,
		record:  c.record,
		now:     time.Now,
		again:   c.again,
	}, nil
}
