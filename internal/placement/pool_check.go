// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/hardware"
)

// contradiction says what in a pool cannot be true together; empty where all can.
func (p *pool) contradiction(spec *v1alpha1.HardwarePoolSpec) string {
	for _, key := range sortedKeys(spec.NodeSelector) {
		if v, ok := spec.Labels[key]; ok && v != spec.NodeSelector[key] {
			return fmt.Sprintf("spec.labels[%s]: is %q, but spec.nodeSelector has %q", key, v, spec.NodeSelector[key])
		}
	}
	if arch := spec.NodeSelector[hardware.LabelArch]; arch != "" && spec.Architecture != "" && arch != spec.Architecture {
		return fmt.Sprintf("spec.architecture: is %q, but spec.nodeSelector[%s] is %q", spec.Architecture, hardware.LabelArch, arch)
	}
	product := p.gpus.model
	if !p.gpus.known || len(p.gpus.resources) == 0 {
		return ""
	}
	usual := p.gpus.resources[0]
	if v := hardware.GPUVendor(usual); v != "" && v != product.Vendor {
		return fmt.Sprintf("spec.gpu: %s is made by %s, but %s counts GPUs of %s", p.gpus.name(""), product.Vendor, usual, v)
	}
	if arch := p.node.Labels[hardware.LabelArch]; product.ARM64Only() && arch != hardware.ArchARM64 {
		return fmt.Sprintf("spec.gpu.product: %s comes only with Arm processors, but the nodes are %s, not %s", p.gpus.name(""), arch, hardware.ArchARM64)
	}
	if slice := corev1.ResourceName(hardware.MIGPrefix + product.MIG); product.MIG != "" {
		product.MIG = ""
		if _, err := product.Through(slice); err != nil {
			return "spec.gpu.product: " + err.Error()
		}
	}
	return ""
}
