// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 holds the kinds of hourglass.eigenlayer.io/v1alpha1: the
// managed resources Performer and HourglassExecutor, the ProviderConfigs that say
// which cluster they live in, and the HardwarePools of nodes in such clusters.
// +kubebuilder:object:generate=true
// +groupName=hourglass.eigenlayer.io
// +versionName=v1alpha1
package v1alpha1

import (
	"reflect"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/scheme"
)

// Group and Version of this package.
const (
	Group   = "hourglass.eigenlayer.io"
	Version = "v1alpha1"
)

var (
	// SchemeGroupVersion is the group and version of every kind in this package.
	SchemeGroupVersion = schema.GroupVersion{Group: Group, Version: Version}

	schemeBuilder = &scheme.Builder{GroupVersion: SchemeGroupVersion}

	// AddToScheme registers every kind in this package.
	AddToScheme = schemeBuilder.AddToScheme
)

// Kinds of this package, by the names that references to them use.
var (
	PerformerKind                  = reflect.TypeFor[Performer]().Name()
	HourglassExecutorKind          = reflect.TypeFor[HourglassExecutor]().Name()
	HardwarePoolKind               = reflect.TypeFor[HardwarePool]().Name()
	ProviderConfigKind             = reflect.TypeFor[ProviderConfig]().Name()
	ClusterProviderConfigKind      = reflect.TypeFor[ClusterProviderConfig]().Name()
	ProviderConfigUsageKind        = reflect.TypeFor[ProviderConfigUsage]().Name()
	ClusterProviderConfigUsageKind = reflect.TypeFor[ClusterProviderConfigUsage]().Name()
)

func init() { //nolint:gochecknoinits // The usual way to fill a scheme builder.
	schemeBuilder.Register(
		&Performer{}, &PerformerList{},
		&HourglassExecutor{}, &HourglassExecutorList{},
		&HardwarePool{}, &HardwarePoolList{},
		&ProviderConfig{}, &ProviderConfigList{},
		&ClusterProviderConfig{}, &ClusterProviderConfigList{},
		&ProviderConfigUsage{}, &ProviderConfigUsageList{},
		&ClusterProviderConfigUsage{}, &ClusterProviderConfigUsageList{},
	)
}
