// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
)

func TestPrepare(t *testing.T) {
	cases := map[string]struct {
		reason   string
		observed string
		want     string
	}{
		"New": {
			reason:   "A Performer that does not exist yet begins as the provider would leave it.",
			observed: "{}",
			want:     "{metadata: {name: a, annotations: {mine: stays, crossplane.io/external-name: performer-a}, finalizers: [finalizer.managedresource.crossplane.io]}}",
		},
		"Named": {
			reason:   "An external name that was set otherwise stays: it leads to what runs.",
			observed: "{metadata: {annotations: {crossplane.io/external-name: adopted}, finalizers: [finalizer.managedresource.crossplane.io]}}",
			want:     "{metadata: {name: a, annotations: {mine: stays, crossplane.io/external-name: adopted}, finalizers: [finalizer.managedresource.crossplane.io]}}",
		},
		"Older": {
			reason:   "One of an older function gets the finalizer too.",
			observed: "{metadata: {finalizers: [other]}}",
			want:     "{metadata: {name: a, annotations: {mine: stays, crossplane.io/external-name: performer-a}, finalizers: [finalizer.managedresource.crossplane.io]}}",
		},
		"Deleted": {
			reason:   "What is being deleted keeps its finalizer: only the provider takes it away.",
			observed: "{metadata: {deletionTimestamp: '2026-01-02T03:04:05Z', finalizers: [other, finalizer.managedresource.crossplane.io]}}",
			want:     "{metadata: {name: a, annotations: {mine: stays, crossplane.io/external-name: performer-a}, finalizers: [finalizer.managedresource.crossplane.io]}}",
		},
		"Unreached": {
			reason:   "What never reached its cluster has nothing there, and could not be deleted with the finalizer.",
			observed: "{metadata: {finalizers: [finalizer.managedresource.crossplane.io]}, status: {conditions: [{type: Synced, status: 'False'}]}}",
			want:     "{metadata: {name: a, annotations: {mine: stays, crossplane.io/external-name: performer-a}}}",
		},
		"Unwell": {
			reason:   "What did and has an error now keeps it.",
			observed: "{metadata: {finalizers: [finalizer.managedresource.crossplane.io]}, status: {phase: Pending, conditions: [{type: Synced, status: 'False'}]}}",
			want:     "{metadata: {name: a, annotations: {mine: stays, crossplane.io/external-name: performer-a}, finalizers: [finalizer.managedresource.crossplane.io]}}",
		},
		"Released": {
			reason:   "Where the provider has taken it away already, an API server would refuse it.",
			observed: "{metadata: {deletionTimestamp: '2026-01-02T03:04:05Z', finalizers: [foregroundDeletion]}}",
			want:     "{metadata: {name: a, annotations: {mine: stays, crossplane.io/external-name: performer-a}}}",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := parse(t, "{metadata: {name: a, annotations: {mine: stays}}}")
			prepare(got, parse(t, tc.observed), "performer-a")
			if diff := cmp.Diff(parse(t, tc.want), got, protocmp.Transform()); diff != "" {
				t.Errorf("\n%s\nprepare(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestPreparedNames keeps the names to those that the provider's runtime has.
func TestPreparedNames(t *testing.T) {
	if diff := cmp.Diff([]string{managed.FinalizerName, meta.AnnotationKeyExternalName}, []string{providerFinalizer, annotationExternalName}); diff != "" {
		t.Errorf("the provider looks for these: -want, +got:\n%s", diff)
	}
}
