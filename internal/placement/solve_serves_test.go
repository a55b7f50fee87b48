// SPDX-License-Identifier: Apache-2.0

package placement_test

import (
	"maps"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

// Products of the GPUs that the generated pools have.
const (
	productT4     = "Tesla-T4"
	productL4     = "NVIDIA-L4"
	productL40S   = "NVIDIA-L40S"
	productA10G   = "NVIDIA-A10G"
	productA10040 = "NVIDIA-A100-SXM4-40GB"
	productA10080 = "NVIDIA-A100-SXM4-80GB"
	productH100   = "NVIDIA-H100-80GB-HBM3"
	productMI300X = "AMD_Instinct_MI300X_OAM"
)

const resourceEnclave corev1.ResourceName = "sgx.intel.com/epc"

// productsOf are the products that serve each spelling of a GPU type that the
// generated workloads use.
var productsOf = map[string][]string{
	"nvidia-tesla-t4": {productT4},
	"T4":              {productT4},
	"nvidia-l4":       {productL4},
	"l40s":            {productL40S},
	"a10g":            {productA10G},
	"NVIDIA A100":     {productA10040, productA10080},
	"a100-40gb":       {productA10040},
	"nvidia-a100-80gb": {
		productA10080,
	},
	"h100":   {productH100},
	"mi300x": {productMI300X},
}

// serve says whether the nodes of a pool are of the kind that a workload asks for,
// whatever they have left. It knows no more than what is generated here.
func serve(p *v1alpha1.HardwarePool, w *placement.Workload) bool {
	if w.Target != nil && *w.Target != targetOf(p) {
		return false
	}
	n := effective(p)
	return hasGPUs(n, w) && hasTEE(p, w) && hasClass(p, w) && tolerates(p, n, w) && selects(p, n, w)
}

// targetOf returns the cluster of a pool.
func targetOf(p *v1alpha1.HardwarePool) v1alpha1.PoolTarget {
	if p.Spec.ProviderConfigRef != nil {
		return *p.Spec.ProviderConfigRef
	}
	return v1alpha1.PoolTarget{Kind: "ClusterProviderConfig", Name: "default"}
}

// gpuCount returns how many GPUs a workload asks for in any of the ways.
func gpuCount(w *placement.Workload) int64 {
	if hw := w.Demand.Hardware; hw != nil {
		if hw.GPUCount != nil {
			return int64(*hw.GPUCount)
		}
		if hw.GPUType != "" {
			return 1
		}
	}
	q := w.Demand.Resources.Limits["nvidia.com/gpu"]
	return q.Value()
}

// hasGPUs says whether the nodes have GPUs of the model, if any are asked for.
func hasGPUs(n v1alpha1.PoolNodes, w *placement.Workload) bool {
	if gpuCount(w) == 0 {
		return true
	}
	if n.GPU == nil {
		return false
	}
	hw := w.Demand.Hardware
	return hw == nil || hw.GPUType == "" || slices.Contains(productsOf[hw.GPUType], n.GPU.Product)
}

// hasTEE says whether the pool offers the TEE, if one is asked for.
func hasTEE(p *v1alpha1.HardwarePool, w *placement.Workload) bool {
	hw := w.Demand.Hardware
	return hw == nil || hw.TEEType == "" || (p.Spec.TEE != nil && p.Spec.TEE.Type == hw.TEEType)
}

// classOf returns the RuntimeClass that a workload names, or nil.
func classOf(p *v1alpha1.HardwarePool, w *placement.Workload) *v1alpha1.PoolRuntimeClass {
	s := w.Demand.Scheduling
	if s == nil || s.RuntimeClass == nil {
		return nil
	}
	classes := effective(p).RuntimeClasses
	i := slices.IndexFunc(classes, func(c v1alpha1.PoolRuntimeClass) bool { return c.Name == *s.RuntimeClass })
	if i < 0 {
		return nil
	}
	return &classes[i]
}

func hasClass(p *v1alpha1.HardwarePool, w *placement.Workload) bool {
	s := w.Demand.Scheduling
	return s == nil || s.RuntimeClass == nil || classOf(p, w) != nil
}

// tolerates says whether the workload may run in spite of the taints. Who asks for
// what is rare on the nodes is let past the taints that keep others away from it,
// and so is everybody where nothing is.
func tolerates(p *v1alpha1.HardwarePool, n v1alpha1.PoolNodes, w *placement.Workload) bool {
	hw := w.Demand.Hardware
	wantsTEE := hw != nil && hw.TEEType != ""
	passes := (n.GPU == nil && p.Spec.TEE == nil) || (n.GPU != nil && gpuCount(w) > 0) || (p.Spec.TEE != nil && wantsTEE)
	for _, taint := range n.Taints {
		if taint.Effect == corev1.TaintEffectPreferNoSchedule || passes {
			continue
		}
		s := w.Demand.Scheduling
		if s == nil || !slices.ContainsFunc(s.Tolerations, func(t corev1.Toleration) bool {
			return t.Key == taint.Key && (t.Effect == "" || t.Effect == taint.Effect) &&
				(t.Operator == corev1.TolerationOpExists || t.Value == taint.Value)
		}) {
			return false
		}
	}
	return true
}

// selects says whether the workload's selector and required affinity match the
// labels of the nodes.
func selects(p *v1alpha1.HardwarePool, n v1alpha1.PoolNodes, w *placement.Workload) bool {
	s := w.Demand.Scheduling
	if s == nil || (len(s.NodeSelector) == 0 && s.NodeAffinity == nil) {
		return true
	}
	labels := maps.Clone(p.Spec.NodeSelector)
	maps.Copy(labels, n.Labels)
	for key, value := range s.NodeSelector {
		if v, ok := labels[key]; !ok || v != value {
			return false
		}
	}
	if s.NodeAffinity == nil || s.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return true
	}
	terms := s.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
	return slices.ContainsFunc(terms, func(t corev1.NodeSelectorTerm) bool { return matches(labels, t) })
}

// matches says whether labels match every expression of a term.
func matches(labels map[string]string, t corev1.NodeSelectorTerm) bool {
	for _, e := range t.MatchExpressions {
		value, present := labels[e.Key]
		var ok bool
		switch e.Operator {
		case corev1.NodeSelectorOpIn:
			ok = present && slices.Contains(e.Values, value)
		case corev1.NodeSelectorOpNotIn:
			ok = !slices.Contains(e.Values, value)
		case corev1.NodeSelectorOpExists:
			ok = present
		case corev1.NodeSelectorOpGt:
			have, err := strconv.Atoi(value)
			than, _ := strconv.Atoi(e.Values[0])
			ok = err == nil && have > than
		default:
			panic("operator " + string(e.Operator) + " is not generated")
		}
		if !ok {
			return false
		}
	}
	return true
}
