// SPDX-License-Identifier: Apache-2.0

package performer

import (
	"context"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/target"
	"github.com/crossplane-contrib/provider-hourglass/internal/workload"
)

// fillWithin is how long the labels of all nodes of a cluster may take to be read.
const fillWithin = 10 * time.Second

// nodes are the labels of the nodes of clusters in which there are Performers that
// require a TEE. Where there are none, no node is watched.
type nodes struct {
	// watch is called with each cache of nodes that is opened.
	watch target.WatchFn

	mu   sync.Mutex
	open []nodesOf
}

type nodesOf struct {
	cluster *target.Cluster
	cache   cache.Cache
}

// metadataOf a node: nothing else is kept of it.
func metadataOf() *metav1.PartialObjectMetadata {
	m := &metav1.PartialObjectMetadata{}
	m.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Node"))
	return m
}

// labels of a node; nil where it is not there, or nobody may see it.
func (n *nodes) labels(ctx context.Context, cl *target.Cluster, name string) (map[string]string, error) {
	c, err := n.of(ctx, cl)
	if kerrors.IsForbidden(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	node := metadataOf()
	err = c.Get(ctx, client.ObjectKey{Name: name}, node)
	if kerrors.IsNotFound(err) {
		return nil, nil
	}
	return node.GetLabels(), errors.Wrapf(err, "cannot get the labels of node %s", name)
}

// of is the cache of a cluster's nodes. It is opened when it is first asked for,
// and ends with the cluster.
func (n *nodes) of(ctx context.Context, cl *target.Cluster) (cache.Cache, error) {
	if c := n.known(cl); c != nil {
		return c, nil
	}
	some := &metav1.PartialObjectMetadataList{}
	some.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("NodeList"))
	if err := cl.Live.List(ctx, some, client.Limit(1)); err != nil {
		return nil, errors.Wrap(err, "cannot list the target's nodes, to see that they are TEEs")
	}
	c, stop, err := cl.NewCache(cache.Options{DefaultTransform: onlyLabels}) //nolint:contextcheck // It ends with the cluster.
	if err != nil {
		return nil, err //nolint:wrapcheck // It says what could not be done.
	}
	ctx, cancel := context.WithTimeout(ctx, fillWithin)
	defer cancel()
	if _, err := c.GetInformer(ctx, metadataOf()); err != nil {
		stop()
		return nil, errors.Wrap(err, "cannot watch the target's nodes")
	}
	return n.keep(cl, c, stop) //nolint:contextcheck // As above.
}

// known is the cache of a cluster's nodes, nil where none is open.
func (n *nodes) known(cl *target.Cluster) cache.Cache {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, o := range n.open {
		if cl.IsSame(o.cluster) {
			return o.cache
		}
	}
	return nil
}

// keep a cache that was opened, unless somebody else was faster.
func (n *nodes) keep(cl *target.Cluster, c cache.Cache, stop func()) (cache.Cache, error) {
	if other := n.known(cl); other != nil {
		stop()
		return other, nil
	}
	n.mu.Lock()
	n.open = append(n.open, nodesOf{cluster: cl, cache: c})
	n.mu.Unlock()
	while, _ := cl.While(context.Background())
	context.AfterFunc(while, func() { n.close(c) })
	return c, errors.Wrap(n.watch(c), "cannot watch the target's nodes")
}

func (n *nodes) close(c cache.Cache) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.open = slices.DeleteFunc(n.open, func(o nodesOf) bool { return o.cache == c })
}

// onlyLabels is what is kept of a node.
func onlyLabels(o any) (any, error) {
	if m, ok := o.(*metav1.PartialObjectMetadata); ok {
		m.ObjectMeta = metav1.ObjectMeta{Name: m.Name, UID: m.UID, ResourceVersion: m.ResourceVersion, Labels: m.Labels}
	}
	return o, nil
}

// lostTEE says in what the node of a Performer's Pod is not the TEE any more that
// is required; "" where it is, and where that cannot be seen.
func (e *external) lostTEE(ctx context.Context, p *v1alpha1.Performer, pod *corev1.Pod) (string, error) {
	if !workload.RequiresTEE(p) || pod == nil || pod.Spec.NodeName == "" || pod.DeletionTimestamp != nil || workload.Ended(pod) {
		return "", nil
	}
	labels, err := e.nodes.labels(ctx, e.cluster, pod.Spec.NodeName)
	if err != nil || labels == nil {
		return "", err
	}
	return workload.LostTEE(pod, p.Spec.HardwareRequirements.TEEType, labels), nil
}
