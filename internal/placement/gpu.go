// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/hardware"
)

// A gpuAsk is what a demand says about GPUs, before it is known in which way they
// are given.
type gpuAsk struct {
	// count of GPUs in all.
	count int64
	// model asked for, nil for any.
	model *hardware.GPU
	// listed are the GPU resources that the user's resources ask for.
	listed []corev1.ResourceName
	// pooled says that a pool is known to have them, under the resource listed.
	pooled   bool
	warnings []string
}

// A gpuGrant is how GPUs are given to the Pod.
type gpuGrant struct {
	// resource under which the GPUs are counted; empty where the user's resources
	// say all there is to say.
	resource corev1.ResourceName
	count    int64
	// gpu asked for, nil for any.
	gpu *hardware.GPU
	// vendors whose GPUs the Pod gets.
	vendors  []hardware.Vendor
	warnings []string
}

// askGPUs reads the hardware requirements and the user's resources.
func askGPUs(d Demand) (gpuAsk, error) {
	hw := hardwareOf(d)
	listed, total, err := listedGPUs(d.Resources)
	if err != nil {
		return gpuAsk{}, err
	}
	ask := gpuAsk{listed: listed, count: total, pooled: d.Pool != ""}
	named := strings.TrimSpace(hw.GPUType) != ""
	if !named && hw.GPUCount == nil {
		return ask, nil
	}
	if len(listed) > 1 {
		return gpuAsk{}, fmt.Errorf("%s.limits: asks for GPUs as %s; keep the one that %s is about", pathResources, joinNames(listed), pathGPUType)
	}
	if ask.count, err = countGPUs(hw, listed, total, named); err != nil {
		return gpuAsk{}, err
	}
	if ask.count == 0 {
		if named {
			ask.warnings = []string{fmt.Sprintf("%s: %q is ignored because the number of GPUs is 0", pathGPUType, hw.GPUType)}
		}
		return ask, nil
	}
	if named {
		model, err := hardware.ParseGPU(hw.GPUType)
		if err != nil {
			return gpuAsk{}, fmt.Errorf("%s: %w", pathGPUType, err)
		}
		ask.model = &model
	}
	return ask, nil
}

// countGPUs returns gpuCount, else what the user's resources say, else one for a
// model that is named.
func countGPUs(hw v1alpha1.HardwareRequirements, listed []corev1.ResourceName, total int64, named bool) (int64, error) {
	if hw.GPUCount == nil {
		if len(listed) == 0 && named {
			return 1, nil
		}
		return total, nil
	}
	count := int64(*hw.GPUCount)
	if count < 0 {
		return 0, fmt.Errorf("%s: is %d but must be 0 or more", pathGPUCount, count)
	}
	if len(listed) > 0 && count != total {
		return 0, fmt.Errorf("%s: is %d but %s asks for %d; make them equal or leave one out", pathGPUCount, count, resourcePath("limits", listed[0]), total)
	}
	return count, nil
}

// grant decides under which resource the GPUs are counted. The class is that of
// the Pod, nil for the default.
func (a gpuAsk) grant(tee teePlan, class *hardware.RuntimeClass) (gpuGrant, error) {
	if a.count == 0 {
		return gpuGrant{}, nil
	}
	g := gpuGrant{count: a.count}
	if len(a.listed) > 1 {
		for _, name := range a.listed {
			g.vendors = append(g.vendors, hardware.GPUVendor(name))
		}
		return g, nil
	}
	passed := class != nil && class.PassesGPUs
	g.resource = a.resource(passed)
	g.vendors = []hardware.Vendor{hardware.GPUVendor(g.resource)}
	if err := tee.checkResource(g.resource, passed); err != nil {
		return gpuGrant{}, err
	}
	if a.model == nil {
		return g, nil
	}
	gpu, err := a.model.Through(g.resource)
	if err != nil {
		return gpuGrant{}, fmt.Errorf("%s: %w", a.pathFor(g.resource), err)
	}
	g.gpu = &gpu
	g.warnings = a.warningsFor(g)
	return g, nil
}

// resource returns the resource that the user names, else the one that the GPU is
// counted under by default. GPUs handed through to a VM have their own.
func (a gpuAsk) resource(passed bool) corev1.ResourceName {
	switch {
	case len(a.listed) == 1:
		return a.listed[0]
	case passed:
		return hardware.ResourceNVIDIAPassthrough
	case a.model != nil:
		return a.model.Resource()
	}
	return hardware.ResourceNVIDIAGPU
}

// pathFor returns the path of the field that led to a resource.
func (a gpuAsk) pathFor(resource corev1.ResourceName) string {
	if len(a.listed) > 0 {
		return resourcePath("limits", resource)
	}
	return pathGPUType
}

// alternatives returns the node labels that prove the model, none where any
// model serves. Products are values of its product label that the user named.
func (g gpuGrant) alternatives(products []string) []hardware.Alternative {
	if g.gpu == nil {
		return nil
	}
	return g.gpu.Alternatives(g.resource, products...)
}

// warningsFor returns what the user should know of the way the GPUs are given.
func (a gpuAsk) warningsFor(g gpuGrant) []string {
	var warnings []string
	if g.gpu.Shared && g.count > 1 {
		warnings = append(warnings, fmt.Sprintf("%s: %d shares of a shared GPU may be refused by the node, and are not %d times the compute of one", pathGPUCount, g.count, g.count))
	}
	if g.gpu.MIG != "" && len(a.listed) == 0 {
		warnings = append(warnings, fmt.Sprintf("%s: MIG slices are asked for as %s; where slices are counted as %s, as on GKE, put that in spec.resources.limits", pathGPUType, g.resource, hardware.ResourceNVIDIAGPU))
	}
	if g.resource == hardware.ResourceNVIDIAPassthrough && !a.pooled {
		warnings = append(warnings, fmt.Sprintf("%s: nodes that hand GPUs through to virtual machines have the label %s only where the NVIDIA sandbox device plugin runs with ENABLE_GFD; label the nodes otherwise", pathGPUType, g.gpu.ProductLabel()))
	}
	return warnings
}
