// SPDX-License-Identifier: Apache-2.0

// Package version says which version of the provider this is.
package version

// Version of the provider, set at link time.
var Version = "v0.0.0-unset" //nolint:gochecknoglobals // The linker sets it.
