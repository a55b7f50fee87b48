// SPDX-License-Identifier: Apache-2.0

package placement_test

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/hardware"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

const (
	productKey = "nvidia.com/gpu.product"
	kataKey    = "katacontainers.io/kata-runtime"
	readyKey   = "nvidia.com/cc.ready.state"
	gkeType    = "cloud.google.com/gke-confidential-nodes-instance-type"
	tdxHost    = "intel.feature.node.kubernetes.io/tdx"
	snpHost    = "amd.feature.node.kubernetes.io/snp"
	sgxHost    = "intel.feature.node.kubernetes.io/sgx"
	archKey    = corev1.LabelArchStable
)

// A poolOption says something about a pool.
type poolOption func(*v1alpha1.HardwarePool)

// newPool returns a pool of two nodes with nothing on them, which have the label
// pool=NAME.
func newPool(name string, options ...poolOption) v1alpha1.HardwarePool {
	p := v1alpha1.HardwarePool{ObjectMeta: metav1.ObjectMeta{Name: name}}
	p.Spec.NodeSelector = v1alpha1.NodeLabels{"pool": name}
	p.Spec.Allocatable = quantities("cpu", "32", "memory", "256Gi", "pods", "110")
	p.Status.Nodes, p.Status.ReadyNodes = 2, 2
	p.Status.Free = []v1alpha1.FreeNodes{{Nodes: 2}}
	for _, o := range options {
		o(&p)
	}
	return p
}

// quantities by name, given one after the other.
func quantities(pairs ...string) corev1.ResourceList {
	l := corev1.ResourceList{}
	for i := 0; i < len(pairs); i += 2 {
		l[corev1.ResourceName(pairs[i])] = resource.MustParse(pairs[i+1])
	}
	return l
}

// pairs of keys and values as a map.
func pairs(of ...string) map[string]string {
	m := map[string]string{}
	for i := 0; i < len(of); i += 2 {
		m[of[i]] = of[i+1]
	}
	return m
}

// labeled adds labels that all nodes of the pool have.
func labeled(of ...string) poolOption {
	return func(p *v1alpha1.HardwarePool) {
		if p.Spec.Labels == nil {
			p.Spec.Labels = v1alpha1.NodeLabels{}
		}
		maps.Copy(p.Spec.Labels, pairs(of...))
	}
}

// taint of a pool; the effect is NoSchedule unless another is given.
func taint(key, value string, effect ...corev1.TaintEffect) corev1.Taint {
	t := corev1.Taint{Key: key, Value: value, Effect: corev1.TaintEffectNoSchedule}
	for _, e := range effect {
		t.Effect = e
	}
	return t
}

func tainted(taints ...corev1.Taint) poolOption {
	return func(p *v1alpha1.HardwarePool) { p.Spec.Taints = append(p.Spec.Taints, taints...) }
}

// offering adds to what each node can allot.
func offering(of ...string) poolOption {
	return func(p *v1alpha1.HardwarePool) { maps.Copy(p.Spec.Allocatable, quantities(of...)) }
}

// declared says which GPUs each node has, without a label.
func declared(product string, n int32) poolOption {
	return func(p *v1alpha1.HardwarePool) { p.Spec.GPU = &v1alpha1.PoolGPU{Product: product, Count: &n} }
}

// counted says under which resource the GPUs are counted.
func counted(name string) poolOption {
	return func(p *v1alpha1.HardwarePool) { p.Spec.GPU.Resource = name }
}

// sharedBy says how the GPUs are shared.
func sharedBy(strategy string) poolOption {
	return func(p *v1alpha1.HardwarePool) { p.Spec.GPU.Sharing = strategy }
}

// gpus are NVIDIA's, declared and labeled by GPU feature discovery.
func gpus(product string, n int32) poolOption {
	return func(p *v1alpha1.HardwarePool) {
		labeled(productKey, product)(p)
		declared(product, n)(p)
		p.Spec.Allocatable[hardware.ResourceNVIDIAGPU] = *resource.NewQuantity(int64(n), resource.DecimalSI)
	}
}

// handedThrough are GPUs in confidential mode for the virtual machines of Pods.
func handedThrough(product string, n int32) poolOption {
	return func(p *v1alpha1.HardwarePool) {
		labeled(productKey, product, readyKey, "true")(p)
		declared(product, n)(p)
		p.Spec.Allocatable[hardware.ResourceNVIDIAPassthrough] = *resource.NewQuantity(int64(n), resource.DecimalSI)
		p.Spec.Allocatable[hardware.ResourceNVSwitch] = resource.MustParse("4")
	}
}

// hosting are nodes that give Pods confidential virtual machines, with the
// classes of Kata Containers.
func hosting(tee string) poolOption {
	return func(p *v1alpha1.HardwarePool) {
		p.Spec.TEE = &v1alpha1.PoolTEE{Type: tee, Mode: v1alpha1.TEEModePodVM}
		labeled(kataKey, "true")(p)
		if tee == "tdx" {
			labeled(tdxHost, "true")(p)
			offering("tdx.intel.com/keys", "31")(p)
		} else {
			labeled(snpHost, "true")(p)
			offering("sev-snp.amd.com/esids", "99")(p)
		}
		p.Spec.RuntimeClasses = katas()
	}
}

// enclaves are nodes with SGX.
func enclaves(epc string) poolOption {
	return func(p *v1alpha1.HardwarePool) {
		p.Spec.TEE = &v1alpha1.PoolTEE{Type: "sgx"}
		labeled(sgxHost, "true")(p)
		offering("sgx.intel.com/epc", epc)(p)
	}
}

