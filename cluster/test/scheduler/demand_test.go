// SPDX-License-Identifier: Apache-2.0

package scheduler

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

// demand asks for what the shape offers, mostly, and for this and that beside it.
func (s shape) demand(c chooser, p pair) placement.Demand {
	asked := s
	if c.chance(15) {
		asked = one(c, shapes...)(c)
	}
	d := placement.Demand{
		Hardware:   asked.requirements(c),
		Scheduling: &v1alpha1.SchedulingConfig{},
		Resources:  asked.resources(c),
	}
	if c.chance(10) {
		d.Hardware = nil
	}
	if d.Hardware != nil && wants(c, p, "disk") {
		d.Hardware.CustomLabels = v1alpha1.NodeLabels{"disk": likely(c, p, "disk", "ssd")}
	}
	if wants(c, p, "topology.kubernetes.io/zone") {
		d.Scheduling.NodeSelector = v1alpha1.NodeLabels{"topology.kubernetes.io/zone": likely(c, p, "topology.kubernetes.io/zone", "a")}
	}
	if c.chance(8) {
		d.Scheduling.NodeSelector = v1alpha1.NodeLabels{corev1.LabelArchStable: one(c, s.arch, s.arch, s.arch, "arm64")}
	}
	if s.model.key == nvidiaProduct && c.chance(8) {
		d.Scheduling.NodeSelector = v1alpha1.NodeLabels{nvidiaProduct: likely(c, p, nvidiaProduct, "Tesla-T4")}
	}
	if c.chance(30) {
		d.Scheduling.NodeAffinity = affinity(c, p)
	}
	if c.chance(5) {
		d.Scheduling.Affinity = &corev1.Affinity{NodeAffinity: affinity(c, p)}
	}
	d.Scheduling.Tolerations = tolerations(c, p)
	d.Scheduling.RuntimeClass = asked.runtimeClass(c)
	return d
}

// wants says whether a label is asked for: now and then where the nodes have it,
// and seldom where they do not.
func wants(c chooser, p pair, key string) bool {
	if _, ok := p.nodes[0].Labels[key]; ok {
		return c.chance(30)
	}
	return c.chance(4)
}

// likely is the value of the label on the nodes, mostly.
func likely(c chooser, p pair, key, other string) string {
	if v, ok := p.nodes[0].Labels[key]; ok && c.chance(88) {
		return v
	}
	return other
}

func (s shape) requirements(c chooser) *v1alpha1.HardwareRequirements {
	hw := &v1alpha1.HardwareRequirements{}
	if s.gpu != nil {
		hw.GPUType = one(c, s.model.asks...)
		switch {
		case c.chance(12):
			hw.GPUType = one(c, one(c, models...).asks...)
		case c.chance(15):
			hw.GPUType = ""
		}
		if hw.GPUType == "" || c.chance(60) {
			hw.GPUCount = new(one(c, int32(1), 1, 1, 1, 2, 2, 4, 8, 9))
		}
	}
	if s.tee != nil {
		spellings := map[string][]string{"sgx": {"sgx", "intel-sgx"}, "sev": {"sev"}, "sev-snp": {"SEV_SNP", "snp", "sev-snp"}, "tdx": {"TDX", "tdx"}}
		hw.TEEType = one(c, spellings[s.tee.Type]...)
		switch {
		case c.chance(12):
			hw.TEEType = one(c, "sgx", "sev", "sev-snp", "tdx")
		case c.chance(15):
			hw.TEEType, hw.TEERequired = "", new(true)
		case c.chance(10):
			hw.TEERequired = new(false)
		}
	}
	if s.kind == "confidential GPUs" && c.chance(70) {
		hw.GPUCount = new(one(c, int32(1), 8))
	}
	return hw
}

func (s shape) resources(c chooser) corev1.ResourceRequirements {
	r := corev1.ResourceRequirements{Requests: corev1.ResourceList{}, Limits: corev1.ResourceList{}}
	target := one(c, r.Requests, r.Limits)
	if c.chance(60) {
		target[corev1.ResourceCPU] = quantities("cpu", one(c, "100m", "500m", "500m", "1", "1500m", "3", "12"))["cpu"]
	}
	if c.chance(60) {
		target[corev1.ResourceMemory] = quantities("memory", one(c, "64Mi", "1Gi", "2Gi", "4Gi", "30Gi"))["memory"]
	}
	if c.chance(10) {
		target[corev1.ResourceEphemeralStorage] = quantities("x", one(c, "1Gi", "60Gi", "200Gi"))["x"]
	}
	if s.kind == "sgx" && c.chance(60) {
		r.Limits["sgx.intel.com/epc"] = quantities("x", one(c, "16Mi", "32Mi", "64Mi", "128Mi", "1Gi"))["x"]
	}
	if c.chance(2) {
		r.Limits["example.com/fpga"] = quantities("x", "1")["x"]
	}
	if s.gpu != nil && s.gpu.Resource != "" && c.chance(40) {
		r.Limits[corev1.ResourceName(s.gpu.Resource)] = quantities("x", "1")["x"]
	}
	return r
}

