// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
)

// A SchedulingConfig says where a Pod may run. Every part of it is required:
// what the hardware requirements add narrows it and never widens it.
type SchedulingConfig struct {
	// NodeSelector lists labels that a node must have.
	// +optional
	// +kubebuilder:validation:MaxProperties=64
	// +kubebuilder:validation:XValidation:rule="self.all(k, k.matches('^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$') && self[k].matches('^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$'))",message="nodeSelector must map node label keys to label values (at most 63 characters: letters, digits, '-', '_' or '.')"
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`

	// NodeAffinity lists node affinity terms, required and preferred.
	// +optional
	NodeAffinity *corev1.NodeAffinity `json:"nodeAffinity,omitempty"`

	// Affinity holds node, pod and pod anti-affinity in one, as the executor's
	// own client sends it. Its node affinity and nodeAffinity must both hold.
	// +optional
	Affinity *corev1.Affinity `json:"affinity,omitempty"`

	// Tolerations of tainted nodes.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:XValidation:rule="self.all(t, !has(t.operator) || t.operator in ['', 'Exists', 'Equal', 'Lt', 'Gt'])",message="tolerations: operator must be Exists or Equal (or Lt or Gt where the cluster supports them)"
	// +kubebuilder:validation:XValidation:rule="self.all(t, !has(t.effect) || t.effect in ['', 'NoSchedule', 'PreferNoSchedule', 'NoExecute'])",message="tolerations: effect must be NoSchedule, PreferNoSchedule, NoExecute or empty for all of them"
	// +kubebuilder:validation:XValidation:rule="self.all(t, !has(t.operator) || t.operator != 'Exists' || !has(t.value) || t.value == '')",message="tolerations: value must be empty when operator is Exists"
	// +kubebuilder:validation:XValidation:rule="self.all(t, (has(t.key) && t.key != '') || (has(t.operator) && t.operator == 'Exists'))",message="tolerations: operator must be Exists when key is empty"
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`

	// RuntimeClass is the name of the RuntimeClass that runs the containers.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$')",message="runtimeClass must be the name of a RuntimeClass: lower-case letters, digits, '-' or '.'"
	RuntimeClass *string `json:"runtimeClass,omitempty"`

	// PriorityClassName is the name of the Pod's PriorityClass.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$')",message="priorityClassName must be the name of a PriorityClass: lower-case letters, digits, '-' or '.'"
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

	// CustomLabels lists further labels that a node must have.
	// +optional
	// +kubebuilder:validation:MaxProperties=64
	// +kubebuilder:validation:XValidation:rule="self.all(k, k.matches('^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$') && self[k].matches('^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$'))",message="customLabels must map node label keys to label values (at most 63 characters: letters, digits, '-', '_' or '.')"
	// +kubebuilder:validation:XValidation:rule="!self.exists(k, k in ['sgx.intel.com/epc', 'sgx.intel.com/enclave', 'sgx.intel.com/provision', 'nvidia.com/gpu', 'nvidia.com/pgpu', 'amd.com/gpu', 'gpu.intel.com/i915', 'gpu.intel.com/xe', 'tdx.intel.com/keys', 'sev-snp.amd.com/esids'])",message="customLabels must be node labels; sgx.intel.com/epc, nvidia.com/gpu and the like are resources: put them in resources.limits"
	CustomLabels map[string]string `json:"customLabels,omitempty"`
}
