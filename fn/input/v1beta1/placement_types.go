// SPDX-License-Identifier: Apache-2.0

package v1beta1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// A Strategy says what counts where several pools serve a performer and have the
// same weight.
// +kubebuilder:validation:Enum=Price;LeastWaste;Spread
type Strategy string

// The strategies.
const (
	// StrategyPrice takes what costs least, then what strands the fewest GPUs.
	StrategyPrice Strategy = "Price"
	// StrategyLeastWaste strands the fewest GPUs, then takes what costs least.
	StrategyLeastWaste Strategy = "LeastWaste"
	// StrategySpread gives each pool as many performers as the others, then takes
	// what costs least.
	StrategySpread Strategy = "Spread"
)

// An Unplaceable says what happens when no pool serves a performer.
// +kubebuilder:validation:Enum=Wait;Fatal
type Unplaceable string

// What may happen.
const (
	// UnplaceableWait composes the other performers. The one that waits is not
	// created; one that exists stays where it is and as it is.
	UnplaceableWait Unplaceable = "Wait"
	// UnplaceableFatal fails the pipeline, so that nothing is changed at all.
	UnplaceableFatal Unplaceable = "Fatal"
)

// A Pool is a HardwarePool that is written down here instead of in the control
// plane.
type Pool struct {
	// Name of the pool. It takes the place of a HardwarePool of that name.
	// +kubebuilder:validation:MinLength=1
	Name string `json:"name"`

	// Labels of the pool.
	// +optional
	Labels map[string]string `json:"labels,omitempty"`

	// Spec of the pool, as a HardwarePool has it. The function checks its fields:
	// the rules of HardwarePools, once for each of a list, cost an API server more
	// than it allows.
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Schemaless
	// +kubebuilder:validation:Type=object
	Spec v1alpha1.HardwarePoolSpec `json:"spec"`

	// Status of the pool, as a HardwarePool has it: what is free on its nodes.
	// +optional
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Schemaless
	// +kubebuilder:validation:Type=object
	Status *v1alpha1.HardwarePoolStatus `json:"status,omitempty"`
}

// A PoolSelector selects HardwarePools.
type PoolSelector struct {
	// MatchLabels lists labels that a HardwarePool must have. Without any, all
	// HardwarePools are selected.
	// +optional
	MatchLabels map[string]string `json:"matchLabels,omitempty"`
}

// Compose says what the function composes from the XR, by paths of its fields.
type Compose struct {
	// Executor is the path of an object that has the fields of a
	// HourglassExecutor's spec, such as spec.executor.
	// +optional
	Executor string `json:"executor,omitempty"`

	// Performers is the path of a list, such as spec.performers. Its items have
	// the fields of a Performer's spec, a name and, where there are to be several
	// alike, replicas.
	// +optional
	Performers string `json:"performers,omitempty"`
}

// A Placement is the input of function-hourglass.
// +kubebuilder:object:root=true
// +kubebuilder:storageversion
// +kubebuilder:resource:categories=crossplane
type Placement struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Pools to place performers on, beside the HardwarePools that poolSelector
	// selects.
	// +optional
	// +listType=map
	// +listMapKey=name
	Pools []Pool `json:"pools,omitempty"`

	// PoolSelector selects HardwarePools of the control plane. Where neither it
	// nor pools are given, all of them are selected.
	// +optional
	PoolSelector *PoolSelector `json:"poolSelector,omitempty"`

	// Strategy says what counts where several pools serve a performer and have the
	// same weight.
	// +optional
	// +kubebuilder:default=Price
	Strategy Strategy `json:"strategy,omitempty"`

	// Unplaceable says what happens when no pool serves a performer.
	// +optional
	// +kubebuilder:default=Wait
	Unplaceable Unplaceable `json:"unplaceable,omitempty"`

	// Compose says what the function composes from the XR. Left out, it places
	// what earlier steps of the pipeline have composed.
	// +optional
	Compose *Compose `json:"compose,omitempty"`
}
