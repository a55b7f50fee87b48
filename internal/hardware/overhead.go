// SPDX-License-Identifier: Apache-2.0

package hardware

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// overheads are what the virtual machine of a Pod takes beside its containers, by
// the name of the RuntimeClass. Sources: Kata Containers' kata-deploy chart
// (runtimeclasses.yaml) and openshift/sandboxed-containers-operator for kata-cc.
var overheads = []struct {
	classes     []string
	cpu, memory string
}{
	{[]string{"kata-qemu-tdx", "kata-qemu-tdx-runtime-rs", "kata-qemu-snp", "kata-qemu-snp-runtime-rs"}, "1", "2048Mi"},
	{[]string{
		"kata-qemu-nvidia-gpu-tdx", "kata-qemu-nvidia-gpu-tdx-runtime-rs", "kata-qemu-nvidia-gpu-snp", "kata-qemu-nvidia-gpu-snp-runtime-rs",
		"kata-qemu-nvidia-gpu", "kata-qemu-nvidia-gpu-runtime-rs",
	}, "1", "10240Mi"},
	{[]string{"kata-qemu", "kata-qemu-runtime-rs", "kata-qemu-nvidia-cpu"}, "250m", "320Mi"},
	{[]string{"kata-clh"}, "250m", "130Mi"},
	{[]string{"kata-remote"}, "250m", "120Mi"},
	{[]string{"kata-cc"}, "250m", "350Mi"},
}

// TEEKeys returns the resource of which a confidential virtual machine takes one,
// where nodes have it: kata-deploy then puts it into the overhead of the TEE's
// classes. It is empty for other TEEs. Source: Kata Containers' kata-deploy chart
// (node-feature-rules.yaml, runtimeclasses.yaml).
func TEEKeys(t TEE) corev1.ResourceName {
	switch t {
	case TDX:
		return "tdx.intel.com/keys"
	case SEVSNP:
		return "sev-snp.amd.com/esids"
	default:
		return ""
	}
}

// kataLabel is on nodes where kata-deploy has installed its runtimes. Source: Kata
// Containers' kata-deploy chart.
const kataLabel = "katacontainers.io/kata-runtime"

// StandardClass returns the RuntimeClass that the installer of a name makes, as
// far as the catalog knows: the handler of the same name, the overhead, and, where
// selects is true, the node selector of kata-deploy.
func StandardClass(name string, selects bool) nodev1.RuntimeClass {
	c := nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: name}, Handler: name}
	for _, o := range overheads {
		if !slices.Contains(o.classes, name) {
			continue
		}
		c.Overhead = &nodev1.Overhead{PodFixed: corev1.ResourceList{
			corev1.ResourceCPU:    resource.MustParse(o.cpu),
			corev1.ResourceMemory: resource.MustParse(o.memory),
		}}
		if selects {
			c.Scheduling = &nodev1.Scheduling{NodeSelector: map[string]string{kataLabel: "true"}}
		}
	}
	return c
}
