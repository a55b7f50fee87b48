// SPDX-License-Identifier: Apache-2.0

package hardware

import (
	"slices"
)

// nvidiaModels are the rows of NVIDIA. NVIDIA publishes no list of product
// values: they are the driver's device names, with spaces as hyphens, and were
// taken from GFD's README, NVIDIA's GPU operator documentation and nodes that
// people have shown in public. Values of GKE are from Google's GPU pages, those
// of Karpenter from its list of AWS instance types (with the MiB of one GPU) and
// from Azure/karpenter-provider-azure, those of EKS from the cluster autoscaler.
func nvidiaModels() []gpuModel {
	return slices.Concat(ampereModels(), blackwellModels(), hopperModels(), adaModels(), olderNVIDIAModels())
}

func ampereModels() []gpuModel {
	return []gpuModel{
		// Azure's A10 sizes are mostly fractions of a GPU under the one name, so
		// Azure's label proves no whole A10.
		{vendor: NVIDIA, names: []string{"a10"}, labels: []gpuLabel{
			gfd("NVIDIA-A10", 24, "pcie"),
		}},
		{vendor: NVIDIA, names: []string{"a10g"}, labels: []gpuLabel{
			gfd("NVIDIA-A10G", 24, "pcie"),
			karpenterAWS("a10g", 24, "pcie", "22888"),
			eks("nvidia-a10g", 24, "pcie"),
		}},
		{vendor: NVIDIA, names: []string{"a100"}, mig: true, labels: []gpuLabel{
			gfd("A100-PCIE-40GB", 40, "pcie"),
			gfd("A100-SXM4-40GB", 40, "sxm"),
			gfd("A100-SXM4-80GB", 80, "sxm"),
			gfd("NVIDIA-A100-80GB-PCIe", 80, "pcie"),
			gfd("NVIDIA-A100-PCIE-40GB", 40, "pcie"),
			gfd("NVIDIA-A100-SXM4-40GB", 40, "sxm"),
			gfd("NVIDIA-A100-SXM4-80GB", 80, "sxm"),
			gke(gkeA100, 40, "sxm"),
			gke("nvidia-a100-80gb", 80, "sxm"),
			karpenterAWS("a100", 40, "sxm", "40960"),
			karpenterAWS("a100", 80, "sxm", "81920"),
			eks("nvidia-tesla-a100", 0, ""),
			karpenterAzure("A100", 0),
		}},
	}
}

func blackwellModels() []gpuModel {
	return []gpuModel{
		{vendor: NVIDIA, names: []string{"b200"}, mig: true, confidential: true, labels: []gpuLabel{
			gfd("NVIDIA-B200", 180, "sxm"),
			gke("nvidia-b200", 180, "sxm"),
			karpenterAWS("b200", 180, "sxm", "183359"),
		}},
		{vendor: NVIDIA, names: []string{"b300"}, ignored: []string{"ac"}, mig: true, confidential: true, labels: []gpuLabel{
			gfd("NVIDIA-B300-SXM6-AC", 288, "sxm"),
			karpenterAWS("b300", 288, "sxm", "275040"),
		}},
		{vendor: NVIDIA, names: []string{"gb200"}, mig: true, arm64: true, labels: []gpuLabel{
			gfd("NVIDIA-GB200", 186, ""),
			gke("nvidia-gb200", 186, ""),
		}},
		{vendor: NVIDIA, names: []string{"gb300"}, mig: true, arm64: true, labels: []gpuLabel{
			gfd("NVIDIA-GB300", 0, ""),
			gke("nvidia-gb300", 0, ""),
		}},
		{
			vendor: NVIDIA, names: []string{"rtx-pro-6000", "rtx-pro-server-6000"},
			ignored: []string{"blackwell", "server", "edition"},
			mig:     true, confidential: true,
			labels: []gpuLabel{
				gfd("NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition", 96, "pcie"),
				gke("nvidia-rtx-pro-6000", 96, "pcie"),
				karpenterAWS("rtx-pro-server-6000", 96, "pcie", "98304"),
			},
		},
	}
}

