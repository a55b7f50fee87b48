// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"
)

// A TEEMode is what a TEE protects on the nodes of a pool.
// +kubebuilder:validation:Enum=process;pod-vm;node-vm
type TEEMode string

// The modes of a TEE.
const (
	// TEEModeProcess protects enclaves in processes: SGX.
	TEEModeProcess TEEMode = "process"
	// TEEModePodVM gives each Pod a confidential virtual machine of its own, by a
	// RuntimeClass, on hosts that can run those.
	TEEModePodVM TEEMode = "pod-vm"
	// TEEModeNodeVM means that the nodes are themselves confidential virtual
	// machines.
	TEEModeNodeVM TEEMode = "node-vm"
)

// A PoolTarget is the cluster that a pool's nodes are in.
// +kubebuilder:validation:XValidation:rule="(self.kind == 'ProviderConfig') == (has(self.__namespace__) && self.__namespace__.size() > 0)",message="providerConfigRef must have a namespace when its kind is ProviderConfig, and none when it is ClusterProviderConfig"
type PoolTarget struct {
	// Kind of the ProviderConfig.
	// +kubebuilder:validation:Enum=ClusterProviderConfig;ProviderConfig
	Kind string `json:"kind"`

	// Name of the ProviderConfig.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`

	// Namespace of a ProviderConfig. Its pool serves workloads of that namespace
	// only.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Namespace string `json:"namespace,omitempty"`
}

// PoolGPU says which GPUs each node of a pool has.
type PoolGPU struct {
	// Product is the model, in any common spelling: what the node label
	// nvidia.com/gpu.product says, such as NVIDIA-A100-SXM4-80GB, or a100-80gb.
	// -MIG-PROFILE or -SHARED behind it means slices or shares.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	Product string `json:"product"`

	// Count of GPUs on one node, as the node allots them: slices or shares where
	// it has those. Left out it is what allocatable says of the resource.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self >= 0",message="gpu.count must be 0 or more"
	Count *int32 `json:"count,omitempty"`

	// MemoryMiB of one GPU, in MiB as the driver reports it. It tells apart what
	// has one name and several sizes.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self >= 1",message="gpu.memoryMiB must be 1 or more"
	MemoryMiB *int32 `json:"memoryMiB,omitempty"`

	// Resource that the GPUs are counted under. Left out it is the one that their
	// vendor's device plugin uses by default, or nvidia.com/pgpu where they are
	// handed through to confidential virtual machines.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Resource string `json:"resource,omitempty"`

	// Sharing says how one GPU serves several Pods: none, time-slicing or mps.
	// +optional
	// +kubebuilder:validation:Enum=none;time-slicing;mps
	Sharing string `json:"sharing,omitempty"`
}

// PoolTEE says which TEE the nodes of a pool offer.
type PoolTEE struct {
	// Type of the TEE: sgx, sev, sev-snp or tdx.
	// +kubebuilder:validation:Enum=sgx;sev;sev-snp;tdx
	Type string `json:"type"`

	// Mode says what is protected. Left out it is process for sgx and node-vm for
	// sev, which have no other, and pod-vm for sev-snp and tdx.
	// +optional
	Mode TEEMode `json:"mode,omitempty"`

	// RuntimeClass that gives the TEE to Pods, in the mode pod-vm. Left out it is
	// the one that Kata Containers installs for the TEE.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	RuntimeClass string `json:"runtimeClass,omitempty"`
}

// A PoolRuntimeClass is a RuntimeClass of the target cluster.
type PoolRuntimeClass struct {
	// Name of the RuntimeClass.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`

	// Handler of the RuntimeClass, which is what really runs.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Handler string `json:"handler"`

	// Overhead that each of its Pods has beside its containers.
	// +optional
	Overhead corev1.ResourceList `json:"overhead,omitempty"`

	// NodeSelector that the RuntimeClass adds to its Pods.
	// +optional
	NodeSelector NodeLabels `json:"nodeSelector,omitempty"`

	// Tolerations that the RuntimeClass adds to its Pods.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`
}

// PoolNodes are facts about the nodes of a pool: declared by an administrator in
// the spec, observed by the provider in the status. What is declared counts.
type PoolNodes struct {
	// Labels that every node has, beside those of the node selector.
	// +optional
	Labels NodeLabels `json:"labels,omitempty"`

	// Taints of every node.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	Taints []corev1.Taint `json:"taints,omitempty"`

	// GPU that each node has. Left out, the labels tell.
	// +optional
	GPU *PoolGPU `json:"gpu,omitempty"`

	// Allocatable resources of one node.
	// +optional
	Allocatable corev1.ResourceList `json:"allocatable,omitempty"`

	// RuntimeClasses of the target cluster. Left out, those that Kata Containers
	// installs for the pool's TEE are taken to be there.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	RuntimeClasses []PoolRuntimeClass `json:"runtimeClasses,omitempty"`
}

