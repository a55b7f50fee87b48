// SPDX-License-Identifier: Apache-2.0

// Package target leads from a ProviderConfig to a cached client of the cluster
// that it names. There is one per set of credentials, however many
// ProviderConfigs hold them and however many managed resources use it.
package target

import (
	"context"
	"maps"
	"slices"
	"sync"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
)

// A WatchFn starts a controller's watches on the cache of a target cluster.
type WatchFn func(cache.Cache) error

// Clusters are the target clusters in use.
type Clusters struct {
	base context.Context //nolint:containedctx // The clusters outlive the reconcile that opens them.
	own  *rest.Config
	kube client.Client

	mu      sync.Mutex
	watches []WatchFn
	entries map[string]*entry
	users   map[Ref]string
}

// An entry is a cluster that is open or being opened, with the watches that it is
// opened with.
type entry struct {
	watches []WatchFn
	done    chan struct{}
	cluster *Cluster
	err     error
}

// NewClusters makes Clusters that run until base ends. Own is the provider's own
// configuration, used for injected identity; kube reads ProviderConfigs and
// Secrets in the control plane.
func NewClusters(base context.Context, own *rest.Config, kube client.Client) *Clusters {
	return &Clusters{base: base, own: own, kube: kube, entries: map[string]*entry{}, users: map[Ref]string{}}
}

// Watch has every cluster watched by w: those that are open, as the kind that w
// is for may come late, and those that are opened from now on.
func (c *Clusters) Watch(w WatchFn) error {
	c.mu.Lock()
	c.watches = append(c.watches, w)
	open := slices.Collect(maps.Values(c.entries))
	c.mu.Unlock()

	var errs []error
	for _, e := range open {
		<-e.done
		if e.err == nil {
			errs = append(errs, w(e.cluster.cache))
		}
	}
	return errors.Wrap(errors.Join(errs...), "cannot watch the target clusters that are open")
}

// Connect returns the cluster that a managed resource's ProviderConfig names. It
// returns an error that names the ProviderConfig where that is missing, its
// credentials are of no use, or the cluster does not answer.
func (c *Clusters) Connect(ctx context.Context, mg resource.ModernManaged) (*Cluster, error) {
	ref, err := RefOf(mg)
	if err != nil {
		return nil, err
	}
	creds, err := credentialsFor(ctx, c.kube, c.own, ref)
	if err != nil {
		return nil, err
	}
	e, first := c.enter(ref, creds.digest)
	if first {
		e.cluster, e.err = open(ctx, c.base, creds.config, c.kube.Scheme(), e.watches)
		if e.err != nil {
			c.forget(creds.digest, e)
		}
		close(e.done)
	}
	select {
	case <-e.done:
		return e.cluster, errors.Wrapf(e.err, "cannot use %s", ref)
	case <-ctx.Done():
		return nil, errors.Wrapf(ctx.Err(), "cannot wait for %s", ref)
	}
}

// Release says that a ProviderConfig is gone. Its cluster is closed where no
// other ProviderConfig leads to it.
func (c *Clusters) Release(r Ref) {
	c.mu.Lock()
	defer c.mu.Unlock()
	digest := c.users[r]
	delete(c.users, r)
	c.evict(digest)
}

// enter notes that a ProviderConfig leads to the cluster of these credentials,
// and no longer to that of others. It says whether the caller must open it.
func (c *Clusters) enter(r Ref, digest string) (*entry, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old, ok := c.users[r]; ok && old != digest {
		delete(c.users, r)
		c.evict(old)
	}
	c.users[r] = digest
	if e, ok := c.entries[digest]; ok {
		return e, false
	}
	e := &entry{watches: slices.Clone(c.watches), done: make(chan struct{})}
	c.entries[digest] = e
	return e, true
}

// forget drops an entry that could not be opened, so that the next one tries.
func (c *Clusters) forget(digest string, e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries[digest] == e {
		delete(c.entries, digest)
	}
}

// evict closes the cluster of these credentials where no ProviderConfig leads
// to it. The caller holds the lock.
func (c *Clusters) evict(digest string) {
	for _, d := range c.users {
		if d == digest {
			return
		}
	}
	e, ok := c.entries[digest]
	if !ok {
		return
	}
	delete(c.entries, digest)
	go func() {
		<-e.done
		if e.cluster != nil {
			e.cluster.stop()
		}
	}()
}
