// SPDX-License-Identifier: Apache-2.0

package hardware

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestReadProduct(t *testing.T) {
	cases := map[string]struct {
		reason  string
		product string
		want    GPU
		known   bool
	}{
		"Label":   {reason: "A node label is read as it is.", product: "NVIDIA-A100-SXM4-80GB", want: GPU{Vendor: NVIDIA, Model: "a100", MemoryGB: 80, Form: "sxm"}, known: true},
		"Slice":   {reason: "So is one of a slice.", product: "NVIDIA-A100-SXM4-40GB-MIG-1g.5gb", want: GPU{Vendor: NVIDIA, Model: "a100", MemoryGB: 40, Form: "sxm", MIG: "1g.5gb"}, known: true},
		"Variant": {reason: "A variant that the catalog does not have is one of the model all the same.", product: "NVIDIA-A100-SXM4-96GB", want: GPU{Vendor: NVIDIA, Model: "a100", MemoryGB: 96, Form: "sxm"}, known: true},
		"Unknown": {reason: "A model that is not in the catalog is not known.", product: "NVIDIA-Z9"},
		"Empty":   {reason: "No product is no model."},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, known := ReadProduct(tc.product)
			if diff := cmp.Diff(tc.want, got); diff != "" || known != tc.known {
				t.Errorf("\n%s\nReadProduct(%q): want known %t, got %t, -want, +got:\n%s", tc.reason, tc.product, tc.known, known, diff)
			}
		})
	}
}

func TestGPULabel(t *testing.T) {
	cases := map[string]struct {
		reason       string
		labels       map[string]string
		key, product string
	}{
		"Observed": {reason: "What was observed comes before what a provisioner promises.", labels: map[string]string{LabelGKEAccelerator: "nvidia-l4", LabelGFDProduct: "NVIDIA-L4"}, key: LabelGFDProduct, product: "NVIDIA-L4"},
		"Promised": {reason: "A promise is better than nothing.", labels: map[string]string{LabelGKEAccelerator: "nvidia-l4"}, key: LabelGKEAccelerator, product: "nvidia-l4"},
		"None":     {reason: "Other labels tell no model.", labels: map[string]string{"kubernetes.azure.com/accelerator": "nvidia"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			key, product := GPULabel(tc.labels)
			if diff := cmp.Diff([]string{tc.key, tc.product}, []string{key, product}); diff != "" {
				t.Errorf("\n%s\nGPULabel(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestKindOfTaint(t *testing.T) {
	cases := map[string]struct {
		taint corev1.Taint
		want  TaintKind
	}{
		"GPU":        {taint: corev1.Taint{Key: "nvidia.com/gpu", Value: "present"}, want: GPUTaint},
		"AMDGPU":     {taint: corev1.Taint{Key: "amd.com/gpu"}, want: GPUTaint},
		"AKS":        {taint: corev1.Taint{Key: "sku", Value: "gpu"}, want: GPUTaint},
		"OtherSKU":   {taint: corev1.Taint{Key: "sku", Value: "cheap"}, want: DedicatedTaint},
		"Arch":       {taint: corev1.Taint{Key: LabelArch, Value: ArchARM64}, want: ArchTaint},
		"Kata":       {taint: corev1.Taint{Key: "katacontainers.io/kata-runtime"}, want: StartupTaint},
		"Autoscaler": {taint: corev1.Taint{Key: "startup-taint.cluster-autoscaler.kubernetes.io/driver"}, want: StartupTaint},
		"NotReady":   {taint: corev1.Taint{Key: "node.kubernetes.io/not-ready"}, want: LifecycleTaint},
		"Control":    {taint: corev1.Taint{Key: "node-role.kubernetes.io/control-plane"}, want: LifecycleTaint},
		"Own":        {taint: corev1.Taint{Key: "dedicated", Value: "avs"}, want: DedicatedTaint},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, KindOfTaint(tc.taint)); diff != "" {
				t.Errorf("KindOfTaint(%v): -want, +got:\n%s", tc.taint, diff)
			}
		})
	}
}

func TestStandardClass(t *testing.T) {
	overhead := &nodev1.Overhead{PodFixed: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1"), corev1.ResourceMemory: resource.MustParse("10240Mi")}}
	cases := map[string]struct {
		reason  string
		class   string
		selects bool
		want    nodev1.RuntimeClass
	}{
		"Kata":     {reason: "A class of Kata's has its overhead.", class: "kata-qemu-nvidia-gpu-tdx", want: nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: "kata-qemu-nvidia-gpu-tdx"}, Handler: "kata-qemu-nvidia-gpu-tdx", Overhead: overhead}},
		"Selects":  {reason: "And selects nodes where Kata is installed.", class: "kata-qemu-nvidia-gpu-tdx", selects: true, want: nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: "kata-qemu-nvidia-gpu-tdx"}, Handler: "kata-qemu-nvidia-gpu-tdx", Overhead: overhead, Scheduling: &nodev1.Scheduling{NodeSelector: map[string]string{"katacontainers.io/kata-runtime": "true"}}}},
		"Unlisted": {reason: "Of other classes nothing is known.", class: "gvisor", selects: true, want: nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: "gvisor"}, Handler: "gvisor"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, StandardClass(tc.class, tc.selects)); diff != "" {
				t.Errorf("\n%s\nStandardClass(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestTEEKeys(t *testing.T) {
	got := map[TEE]corev1.ResourceName{}
	for _, tee := range TEEs() {
		got[tee] = TEEKeys(tee)
	}
	want := map[TEE]corev1.ResourceName{SGX: "", SEV: "", SEVSNP: "sev-snp.amd.com/esids", TDX: "tdx.intel.com/keys"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("only virtual machines of the Pod's own take a key of the host: -want, +got:\n%s", diff)
	}
}

func TestCountsMIG(t *testing.T) {
	for name, want := range map[corev1.ResourceName]bool{"nvidia.com/mig-1g.5gb": true, ResourceNVIDIAGPU: false, "nvidia.com/mig-large": false} {
		if got := CountsMIG(name); got != want {
			t.Errorf("CountsMIG(%s): want %t, got %t", name, want, got)
		}
	}
}