// A HardwarePoolSpec is what an administrator declares of a pool.
// +kubebuilder:validation:XValidation:rule="!has(self.minNodes) || !has(self.maxNodes) || self.minNodes <= self.maxNodes",message="maxNodes must be at least minNodes"
type HardwarePoolSpec struct {
	// ProviderConfigRef names the target cluster that the nodes are in.
	// +optional
	// +kubebuilder:default={"kind": "ClusterProviderConfig", "name": "default"}
	ProviderConfigRef *PoolTarget `json:"providerConfigRef,omitempty"`

	// NodeSelector lists labels that the nodes of the pool have and no others do.
	// Pods that are given to the pool select them.
	// +kubebuilder:validation:XValidation:rule="self.size() > 0",message="nodeSelector must have a label that only the nodes of this pool have"
	NodeSelector NodeLabels `json:"nodeSelector"`

	PoolNodes `json:",inline"`

	// Architecture of the nodes, as the label kubernetes.io/arch has it. Left
	// out, the labels and the GPU tell, else it is amd64.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Architecture string `json:"architecture,omitempty"`

	// TEE that the nodes offer. Left out, the labels tell.
	// +optional
	TEE *PoolTEE `json:"tee,omitempty"`

	// Price of one node for an hour, in any currency that all pools have in
	// common. A workload costs the share of it that it keeps from others.
	// +optional
	Price *resource.Quantity `json:"price,omitempty"`

	// Weight of the pool: of those that fit, the ones with the highest are taken.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self >= 0 && self <= 1000",message="weight must be between 0 and 1000"
	Weight int32 `json:"weight,omitempty"`

	// MinNodes is the number of nodes that are always there.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self >= 0",message="minNodes must be 0 or more"
	MinNodes *int32 `json:"minNodes,omitempty"`

	// MaxNodes is the number of nodes that the pool grows to by itself, from as
	// few as none. All of them count as capacity.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self >= 0",message="maxNodes must be 0 or more"
	MaxNodes *int32 `json:"maxNodes,omitempty"`
}

// FreeNodes are nodes of a pool that have the same left.
type FreeNodes struct {
	// Nodes is how many there are.
	Nodes int32 `json:"nodes"`

	// GPUProduct of the nodes, where the nodes of the pool differ in it.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	GPUProduct string `json:"gpuProduct,omitempty"`

	// Resources that are free on each. One that is not listed is free as far as
	// it is allocatable.
	// +optional
	Resources corev1.ResourceList `json:"resources,omitempty"`
}

// An ObservedTEE is a TEE that all nodes of a pool have a label of.
type ObservedTEE struct {
	// Type of the TEE: sgx, sev, sev-snp or tdx.
	Type string `json:"type"`

	// Mode says what is protected: process, pod-vm or node-vm.
	Mode string `json:"mode"`

	// Evidence is the node label that proves it, KEY=VALUE.
	// +kubebuilder:validation:MaxLength=400
	Evidence string `json:"evidence"`
}

// A HardwarePoolStatus is what the provider observes of a pool.
type HardwarePoolStatus struct {
	xpv2.ConditionedStatus `json:",inline"`

	PoolNodes `json:",inline"`

	// Nodes is the number of nodes there are.
	// +optional
	Nodes int32 `json:"nodes,omitempty"`

	// ReadyNodes is how many of them take Pods.
	// +optional
	ReadyNodes int32 `json:"readyNodes,omitempty"`

	// CordonedNodes is how many of them are marked unschedulable.
	// +optional
	CordonedNodes int32 `json:"cordonedNodes,omitempty"`

	// Hardware is what its nodes were found to have, in short, to be read by
	// people: the GPUs on one node and the TEEs.
	// +optional
	Hardware string `json:"hardware,omitempty"`

	// GPUs is how many the nodes that take Pods have, as they allot them.
	// +optional
	GPUs int64 `json:"gpus,omitempty"`

	// FreeGPUs is how many of them no Pod asks for.
	// +optional
	FreeGPUs *int64 `json:"freeGPUs,omitempty"`

	// TEEs that the labels of the nodes prove.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	TEEs []ObservedTEE `json:"tees,omitempty"`

	// Free is what is left on the nodes that take Pods. Left out it is not known.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=1024
	Free []FreeNodes `json:"free,omitempty"`
}

// LabelDiscovered is the label, with the value "true", of HardwarePools that the
// provider has made from what it found in a target cluster. One without it belongs
// to whoever wrote it.
const LabelDiscovered = "hourglass.eigenlayer.io/discovered"

// A HardwarePool is nodes of one target cluster that are alike, so that a
// workload that one of them serves is served by each.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,categories={crossplane,hourglass},shortName=hwpool
// +kubebuilder:printcolumn:name="TARGET",type="string",JSONPath=".spec.providerConfigRef.name"
// +kubebuilder:printcolumn:name="GPU",type="string",JSONPath=".spec.gpu.product"
// +kubebuilder:printcolumn:name="TEE",type="string",JSONPath=".spec.tee.type"
// +kubebuilder:printcolumn:name="HARDWARE",type="string",JSONPath=".status.hardware"
// +kubebuilder:printcolumn:name="NODES",type="integer",JSONPath=".status.nodes"
// +kubebuilder:printcolumn:name="READY",type="integer",JSONPath=".status.readyNodes"
// +kubebuilder:printcolumn:name="GPUS",type="integer",JSONPath=".status.gpus"
// +kubebuilder:printcolumn:name="FREE",type="integer",JSONPath=".status.freeGPUs"
// +kubebuilder:printcolumn:name="REACHABLE",type="string",JSONPath=".status.conditions[?(@.type=='TargetReachable')].status"
// +kubebuilder:printcolumn:name="WEIGHT",type="integer",JSONPath=".spec.weight",priority=1
// +kubebuilder:printcolumn:name="PRICE",type="string",JSONPath=".spec.price",priority=1
// +kubebuilder:printcolumn:name="AGE",type="date",JSONPath=".metadata.creationTimestamp"
type HardwarePool struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   HardwarePoolSpec   `json:"spec"`
	Status HardwarePoolStatus `json:"status,omitempty"`
}

// A HardwarePoolList holds HardwarePools.
// +kubebuilder:object:root=true
type HardwarePoolList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []HardwarePool `json:"items"`
}
