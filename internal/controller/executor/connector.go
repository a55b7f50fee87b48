// SPDX-License-Identifier: Apache-2.0

package executor

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

// A connector leads from a HourglassExecutor to its target cluster.
type connector struct {
	targets *target.Clusters
	track   target.Tracker
	record  event.Recorder
	kube    client.Reader
	live    client.Reader
}

// Connect to the cluster that the executor's ProviderConfig names.
func (c *connector) Connect(ctx context.Context, e *v1alpha1.HourglassExecutor) (managed.TypedExternalClient[*v1alpha1.HourglassExecutor], error) {
	// One that is being deleted was tracked before, and a namespace that is being
	// deleted takes no new objects.
	if !meta.WasDeleted(e) {
		if err := c.track.Track(ctx, e); err != nil {
			return nil, errors.Wrap(err, "cannot track the use of the ProviderConfig")
		}
	}
	cl, err := c.targets.Connect(ctx, e)
	reach.Note(e, err)
	if err != nil {
		return nil, err
	}
	return &external{cluster: cl, kube: c.kube, live: c.live, record: c.record, now: time.Now}, nil
}
