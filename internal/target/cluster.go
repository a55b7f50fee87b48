// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"net/http"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/cluster"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"

	"github.com/crossplane-contrib/provider-hourglass/internal/workload"
)

// openTimeout bounds how long a target cluster may take to answer and to fill
// the cache when it is first used.
const openTimeout = 20 * time.Second

// IndexOwner is the field by which the cached Pods of one owner can be listed.
const IndexOwner = "owner-uid"

func owner(o client.Object) []string {
	return []string{o.GetAnnotations()[workload.AnnotationOwner]}
}

// A Cluster is a target cluster. Its embedded client reads what this provider
// owns there from a cache kept by watches, and writes at once.
type Cluster struct {
	client.Client

	// Live reads at the API server, past the cache: also what others own.
	Live client.Reader

	*connection
}

// A connection is what all who use a target cluster share.
type connection struct {
	run    context.Context //nolint:containedctx // It ends with the connection.
	config *rest.Config
	cache  cache.Cache
	pulse  *pulse
	stop   context.CancelFunc

	mu      sync.Mutex
	started int
}

// watch starts those of the watches that were not started before.
func (c *connection) watch(all []WatchFn) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range all[min(c.started, len(all)):] {
		if err := w(c.cache); err != nil {
			return errors.Wrap(err, "cannot watch the target cluster")
		}
		c.started++
	}
	return nil
}

// NewCache starts another cache of the cluster, which ends with it or when stop is
// called.
func (c *Cluster) NewCache(o cache.Options) (more cache.Cache, stop func(), err error) {
	o.Scheme, o.Mapper = c.Scheme(), mapper()
	o.DefaultWatchErrorHandler = c.pulse.watchFailed
	if more, err = cache.New(c.config, o); err != nil {
		return nil, nil, errors.Wrap(err, "cannot prepare a cache of the target cluster")
	}
	ctx, stop := context.WithCancel(c.run)
	go func() {
		_ = more.Start(ctx) // It ends with its context, and reports its own errors.
	}()
	return more, stop, nil
}

// While returns a context that ends with ctx, with the cluster, or when cancel is
// called.
func (c *Cluster) While(ctx context.Context) (while context.Context, cancel context.CancelFunc) {
	while, end := context.WithCancel(ctx)
	stop := context.AfterFunc(c.run, end)
	return while, func() {
		stop()
		end()
	}
}

// IsSame says whether two clusters are one connection, with the same caches.
func (c *Cluster) IsSame(other *Cluster) bool {
	return other != nil && c.connection == other.connection
}

// RuntimeClasses lists the RuntimeClasses of the cluster, from the cache.
func (c *Cluster) RuntimeClasses(ctx context.Context) ([]nodev1.RuntimeClass, error) {
	l := &nodev1.RuntimeClassList{}
	if err := c.List(ctx, l); err != nil {
		return nil, errors.Wrap(err, "cannot list the target's RuntimeClasses")
	}
	if l.Items == nil {
		return []nodev1.RuntimeClass{}, nil
	}
	return l.Items, nil
}

// cached are the kinds that are watched in every target.
func cached() []client.Object {
	return []client.Object{
		&corev1.Pod{}, &corev1.Service{}, &nodev1.RuntimeClass{},
		&appsv1.Deployment{}, &corev1.ConfigMap{}, &corev1.Secret{}, &corev1.ServiceAccount{}, &rbacv1.Role{}, &rbacv1.RoleBinding{},
	}
}

// open connects to a target cluster and fills its cache. The cluster runs until
// its stop function is called or ctx ends.
func open(ctx context.Context, cfg *rest.Config, s *runtime.Scheme) (*Cluster, error) {
	run, stop := context.WithCancel(ctx)
	p := newPulse()
	cl, err := newCluster(p.listen(cfg), s, p)
	if err != nil {
		stop()
		return nil, errors.Wrap(err, "cannot reach the target cluster")
	}
	if err := fill(run, cl); err != nil {
		stop()
		return nil, err
	}
	return &Cluster{
		Client: newInTurn(run, client.WithFieldOwner(cl.GetClient(), workload.ManagedBy), writesAtOnce, p),
		Live:   bounded{Reader: cl.GetAPIReader(), run: run, pulse: p},

		connection: &connection{run: run, config: p.listen(cfg), cache: cl.GetCache(), pulse: p, stop: stop},
	}, nil
}

