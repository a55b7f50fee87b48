// SPDX-License-Identifier: Apache-2.0

package hardware

import (
	corev1 "k8s.io/api/core/v1"
)

// GPUTolerations returns tolerations of the taints that usually keep other Pods
// away from a vendor's GPU nodes:
//   - the resource name as the key, with a value that differs from place to
//     place: "present" on GKE, often "true" elsewhere. Source: Google's "Run
//     GPUs in GKE Standard node pools" and the ExtendedResourceToleration
//     admission plugin;
//   - sku=gpu, which the AKS documentation tells administrators to set. Source:
//     MicrosoftDocs/azure-aks-docs use-nvidia-gpu.md.
//
// No usual taint of Intel GPU nodes is known, so there is no toleration for one.
func GPUTolerations(v Vendor) []corev1.Toleration {
	resource := map[Vendor]corev1.ResourceName{NVIDIA: ResourceNVIDIAGPU, AMD: ResourceAMDGPU}[v]
	if resource == "" {
		return nil
	}
	return []corev1.Toleration{
		{Key: string(resource), Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule},
		{Key: "sku", Operator: corev1.TolerationOpEqual, Value: "gpu", Effect: corev1.TaintEffectNoSchedule},
	}
}

// ARM64Toleration returns the toleration of the taint that GKE and AKS set on Arm
// nodes. Source: Google's "Arm workloads on GKE".
func ARM64Toleration() corev1.Toleration {
	return corev1.Toleration{Key: LabelArch, Operator: corev1.TolerationOpEqual, Value: ArchARM64, Effect: corev1.TaintEffectNoSchedule}
}
