// SPDX-License-Identifier: Apache-2.0

package hardware

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

func TestResources(t *testing.T) {
	type want struct {
		vendor   Vendor
		resource bool
	}
	cases := map[string]struct {
		reason string
		name   string
		want   want
	}{
		"GPU":          {"A whole GPU is one.", "nvidia.com/gpu", want{NVIDIA, true}},
		"Shared":       {"A share is a GPU.", "nvidia.com/gpu.shared", want{NVIDIA, true}},
		"Passthrough":  {"A GPU handed through is one.", "nvidia.com/pgpu", want{NVIDIA, true}},
		"Slice":        {"A slice is a GPU.", "nvidia.com/mig-1g.5gb", want{NVIDIA, true}},
		"SliceLabel":   {"A label about slices is no resource.", "nvidia.com/mig-1g.5gb.product", want{}},
		"SliceConfig":  {"A label about slices is no resource.", "nvidia.com/mig-x", want{}},
		"AMD":          {"AMD has its own.", "amd.com/gpu", want{AMD, true}},
		"AMDPartition": {"A partition is a GPU.", "amd.com/cpx_nps4", want{AMD, true}},
		"AMDOther":     {"Not every name of AMD's is a partition.", "amd.com/abc_nps4", want{}},
		"I915":         {"Intel has one for each kernel driver.", "gpu.intel.com/i915", want{Intel, true}},
		"Xe":           {"Intel has one for each kernel driver.", "gpu.intel.com/xe", want{Intel, true}},
		"NVSwitch":     {"A switch is a resource and no GPU.", "nvidia.com/nvswitch", want{"", true}},
		"EPC":          {"Enclave memory is a resource and no GPU.", "sgx.intel.com/epc", want{"", true}},
		"TDXKeys":      {"TDX keys are a resource and no GPU.", "tdx.intel.com/keys", want{"", true}},
		"Label":        {"The product is a label.", LabelGFDProduct, want{}},
		"Other":        {"Anything else is nothing known.", "intel.sgx.version", want{}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := want{GPUVendor(corev1.ResourceName(tc.name)), IsResource(tc.name)}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\n%q: -want, +got:\n%s", tc.reason, tc.name, diff)
			}
		})
	}
}

func TestTolerations(t *testing.T) {
	sku := corev1.Toleration{Key: "sku", Operator: corev1.TolerationOpEqual, Value: "gpu", Effect: corev1.TaintEffectNoSchedule}
	cases := map[string]struct {
		reason string
		vendor Vendor
		want   []corev1.Toleration
	}{
		"NVIDIA": {"The taint's value differs, so any is tolerated.", NVIDIA, []corev1.Toleration{{Key: "nvidia.com/gpu", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}, sku}},
		"AMD":    {"AMD's key is its resource too.", AMD, []corev1.Toleration{{Key: "amd.com/gpu", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}, sku}},
		"Intel":  {"No usual taint is known.", Intel, nil},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, GPUTolerations(tc.vendor)); diff != "" {
				t.Errorf("\n%s\nGPUTolerations(%q): -want, +got:\n%s", tc.reason, tc.vendor, diff)
			}
		})
	}
	arm := corev1.Toleration{Key: "kubernetes.io/arch", Operator: corev1.TolerationOpEqual, Value: "arm64", Effect: corev1.TaintEffectNoSchedule}
	if diff := cmp.Diff(arm, ARM64Toleration()); diff != "" {
		t.Errorf("ARM64Toleration(): -want, +got:\n%s", diff)
	}
}
