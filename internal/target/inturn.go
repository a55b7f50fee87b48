// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// writesAtOnce is how many writes are under way in one target. An API server does
// not get faster with more: measured with two cores, its throughput falls beyond
// eight. And one that is slow lets all who create a Service wait for one lock until
// they are out of time and try again, so that none of them ever gets through.
const writesAtOnce = 10

// inTurn is a client whose writes wait for their turn. Reads do not.
type inTurn struct {
	client.Client

	turns chan struct{}
}

// newInTurn lets so many writes of a client be under way at once.
func newInTurn(c client.Client, atOnce int) inTurn {
	return inTurn{Client: c, turns: make(chan struct{}, atOnce)}
}

// Create an object in its turn.
func (c inTurn) Create(ctx context.Context, o client.Object, opts ...client.CreateOption) error {
	return c.take(ctx, func() error { return c.Client.Create(ctx, o, opts...) })
}

// Patch an object in its turn.
func (c inTurn) Patch(ctx context.Context, o client.Object, p client.Patch, opts ...client.PatchOption) error {
	return c.take(ctx, func() error { return c.Client.Patch(ctx, o, p, opts...) })
}

// Delete an object in its turn.
func (c inTurn) Delete(ctx context.Context, o client.Object, opts ...client.DeleteOption) error {
	return c.take(ctx, func() error { return c.Client.Delete(ctx, o, opts...) })
}

func (c inTurn) take(ctx context.Context, write func() error) error {
	select {
	case c.turns <- struct{}{}:
		defer func() { <-c.turns }()
		return write()
	case <-ctx.Done():
		return ctx.Err()
	}
}