func hopperModels() []gpuModel {
	return []gpuModel{
		// The 480 GB of a GH200 is memory of its processor, not of its GPU.
		{vendor: NVIDIA, names: []string{"gh200"}, ignored: []string{"480gb", "hbm3", "hbm3e"}, mig: true, arm64: true, labels: []gpuLabel{
			gfd("NVIDIA-GH200-144G-HBM3e", 144, ""),
			gfd("NVIDIA-GH200-480GB", 0, ""),
		}},
		{vendor: NVIDIA, names: []string{"h100"}, mig: true, confidential: true, nvswitches: NVSwitchesPerHopperNode, labels: []gpuLabel{
			gfd("NVIDIA-H100-80GB-HBM3", 80, "sxm"),
			gfd("NVIDIA-H100-NVL", 94, "nvl"),
			gfd("NVIDIA-H100-PCIe", 80, "pcie"),
			gke("nvidia-h100-80gb", 80, "sxm"),
			gke("nvidia-h100-mega-80gb", 80, "sxm mega"),
			karpenterAWS("h100", 80, "sxm", "81920"),
			karpenterAzure("H100", 0),
		}},
		{vendor: NVIDIA, names: []string{"h200"}, ignored: []string{"hbm3e"}, mig: true, confidential: true, nvswitches: NVSwitchesPerHopperNode, labels: []gpuLabel{
			gfd("NVIDIA-H200", 141, "sxm"),
			gfd("NVIDIA-H200-NVL", 141, "nvl"),
			gke("nvidia-h200-141gb", 141, "sxm"),
			karpenterAWS("h200", 141, "sxm", "144384"),
		}},
	}
}

func adaModels() []gpuModel {
	return []gpuModel{
		{vendor: NVIDIA, names: []string{"l4"}, labels: []gpuLabel{
			gfd("NVIDIA-L4", 24, "pcie"),
			gke("nvidia-l4", 24, "pcie"),
			karpenterAWS("l4", 24, "pcie", "22888"),
			eks("nvidia-l4", 24, "pcie"),
		}},
		{vendor: NVIDIA, names: []string{"l40"}, labels: []gpuLabel{
			gfd("NVIDIA-L40", 48, "pcie"),
		}},
		{vendor: NVIDIA, names: []string{"l40s"}, labels: []gpuLabel{
			gfd("NVIDIA-L40S", 48, "pcie"),
			karpenterAWS("l40s", 48, "pcie", "45776"),
			eks("nvidia-l40s", 48, "pcie"),
		}},
	}
}

func olderNVIDIAModels() []gpuModel {
	return []gpuModel{
		{vendor: NVIDIA, names: []string{"p100"}, labels: []gpuLabel{
			gfd("Tesla-P100-PCIE-12GB", 12, "pcie"),
			gfd("Tesla-P100-PCIE-16GB", 16, "pcie"),
			gfd("Tesla-P100-SXM2-16GB", 16, "sxm"),
			gke("nvidia-tesla-p100", 16, ""),
			eks("nvidia-tesla-p100", 0, ""),
		}},
		{vendor: NVIDIA, names: []string{"t4"}, labels: []gpuLabel{
			gfd("Tesla-T4", 16, "pcie"),
			gke("nvidia-tesla-t4", 16, "pcie"),
			karpenterAWS("t4", 16, "pcie", "16384"),
			eks("nvidia-tesla-t4", 16, "pcie"),
			karpenterAzure("T4", 16),
		}},
		// The T4G of g5g is another chip than the T4, beside Arm processors.
		{vendor: NVIDIA, names: []string{"t4g"}, arm64: true, labels: []gpuLabel{
			gfd("NVIDIA-T4G", 16, "pcie"),
			karpenterAWS("t4g", 16, "pcie", "16384"),
		}},
		{vendor: NVIDIA, names: []string{"v100"}, labels: []gpuLabel{
			gfd("Tesla-V100-PCIE-16GB", 16, "pcie"),
			gfd("Tesla-V100-PCIE-32GB", 32, "pcie"),
			gfd("Tesla-V100-SXM2-16GB", 16, "sxm"),
			gfd("Tesla-V100-SXM2-32GB", 32, "sxm"),
			gke("nvidia-tesla-v100", 16, "sxm"),
			karpenterAWS("v100", 16, "sxm", "16384"),
			karpenterAWS("v100", 32, "sxm", "32768"),
			eks("nvidia-tesla-v100", 0, ""),
			karpenterAzure("V100", 0),
		}},
	}
}
