// SPDX-License-Identifier: Apache-2.0

package hardware

import (
	"strings"

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

// A TaintKind says what a taint of a node is for.
type TaintKind int

// The kinds of taints.
const (
	// DedicatedTaint keeps nodes for those who ask for them, by an administrator's
	// choice.
	DedicatedTaint TaintKind = iota
	// GPUTaint keeps nodes for those who ask for their GPUs.
	GPUTaint
	// ArchTaint keeps images out that the processor cannot run.
	ArchTaint
	// StartupTaint is there until a node is set up.
	StartupTaint
	// LifecycleTaint says that a node is not to be used now, or is somebody's own.
	LifecycleTaint
)

// taintPrefixes are the beginnings of keys of taints by kind. Sources: Kata
// Containers' values.yaml and the cluster autoscaler's FAQ for those at start-up;
// the Kubernetes reference of well-known taints, Karpenter and the cluster
// autoscaler for the others.
var taintPrefixes = []struct {
	prefix string
	kind   TaintKind
}{
	{"katacontainers.io/kata-runtime", StartupTaint},
	{"startup-taint.cluster-autoscaler.kubernetes.io/", StartupTaint},
	{"ignore-taint.cluster-autoscaler.kubernetes.io/", StartupTaint},
	{"karpenter.sh/unregistered", StartupTaint},
	{"node.cilium.io/agent-not-ready", StartupTaint},
	{"node.cloudprovider.kubernetes.io/", StartupTaint},
	{"node.kubernetes.io/", LifecycleTaint},
	{"node-role.kubernetes.io/", LifecycleTaint},
	{"karpenter.sh/disrupted", LifecycleTaint},
	{"ToBeDeletedByClusterAutoscaler", LifecycleTaint},
	{"DeletionCandidateOfClusterAutoscaler", LifecycleTaint},
}

// KindOfTaint returns what a taint is for.
func KindOfTaint(t corev1.Taint) TaintKind {
	switch {
	case GPUVendor(corev1.ResourceName(t.Key)) != "", t.Key == "sku" && t.Value == "gpu":
		return GPUTaint
	case t.Key == LabelArch:
		return ArchTaint
	}
	for _, p := range taintPrefixes {
		if strings.HasPrefix(t.Key, p.prefix) {
			return p.kind
		}
	}
	return DedicatedTaint
}
