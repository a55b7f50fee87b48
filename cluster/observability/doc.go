// SPDX-License-Identifier: Apache-2.0

// Package observability proves what stands in docs/observability: that the
// alerts fire when they should, and that the dashboard shows what the provider
// measures. It draws the dashboard from recorded scrapes. All queries are run by
// Prometheus' own engine.
package observability
