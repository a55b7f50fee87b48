// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/hardware"
)

// poolGPUs are the GPUs of a pool's nodes.
type poolGPUs struct {
	// product as it is declared or observed, with what the labels add about slices
	// and shares; empty where only the labels tell, or there are no GPUs.
	product string
	// labeled is the product that a label names, and label its key.
	labeled, label string
	memoryMiB      int32
	// resources that the GPUs are counted under, the usual one first; none where
	// there are no GPUs.
	resources []corev1.ResourceName
	// count of GPUs per node under the usual resource, nil where allocatable says.
	count *int32
	// labels of the nodes.
	labels map[string]string
	// model is what is known of the product, or of the one that a label names.
	model hardware.GPU
	known bool
}

func gpusOf(facts v1alpha1.PoolNodes, p pool) poolGPUs {
	g := poolGPUs{labels: p.node.Labels}
	g.label, g.labeled = hardware.GPULabel(g.labels)
	if facts.GPU != nil {
		g.product, g.memoryMiB, g.count = facts.GPU.Product, ptrOr(facts.GPU.MemoryMiB), facts.GPU.Count
		g.markParts(facts.GPU.Sharing)
	}
	g.model, g.known = hardware.ReadProduct(cmp.Or(g.product, g.labeled))
	g.resources = g.countedAs(facts, slices.ContainsFunc(p.tees, func(t poolTEE) bool { return t.mode == inPodVM }))
	return g
}

func ptrOr(v *int32) int32 {
	if v == nil {
		return 0
	}
	return *v
}

// markParts adds to the product what GKE's labels and the declaration say about
// slices and shares, as GFD would.
func (g *poolGPUs) markParts(sharing string) {
	profile := g.labels[hardware.LabelGKEPartition]
	shared := sharing == hardware.SharingTimeSlicing || sharing == hardware.SharingMPS || g.labels[hardware.LabelGKESharing] != ""
	if profile == "" && !shared {
		return
	}
	seen, _ := hardware.ReadProduct(g.product)
	if profile != "" && seen.MIG == "" {
		g.product += hardware.ProductMIG + profile
	}
	if shared && !seen.Shared {
		g.product += hardware.ProductShared
	}
}

// countedAs returns the resources that the GPUs are counted under: what is
// declared, else what is allocatable, else what device plugins use by default.
func (g *poolGPUs) countedAs(facts v1alpha1.PoolNodes, handsThrough bool) []corev1.ResourceName {
	var resources []corev1.ResourceName
	for name := range facts.Allocatable {
		if hardware.GPUVendor(name) != "" {
			resources = append(resources, name)
		}
	}
	usual := hardware.ResourceNVIDIAGPU
	switch {
	case facts.GPU != nil && facts.GPU.Resource != "":
		usual = corev1.ResourceName(facts.GPU.Resource)
	case len(resources) == 1:
		usual = resources[0]
	case handsThrough && len(resources) == 0:
		usual = hardware.ResourceNVIDIAPassthrough
	case g.known && (g.model.MIG == "" || slices.Contains(resources, g.model.Resource())):
		usual = g.model.Resource()
	}
	if facts.GPU == nil && g.labeled == "" && len(resources) == 0 {
		return nil
	}
	resources = slices.DeleteFunc(resources, func(n corev1.ResourceName) bool { return n == usual })
	slices.Sort(resources)
	return append([]corev1.ResourceName{usual}, resources...)
}

// addTo adds the GPUs to what is allocatable on a node. Where every GPU is sliced
// none is left, whatever else the labels promise.
func (g *poolGPUs) addTo(allocatable corev1.ResourceList) corev1.ResourceList {
	out := maps.Clone(allocatable)
	if out == nil {
		out = corev1.ResourceList{}
	}
	if len(g.resources) > 0 && g.count != nil {
		if _, listed := out[g.resources[0]]; !listed {
			out[g.resources[0]] = *resource.NewQuantity(int64(*g.count), resource.DecimalSI)
		}
	}
	if g.labels[hardware.LabelGFDReplicas] == "0" {
		delete(out, hardware.ResourceNVIDIAGPU)
	}
	return out
}

// armOnly says whether the GPUs come only with Arm processors.
func (g *poolGPUs) armOnly() bool {
	return g.known && g.model.ARM64Only()
}

// name is what sentences call the GPUs of nodes with a product.
func (g *poolGPUs) name(product string) string {
	name := cmp.Or(product, g.product, g.labeled)
	if name == "" {
		return "of an unknown model"
	}
	return name
}

