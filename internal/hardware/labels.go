// SPDX-License-Identifier: Apache-2.0

package hardware

import (
	corev1 "k8s.io/api/core/v1"
)

// Node labels that name a GPU model.
const (
	// LabelGFDProduct holds the model as the NVIDIA driver reports it, with
	// -MIG-PROFILE or -SHARED behind it where the GPU is sliced or shared. Set
	// by GFD, and only once a node has booted. Source: NVIDIA/k8s-device-plugin
	// internal/lm/resource.go.
	LabelGFDProduct = "nvidia.com/gpu.product"

	// LabelGKEAccelerator holds GKE's own name of the model. Set when a node is
	// created, so also known for pools that scale from zero. Source: Google's
	// "Run GPUs in GKE Standard node pools".
	LabelGKEAccelerator = "cloud.google.com/gke-accelerator"

	// LabelGKEPartition holds the MIG profile of a GKE pool whose GPUs are
	// sliced. Source: Google's "Run multi-instance GPUs".
	LabelGKEPartition = "cloud.google.com/gke-gpu-partition-size"

	// LabelGKESharing is there on GKE pools whose GPUs are shared between Pods.
	// Source: Google's "GPU sharing strategies in GKE".
	LabelGKESharing = "cloud.google.com/gke-gpu-sharing-strategy"

	// LabelGKESharedClients holds how many Pods share a GPU, on the pools that
	// have LabelGKESharing. Source: as LabelGKESharing.
	LabelGKESharedClients = "cloud.google.com/gke-max-shared-clients-per-gpu"

	// LabelGFDSharing says how the GPUs of a node are shared between Pods: one of
	// SharingNone, SharingTimeSlicing and SharingMPS. Source:
	// NVIDIA/k8s-device-plugin README.md, "Catalog of Labels".
	LabelGFDSharing = "nvidia.com/gpu.sharing-strategy"

	// LabelGFDSlices is there on nodes where ResourceNVIDIAGPU counts MIG slices,
	// and only there. LabelGFDProduct's suffix says the same, but a node selector
	// can only compare whole values, and nvidia.com/mig.strategy does not say it:
	// it is the plugin's setting, which is "single" (the GPU operator's default)
	// on nodes without any slice too. Source: NVIDIA/k8s-device-plugin
	// internal/lm/mig-strategy.go.
	LabelGFDSlices = "nvidia.com/gpu.slices.gi"

	// LabelKarpenterAWSGPU holds the model in lower case. Source:
	// aws/karpenter-provider-aws concepts/scheduling.md.
	LabelKarpenterAWSGPU = "karpenter.k8s.aws/instance-gpu-name"

	// LabelKarpenterAWSGPUMemory holds the memory of one GPU in MiB. Source: as
	// LabelKarpenterAWSGPU.
	LabelKarpenterAWSGPUMemory = "karpenter.k8s.aws/instance-gpu-memory"

	// LabelKarpenterAWSGPUCount holds the number of GPUs; "0" where the instance
	// has a fraction of one (g6f, gr6f). Source: as LabelKarpenterAWSGPU.
	LabelKarpenterAWSGPUCount = "karpenter.k8s.aws/instance-gpu-count"

	// LabelEKSAccelerator is what administrators set for the cluster autoscaler
	// on AWS. Source: kubernetes/autoscaler cloudprovider/aws/README.md.
	LabelEKSAccelerator = "k8s.amazonaws.com/accelerator"

	// LabelKarpenterAzureGPU holds the model in upper case. Source:
	// Azure/karpenter-provider-azure pkg/apis/v1beta1/labels.go.
	LabelKarpenterAzureGPU = "karpenter.azure.com/sku-gpu-name"

	// LabelAMDProduct holds the model of an AMD GPU, on nodes whose GPUs are all
	// alike. Source: ROCm/k8s-device-plugin cmd/k8s-node-labeller.
	LabelAMDProduct = "amd.com/gpu.product-name"

	// LabelAMDDevice holds the PCI device id of an AMD GPU, lower-case
	// hexadecimal. Source: as LabelAMDProduct.
	LabelAMDDevice = "amd.com/gpu.device-id"

	// LabelIntelProduct holds the model of an Intel GPU. Source:
	// intel/intel-device-plugins-for-kubernetes cmd/gpu_plugin/labels.md.
	LabelIntelProduct = "gpu.intel.com/product"
)

// Values of LabelGFDSharing.
const (
	SharingNone        = "none"
	SharingTimeSlicing = "time-slicing"
	SharingMPS         = "mps"
)

// Endings of LabelGFDProduct: of a slice, with the profile behind it, and of a
// shared GPU.
const (
	ProductMIG    = "-MIG-"
	ProductShared = "-SHARED"
)

// Node labels about confidential computing and the processor.
const (
	// LabelConfidentialGPUReady is "true" where the GPUs of a node are in
	// confidential mode and work, and "false" where NVIDIA's manager of that mode
	// runs and they are not. Source: NVIDIA "Confidential Containers",
	// configure-cc-mode.
	LabelConfidentialGPUReady = "nvidia.com/cc.ready.state"

	// LabelConfidentialMode is the mode that the GPUs of a node are to be in, and
	// LabelConfidentialModeState the one that they are in, or "failed". Source: as
	// LabelConfidentialGPUReady.
	LabelConfidentialMode      = "nvidia.com/cc.mode"
	LabelConfidentialModeState = "nvidia.com/cc.mode.state"

	// LabelArch is the well-known label of a node's processor architecture.
	LabelArch = corev1.LabelArchStable

	// ArchARM64 and ArchAMD64 are the values of LabelArch on Arm and on x86 nodes.
	ArchARM64 = "arm64"
	ArchAMD64 = "amd64"

	// LabelGFDReplicas is how many Pods each GPU serves: "0" where all of them are
	// sliced, so that none is left under ResourceNVIDIAGPU. Source:
	// NVIDIA/k8s-device-plugin internal/lm/resource.go.
	LabelGFDReplicas = "nvidia.com/gpu.replicas"
)

// An Alternative is one labeling scheme's way of proving a property of a node:
// node label requirements that must all hold. Alternatives of the same property
// stand beside each other, and one of them is enough.
type Alternative = []corev1.NodeSelectorRequirement

// in returns the requirement that a label has one of the values.
func in(key string, values ...string) corev1.NodeSelectorRequirement {
	return corev1.NodeSelectorRequirement{Key: key, Operator: corev1.NodeSelectorOpIn, Values: values}
}

// notIn returns the requirement that a label has none of the values.
func notIn(key string, values ...string) corev1.NodeSelectorRequirement {
	return corev1.NodeSelectorRequirement{Key: key, Operator: corev1.NodeSelectorOpNotIn, Values: values}
}

// exists returns the requirement that a label is there.
func exists(key string) corev1.NodeSelectorRequirement {
	return corev1.NodeSelectorRequirement{Key: key, Operator: corev1.NodeSelectorOpExists}
}

// absent returns the requirement that a label is not there.
func absent(key string) corev1.NodeSelectorRequirement {
	return corev1.NodeSelectorRequirement{Key: key, Operator: corev1.NodeSelectorOpDoesNotExist}
}
