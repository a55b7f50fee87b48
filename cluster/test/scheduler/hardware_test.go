// SPDX-License-Identifier: Apache-2.0

package scheduler

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// A model is a GPU as people ask for it and as node labels show it.
type model struct {
	asks                 []string
	product, gke, aws    string
	memoryMiB            string
	key, resource, taint string
	arch                 string
	slices               bool
}

const (
	nvidiaProduct = "nvidia.com/gpu.product"
	nvidiaGPU     = "nvidia.com/gpu"
)

func nvidia(product, gke, aws, memoryMiB string, asks ...string) model {
	return model{asks: asks, product: product, gke: gke, aws: aws, memoryMiB: memoryMiB, key: nvidiaProduct, resource: nvidiaGPU, taint: nvidiaGPU, arch: "amd64"}
}

var models = []model{
	nvidia("Tesla-V100-SXM2-16GB", "nvidia-tesla-v100", "v100", "16384", "nvidia-tesla-v100", "V100", "v100-16gb"),
	nvidia("Tesla-T4", "nvidia-tesla-t4", "t4", "16384", "t4", "nvidia-tesla-t4", "NVIDIA T4"),
	sliceable(nvidia("NVIDIA-A100-SXM4-40GB", "nvidia-tesla-a100", "a100", "40960", "nvidia-a100", "a100-40gb", "nvidia-tesla-a100")),
	sliceable(nvidia("NVIDIA-A100-SXM4-80GB", "nvidia-a100-80gb", "a100", "81920", "nvidia_a100", "a100-80gb", "NVIDIA A100")),
	nvidia("NVIDIA-L4", "nvidia-l4", "l4", "22888", "l4", "nvidia-l4"),
	nvidia("NVIDIA-L40S", "", "l40s", "45776", "l40s", "NVIDIA-L40S"),
	nvidia("NVIDIA-H100-80GB-HBM3", "nvidia-h100-80gb", "h100", "81920", "h100", "nvidia-h100-80gb"),
	{asks: []string{"gh200", "NVIDIA-GH200-480GB"}, product: "NVIDIA-GH200-480GB", memoryMiB: "97871", key: nvidiaProduct, resource: nvidiaGPU, taint: nvidiaGPU, arch: "arm64"},
	{asks: []string{"mi300x", "amd-mi300x"}, product: "AMD_Instinct_MI300X_OAM", key: "amd.com/gpu.product-name", resource: "amd.com/gpu", taint: "amd.com/gpu", arch: "amd64"},
	{asks: []string{"flex-170"}, product: "Flex_170", key: "gpu.intel.com/product", resource: "gpu.intel.com/i915", taint: "sku", arch: "amd64"},
}

// spelled are other names of a product that say as much.
var spelled = map[string]string{
	"Tesla-T4": "t4", "NVIDIA-L4": "nvidia-l4", "NVIDIA-L40S": "L40S", "NVIDIA-GH200-480GB": "gh200", "Flex_170": "flex-170",
	"Tesla-V100-SXM2-16GB": "v100-sxm-16gb", "NVIDIA-A100-SXM4-80GB": "a100-sxm-80gb", "NVIDIA-H100-80GB-HBM3": "h100-sxm-80gb",
}

func sliceable(m model) model {
	m.slices = true
	return m
}

// A shape is the truth about the hardware of a pool's nodes.
type shape struct {
	kind string
	arch string
	// labels that the pool knows of, and more that come when a node has booted.
	labels, more map[string]string
	taints       []corev1.Taint
	capacity     corev1.ResourceList
	gpu          *v1alpha1.PoolGPU
	tee          *v1alpha1.PoolTEE
	// told says that the labels tell what gpu and tee say.
	told  bool
	model model
	// products of the nodes, where they differ.
	products []string
}

// shapes are the sorts of pools, those twice that have more to get wrong.
var shapes = []func(chooser) shape{
	plain, plain, wholeGPUs, wholeGPUs, wholeGPUs, sharedGPUs, slicedGPUs, mixedGPUs, enclaves, enclaves, podVMs, podVMs, nodeVMs, confidentialGPUs,
}

