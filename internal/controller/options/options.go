// SPDX-License-Identifier: Apache-2.0

// Package options holds what every controller of the provider is set up with.
package options

import (
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/controller"

	"github.com/crossplane-contrib/provider-hourglass/internal/target"
)

// Options of the controllers: Crossplane's own and this provider's.
type Options struct {
	controller.Options

	// Targets are the clusters that managed resources live in.
	Targets *target.Clusters
	// MinPollInterval is the shortest interval that a managed resource's
	// poll-interval annotation may ask for.
	MinPollInterval time.Duration
	// Failed has the error of a setup that waited for a kind.
	Failed chan error
	// PollJitter is how far a poll may be moved to either side.
	PollJitter time.Duration
}