// resourceIn returns the resource under which a pool gives the GPUs that are asked
// for, and whether it gives any.
func (s *shape) resourceIn(g *poolGPUs) (corev1.ResourceName, bool) {
	switch {
	case len(g.resources) == 0:
		return "", s.no(func() string { return "has no GPUs" })
	case len(s.gpus.listed) == 1 && slices.Contains(g.resources, s.gpus.listed[0]):
		return s.gpus.listed[0], true
	case len(s.gpus.listed) == 1:
		return "", s.no(func() string {
			return fmt.Sprintf("GPUs are counted as %s, not as %s", g.resources[0], s.gpus.listed[0])
		})
	case s.gpus.model != nil && s.gpus.model.MIG != "" && slices.Contains(g.resources, s.gpus.model.Resource()):
		return s.gpus.model.Resource(), true
	case s.gpus.model == nil && hardware.GPUVendor(g.resources[0]) != hardware.NVIDIA:
		return "", s.no(func() string {
			return fmt.Sprintf("GPUs are %s, and a gpuType has to be set for those of other vendors than NVIDIA", g.name(""))
		})
	}
	usual := g.resources[0]
	if s.gpus.model != nil && !s.asksPart && (hardware.CountsMIG(usual) && s.gpus.model.MIG == "" || usual == hardware.ResourceNVIDIAShared && !s.gpus.model.Shared) {
		return "", s.no(func() string { return fmt.Sprintf("GPUs are counted as %s, which is not a whole %s", usual, s.wanted) })
	}
	return usual, true
}

// hasModel says whether a kind of a pool's nodes has the model that is asked for
// under a resource.
func (s *shape) hasModel(g *poolGPUs, k *poolKind, resource corev1.ResourceName) bool {
	if s.gpus.model == nil {
		return true
	}
	key := modelKey{product: k.number, resource: resource}
	is, judged := s.models[key]
	if !judged {
		is = g.isModel(*s.gpus.model, resource, k)
		s.models[key] = is
	}
	return is || s.no(func() string { return fmt.Sprintf("GPU %s is not %s", g.name(k.product), s.wanted) })
}

// isModel says whether a kind of nodes has a model by its product, or by the labels
// where only they tell.
func (g *poolGPUs) isModel(model hardware.GPU, resource corev1.ResourceName, k *poolKind) bool {
	if hardware.GPUVendor(resource) != model.Vendor {
		return false
	}
	model, err := model.Through(resource)
	if err != nil {
		return false
	}
	if gke := g.labels[hardware.LabelGKEAccelerator]; model.GKEName != "" && gke != "" && gke != model.GKEName {
		return false
	}
	if k.product == "" && g.product == "" {
		return g.labelsProve(model, resource)
	}
	return k.known && g.isProduct(model, resource, k.model)
}

// labelsProve says whether the node labels prove the model.
func (g *poolGPUs) labelsProve(model hardware.GPU, resource corev1.ResourceName) bool {
	return slices.ContainsFunc(model.Alternatives(resource, g.labels[model.ProductLabel()]), func(a hardware.Alternative) bool {
		return !slices.ContainsFunc(a, func(r corev1.NodeSelectorRequirement) bool { return !meets(g.labels, r) })
	})
}

// memoryTolerance is the part of a GPU's memory that its driver may keep to
// itself: what is reported differs from what it is sold with.
const memoryTolerance = 0.1

// isProduct says whether what a product says is the model. The memory that was
// observed counts more than what the name of the product leaves open.
func (g *poolGPUs) isProduct(model hardware.GPU, resource corev1.ResourceName, seen hardware.GPU) bool {
	if hardware.CountsMIG(resource) && seen.MIG == "" {
		model.MIG = ""
	}
	if resource == hardware.ResourceNVIDIAShared {
		model.Shared, seen.Shared = false, false
	}
	if model.MemoryGB != 0 && g.memoryMiB != 0 && model.MIG == "" {
		sold := float64(model.MemoryGB) * 1024
		if diff := sold - float64(g.memoryMiB); diff > sold*memoryTolerance || -diff > sold*memoryTolerance {
			return false
		}
		model.MemoryGB = 0
	}
	return model.MatchesRead(seen)
}

// takesParts says whether a kind of a pool's nodes offers whole GPUs, or the user
// asks for slices or shares.
func (s *shape) takesParts(g *poolGPUs, k *poolKind, resource corev1.ResourceName) bool {
	if s.gpus.model != nil || s.asksPart || len(s.gpus.listed) > 0 && s.gpus.listed[0] != hardware.ResourceNVIDIAGPU {
		return true
	}
	switch {
	case hardware.CountsMIG(resource) || k.model.MIG != "" || violates(g.labels, parts[0].without):
		return s.no(func() string { return "GPUs are MIG slices, which serve only who asks for them" })
	case resource == hardware.ResourceNVIDIAShared || k.model.Shared || violates(g.labels, parts[1].without):
		return s.no(func() string { return "GPUs are shared, and serve only who asks for that" })
	}
	return true
}

// violates says whether labels fail one of the requirements.
func violates(labels map[string]string, reqs []corev1.NodeSelectorRequirement) bool {
	return slices.ContainsFunc(reqs, func(r corev1.NodeSelectorRequirement) bool { return !meets(labels, r) })
}

// meets says whether labels meet a requirement of the catalog's, which compares
// no numbers.
func meets(labels map[string]string, r corev1.NodeSelectorRequirement) bool {
	v, ok := labels[r.Key]
	switch r.Operator {
	case corev1.NodeSelectorOpIn:
		return ok && slices.Contains(r.Values, v)
	case corev1.NodeSelectorOpNotIn:
		return !ok || !slices.Contains(r.Values, v)
	case corev1.NodeSelectorOpExists:
		return ok
	case corev1.NodeSelectorOpDoesNotExist:
		return !ok
	default:
		return false
	}
}