func (s shape) runtimeClass(c chooser) *string {
	var name string
	switch {
	case s.kind == "pod-vm" && c.chance(25):
		name = one(c, "kata-qemu-tdx", "kata-qemu-snp", "kata-qemu", "kata", "kata")
	case s.kind == "confidential GPUs" && c.chance(25):
		name = one(c, "kata-qemu-nvidia-gpu-tdx", "kata-qemu-nvidia-gpu-snp", "kata-qemu-nvidia-gpu")
	case s.tee != nil && s.tee.Type == "sgx" && c.chance(25):
		name = one(c, "kata-qemu", "gvisor", "missing")
	case s.kind == "cpu" && c.chance(25):
		name = one(c, "kata-qemu", "gvisor", "kata-qemu-tdx", "dedicated")
	case s.gpu != nil && s.tee == nil && c.chance(10):
		name = one(c, "nvidia", "gvisor", "kata-qemu-nvidia-gpu")
	default:
		return nil
	}
	return &name
}

// affinity is required node affinity of one to three terms, some of them empty.
func affinity(c chooser, p pair) *corev1.NodeAffinity {
	s := &corev1.NodeSelector{}
	for range 1 + c.IntN(3) {
		term := corev1.NodeSelectorTerm{}
		for range c.IntN(3) {
			term.MatchExpressions = append(term.MatchExpressions, expression(c, p))
		}
		if len(p.nodes) == 1 && c.chance(15) {
			term.MatchFields = []corev1.NodeSelectorRequirement{one(
				c,
				corev1.NodeSelectorRequirement{Key: "metadata.name", Operator: corev1.NodeSelectorOpIn, Values: []string{p.nodes[0].Name}},
				corev1.NodeSelectorRequirement{Key: "metadata.name", Operator: corev1.NodeSelectorOpNotIn, Values: []string{"elsewhere"}},
			)}
		}
		s.NodeSelectorTerms = append(s.NodeSelectorTerms, term)
	}
	return &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: s}
}

func expression(c chooser, p pair) corev1.NodeSelectorRequirement {
	key := one(c, "topology.kubernetes.io/zone", "disk", "spot", "disk", corev1.LabelArchStable, corev1.LabelOSStable, nvidiaProduct)
	r := corev1.NodeSelectorRequirement{Key: key}
	switch c.IntN(6) {
	case 0, 1:
		r.Operator, r.Values = corev1.NodeSelectorOpIn, []string{likely(c, p, key, "b"), "other"}
	case 2:
		r.Operator, r.Values = corev1.NodeSelectorOpNotIn, []string{one(c, "b", "hdd", "other", "arm64", models[2].product)}
	case 3:
		r.Operator = one(c, corev1.NodeSelectorOpExists, corev1.NodeSelectorOpDoesNotExist)
	case 4:
		r.Key, r.Operator, r.Values = "tier", one(c, corev1.NodeSelectorOpGt, corev1.NodeSelectorOpLt), []string{one(c, "0", "4", "100")}
	default:
		if _, ok := p.nodes[0].Labels["nvidia.com/gpu.memory"]; ok || c.chance(20) {
			key = "nvidia.com/gpu.memory"
		}
		r.Key, r.Operator, r.Values = key, one(c, corev1.NodeSelectorOpGt, corev1.NodeSelectorOpLt), []string{one(c, "3", "20000", "50000")}
	}
	return r
}

// tolerations are of the pool's taints, and some that miss them by a little.
func tolerations(c chooser, p pair) []corev1.Toleration {
	var all []corev1.Toleration
	for _, taint := range p.nodes[0].Spec.Taints {
		if !c.chance(50) {
			continue
		}
		t := one(
			c,
			corev1.Toleration{Key: taint.Key, Operator: corev1.TolerationOpExists, Effect: taint.Effect},
			corev1.Toleration{Key: taint.Key, Operator: corev1.TolerationOpExists},
			corev1.Toleration{Key: taint.Key, Operator: corev1.TolerationOpEqual, Value: taint.Value, Effect: taint.Effect},
			corev1.Toleration{Key: taint.Key, Value: taint.Value},
			corev1.Toleration{Key: taint.Key, Value: "wrong", Effect: taint.Effect},
			corev1.Toleration{Key: taint.Key, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectPreferNoSchedule},
			corev1.Toleration{Operator: corev1.TolerationOpExists},
		)
		if t.Key == "" && slices.ContainsFunc(p.nodes, func(n *corev1.Node) bool { return n.Spec.Unschedulable }) {
			continue // It would tolerate nodes that are cordoned, which no pool counts.
		}
		if t.Effect == corev1.TaintEffectNoExecute && c.chance(30) {
			t.TolerationSeconds = new(int64(3600))
		}
		all = append(all, t)
	}
	return all
}
