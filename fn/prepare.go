// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"slices"

	"google.golang.org/protobuf/types/known/structpb"
)

// What the provider writes into a managed resource before it creates anything.
// Source: crossplane-runtime, managed.FinalizerName and
// meta.AnnotationKeyExternalName.
const (
	providerFinalizer      = "finalizer.managedresource.crossplane.io"
	annotationExternalName = "crossplane.io/external-name"
)

// prepare composes a Performer as the provider would leave it after its first look:
// with its finalizer, and the name of what it becomes. The provider then has nothing
// to write into it, and Crossplane two events less to reconcile the XR for, of which
// it bears only so many.
func prepare(o, observed *structpb.Struct, externalName string) {
	meta := within(o, "metadata")
	name := cmp.Or(textAt(observed, "metadata", "annotations", annotationExternalName), externalName)
	within(meta, "annotations").Fields[annotationExternalName] = structpb.NewStringValue(name)
	if released(observed) || unreached(observed) {
		return
	}
	meta.Fields["finalizers"] = structpb.NewListValue(&structpb.ListValue{Values: []*structpb.Value{structpb.NewStringValue(providerFinalizer)}})
}

// released says whether a Performer is being deleted and the provider has taken its
// finalizer away: an API server refuses it then.
func released(observed *structpb.Struct) bool {
	return textAt(observed, "metadata", "deletionTimestamp") != "" && !hasFinalizer(observed)
}

// unreached says whether the provider failed before it saw the Performer's cluster,
// as where its ProviderConfig is missing. There is nothing to clean up then, and with
// the finalizer nobody could delete it. The provider writes it as soon as it can.
func unreached(observed *structpb.Struct) bool {
	return textAt(conditionOf(observed, "Synced"), "status") == "False" && textAt(observed, "status", "phase") == ""
}

// hasFinalizer says whether an observed object has the provider's finalizer.
func hasFinalizer(observed *structpb.Struct) bool {
	return slices.ContainsFunc(at(observed, "metadata", "finalizers").GetListValue().GetValues(), func(v *structpb.Value) bool {
		return v.GetStringValue() == providerFinalizer
	})
}
