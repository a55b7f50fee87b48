// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
)

// A LabelValue is the value of a node label. It is a string by another name, which
// bounds it in the CRDs.
// +kubebuilder:validation:MaxLength=63
// +kubebuilder:validation:XValidation:rule="self.matches('^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$')",message="must be a label value: letters, digits, '-', '_' or '.', with a letter or digit at both ends"
type LabelValue = string

// NodeLabels map keys of node labels to values.
// +kubebuilder:validation:MaxProperties=64
// +kubebuilder:validation:XValidation:rule="self.all(k, k.matches('^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$'))",message="must have node label keys: at most 63 letters, digits, '-', '_' or '.', after an optional DNS name and '/'"
// +kubebuilder:object:generate=false
type NodeLabels map[string]LabelValue

// DeepCopyInto copies the labels. The generator cannot copy an alias.
func (in NodeLabels) DeepCopyInto(out *NodeLabels) { *out = in.DeepCopy() }

// DeepCopy returns a copy of the labels.
func (in NodeLabels) DeepCopy() NodeLabels { return maps.Clone(in) }

// A SchedulingConfig says where a Pod may run. Every part of it is required:
// what the hardware requirements add narrows it and never widens it.
type SchedulingConfig struct {
	// NodeSelector lists labels that a node must have.
	// +optional
	NodeSelector NodeLabels `json:"nodeSelector,omitempty"`

	// NodeAffinity lists node affinity terms, required and preferred.
	// +optional
	// +kubebuilder:validation:XValidation:rule="!has(self.requiredDuringSchedulingIgnoredDuringExecution) || self.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms.size() > 0",message="nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution must have at least one of nodeSelectorTerms"
	// +kubebuilder:validation:XValidation:rule="!has(self.preferredDuringSchedulingIgnoredDuringExecution) || self.preferredDuringSchedulingIgnoredDuringExecution.all(p, p.weight >= 1 && p.weight <= 100)",message="nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution must have weights between 1 and 100"
	NodeAffinity *corev1.NodeAffinity `json:"nodeAffinity,omitempty"`

	// Affinity holds node, pod and pod anti-affinity in one, as the executor's
	// own client sends it. Its node affinity and nodeAffinity must both hold.
	// +optional
	// +kubebuilder:validation:XValidation:rule="!has(self.nodeAffinity) || !has(self.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution) || self.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms.size() > 0",message="affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution must have at least one of nodeSelectorTerms"
	// +kubebuilder:validation:XValidation:rule="!has(self.nodeAffinity) || !has(self.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution) || self.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution.all(p, p.weight >= 1 && p.weight <= 100)",message="affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution must have weights between 1 and 100"
	Affinity *corev1.Affinity `json:"affinity,omitempty"`

	// Tolerations of tainted nodes.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:XValidation:rule="self.all(t, !has(t.operator) || t.operator in ['', 'Exists', 'Equal', 'Lt', 'Gt'])",message="tolerations: operator must be Exists or Equal (or Lt or Gt where the cluster supports them)"
	// +kubebuilder:validation:XValidation:rule="self.all(t, !has(t.effect) || t.effect in ['', 'NoSchedule', 'PreferNoSchedule', 'NoExecute'])",message="tolerations: effect must be NoSchedule, PreferNoSchedule, NoExecute or empty for all of them"
	// +kubebuilder:validation:XValidation:rule="self.all(t, !has(t.operator) || t.operator != 'Exists' || !has(t.value) || t.value == '')",message="tolerations: value must be empty when operator is Exists"
	// +kubebuilder:validation:XValidation:rule="self.all(t, (has(t.key) && t.key != '') || (has(t.operator) && t.operator == 'Exists'))",message="tolerations: operator must be Exists when key is empty"
	// +kubebuilder:validation:XValidation:rule="self.all(t, !has(t.tolerationSeconds) || (has(t.effect) && t.effect == 'NoExecute'))",message="tolerations: effect must be NoExecute when tolerationSeconds is set"
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`

	// RuntimeClass is the name of the RuntimeClass that runs the containers.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*)?$')",message="runtimeClass must be the name of a RuntimeClass: lower-case letters, digits, '-' or '.'"
	RuntimeClass *string `json:"runtimeClass,omitempty"`

	// PriorityClassName is the name of the Pod's PriorityClass.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*)?$')",message="priorityClassName must be the name of a PriorityClass: lower-case letters, digits, '-' or '.'"
	PriorityClassName string `json:"priorityClassName,omitempty"`
}

// HardwareRequirements say what hardware a Pod needs. They become resource
// limits, required node affinity and tolerations.
type HardwareRequirements struct {
	// GPUType is the GPU model, in any common spelling: "nvidia-tesla-v100",
	// "V100", "nvidia-a100", "a100-80gb". A memory size, form factor or MIG
	// profile that is named must match; one that is not named may be anything,
	// except that MIG slices and shared GPUs serve only who asks for them.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	GPUType string `json:"gpuType,omitempty"`

	// GPUCount is the number of GPUs, all on one node. Left out it is 1 where
	// gpuType is set, else 0.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self >= 0",message="gpuCount must be 0 or more"
	GPUCount *int32 `json:"gpuCount,omitempty"`

	// TEERequired says that the Pod may only run in a trusted execution
	// environment. Left out it is true where teeType is set.
	// +optional
	TEERequired *bool `json:"teeRequired,omitempty"`

	// TEEType is the TEE technology: sgx, sev, sev-snp or tdx, in any common
	// spelling ("SEV_SNP", "snp", "intel-sgx"). Where teeRequired is true and
	// no type is named, any of them serves.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.trim().lowerAscii().replace('_', '-').replace(' ', '-') in ['', 'sgx', 'intel-sgx', 'sev', 'amd-sev', 'snp', 'sevsnp', 'sev-snp', 'amd-snp', 'amd-sev-snp', 'tdx', 'intel-tdx']",message="teeType must be one of sgx, sev, sev-snp or tdx"
	TEEType string `json:"teeType,omitempty"`

	// TEEViolationPolicy says what happens where the node that the Pod runs on
	// loses the label that proves its TEE. Report, the default, says so in
	// Degraded; End also ends the Pod, and a new one waits for a node with the TEE.
	// +optional
	// +kubebuilder:validation:Enum=Report;End
	TEEViolationPolicy TEEViolationPolicy `json:"teeViolationPolicy,omitempty"`

	// CustomLabels lists further labels that a node must have.
	// +optional
	// +kubebuilder:validation:XValidation:rule="!self.exists(k, k in ['nvidia.com/gpu', 'nvidia.com/gpu.shared', 'nvidia.com/pgpu', 'nvidia.com/nvswitch', 'amd.com/gpu', 'gpu.intel.com/i915', 'gpu.intel.com/xe', 'gpu.intel.com/monitoring', 'gpu.intel.com/i915_monitoring', 'gpu.intel.com/xe_monitoring', 'sgx.intel.com/epc', 'sgx.intel.com/enclave', 'sgx.intel.com/provision', 'tdx.intel.com/keys', 'intel.com/tdx', 'sev-snp.amd.com/esids', 'amd.com/sev-snp', 'google.com/cc', 'aws.amazon.com/neuron', 'aws.amazon.com/neuroncore'] || k.matches('^nvidia[.]com/mig-[0-9]+g[.][0-9]+gb([.]me)?([.]all)?$'))",message="customLabels must be node labels; sgx.intel.com/epc, nvidia.com/gpu and the like are resources: put them in resources.limits"
	CustomLabels NodeLabels `json:"customLabels,omitempty"`
}

// A TEEViolationPolicy says what happens to a Pod whose node is no TEE any more.
type TEEViolationPolicy string

// The policies.
const (
	TEEViolationReport TEEViolationPolicy = "Report"
	TEEViolationEnd    TEEViolationPolicy = "End"
)
