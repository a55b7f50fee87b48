// SPDX-License-Identifier: Apache-2.0

// Package v1beta1 holds the input of function-hourglass. It is never stored: a
// Composition has it as the input of a step.
// +kubebuilder:object:generate=true
// +groupName=fn.hourglass.eigenlayer.io
// +versionName=v1beta1
package v1beta1

import "k8s.io/apimachinery/pkg/runtime/schema"

// Group, version and kind of the input.
const (
	Group   = "fn.hourglass.eigenlayer.io"
	Version = "v1beta1"
	Kind    = "Placement"
)

// SchemeGroupVersion is the group and version of the input.
var SchemeGroupVersion = schema.GroupVersion{Group: Group, Version: Version}
