// SPDX-License-Identifier: Apache-2.0

package hardware

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

func TestAlternatives(t *testing.T) {
	wholeGKE := func(values ...string) Alternative {
		return Alternative{in(LabelGKEAccelerator, values...), absent(LabelGKEPartition), absent(LabelGKESharing)}
	}
	notFraction := notIn(LabelKarpenterAWSGPUCount, "0")
	a100s := []string{
		"A100-PCIE-40GB", "A100-SXM4-40GB", "A100-SXM4-80GB",
		"NVIDIA-A100-80GB-PCIe", "NVIDIA-A100-PCIE-40GB", "NVIDIA-A100-SXM4-40GB", "NVIDIA-A100-SXM4-80GB",
	}
	suffixed := func(suffix string) []string {
		var out []string
		for _, p := range a100s {
			out = append(out, p+suffix)
		}
		return out
	}
	anyA100 := []Alternative{
		{in(LabelGFDProduct, a100s...)},
		wholeGKE("nvidia-a100-80gb", "nvidia-tesla-a100"),
		{in(LabelKarpenterAWSGPU, "a100"), notFraction},
		{in(LabelEKSAccelerator, "nvidia-tesla-a100")},
		{in(LabelKarpenterAzureGPU, "A100")},
	}
	cases := map[string]struct {
		reason   string
		gpu      string
		resource corev1.ResourceName
		products []string
		want     []Alternative
	}{
		"AnyA100": {"Each scheme is an alternative, and each has its own spelling.", "nvidia-a100", ResourceNVIDIAGPU, nil, anyA100},
		"GKEName": {"The legacy name is 40 GB on GKE only.", "nvidia-tesla-a100", ResourceNVIDIAGPU, nil, []Alternative{
			anyA100[0], wholeGKE("nvidia-tesla-a100"), anyA100[2], anyA100[3], anyA100[4],
		}},
		"A10080GB": {"Schemes that cannot tell the memory are no proof, and Karpenter needs a second label.", "a100-80gb", ResourceNVIDIAGPU, nil, []Alternative{
			{in(LabelGFDProduct, "A100-SXM4-80GB", "NVIDIA-A100-80GB-PCIe", "NVIDIA-A100-SXM4-80GB")},
			wholeGKE("nvidia-a100-80gb"),
			{in(LabelKarpenterAWSGPU, "a100"), notFraction, in(LabelKarpenterAWSGPUMemory, "81920")},
		}},
		"V10032GB": {"GKE has no V100 of 32 GB.", "v100-32gb", ResourceNVIDIAGPU, nil, []Alternative{
			{in(LabelGFDProduct, "Tesla-V100-PCIE-32GB", "Tesla-V100-SXM2-32GB")},
			{in(LabelKarpenterAWSGPU, "v100"), notFraction, in(LabelKarpenterAWSGPUMemory, "32768")},
		}},
		"T416GB": {"Where a name has one memory, the name is proof of it.", "t4-16gb", ResourceNVIDIAGPU, nil, []Alternative{
			{in(LabelGFDProduct, "Tesla-T4")},
			wholeGKE("nvidia-tesla-t4"),
			{in(LabelKarpenterAWSGPU, "t4"), notFraction},
			{in(LabelEKSAccelerator, "nvidia-tesla-t4")},
			{in(LabelKarpenterAzureGPU, "T4")},
		}},
		"Mega": {"Only GKE tells A3 Mega apart.", "h100-mega", ResourceNVIDIAGPU, nil, []Alternative{wholeGKE("nvidia-h100-mega-80gb")}},
		"A10":  {"Azure's A10 may be a fraction, so its label is no proof.", "a10", ResourceNVIDIAGPU, nil, []Alternative{{in(LabelGFDProduct, "NVIDIA-A10")}}},
		"SliceMixed": {"Under the mixed strategy the profile has a product label of its own.", "a100-mig-1g.5gb", "nvidia.com/mig-1g.5gb", nil, []Alternative{
			{in("nvidia.com/mig-1g.5gb.product", suffixed("-MIG-1g.5gb")...)},
		}},
		"SliceSingle": {"Under the single strategy, and on GKE, slices are counted as GPUs.", "a100-mig-1g.5gb", ResourceNVIDIAGPU, nil, []Alternative{
			{in(LabelGFDProduct, suffixed("-MIG-1g.5gb")...)},
			{in(LabelGKEAccelerator, "nvidia-a100-80gb", "nvidia-tesla-a100"), in(LabelGKEPartition, "1g.5gb"), absent(LabelGKESharing)},
		}},
		"Share": {"A share has a suffix, and a label of its own on GKE.", "a10g-shared", ResourceNVIDIAGPU, nil, []Alternative{{in(LabelGFDProduct, "NVIDIA-A10G-SHARED")}}},
		"ShareGKE": {"A share has a label of its own on GKE.", "l4-shared", ResourceNVIDIAGPU, nil, []Alternative{
			{in(LabelGFDProduct, "NVIDIA-L4-SHARED")},
			{in(LabelGKEAccelerator, "nvidia-l4"), absent(LabelGKEPartition), exists(LabelGKESharing)},
		}},
		"ShareRenamed": {"Where the resource is renamed the product is not.", "l40-shared", ResourceNVIDIAShared, nil, []Alternative{{in(LabelGFDProduct, "NVIDIA-L40")}}},
		"SeenProduct": {"A product that was seen and matches is accepted, others are not.", "l40", ResourceNVIDIAGPU, []string{"NVIDIA-L40-48GB", "NVIDIA-L40S", "NVIDIA-L40"}, []Alternative{
			{in(LabelGFDProduct, "NVIDIA-L40", "NVIDIA-L40-48GB")},
		}},
		"SeenMega": {"A product that was seen can be the only one.", "h100-mega", ResourceNVIDIAGPU, []string{"NVIDIA-H100-Mega"}, []Alternative{
			{in(LabelGFDProduct, "NVIDIA-H100-Mega")}, wholeGKE("nvidia-h100-mega-80gb"),
		}},
		"MI300X": {"AMD's node labels tell a product and a device id.", "mi300x", ResourceAMDGPU, nil, []Alternative{
			{in(LabelAMDProduct, "AMD_Instinct_MI300X_OAM", "AMD_Instinct_MI300X_VF", "Instinct_MI300X")},
			{in(LabelAMDDevice, "74a1", "74b5")},
		}},
		"MI250": {"The device id is there where the name has a slash.", "mi250", ResourceAMDGPU, nil, []Alternative{
			{in(LabelAMDProduct, "AMD_Instinct_MI250X")},
			{in(LabelAMDDevice, "7408", "740c")},
		}},
		"Flex140": {"Intel has one scheme.", "flex-140", ResourceIntelI915, nil, []Alternative{{in(LabelIntelProduct, "Flex_140")}}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := mustGPU(t, tc.gpu).Alternatives(tc.resource, tc.products...)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nAlternatives(%q): -want, +got:\n%s", tc.reason, tc.resource, diff)
			}
		})
	}
}