// withClasses are all the RuntimeClasses there are.
func withClasses(classes ...v1alpha1.PoolRuntimeClass) poolOption {
	return func(p *v1alpha1.HardwarePool) { p.Spec.RuntimeClasses = classes }
}

// runtimeClass is one of a pool's, whose handler has its name.
func runtimeClass(name string, overhead corev1.ResourceList, selector ...string) v1alpha1.PoolRuntimeClass {
	return v1alpha1.PoolRuntimeClass{Name: name, Handler: name, Overhead: overhead, NodeSelector: pairs(selector...)}
}

// katas are the classes that Kata Containers installs, and a plain one.
func katas() []v1alpha1.PoolRuntimeClass {
	small, large := []string{"cpu", "1", "memory", "2Gi"}, []string{"cpu", "1", "memory", "10Gi"}
	keys, ids := []string{"tdx.intel.com/keys", "1"}, []string{"sev-snp.amd.com/esids", "1"}
	with := func(a, b []string) corev1.ResourceList { return quantities(slices.Concat(a, b)...) }
	return []v1alpha1.PoolRuntimeClass{
		{Name: "gvisor", Handler: "runsc"},
		runtimeClass("kata-qemu", quantities("cpu", "250m", "memory", "320Mi"), kataKey, "true"),
		runtimeClass("kata-qemu-tdx", with(small, keys), kataKey, "true", tdxHost, "true"),
		runtimeClass("kata-qemu-snp", with(small, ids), kataKey, "true", snpHost, "true"),
		runtimeClass("kata-qemu-nvidia-gpu", quantities(large...), kataKey, "true", readyKey, "false"),
		runtimeClass("kata-qemu-nvidia-gpu-tdx", with(large, keys), kataKey, "true", tdxHost, "true", readyKey, "true"),
		runtimeClass("kata-qemu-nvidia-gpu-snp", with(large, ids), kataKey, "true", snpHost, "true", readyKey, "true"),
	}
}

// leaving is what is left on the nodes, one entry for each.
func leaving(free ...corev1.ResourceList) poolOption {
	return func(p *v1alpha1.HardwarePool) {
		p.Status.Free = nil
		for _, r := range free {
			p.Status.Free = append(p.Status.Free, v1alpha1.FreeNodes{Nodes: 1, Resources: r})
		}
		p.Status.Nodes, p.Status.ReadyNodes = int32(len(free)), int32(len(free))
	}
}

// fromZero are nodes that come when they are needed; none is there yet.
func fromZero(most int32) poolOption {
	return func(p *v1alpha1.HardwarePool) {
		p.Spec.MinNodes, p.Spec.MaxNodes, p.Status = new(int32(0)), &most, v1alpha1.HardwarePoolStatus{}
	}
}

func priced(perHour string) poolOption {
	return func(p *v1alpha1.HardwarePool) { p.Spec.Price = new(resource.MustParse(perHour)) }
}

func weighing(w int32) poolOption {
	return func(p *v1alpha1.HardwarePool) { p.Spec.Weight = w }
}

// gpu asks for GPUs; no model is any.
func gpu(model string, n int32) placement.Demand {
	return placement.Demand{Hardware: &v1alpha1.HardwareRequirements{GPUType: model, GPUCount: &n}}
}

// tee asks for a TEE; no type is any.
func tee(name string) placement.Demand {
	return placement.Demand{Hardware: &v1alpha1.HardwareRequirements{TEEType: name, TEERequired: new(true)}}
}

// in asks for the GPUs inside a TEE.
func in(teeType string, d placement.Demand) placement.Demand {
	d.Hardware.TEEType, d.Hardware.TEERequired = teeType, new(true)
	return d
}

// where says where a demand may be met, beside its hardware.
func where(d placement.Demand, s v1alpha1.SchedulingConfig) placement.Demand {
	d.Scheduling = &s
	return d
}

func tolerating(tolerations ...corev1.Toleration) v1alpha1.SchedulingConfig {
	return v1alpha1.SchedulingConfig{Tolerations: tolerations}
}

func selecting(of ...string) v1alpha1.SchedulingConfig {
	return v1alpha1.SchedulingConfig{NodeSelector: pairs(of...)}
}

func under(class string) v1alpha1.SchedulingConfig {
	return v1alpha1.SchedulingConfig{RuntimeClass: &class}
}

// limited asks for resources beside.
func limited(d placement.Demand, of ...string) placement.Demand {
	d.Resources.Limits = quantities(of...)
	return d
}

// tolerate is a toleration of NoSchedule.
func tolerate(key string, op corev1.TolerationOperator, value string) corev1.Toleration {
	return corev1.Toleration{Key: key, Operator: op, Value: value, Effect: corev1.TaintEffectNoSchedule}
}

// label is a requirement on a node label.
func label(key string, op corev1.NodeSelectorOperator, values ...string) corev1.NodeSelectorRequirement {
	return corev1.NodeSelectorRequirement{Key: key, Operator: op, Values: values}
}

// affine requires one of the terms.
func affine(terms ...[]corev1.NodeSelectorRequirement) v1alpha1.SchedulingConfig {
	s := &corev1.NodeSelector{}
	for _, t := range terms {
		s.NodeSelectorTerms = append(s.NodeSelectorTerms, corev1.NodeSelectorTerm{MatchExpressions: t})
	}
	return v1alpha1.SchedulingConfig{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: s}}
}

// term of node affinity.
func term(of ...corev1.NodeSelectorRequirement) []corev1.NodeSelectorRequirement { return of }
