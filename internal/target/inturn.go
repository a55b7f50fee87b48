// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// writesAtOnce is how many writes are under way in one target. An API server does
// not get faster with more: measured with two cores, its throughput falls beyond
// eight. And one that is slow lets all who create a Service wait for one lock until
// they are out of time and try again, so that none of them ever gets through.
const writesAtOnce = 10

// callWithin is how long a call may take, with the wait for its turn. The workers
// that wait here are those of all targets.
const callWithin = 15 * time.Second

// inTurn is a client whose writes wait for their turn. Reads do not.
type inTurn struct {
	client.Client

	turns chan struct{}
	// run ends with the cluster, and with it all writes.
	run   context.Context //nolint:containedctx // It is the cluster's, not a call's.
	pulse *pulse
}

// newInTurn lets so many writes of a client be under way at once, until run ends.
func newInTurn(run context.Context, c client.Client, atOnce int, p *pulse) inTurn {
	return inTurn{Client: c, turns: make(chan struct{}, atOnce), run: run, pulse: p}
}

// Create an object in its turn.
func (c inTurn) Create(ctx context.Context, o client.Object, opts ...client.CreateOption) error {
	return c.take(ctx, func(ctx context.Context) error { return c.Client.Create(ctx, o, opts...) })
}

// Patch an object in its turn.
func (c inTurn) Patch(ctx context.Context, o client.Object, p client.Patch, opts ...client.PatchOption) error {
	return c.take(ctx, func(ctx context.Context) error { return c.Client.Patch(ctx, o, p, opts...) })
}

// Delete an object in its turn.
func (c inTurn) Delete(ctx context.Context, o client.Object, opts ...client.DeleteOption) error {
	return c.take(ctx, func(ctx context.Context) error { return c.Client.Delete(ctx, o, opts...) })
}

func (c inTurn) take(ctx context.Context, write func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	defer context.AfterFunc(c.run, cancel)() //nolint:contextcheck // It ends what ctx does not.
	select {
	case c.turns <- struct{}{}:
		defer func() { <-c.turns }()
		return c.pulse.judge(write(ctx))
	case <-ctx.Done():
		return ctx.Err()
	}
}

// SubResource is a client of a subresource, whose patches wait for their turn.
func (c inTurn) SubResource(name string) client.SubResourceClient {
	return subResourceInTurn{SubResourceClient: c.Client.SubResource(name), take: c.take}
}

type subResourceInTurn struct {
	client.SubResourceClient

	take func(context.Context, func(context.Context) error) error
}

// Patch a subresource in its turn.
func (c subResourceInTurn) Patch(ctx context.Context, o client.Object, p client.Patch, opts ...client.SubResourcePatchOption) error {
	return c.take(ctx, func(ctx context.Context) error { return c.SubResourceClient.Patch(ctx, o, p, opts...) })
}