// size is what every node has.
func size(c chooser) corev1.ResourceList {
	return quantities("cpu", one(c, "2", "4", "8", "16"), "memory", one(c, "8Gi", "16Gi", "64Gi"), "ephemeral-storage", "100Gi", "pods", one(c, "110", "110", "110", "110", "110", "1"))
}

func plain(c chooser) shape {
	s := shape{kind: "cpu", arch: one(c, "amd64", "amd64", "amd64", "arm64"), labels: map[string]string{}, capacity: size(c), told: true}
	if s.arch == "arm64" && c.chance(50) {
		s.taints = []corev1.Taint{{Key: corev1.LabelArchStable, Value: "arm64", Effect: corev1.TaintEffectNoSchedule}}
	}
	if c.chance(30) {
		s.labels["katacontainers.io/kata-runtime"] = "true"
	}
	return s
}

// withGPUs is a shape with GPUs of a model that no label names.
func withGPUs(c chooser, m model, kind string, count int, resourceName string) shape {
	s := shape{kind: kind, arch: m.arch, labels: map[string]string{}, more: map[string]string{}, capacity: size(c), model: m}
	s.capacity[corev1.ResourceName(resourceName)] = *resource.NewQuantity(int64(count), resource.DecimalSI)
	s.gpu = &v1alpha1.PoolGPU{Product: one(c, m.product, m.product, spelled[m.product])}
	if s.gpu.Product == "" {
		s.gpu.Product = m.product
	}
	if c.chance(50) {
		s.gpu.Count = new(int32(count))
	}
	s.taints = gpuTaints(c, m)
	return s
}

func gpuTaints(c chooser, m model) []corev1.Taint {
	taint := corev1.Taint{Key: m.taint, Value: one(c, "present", "true", ""), Effect: corev1.TaintEffectNoSchedule}
	switch c.IntN(6) {
	case 0, 1:
		return nil
	case 2:
		taint = corev1.Taint{Key: "sku", Value: "gpu", Effect: corev1.TaintEffectNoSchedule}
	case 3:
		taint.Effect = corev1.TaintEffectNoExecute
	}
	if m.arch == "arm64" {
		return []corev1.Taint{taint, {Key: corev1.LabelArchStable, Value: "arm64", Effect: corev1.TaintEffectNoSchedule}}
	}
	return []corev1.Taint{taint}
}

func wholeGPUs(c chooser) shape {
	m := one(c, models...)
	count := one(c, 1, 2, 4, 8)
	s := withGPUs(c, m, "gpu", count, m.resource)
	s.told = true
	scheme := c.IntN(5)
	switch {
	case scheme == 0 && m.gke != "":
		s.labels["cloud.google.com/gke-accelerator"] = m.gke
	case scheme == 1 && m.aws != "":
		maps.Copy(s.labels, map[string]string{
			"karpenter.k8s.aws/instance-gpu-name": m.aws, "karpenter.k8s.aws/instance-gpu-count": strconv.Itoa(count), "karpenter.k8s.aws/instance-gpu-memory": m.memoryMiB,
		})
		s.gpu.Product = m.product
	case scheme == 2:
		s.told = false
	default:
		s.labels[m.key] = m.product
		if m.key == nvidiaProduct {
			maps.Copy(s.labels, map[string]string{"nvidia.com/gpu.memory": m.memoryMiB, "nvidia.com/gpu.sharing-strategy": "none", "nvidia.com/gpu.replicas": "1"})
		}
	}
	return s
}

// sharedGPUs are GPUs that Pods share, under the usual resource or their own.
func sharedGPUs(c chooser) shape {
	m := models[c.IntN(6)]
	strategy := one(c, "time-slicing", "mps")
	name := one(c, nvidiaGPU, nvidiaGPU, "nvidia.com/gpu.shared")
	s := withGPUs(c, m, "shared", 4, name)
	s.labels = map[string]string{nvidiaProduct: m.product, "nvidia.com/gpu.replicas": "4", "nvidia.com/gpu.sharing-strategy": strategy}
	s.gpu.Sharing = strategy
	s.gpu.Product = m.product
	if name == nvidiaGPU {
		s.labels[nvidiaProduct] += "-SHARED"
		s.gpu.Product = s.labels[nvidiaProduct]
		s.told = true
	} else {
		s.gpu.Resource = name
	}
	s.model.asks = []string{m.asks[len(m.asks)-1] + "-shared"}
	return s
}