func TestCatalogIsConsistent(t *testing.T) {
	seen := map[string]string{}
	for _, m := range gpuModels {
		for _, name := range m.names {
			if other, ok := seen[name]; ok {
				t.Errorf("%s and %s are both called %q", other, m.name(), name)
			}
			seen[name] = m.name()
			if got := mustGPU(t, name); got.Model != m.name() || got.Vendor != m.vendor || got.String() != m.name() {
				t.Errorf("the name %q is read as %+v", name, got)
			}
		}
		for _, l := range m.labels {
			if errs := validation.IsValidLabelValue(l.value); len(errs) > 0 {
				t.Errorf("%s: %q cannot be a label value: %v", m.name(), l.value, errs)
			}
			if l.key == LabelAMDDevice {
				continue
			}
			if n, err := readGPUName(l.value); err != nil || n.model.name() != m.name() {
				t.Errorf("%s: value %q of %s is read as %q, %v", m.name(), l.value, l.key, n.model.names, err)
			}
			if l.key == productLabel(m.vendor) && !mustGPU(t, m.name()).Matches(l.value) {
				t.Errorf("%s does not match its own product %q", m.name(), l.value)
			}
		}
	}
}

func TestNoLabelValueProvesTwoModels(t *testing.T) {
	owner := map[string]string{}
	for _, m := range gpuModels {
		for _, a := range mustGPU(t, m.name()).Alternatives(mustGPU(t, m.name()).Resource()) {
			for _, v := range a[0].Values {
				key := a[0].Key + "=" + v
				if other, ok := owner[key]; ok {
					t.Errorf("%s proves both %s and %s", key, other, m.name())
				}
				owner[key] = m.name()
			}
			if a[0].Key == "kubernetes.azure.com/accelerator" {
				t.Errorf("%s: AKS's vendor label proves no model", m.name())
			}
			if !slices.IsSorted(a[0].Values) {
				t.Errorf("%s: values of %s are not sorted: %v", m.name(), a[0].Key, a[0].Values)
			}
		}
	}
}

func TestModelLists(t *testing.T) {
	want := []string{
		"a10", "a10g", "a100", "b200", "b300", "gb200", "gb300", "rtx-pro-6000", "gh200", "h100", "h200",
		"l4", "l40", "l40s", "p100", "t4", "t4g", "v100",
		"mi250", "mi300x", "mi325x", "mi355x", "flex-140", "flex-170", "max-1100", "max-1550",
	}
	if diff := cmp.Diff(want, GPUModels()); diff != "" {
		t.Errorf("GPUModels(): -want, +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"b200", "b300", "rtx-pro-6000", "h100", "h200"}, ConfidentialGPUModels()); diff != "" {
		t.Errorf("ConfidentialGPUModels(): -want, +got:\n%s", diff)
	}
	// A GPU that no one parsed is of no known model, and has no traits.
	if g := (GPU{Model: "other"}); g.ARM64Only() || g.Confidential() || g.Alternatives(ResourceNVIDIAGPU) != nil {
		t.Errorf("an unknown model has traits: %+v", g)
	}
}
