// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"sync"
	"time"

	"k8s.io/client-go/rest"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// How a target cluster is watched for whether it answers.
const (
	// patience is how long a reconcile waits for a cluster to be opened. All of them
	// share one set of workers, with those of other targets.
	patience = 2 * time.Second
	// grace is how long a cluster that was reached may give no answer before it is
	// lost: an API server that restarts is worth no alarm.
	grace = 5 * time.Second
	// askWithin is how long it may take to answer a question.
	askWithin = 5 * time.Second
	// A cluster that is of no use is tried again, less often with time.
	minRetry, maxRetry = time.Second, 15 * time.Second
)

// An entry is a target cluster that is opened, opened again whenever it was lost,
// and known to be of no use in between.
type entry struct {
	config *rest.Config
	// own says that it is the control plane's own cluster. While that does not answer
	// nobody can be told, and when it does, its watches go on by themselves.
	own bool
	// open the cluster.
	open func(ctx context.Context) (*Cluster, error)
	// watches are all that are to be started.
	watches func() []WatchFn
	// changed is told when the cluster is lost, and when it is reached by those who
	// were sent away.
	changed func()
	stop    context.CancelFunc
	// tried is closed when the cluster was opened or could not be.
	tried chan struct{}

	mu      sync.Mutex
	cluster *Cluster
	trouble *Trouble
	// sentAway says that somebody did not get the cluster.
	sentAway bool
	seen     time.Time
}

// run until ctx ends.
func (e *entry) run(ctx context.Context) {
	for ctx.Err() == nil {
		cl := e.reach(ctx)
		if cl == nil {
			return
		}
		e.hold(ctx, cl)
		cl.stop()
	}
}

// reach the cluster, however long that takes. It is nil if ctx ends first.
func (e *entry) reach(ctx context.Context) *Cluster {
	for retry := minRetry; ; retry = min(2*retry, maxRetry) {
		cl, err := e.open(ctx)
		if err == nil {
			err = cl.watch(e.watches())
		}
		if err == nil && ctx.Err() == nil {
			e.note(cl, nil)
			// Those that came since; no later one is missed, now that all see the cluster.
			_ = cl.watch(e.watches()) // It fails only where the cluster has ended.
			return cl
		}
		if cl != nil {
			cl.stop()
		}
		if ctx.Err() != nil {
			return nil
		}
		e.note(nil, err)
		if !pause(ctx, retry) {
			return nil
		}
	}
}

// hold on to a cluster until it is lost or ctx ends.
func (e *entry) hold(ctx context.Context, cl *Cluster) {
	if e.own {
		<-ctx.Done()
		return
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-cl.pulse.suspected:
		}
		if err := cl.lostBy(ctx); err != nil && ctx.Err() == nil {
			e.mu.Lock()
			e.seen = cl.pulse.last()
			e.mu.Unlock()
			e.note(nil, errors.Wrap(err, "cannot reach the target cluster"))
			return
		}
	}
}

// lostBy asks a cluster that is suspected until it answers, or is lost. It returns the
// error by which it is.
func (c *Cluster) lostBy(ctx context.Context) error {
	for start := time.Now(); ; {
		err := c.ask(ctx)
		switch {
		case !isLost(err) && !c.isForbidden(err):
			return nil
		case time.Since(start) >= grace && !c.isSlow(err), !pause(ctx, time.Second):
			return err
		}
	}
}

// note what became of a cluster, and tell it to who has to know. That it cannot be
// reached is told as it began: the details would be others each time.
func (e *entry) note(cl *Cluster, err error) {
	e.mu.Lock()
	before := e.trouble
	e.cluster, e.trouble = cl, nil
	if err != nil {
		e.trouble = newTrouble(e.config, err, e.seen)
		if before != nil && before.Reason == e.trouble.Reason && before.Reason == v1alpha1.ReasonUnreachable {
			e.trouble = before
		}
	}
	if before != nil && e.trouble != nil && *before == *e.trouble {
		e.trouble = before
	}
	tell := e.trouble != before && err != nil || err == nil && e.sentAway
	e.sentAway = err != nil
	e.mu.Unlock()

	select {
	case <-e.tried:
	default:
		close(e.tried)
	}
	if tell {
		e.changed()
	}
}

// await the cluster, for as long as that is no burden for others.
func (e *entry) await(ctx context.Context) (*Cluster, error) {
	limit := patience
	if e.opening() {
		limit = 0
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-e.tried:
	case <-timer.C:
	case <-ctx.Done():
		return nil, errors.Wrap(ctx.Err(), "cannot wait until it is open")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.trouble != nil:
		return nil, e.trouble
	case e.cluster == nil:
		e.sentAway = true
		return nil, openingError{errors.Errorf("the target cluster %s has not answered yet", e.config.Host)}
	}
	return e.cluster, nil
}

// opening says whether nothing is known yet, and somebody was sent away for that: one
// who waits is enough.
func (e *entry) opening() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.cluster == nil && e.trouble == nil && e.sentAway
}

// An openingError is the error for a cluster of which nothing is known yet.
type openingError struct{ error }

// IsOpening says whether an error means that a target cluster is being opened, and
// that who asked is told of the outcome.
func IsOpening(err error) bool { return errors.As(err, &openingError{}) }

// now returns the cluster or the trouble with it; neither, while it is opened for
// the first time.
func (e *entry) now() (*Cluster, *Trouble) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.cluster, e.trouble
}

// pause for a while. It says whether ctx has not ended.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
