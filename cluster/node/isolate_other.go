// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package node

import "errors"

// Missing returns what the machine lacks to run a node.
func Missing() string { return "a real node needs Linux" }

// Isolate returns an error: there are no such namespaces here.
func Isolate(func() error, func() int) (int, error) { return 0, errors.New(Missing()) }