// slicedGPUs are MIG slices, under the usual resource or their own.
func slicedGPUs(c chooser) shape {
	m := models[2]
	const profile = "1g.5gb"
	if c.chance(50) {
		s := withGPUs(c, m, "slices as GPUs", 7, nvidiaGPU)
		s.labels = map[string]string{nvidiaProduct: m.product + "-MIG-" + profile, "nvidia.com/gpu.slices.gi": "1", "nvidia.com/mig.strategy": "single", "nvidia.com/gpu.sharing-strategy": "none"}
		s.gpu.Product, s.told = s.labels[nvidiaProduct], true
		s.model.asks = []string{"a100-mig-1g.5gb"}
		return s
	}
	name := "nvidia.com/mig-" + profile
	s := withGPUs(c, m, "slices", 7, name)
	s.labels = map[string]string{nvidiaProduct: m.product, "nvidia.com/mig.strategy": "mixed", "nvidia.com/gpu.replicas": "0", name + ".product": m.product + "-MIG-" + profile, name + ".count": "7"}
	s.gpu.Product, s.gpu.Resource = s.labels[name+".product"], name
	s.model.asks = []string{"a100-mig-1g.5gb"}
	return s
}

// mixedGPUs are nodes that differ in the variant of their GPU, or in the model.
func mixedGPUs(c chooser) shape {
	m := models[2]
	s := withGPUs(c, m, "mixed", one(c, 1, 2, 4), nvidiaGPU)
	s.products = []string{m.product, one(c, "NVIDIA-A100-SXM4-80GB", "NVIDIA-A100-80GB-PCIe"), one(c, "Tesla-T4", m.product)}
	s.gpu.Product = m.product
	s.more["nvidia.com/gpu.sharing-strategy"] = "none"
	s.model.asks = []string{"a100", "a100-40gb", "a100-80gb", "t4"}
	return s
}

func enclaves(c chooser) shape {
	s := shape{kind: "sgx", arch: "amd64", capacity: size(c), tee: &v1alpha1.PoolTEE{Type: "sgx"}, told: true}
	s.capacity["sgx.intel.com/epc"] = resource.MustParse(one(c, "32Mi", "128Mi", "512Mi", "1Gi"))
	s.labels = map[string]string{one(c, "feature.node.kubernetes.io/cpu-security.sgx.enabled", "intel.feature.node.kubernetes.io/sgx", "sgx.intel.com/capable"): "true"}
	if c.chance(30) {
		s.labels["katacontainers.io/kata-runtime"] = "true"
	}
	if c.chance(30) {
		s.taints = []corev1.Taint{{Key: "sgx", Value: "enabled", Effect: corev1.TaintEffectNoSchedule}}
	}
	return s
}

// hostOf are the labels of a host of confidential virtual machines, and the
// resource that each of those takes one of.
func hostOf(tee string) (labels map[string]string, keys corev1.ResourceName) {
	if tee == "tdx" {
		return map[string]string{"feature.node.kubernetes.io/cpu-security.tdx.enabled": "true", "intel.feature.node.kubernetes.io/tdx": "true"}, "tdx.intel.com/keys"
	}
	return map[string]string{"feature.node.kubernetes.io/cpu-security.sev.snp.enabled": "true", "amd.feature.node.kubernetes.io/snp": "true"}, "sev-snp.amd.com/esids"
}

func podVMs(c chooser) shape {
	tee := one(c, "tdx", "sev-snp")
	labels, keys := hostOf(tee)
	s := shape{kind: "pod-vm", arch: "amd64", labels: labels, capacity: size(c), tee: &v1alpha1.PoolTEE{Type: tee, Mode: v1alpha1.TEEModePodVM}, told: true}
	s.capacity[keys] = resource.MustParse(one(c, "1", "15"))
	if c.chance(85) {
		s.labels["katacontainers.io/kata-runtime"] = "true"
	}
	if c.chance(30) {
		s.taints = []corev1.Taint{{Key: "confidential", Value: tee, Effect: one(c, corev1.TaintEffectNoSchedule, corev1.TaintEffectNoExecute)}}
	}
	return s
}

