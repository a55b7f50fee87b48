// SPDX-License-Identifier: Apache-2.0

package hardware

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Extended resources that device plugins advertise. All are counted in whole
// devices but ResourceSGXEPC, which is in bytes.
const (
	// ResourceNVIDIAGPU is a whole NVIDIA GPU; on nodes whose MIG strategy is
	// single it is a slice, and on nodes that share GPUs it may be a replica.
	// Source: NVIDIA/k8s-device-plugin README.md.
	ResourceNVIDIAGPU corev1.ResourceName = "nvidia.com/gpu"

	// ResourceNVIDIAShared is a replica of a shared GPU where the plugin renames
	// them. Source: as ResourceNVIDIAGPU.
	ResourceNVIDIAShared corev1.ResourceName = "nvidia.com/gpu.shared"

	// ResourceNVIDIAPassthrough is a GPU that is handed through to a Pod's VM.
	// Source: NVIDIA/sandbox-device-plugin cmd/main.go.
	ResourceNVIDIAPassthrough corev1.ResourceName = "nvidia.com/pgpu"

	// ResourceNVSwitch is an NVSwitch that is handed through to a Pod's VM.
	// Source: NVIDIA "Confidential Containers", configure-workloads.
	ResourceNVSwitch corev1.ResourceName = "nvidia.com/nvswitch"

	// ResourceAMDGPU is an AMD GPU. Source: ROCm/k8s-device-plugin
	// docs/user-guide/configuration.md.
	ResourceAMDGPU corev1.ResourceName = "amd.com/gpu"

	// ResourceIntelI915 is an Intel GPU under the i915 kernel driver, which
	// drives the Flex and Max series. Source:
	// intel/intel-device-plugins-for-kubernetes cmd/gpu_plugin/README.md.
	ResourceIntelI915 corev1.ResourceName = "gpu.intel.com/i915"

	// ResourceIntelXe is an Intel GPU under the xe kernel driver. Source: as
	// ResourceIntelI915.
	ResourceIntelXe corev1.ResourceName = "gpu.intel.com/xe"

	// ResourceSGXEPC is SGX enclave memory in bytes. A webhook adds the enclave
	// device to whoever asks for it. Source:
	// intel/intel-device-plugins-for-kubernetes pkg/webhooks/sgx.
	ResourceSGXEPC corev1.ResourceName = "sgx.intel.com/epc"
)

// MIGPrefix starts the resource of a MIG slice under the mixed strategy, such as
// nvidia.com/mig-1g.5gb. Source: NVIDIA/k8s-device-plugin internal/rm.
const MIGPrefix = "nvidia.com/mig-"

// NVSwitchesPerHopperNode is how many NVSwitches a confidential VM asks for that
// gets all eight GPUs of a Hopper node. Blackwell needs none. Source: NVIDIA
// "Confidential Containers", configure-workloads.
const NVSwitchesPerHopperNode = 4

// A Vendor makes GPUs.
type Vendor string

// The GPU vendors of the catalog.
const (
	NVIDIA Vendor = "nvidia"
	AMD    Vendor = "amd"
	Intel  Vendor = "intel"
)

// otherResources are resources, beside those that are GPUs, that get mistaken
// for node labels. Sources: the vendors' device plugins, Kata Containers'
// node-feature-rules.yaml, google/cc-device-plugin and Karpenter's list of AWS
// instance types.
var otherResources = map[string]bool{
	string(ResourceNVSwitch):        true,
	string(ResourceSGXEPC):          true,
	"sgx.intel.com/enclave":         true,
	"sgx.intel.com/provision":       true,
	"tdx.intel.com/keys":            true,
	"sev-snp.amd.com/esids":         true,
	"google.com/cc":                 true,
	"amd.com/sev-snp":               true,
	"intel.com/tdx":                 true,
	"aws.amazon.com/neuron":         true,
	"aws.amazon.com/neuroncore":     true,
	"gpu.intel.com/monitoring":      true,
	"gpu.intel.com/i915_monitoring": true,
	"gpu.intel.com/xe_monitoring":   true,
}

// IsResource says whether a name is an extended resource of the catalog, and so
// never a node label.
func IsResource(name string) bool {
	return otherResources[name] || GPUVendor(corev1.ResourceName(name)) != ""
}

// GPUVendor returns the vendor whose GPUs, or slices of them, are counted under
// a resource name. It is empty where the name is not a GPU resource.
func GPUVendor(name corev1.ResourceName) Vendor {
	switch name {
	case ResourceNVIDIAGPU, ResourceNVIDIAShared, ResourceNVIDIAPassthrough:
		return NVIDIA
	case ResourceAMDGPU:
		return AMD
	case ResourceIntelI915, ResourceIntelXe:
		return Intel
	}
	if migProfileOf(name) != "" {
		return NVIDIA
	}
	// A partitioned AMD GPU is amd.com/COMPUTE_MEMORY, such as amd.com/cpx_nps4.
	partition, isAMD := strings.CutPrefix(string(name), "amd.com/")
	if compute, memory, ok := strings.Cut(partition, "_"); isAMD && ok && amdPartitions[compute] && strings.HasPrefix(memory, "nps") {
		return AMD
	}
	return ""
}

// amdPartitions are AMD's compute partition modes. Source: ROCm/k8s-device-plugin
// docs/user-guide/configuration.md.
var amdPartitions = map[string]bool{"spx": true, "dpx": true, "tpx": true, "qpx": true, "cpx": true}

// CountsMIG says whether a resource counts MIG slices of one profile, as under the
// mixed strategy. Such nodes keep the plain product in LabelGFDProduct.
func CountsMIG(name corev1.ResourceName) bool { return migProfileOf(name) != "" }

// migProfileOf returns the MIG profile of a resource name of the mixed strategy,
// or "".
func migProfileOf(name corev1.ResourceName) string {
	profile, ok := strings.CutPrefix(string(name), MIGPrefix)
	if !ok || !migProfile.MatchString(profile) {
		return ""
	}
	return profile
}
