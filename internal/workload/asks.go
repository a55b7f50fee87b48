// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// Asks says in one clause what a Performer asks of a node, as its spec says it,
// so that a reader can compare it with what the scheduler found.
func Asks(p *v1alpha1.Performer) string {
	var asks []string
	if hw := p.Spec.HardwareRequirements; hw != nil {
		asks = append(asks, hardwareAsks(*hw)...)
	}
	if s := p.Spec.Scheduling; s != nil {
		asks = append(asks, labels(s.NodeSelector)...)
		if s.RuntimeClass != nil && *s.RuntimeClass != "" {
			asks = append(asks, "runtime class "+*s.RuntimeClass)
		}
	}
	if len(asks) == 0 {
		return "it asks for no particular hardware"
	}
	return "it asks for " + strings.Join(asks, ", ")
}

func hardwareAsks(hw v1alpha1.HardwareRequirements) []string {
	var asks []string
	count := "1 GPU"
	if hw.GPUCount != nil && *hw.GPUCount != 1 {
		count = fmt.Sprintf("%d GPUs", *hw.GPUCount)
	}
	switch {
	case hw.GPUType != "":
		asks = append(asks, fmt.Sprintf("%s of type %s", count, hw.GPUType))
	case hw.GPUCount != nil && *hw.GPUCount > 0:
		asks = append(asks, count+" of any type")
	}
	switch {
	case hw.TEEType != "":
		asks = append(asks, "TEE "+hw.TEEType)
	case hw.TEERequired != nil && *hw.TEERequired:
		asks = append(asks, "any TEE")
	}
	return append(asks, labels(hw.CustomLabels)...)
}

func labels(m map[string]string) []string {
	out := make([]string, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, fmt.Sprintf("node label %s=%s", k, m[k]))
	}
	return out
}