// fill the cache of a cluster, which then runs until ctx ends.
func fill(ctx context.Context, cl cluster.Cluster) error {
	opening, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	if err := probe(opening, cl.GetAPIReader()); err != nil {
		return errors.Wrap(err, "cannot read from the target cluster")
	}
	for _, o := range cached() {
		if _, err := cl.GetCache().GetInformer(opening, o, cache.BlockUntilSynced(false)); err != nil {
			return errors.Wrapf(err, "cannot watch %T in the target cluster", o)
		}
	}
	if err := cl.GetFieldIndexer().IndexField(opening, &corev1.Pod{}, IndexOwner, owner); err != nil {
		return errors.Wrap(err, "cannot index the target cluster's Pods")
	}
	go func() {
		_ = cl.Start(ctx) // It ends with its context, and its cache reports its own errors.
	}()
	if !cl.GetCache().WaitForCacheSync(opening) {
		return errors.Errorf("cannot fill the cache of the target cluster within %s", openTimeout)
	}
	return nil
}

// newCluster prepares a client and a cache that holds only what this provider
// owns, whatever else runs in the cluster.
func newCluster(cfg *rest.Config, s *runtime.Scheme, p *pulse) (cluster.Cluster, error) {
	executors := cache.ByObject{Label: labels.SelectorFromSet(labels.Set{workload.LabelApp: workload.AppExecutor})}
	app, err := labels.NewRequirement(workload.LabelApp, selection.In, []string{workload.AppPerformer, workload.AppExecutor})
	if err != nil {
		return nil, err
	}
	ours := cache.ByObject{Label: labels.NewSelector().Add(*app)}
	return cluster.New(cfg, func(o *cluster.Options) {
		o.Scheme = s
		o.MapperProvider = func(*rest.Config, *http.Client) (meta.RESTMapper, error) { return mapper(), nil }
		o.Cache.ReaderFailOnMissingInformer = true
		o.Cache.DefaultWatchErrorHandler = p.watchFailed
		o.Cache.ByObject = map[client.Object]cache.ByObject{
			&corev1.Pod{}:            ours,
			&corev1.Service{}:        ours,
			&appsv1.Deployment{}:     executors,
			&corev1.ConfigMap{}:      executors,
			&corev1.Secret{}:         executors,
			&corev1.ServiceAccount{}: executors,
			&rbacv1.Role{}:           executors,
			&rbacv1.RoleBinding{}:    executors,
		}
	})
}

// mapper knows the kinds that are watched, so that nobody has to ask a cluster
// for all of its kinds before the first request that can be bounded in time.
func mapper() meta.RESTMapper {
	m := meta.NewDefaultRESTMapper(nil)
	for _, kind := range []string{"Pod", "Service", "ConfigMap", "Secret", "ServiceAccount", "PodTemplate"} {
		m.Add(corev1.SchemeGroupVersion.WithKind(kind), meta.RESTScopeNamespace)
	}
	m.Add(appsv1.SchemeGroupVersion.WithKind("Deployment"), meta.RESTScopeNamespace)
	m.Add(rbacv1.SchemeGroupVersion.WithKind("Role"), meta.RESTScopeNamespace)
	m.Add(rbacv1.SchemeGroupVersion.WithKind("RoleBinding"), meta.RESTScopeNamespace)
	m.Add(nodev1.SchemeGroupVersion.WithKind("RuntimeClass"), meta.RESTScopeRoot)
	m.Add(corev1.SchemeGroupVersion.WithKind("Namespace"), meta.RESTScopeRoot)
	m.Add(corev1.SchemeGroupVersion.WithKind("Node"), meta.RESTScopeRoot)
	return m
}

// probe asks once for each kind that will be watched, so that what is wrong is
// said in the API server's own words and not by a cache that never fills.
func probe(ctx context.Context, live client.Reader) error {
	for _, l := range []client.ObjectList{
		&corev1.PodList{}, &corev1.ServiceList{}, &nodev1.RuntimeClassList{},
		&appsv1.DeploymentList{}, &corev1.ConfigMapList{}, &corev1.SecretList{}, &corev1.ServiceAccountList{}, &rbacv1.RoleList{}, &rbacv1.RoleBindingList{},
	} {
		if err := live.List(ctx, l, client.Limit(1)); err != nil {
			return err //nolint:wrapcheck // Wrapped by the caller, who knows the cluster.
		}
	}
	return nil
}
