// SPDX-License-Identifier: Apache-2.0

package hardwarepool

import (
	"context"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"

	"github.com/crossplane-contrib/provider-hourglass/internal/inventory"
	"github.com/crossplane-contrib/provider-hourglass/internal/target"
)

// How soon a change in a target is told. The first is told almost at once, as it
// seldom comes alone; where they go on, they are told together.
const (
	soon    = 100 * time.Millisecond
	between = time.Second
)

// fillWithin is how long the Nodes and Pods of a target may take to be listed.
const fillWithin = time.Minute

// surveys of the targets that have an inventory.
type surveys struct {
	mu    sync.Mutex
	of    map[target.Ref]*survey
	queue workqueue.TypedRateLimitingInterface[target.Ref]
}

// A survey watches the Nodes of a target and what Pods take of them.
type survey struct {
	cluster *target.Cluster
	cache   cache.Cache
	stop    func()
	told    time.Time
	// left are the nodes that were told to be in no pool.
	left []string
}

func newSurveys() *surveys { return &surveys{of: map[target.Ref]*survey{}} }

// announce changes to a queue.
func (s *surveys) announce(queue workqueue.TypedRateLimitingInterface[target.Ref]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = queue
}

// changed is called when something changed in a target.
func (s *surveys) changed(r target.Ref) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if on := s.of[r]; on != nil {
		s.queue.AddAfter(r, max(soon, between-time.Since(on.told)))
	}
}

// again looks at a target after a while.
func (s *surveys) again(r target.Ref, after time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queue != nil {
		s.queue.AddAfter(r, after)
	}
}

// leaves notes which nodes of a target are in no pool, and says whether these are
// others than before.
func (s *surveys) leaves(r target.Ref, left []string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	on := s.of[r]
	if on == nil || slices.Equal(on.left, left) {
		return false
	}
	on.left = left
	return true // RuntimeClasses seldom change.
}

// end the survey of a target, if there is one.
func (s *surveys) end(r target.Ref) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if on := s.of[r]; on != nil {
		on.stop()
		delete(s.of, r)
	}
}

// current is the survey of a target, filled, to be told now.
func (s *surveys) current(ctx context.Context, r target.Ref, cl *target.Cluster) (*survey, error) {
	s.mu.Lock()
	on := s.of[r]
	s.mu.Unlock()
	if on == nil || !cl.IsSame(on.cluster) {
		s.end(r)
		var err error
		if on, err = start(ctx, cl, func() { s.changed(r) }); err != nil {
			return nil, err
		}
		s.mu.Lock()
		s.of[r] = on
		s.mu.Unlock()
	}
	ctx, cancel := context.WithTimeout(ctx, fillWithin)
	defer cancel()
	ctx, end := cl.While(ctx)
	defer end()
	if !on.cache.WaitForCacheSync(ctx) {
		return nil, errors.Errorf("cannot list the Nodes and Pods of %s within %s", r, fillWithin)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	on.told = time.Now()
	return on, nil
}

// start a survey of a cluster. Changed is called for every change that may matter.
func start(ctx context.Context, cl *target.Cluster, changed func()) (*survey, error) {
	for _, l := range []client.ObjectList{&corev1.NodeList{}, &corev1.PodList{}} {
		if err := cl.Live.List(ctx, l, client.Limit(1)); err != nil {
			return nil, errors.Wrap(err, "cannot take the inventory of the target cluster")
		}
	}
	c, stop, err := cl.NewCache(cache.Options{ //nolint:contextcheck // It outlives this call.
		ReaderFailOnMissingInformer:  true,
		DefaultUnsafeDisableDeepCopy: new(true), // Nobody writes to what is listed.
		ByObject: map[client.Object]cache.ByObject{
			&corev1.Node{}: {Transform: stripNode},
			&corev1.Pod{}:  {Transform: stripPod},
		},
	})
	if err != nil {
		return nil, err //nolint:wrapcheck // It says what could not be done.
	}
	for _, o := range []client.Object{&corev1.Node{}, &corev1.Pod{}, &nodev1.RuntimeClass{}} {
		informer, err := c.GetInformer(ctx, o, cache.BlockUntilSynced(false))
		if err == nil {
			_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
				AddFunc:    func(any) { changed() },
				DeleteFunc: func(any) { changed() },
				UpdateFunc: func(before, after any) {
					if differs(before, after) {
						changed()
					}
				},
			})
		}
		if err != nil {
			stop()
			return nil, errors.Wrapf(err, "cannot watch %T in the target cluster", o)
		}
	}
	return &survey{cluster: cl, cache: c, stop: stop}, nil
}

// contents of the cluster.
func (s *survey) contents(ctx context.Context) (*inventory.Cluster, error) {
	nodes, pods := &corev1.NodeList{}, &corev1.PodList{}
	if err := s.cache.List(ctx, nodes); err != nil {
		return nil, errors.Wrap(err, "cannot list the target's Nodes")
	}
	if err := s.cache.List(ctx, pods); err != nil {
		return nil, errors.Wrap(err, "cannot list the target's Pods")
	}
	classes := &nodev1.RuntimeClassList{}
	if err := s.cache.List(ctx, classes); err != nil {
		return nil, errors.Wrap(err, "cannot list the target's RuntimeClasses")
	}
	used := map[string]corev1.ResourceList{}
	for i := range pods.Items {
		if r := inventory.Requests(&pods.Items[i]); r != nil {
			on := pods.Items[i].Spec.NodeName
			used[on] = inventory.Take(used[on], r)
		}
	}
	return &inventory.Cluster{Nodes: nodes.Items, Used: used, RuntimeClasses: classes.Items}, nil
}

// differs says whether what is kept of an object is another than before.
func differs(before, after any) bool {
	switch a := after.(type) {
	case *corev1.Node:
		b, ok := before.(*corev1.Node)
		return !ok || !equality.Semantic.DeepEqual(a.Labels, b.Labels) || !equality.Semantic.DeepEqual(a.Spec, b.Spec) ||
			!equality.Semantic.DeepEqual(a.Status, b.Status) || a.DeletionTimestamp.IsZero() != b.DeletionTimestamp.IsZero()
	case *corev1.Pod:
		b, ok := before.(*corev1.Pod)
		return !ok || !equality.Semantic.DeepEqual(a.Spec, b.Spec) || a.Status.Phase != b.Status.Phase
	}
	return true // RuntimeClasses seldom change.
}
