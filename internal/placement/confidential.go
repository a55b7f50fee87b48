// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/internal/hardware"
)

// wholeNode is the number of GPUs of a node with the models that can be
// confidential. One confidential virtual machine gets one GPU or all of a node.
// Source: NVIDIA "Confidential Containers", supported-platforms.
const wholeNode = 8

// checkGPUs refuses GPUs that a virtual machine's TEE cannot include.
func (p teePlan) checkGPUs(ask gpuAsk) error {
	if ask.count == 0 {
		return nil
	}
	models := strings.Join(hardware.ConfidentialGPUModels(), ", ")
	switch {
	case slices.Equal(p.tees, []hardware.TEE{hardware.SEV}):
		return fmt.Errorf("%s: sev cannot include GPUs; use %s or %s", pathTEEType, hardware.SEVSNP, hardware.TDX)
	case len(ask.listed) > 1:
		return fmt.Errorf("%s.limits: asks for GPUs as %s, but a confidential workload gets one kind", pathResources, joinNames(ask.listed))
	case ask.model != nil && !ask.model.Confidential():
		return fmt.Errorf("%s: %s has no confidential mode, so %s cannot include it; models that have one are %s", pathGPUType, ask.model, joinNames(p.tees), models)
	case ask.model == nil && (p.mode == inNodeVM || ask.count > 1):
		return fmt.Errorf("%s: must be set, because only some GPUs have a confidential mode; it may be %s", pathGPUType, models)
	case ask.model == nil && ask.listedBy(hardware.AMD, hardware.Intel):
		return fmt.Errorf("%s: no GPU of that kind has a confidential mode; models that have one are %s", resourcePath("limits", ask.listed[0]), models)
	case p.mode == inPodVM && ask.count != 1 && ask.count != wholeNode:
		return fmt.Errorf("%s: is %d, but one confidential virtual machine gets 1 GPU or all %d of a node", pathGPUCount, ask.count, wholeNode)
	}
	return nil
}

// gpuMode returns what keeps the Pod off nodes inside a TEE whose GPUs are known
// not to be in confidential mode. Clouds that give such nodes only confidential
// GPUs do not label them, so a node without the label serves.
func (p teePlan) gpuMode(grant gpuGrant) []hardware.Alternative {
	if p.mode != inNodeVM || grant.count == 0 {
		return nil
	}
	return []hardware.Alternative{{{Key: hardware.LabelConfidentialGPUReady, Operator: corev1.NodeSelectorOpNotIn, Values: []string{"false"}}}}
}

// listedBy says whether the user's resources ask for a GPU of one of the vendors.
func (a gpuAsk) listedBy(vendors ...hardware.Vendor) bool {
	return len(a.listed) > 0 && slices.Contains(vendors, hardware.GPUVendor(a.listed[0]))
}
