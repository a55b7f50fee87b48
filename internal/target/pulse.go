// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
)

// A pulse knows when something was last heard of a cluster, and whether there is
// reason to ask how it is. Nobody asks without: a cluster that is well gets no
// requests but those that are needed.
type pulse struct {
	heard     atomic.Int64
	forbidden atomic.Bool
	suspected chan struct{}
}

func newPulse() *pulse { return &pulse{suspected: make(chan struct{}, 1)} }

// last is when something was last heard of the cluster, zero for never.
func (p *pulse) last() time.Time {
	if ns := p.heard.Load(); ns != 0 {
		return time.Unix(0, ns)
	}
	return time.Time{}
}

// suspect that the cluster does not answer any more.
func (p *pulse) suspect() {
	select {
	case p.suspected <- struct{}{}:
	default: // It is being asked already.
	}
}

// watchFailed is told by a cache of watches that end with an error. One that is
// forbidden will go on being that, and what is cached grows old.
func (p *pulse) watchFailed(_ context.Context, _ *toolscache.Reflector, err error) {
	if kerrors.IsForbidden(err) {
		p.forbidden.Store(true)
	}
	p.suspect()
}

// judge an error of an API call.
func (p *pulse) judge(err error) error {
	if isLost(err) {
		p.suspect()
	}
	return err
}

// listen to what a cluster sends to the clients of a configuration.
func (p *pulse) listen(cfg *rest.Config) *rest.Config {
	cfg = rest.CopyConfig(cfg)
	cfg.QPS = -1 // The API server's own priority and fairness protects it better.
	cfg.Wrap(func(next http.RoundTripper) http.RoundTripper { return listener{next: next, pulse: p} })
	return cfg
}

type listener struct {
	next  http.RoundTripper
	pulse *pulse
}

// RoundTrip hears the answer to a request.
func (l listener) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.next.RoundTrip(r)
	if err == nil {
		l.pulse.heard.Store(time.Now().UnixNano())
		resp.Body = heardBody{ReadCloser: resp.Body, pulse: l.pulse}
	}
	return resp, err //nolint:wrapcheck // The client's own error.
}

type heardBody struct {
	io.ReadCloser

	pulse *pulse
}

// Read hears the events of a watch.
func (b heardBody) Read(to []byte) (int, error) {
	n, err := b.ReadCloser.Read(to)
	if n > 0 {
		b.pulse.heard.Store(time.Now().UnixNano())
	}
	return n, err //nolint:wrapcheck // The body's own error.
}

// ask the cluster for as little as possible that it must be well to answer; where a
// watch was forbidden, for all that it is asked for when it is opened.
func (c *Cluster) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	if c.pulse.forbidden.Load() {
		err := probe(ctx, c.Live)
		c.pulse.forbidden.Store(kerrors.IsForbidden(err))
		return err
	}
	return c.Live.List(ctx, &corev1.PodList{}, client.Limit(1)) //nolint:wrapcheck // The caller wraps it.
}

// isSlow says whether a cluster that did not answer in time goes on sending what is
// watched. To read all of it anew would make it no faster.
func (c *Cluster) isSlow(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) && time.Since(c.pulse.last()) < grace
}

// isForbidden says whether a watch was forbidden, and what was asked is so too.
func (c *Cluster) isForbidden(err error) bool {
	return c.pulse.forbidden.Load() && kerrors.IsForbidden(err)
}

// bounded is a reader that never waits for long, nor longer than the cluster is there.
type bounded struct {
	client.Reader

	run   context.Context //nolint:containedctx // It is the cluster's, not a call's.
	pulse *pulse
}

// Get an object, or say within a while that it cannot be had.
func (b bounded) Get(ctx context.Context, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	defer context.AfterFunc(b.run, cancel)() //nolint:contextcheck // It ends what ctx does not.
	return b.pulse.judge(b.Reader.Get(ctx, key, o, opts...))
}
