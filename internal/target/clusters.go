// SPDX-License-Identifier: Apache-2.0

// Package target leads from a ProviderConfig to a cached client of the cluster
// that it names. There is one per set of credentials, however many
// ProviderConfigs hold them and however many managed resources use it.
package target

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
)

// A WatchFn starts a controller's watches on the cache of a target cluster. It is
// called again when the cluster was lost and has been reached again.
type WatchFn func(cache.Cache) error

// Clusters are the target clusters in use.
type Clusters struct {
	base context.Context //nolint:containedctx // The clusters outlive the reconcile that opens them.
	own  *rest.Config
	kube client.Client
	open func(ctx context.Context, cfg *rest.Config) (*Cluster, error)

	mu      sync.Mutex
	watches []WatchFn
	told    []func(Ref)
	entries map[string]*entry
	users   map[Ref]string
	// sentAway are those for whom there were no credentials.
	sentAway map[Ref]bool
}

// NewClusters makes Clusters that run until base ends. Own is the provider's own
// configuration, used for injected identity; kube reads ProviderConfigs and
// Secrets in the control plane.
func NewClusters(base context.Context, own *rest.Config, kube client.Client) *Clusters {
	return &Clusters{
		base: base, own: own, kube: kube,
		open:    func(ctx context.Context, cfg *rest.Config) (*Cluster, error) { return open(ctx, cfg, kube.Scheme()) },
		entries: map[string]*entry{}, users: map[Ref]string{}, sentAway: map[Ref]bool{},
	}
}

// Watch has every cluster watched by w: those that are open, as the kind that w
// is for may come late, and those that are opened from now on.
func (c *Clusters) Watch(w WatchFn) error {
	c.mu.Lock()
	c.watches = append(c.watches, w)
	entries := slices.Collect(maps.Values(c.entries))
	c.mu.Unlock()

	var errs []error
	for _, e := range entries {
		if cl, _ := e.now(); cl != nil {
			errs = append(errs, cl.watch(c.allWatches()))
		}
	}
	return errors.Wrap(errors.Join(errs...), "cannot watch the target clusters that are open")
}

func (c *Clusters) allWatches() []WatchFn {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.watches)
}

// OnChange has f told of each ProviderConfig whose cluster was lost, or reached
// after it was not. It must not block.
func (c *Clusters) OnChange(f func(Ref)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told = append(c.told, f)
}

// Connect returns the cluster that a managed resource's ProviderConfig names, as
// Open does.
func (c *Clusters) Connect(ctx context.Context, mg resource.ModernManaged) (*Cluster, error) {
	ref, err := RefOf(mg)
	if err != nil {
		return nil, err
	}
	return c.Open(ctx, ref)
}

// Open returns the cluster that a ProviderConfig names. It returns an error that
// names the ProviderConfig where that is missing, its credentials are of no use, or
// the cluster does not answer; the last is a Trouble.
func (c *Clusters) Open(ctx context.Context, ref Ref) (*Cluster, error) {
	creds, err := credentialsFor(ctx, c.kube, c.own, ref)
	if err != nil {
		c.sendAway(ref)
		return nil, err
	}
	cl, err := c.enter(ref, creds).await(ctx) //nolint:contextcheck // What is opened outlives this call.
	if err != nil {
		return nil, errors.Wrapf(err, "cannot use %s", ref)
	}
	return &Cluster{Client: inNamespaces{Client: cl.Client, of: ref, create: creds.namespaces}, Live: cl.Live, connection: cl.connection}, nil
}

// Trouble with the cluster that a ProviderConfig led to when it was last opened;
// nil where none is known.
func (c *Clusters) Trouble(r Ref) *Trouble {
	e := c.entryOf(r)
	if e == nil {
		return nil
	}
	_, t := e.now()
	return t
}

// Opening says whether the cluster of a ProviderConfig is being opened for the first
// time, and who asked was sent away: OnChange tells of the outcome.
func (c *Clusters) Opening(r Ref) bool {
	e := c.entryOf(r)
	return e != nil && e.opening()
}

// Knows says whether anybody has tried to use a ProviderConfig.
func (c *Clusters) Knows(r Ref) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, used := c.users[r]
	return used || c.sentAway[r]
}

func (c *Clusters) entryOf(r Ref) *entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.entries[c.users[r]]
}

// Release says that a ProviderConfig is gone. Its cluster is closed where no
// other ProviderConfig leads to it.
func (c *Clusters) Release(r Ref) {
	c.mu.Lock()
	defer c.mu.Unlock()
	digest := c.users[r]
	delete(c.users, r)
	delete(c.sentAway, r)
	c.evict(digest)
}

// sendAway notes that there are no credentials for a ProviderConfig.
func (c *Clusters) sendAway(r Ref) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sentAway[r] = true
}

// enter notes that a ProviderConfig leads to the cluster of these credentials,
// and no longer to that of others.
func (c *Clusters) enter(r Ref, creds credentials) *entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	old, known := c.users[r]
	c.users[r] = creds.digest
	if known && old != creds.digest {
		c.evict(old)
	}
	if known && old != creds.digest || c.sentAway[r] {
		delete(c.sentAway, r)
		go c.tell(r) // Others than the caller have yet to hear of it.
	}
	if e, ok := c.entries[creds.digest]; ok {
		return e
	}
	ctx, stop := context.WithCancel(c.base)
	e := &entry{
		config:  creds.config,
		own:     creds.config == c.own,
		open:    func(ctx context.Context) (*Cluster, error) { return c.open(ctx, creds.config) },
		watches: c.allWatches,
		changed: func() { c.tell(c.usersOf(creds.digest)...) },
		stop:    stop,
		tried:   make(chan struct{}),
	}
	c.entries[creds.digest] = e
	go e.run(ctx)
	return e
}

// usersOf are the ProviderConfigs that lead to the cluster of these credentials.
func (c *Clusters) usersOf(digest string) []Ref {
	c.mu.Lock()
	defer c.mu.Unlock()
	var refs []Ref
	for r, d := range c.users {
		if d == digest {
			refs = append(refs, r)
		}
	}
	slices.SortFunc(refs, func(a, b Ref) int { return strings.Compare(a.String(), b.String()) })
	return refs
}

// tell that something is new about the clusters of ProviderConfigs.
func (c *Clusters) tell(refs ...Ref) {
	c.mu.Lock()
	told := slices.Clone(c.told)
	c.mu.Unlock()
	for _, r := range refs {
		for _, f := range told {
			f(r)
		}
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
	if e, ok := c.entries[digest]; ok {
		delete(c.entries, digest)
		e.stop()
	}
}