func nodeVMs(c chooser) shape {
	s := shape{kind: "node-vm", arch: "amd64", labels: map[string]string{}, capacity: size(c), told: true}
	const gkeType = "cloud.google.com/gke-confidential-nodes-instance-type"
	facts := one(
		c,
		[]string{"sev", gkeType, "SEV"}, []string{"sev-snp", gkeType, "SEV_SNP"}, []string{"tdx", gkeType, "TDX"},
		[]string{"sev-snp", "kubernetes.azure.com/security-type", "ConfidentialVM"}, []string{"tdx", "feature.node.kubernetes.io/cpu-security.tdx.protected", "true"},
	)
	s.tee = &v1alpha1.PoolTEE{Type: facts[0], Mode: v1alpha1.TEEModeNodeVM}
	s.labels[facts[1]] = facts[2]
	if facts[0] != "sev" && c.chance(40) {
		g := withGPUs(c, models[6], "node-vm with GPUs", 2, nvidiaGPU)
		g.capacity, g.tee, g.told = mergeLists(s.capacity, g.capacity, nvidiaGPU), s.tee, true
		g.labels = s.labels
		g.labels[nvidiaProduct] = g.model.product
		g.gpu.Product = g.model.product
		return g.inMode(c)
	}
	if c.chance(30) {
		s.taints = []corev1.Taint{{Key: "confidential", Effect: corev1.TaintEffectNoSchedule}}
	}
	return s
}

// mergeLists is a with one more of b's resources.
func mergeLists(a, b corev1.ResourceList, name corev1.ResourceName) corev1.ResourceList {
	out := a.DeepCopy()
	out[name] = b[name]
	return out
}

// confidentialGPUs are handed through to confidential virtual machines.
func confidentialGPUs(c chooser) shape {
	tee := one(c, "tdx", "sev-snp")
	labels, keys := hostOf(tee)
	s := withGPUs(c, models[6], "confidential GPUs", 8, "nvidia.com/pgpu")
	s.labels = labels
	maps.Copy(s.labels, map[string]string{"katacontainers.io/kata-runtime": "true", nvidiaProduct: s.model.product})
	maps.Copy(s.capacity, quantities("memory", "64Gi", "cpu", "16", "nvidia.com/nvswitch", "4", string(keys), "15"))
	s.gpu.Product = s.model.product
	s.tee = &v1alpha1.PoolTEE{Type: tee, Mode: v1alpha1.TEEModePodVM}
	return s.inMode(c)
}

// inMode says of the GPUs that they are in confidential mode, or not, or nothing.
func (s shape) inMode(c chooser) shape {
	if state := one(c, "true", "true", "true", "false", ""); state != "" {
		s.labels["nvidia.com/cc.ready.state"] = state
	}
	return s
}

// nodesOf returns the nodes of a pair, with nothing on them.
func (s shape) nodesOf(pair string, n int, labels map[string]string, taints []corev1.Taint) []*corev1.Node {
	var nodes []*corev1.Node
	for i := range n {
		node := &corev1.Node{}
		node.Name = fmt.Sprintf("%s-%d", pair, i)
		node.Labels = map[string]string{corev1.LabelArchStable: s.arch, corev1.LabelOSStable: "linux", labelPair: pair}
		for _, l := range []map[string]string{labels, s.labels, s.more} {
			maps.Copy(node.Labels, l)
		}
		if s.products != nil {
			node.Labels[nvidiaProduct] = s.products[i]
		}
		node.Spec.Taints = slices.Clone(taints)
		node.Status.Capacity, node.Status.Allocatable = s.capacity.DeepCopy(), s.capacity.DeepCopy()
		node.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "Simulated"}}
		nodes = append(nodes, node)
	}
	return nodes
}
