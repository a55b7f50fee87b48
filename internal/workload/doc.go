// SPDX-License-Identifier: Apache-2.0

// Package workload turns a Performer into the objects that it becomes in its
// target cluster, and what is found there into the Performer's status. It is
// pure: values in, values out, same input same bytes.
//
// A Pod carries a record of the spec fields that shaped it (see Applied). What
// the user changed since is found by comparing records, never by comparing the
// rendered Pod with the live one: defaults, webhooks and newer versions of this
// package may all make those differ, and none of them is a reason to touch a
// Pod that runs.
package workload
