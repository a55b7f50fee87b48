// SPDX-License-Identifier: Apache-2.0

package hardware

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

func TestParseGPU(t *testing.T) {
	type want struct {
		gpu GPU
		err string
	}
	cases := map[string]struct {
		reason string
		name   string
		want   want
	}{
		"TeslaV100":   {"The reference's spelling has a vendor and a series.", "nvidia-tesla-v100", want{gpu: GPU{Vendor: NVIDIA, Model: "v100"}}},
		"UpperCase":   {"Case does not matter.", "V100", want{gpu: GPU{Vendor: NVIDIA, Model: "v100"}}},
		"Space":       {"A space separates words.", "NVIDIA A100", want{gpu: GPU{Vendor: NVIDIA, Model: "a100"}}},
		"Underscore":  {"An underscore separates words.", "nvidia_a100", want{gpu: GPU{Vendor: NVIDIA, Model: "a100"}}},
		"Spaces":      {"Space around the name is nothing.", "  a100  ", want{gpu: GPU{Vendor: NVIDIA, Model: "a100"}}},
		"Brackets":    {"People write the memory in brackets.", "A100 (80GB)", want{gpu: GPU{Vendor: NVIDIA, Model: "a100", MemoryGB: 80}}},
		"Memory":      {"Memory is a facet of its own.", "a100-80gb", want{gpu: GPU{Vendor: NVIDIA, Model: "a100", MemoryGB: 80}}},
		"GKEA100":     {"GKE's legacy name means 40 GB to GKE and any A100 to others.", "nvidia-tesla-a100", want{gpu: GPU{Vendor: NVIDIA, Model: "a100", GKEName: "nvidia-tesla-a100"}}},
		"GKEA100Case": {"GKE's legacy name is recognized in any case.", "NVIDIA_Tesla_A100", want{gpu: GPU{Vendor: NVIDIA, Model: "a100", GKEName: "nvidia-tesla-a100"}}},
		"TeslaA100":   {"Without the vendor it is not GKE's name.", "tesla-a100", want{gpu: GPU{Vendor: NVIDIA, Model: "a100"}}},
		"TeslaA10080": {"With a memory it is not GKE's name.", "nvidia-tesla-a100-80gb", want{gpu: GPU{Vendor: NVIDIA, Model: "a100", MemoryGB: 80}}},
		"GFDValue":    {"A value of GFD's label is a name too.", "NVIDIA-A100-SXM4-40GB", want{gpu: GPU{Vendor: NVIDIA, Model: "a100", MemoryGB: 40, Form: "sxm"}}},
		"MIG":         {"A slice is a facet.", "NVIDIA-A100-SXM4-40GB-MIG-1g.5gb", want{gpu: GPU{Vendor: NVIDIA, Model: "a100", MemoryGB: 40, Form: "sxm", MIG: "1g.5gb"}}},
		"MIGPlus":     {"The plus of a profile is a dot in labels.", "a100-mig-1g.5gb+me", want{gpu: GPU{Vendor: NVIDIA, Model: "a100", MIG: "1g.5gb.me"}}},
		"MIGBare":     {"A profile cannot be anything else, so the word mig may be left out.", "h100-1g.10gb", want{gpu: GPU{Vendor: NVIDIA, Model: "h100", MIG: "1g.10gb"}}},
		"MIGShared":   {"A slice can be shared.", "a100-mig-1g.5gb-shared", want{gpu: GPU{Vendor: NVIDIA, Model: "a100", MIG: "1g.5gb", Shared: true}}},
		"Shared":      {"A share is a facet.", "NVIDIA-A10G-SHARED", want{gpu: GPU{Vendor: NVIDIA, Model: "a10g", Shared: true}}},
		"L4":          {"An L4 is not an L40.", "l4", want{gpu: GPU{Vendor: NVIDIA, Model: "l4"}}},
		"L40":         {"An L40 is not an L4.", "l40", want{gpu: GPU{Vendor: NVIDIA, Model: "l40"}}},
		"L40S":        {"An L40S is not an L40.", "nvidia-l40s", want{gpu: GPU{Vendor: NVIDIA, Model: "l40s"}}},
		"A10":         {"An A10 is not an A100.", "a10", want{gpu: GPU{Vendor: NVIDIA, Model: "a10"}}},
		"A10G":        {"An A10G is not an A10.", "A10G", want{gpu: GPU{Vendor: NVIDIA, Model: "a10g"}}},
		"T4":          {"A T4 is not a T4G.", "t4", want{gpu: GPU{Vendor: NVIDIA, Model: "t4"}}},
		"T4G":         {"A T4G is not a T4.", "t4g", want{gpu: GPU{Vendor: NVIDIA, Model: "t4g"}}},
		"H100NVL":     {"A form factor is a facet.", "h100-nvl", want{gpu: GPU{Vendor: NVIDIA, Model: "h100", Form: "nvl"}}},
		"H100Mega":    {"Only GKE tells A3 Mega apart.", "nvidia-h100-mega-80gb", want{gpu: GPU{Vendor: NVIDIA, Model: "h100", MemoryGB: 80, Form: "mega"}}},
		"H200":        {"An H200 is not a GH200.", "nvidia-h200-141gb", want{gpu: GPU{Vendor: NVIDIA, Model: "h200", MemoryGB: 141}}},
		"GH200":       {"The 480 GB of a GH200 are not its GPU's.", "NVIDIA-GH200-480GB", want{gpu: GPU{Vendor: NVIDIA, Model: "gh200"}}},
		"GH200144":    {"The memory of a GH200's GPU may be named.", "gh200-144gb", want{gpu: GPU{Vendor: NVIDIA, Model: "gh200", MemoryGB: 144}}},
		"B200":        {"A B200 is not a GB200.", "b200", want{gpu: GPU{Vendor: NVIDIA, Model: "b200"}}},
		"B300":        {"The product value of a B300 ends in a word that says nothing.", "NVIDIA-B300-SXM6-AC", want{gpu: GPU{Vendor: NVIDIA, Model: "b300", Form: "sxm"}}},
		"GB200":       {"A GB200 is not a B200.", "gb200", want{gpu: GPU{Vendor: NVIDIA, Model: "gb200"}}},
		"GB300":       {"A GB300 is a model.", "gb300", want{gpu: GPU{Vendor: NVIDIA, Model: "gb300"}}},
		"P100":        {"A P100 is a model.", "nvidia-tesla-p100", want{gpu: GPU{Vendor: NVIDIA, Model: "p100"}}},
		"RTXPRO":      {"A name may have several words.", "RTX PRO 6000", want{gpu: GPU{Vendor: NVIDIA, Model: "rtx-pro-6000"}}},
		"RTXPROAWS":   {"The longest name that fits is taken.", "rtx-pro-server-6000", want{gpu: GPU{Vendor: NVIDIA, Model: "rtx-pro-6000"}}},
		"RTXPROGFD":   {"Words of the product that say nothing are skipped.", "NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition", want{gpu: GPU{Vendor: NVIDIA, Model: "rtx-pro-6000"}}},
		"MI250X":      {"MI250 and MI250X share a device id.", "mi250x", want{gpu: GPU{Vendor: AMD, Model: "mi250"}}},
		"MI300X":      {"AMD's names have the vendor too.", "amd-mi300x", want{gpu: GPU{Vendor: AMD, Model: "mi300x"}}},
		"MI325":       {"The driver leaves the X out.", "AMD_Instinct_MI325_OAM", want{gpu: GPU{Vendor: AMD, Model: "mi325x", Form: "oam"}}},
		"MI355X":      {"An MI355X is a model.", "MI355X", want{gpu: GPU{Vendor: AMD, Model: "mi355x"}}},
		"Flex":        {"Intel's names have two words.", "Intel Data Center GPU Flex 170", want{gpu: GPU{Vendor: Intel, Model: "flex-170"}}},
		"Max":         {"Intel's product values have an underscore.", "Max_1550", want{gpu: GPU{Vendor: Intel, Model: "max-1550"}}},

		"Empty":        {"No name is no model.", "", want{err: `"" is not a known GPU model; known models are a10, a10g, a100,`}},
		"Vendor":       {"A vendor is no model.", "nvidia", want{err: `"nvidia" is not a known GPU model`}},
		"JustGPU":      {"The word GPU is no model.", "gpu", want{err: `"gpu" is not a known GPU model`}},
		"LongerModel":  {"h1000 is not an h100.", "h1000", want{err: `"h1000" is not a known GPU model`}},
		"MI300A":       {"An MI300A is not an MI300X.", "mi300a", want{err: "is not a known GPU model"}},
		"WrongVendor":  {"AMD makes no A100.", "amd-a100", want{err: "is not a known GPU model"}},
		"OtherWord":    {"A word that says nothing known is not skipped.", "a100-turbo", want{err: `"a100-turbo" has "turbo", which says nothing known about the GPU model a100; known variants are a100, a100-pcie-40gb`}},
		"TwoModels":    {"Two models are none.", "a100 h100", want{err: `has "h100"`}},
		"TwoMemories":  {"Two memories are none.", "a100-40gb-80gb", want{err: `has "80gb"`}},
		"TwoForms":     {"Two form factors are none.", "a100-sxm-pcie", want{err: `has "pcie"`}},
		"SharedTwice":  {"A share of a share is none.", "a100-shared-shared", want{err: `has "shared"`}},
		"MIGInvalid":   {"The plugin's mark of a bad configuration is no slice.", "NVIDIA-A100-SXM4-40GB-MIG-INVALID", want{err: `has "mig"`}},
		"MIGNot":       {"A V100 cannot be sliced.", "v100-mig-1g.5gb", want{err: `"v100-mig-1g.5gb" asks for a MIG slice, but a GPU of the model v100 cannot be sliced`}},
		"NoSuchMemory": {"Nobody makes a V100 with 80 GB.", "v100-80gb", want{err: `"v100-80gb" is not a known variant of the GPU model v100; known variants are v100, v100-pcie-16gb, v100-pcie-32gb, v100-sxm-16gb, v100-sxm-32gb`}},
		"ZeroMemory":   {"No memory is not any memory.", "a100-0gb", want{err: `has "0gb"`}},
		"VGPU":         {"A vGPU profile is not a whole GPU.", "GRID-A100-10C", want{err: `has "10c"`}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := ParseGPU(tc.name)
			if diff := cmp.Diff(tc.want.gpu, got); diff != "" {
				t.Errorf("\n%s\nParseGPU(%q): -want, +got:\n%s", tc.reason, tc.name, diff)
			}
			checkError(t, tc.reason, tc.want.err, err)
		})
	}
}

// checkError fails unless the error contains the text, or is nil where that is
// empty.
func checkError(t *testing.T, reason, want string, err error) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("\n%s\nwant no error, got: %v", reason, err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("\n%s\nwant error with %q, got: %v", reason, want, err)
	}
}

func TestMatches(t *testing.T) {
	cases := map[string]struct {
		reason  string
		gpu     string
		product string
		want    bool
	}{
		"SameModel":          {"A product of the model matches.", "a100", "NVIDIA-A100-SXM4-40GB", true},
		"OlderDriver":        {"Older drivers leave the vendor out.", "nvidia-a100", "A100-SXM4-40GB", true},
		"OtherCase":          {"Labels that people set may be in any case.", "t4", "TESLA-T4", true},
		"NVIDIAT4":           {"Pools are declared with the vendor's name too.", "t4", "NVIDIA-T4", true},
		"L40IsNoL4":          {"Models are compared as whole words.", "l4", "NVIDIA-L40", false},
		"L40SIsNoL40":        {"Models are compared as whole words.", "l40", "NVIDIA-L40S", false},
		"GH200IsNoH200":      {"Models are compared as whole words.", "h200", "NVIDIA-GH200-480GB", false},
		"GB200IsNoB200":      {"Models are compared as whole words.", "b200", "NVIDIA-GB200", false},
		"A10GIsNoA10":        {"Models are compared as whole words.", "a10", "NVIDIA-A10G", false},
		"T4GIsNoT4":          {"Models are compared as whole words.", "t4", "NVIDIA-T4G", false},
		"Memory":             {"Memory that was asked for agrees.", "a100-80gb", "NVIDIA-A100-80GB-PCIe", true},
		"OtherMemory":        {"Memory that was asked for must agree.", "a100-80gb", "NVIDIA-A100-SXM4-40GB", false},
		"MemoryFromCatalog":  {"The catalog knows that an H100 PCIe has 80 GB.", "h100-80gb", "NVIDIA-H100-PCIe", true},
		"MemoryNotNVL":       {"The catalog knows that an H100 NVL has 94 GB.", "h100-80gb", "NVIDIA-H100-NVL", false},
		"AnyMemory":          {"Memory that was not asked for may be any.", "h100", "NVIDIA-H100-NVL", true},
		"MemoryNotTold":      {"A label that leaves the memory open proves nothing.", "a100-80gb", "nvidia-tesla-a100", false},
		"NewVariant":         {"A variant that the catalog lacks is read by its words.", "h100", "NVIDIA-H100-96GB-HBM3", true},
		"NewVariantMemory":   {"The words of an unknown variant must agree too.", "h100-80gb", "NVIDIA-H100-96GB-HBM3", false},
		"MI325":              {"The driver leaves the X out.", "mi325x", "AMD_Instinct_MI325_OAM", true},
		"MI300X":             {"An MI300X is no MI325X.", "mi325x", "AMD_Instinct_MI300X_OAM", false},
		"SlashName":          {"The kernel's name of an MI250 is two models.", "mi250", "AMD Instinct MI250X / MI250", false},
		"Slice":              {"A slice is only for who asks.", "h100", "NVIDIA-H100-PCIe-MIG-1g.10gb", false},
		"SliceAsked":         {"A slice is for who asks.", "h100-mig-1g.10gb", "NVIDIA-H100-PCIe-MIG-1g.10gb", true},
		"OtherSlice":         {"The profile must agree.", "h100-mig-2g.20gb", "NVIDIA-H100-PCIe-MIG-1g.10gb", false},
		"SliceNotWhole":      {"Who asks for a slice gets no whole GPU.", "h100-mig-1g.10gb", "NVIDIA-H100-PCIe", false},
		"Share":              {"A share is only for who asks.", "a10g", "NVIDIA-A10G-SHARED", false},
		"ShareAsked":         {"A share is for who asks.", "a10g-shared", "NVIDIA-A10G-SHARED", true},
		"SharedSlice":        {"A shared slice is both.", "a100-mig-1g.5gb", "NVIDIA-A100-SXM4-40GB-MIG-1g.5gb-SHARED", false},
		"InvalidSlice":       {"A misconfigured node matches nothing.", "a100", "NVIDIA-A100-SXM4-40GB-MIG-INVALID", false},
		"NotAProduct":        {"What says no model matches nothing.", "a100", "nvidia", false},
		"VirtualFunctionOK":  {"A virtual function of an MI300X is one.", "mi300x", "AMD_Instinct_MI300X_VF", true},
		"VirtualFunctionNot": {"A form factor that was asked for must agree.", "mi300x-oam", "AMD_Instinct_MI300X_VF", false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := mustGPU(t, tc.gpu).Matches(tc.product); got != tc.want {
				t.Errorf("\n%s\n%q.Matches(%q): want %t, got %t", tc.reason, tc.gpu, tc.product, tc.want, got)
			}
		})
	}
}

func mustGPU(t *testing.T, name string) GPU {
	t.Helper()
	g, err := ParseGPU(name)
	if err != nil {
		t.Fatalf("ParseGPU(%q): %v", name, err)
	}
	return g
}

func TestThrough(t *testing.T) {
	type want struct {
		gpu GPU
		err string
	}
	cases := map[string]struct {
		reason   string
		gpu      string
		resource corev1.ResourceName
		want     want
	}{
		"Whole":           {"The default resource adds nothing.", "a100", "nvidia.com/gpu", want{gpu: GPU{Vendor: NVIDIA, Model: "a100"}}},
		"Slice":           {"A profile's resource asks for a slice.", "a100", "nvidia.com/mig-1g.5gb", want{gpu: GPU{Vendor: NVIDIA, Model: "a100", MIG: "1g.5gb"}}},
		"Share":           {"The renamed resource asks for a share.", "a100", "nvidia.com/gpu.shared", want{gpu: GPU{Vendor: NVIDIA, Model: "a100", Shared: true}}},
		"Xe":              {"Intel has a resource for each kernel driver.", "max-1550", "gpu.intel.com/xe", want{gpu: GPU{Vendor: Intel, Model: "max-1550"}}},
		"OtherProfile":    {"The two profiles must agree.", "a100-mig-2g.10gb", "nvidia.com/mig-1g.5gb", want{err: "nvidia.com/mig-1g.5gb is not the MIG profile of a100-mig-2g.10gb"}},
		"NotSliceable":    {"A T4 has no slices.", "t4", "nvidia.com/mig-1g.5gb", want{err: "a GPU of the model t4 cannot be sliced"}},
		"OtherVendor":     {"AMD's resource counts no A100.", "a100", "amd.com/gpu", want{err: "amd.com/gpu does not count GPUs of the model a100"}},
		"PassthroughMIG":  {"A GPU handed through is whole.", "h100-mig-1g.10gb", "nvidia.com/pgpu", want{err: "nvidia.com/pgpu is a whole GPU, and h100-mig-1g.10gb is not"}},
		"NotAGPUResource": {"A resource that is no GPU counts none.", "a100", "cpu", want{err: "cpu does not count"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := mustGPU(t, tc.gpu).Through(tc.resource)
			if diff := cmp.Diff(tc.want.gpu, got); diff != "" {
				t.Errorf("\n%s\nThrough(%q): -want, +got:\n%s", tc.reason, tc.resource, diff)
			}
			checkError(t, tc.reason, tc.want.err, err)
		})
	}
}

func TestGPUTraits(t *testing.T) {
	type traits struct {
		Resource     corev1.ResourceName
		ARM64Only    bool
		Confidential bool
		NVSwitches   int64
	}
	cases := map[string]struct {
		reason string
		gpu    string
		want   traits
	}{
		"A100":    {"An A100 has no confidential mode.", "a100", traits{Resource: "nvidia.com/gpu"}},
		"MIG":     {"A slice is counted by its profile.", "a100-mig-1g.5gb", traits{Resource: "nvidia.com/mig-1g.5gb"}},
		"H100":    {"Hopper needs NVSwitches in one VM.", "h100", traits{Resource: "nvidia.com/gpu", Confidential: true, NVSwitches: 4}},
		"H200":    {"Hopper needs NVSwitches in one VM.", "h200", traits{Resource: "nvidia.com/gpu", Confidential: true, NVSwitches: 4}},
		"B200":    {"Blackwell needs none.", "b200", traits{Resource: "nvidia.com/gpu", Confidential: true}},
		"GH200":   {"Grace is an Arm processor.", "gh200", traits{Resource: "nvidia.com/gpu", ARM64Only: true}},
		"GB200":   {"Grace is an Arm processor.", "gb200", traits{Resource: "nvidia.com/gpu", ARM64Only: true}},
		"GB300":   {"Grace is an Arm processor.", "gb300", traits{Resource: "nvidia.com/gpu", ARM64Only: true}},
		"T4G":     {"g5g has Arm processors.", "t4g", traits{Resource: "nvidia.com/gpu", ARM64Only: true}},
		"MI300X":  {"AMD has its own resource.", "mi300x", traits{Resource: "amd.com/gpu"}},
		"Flex170": {"Intel has its own resource.", "flex-170", traits{Resource: "gpu.intel.com/i915"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			g := mustGPU(t, tc.gpu)
			got := traits{Resource: g.Resource(), ARM64Only: g.ARM64Only(), Confidential: g.Confidential(), NVSwitches: g.NVSwitches()}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\n%s: -want, +got:\n%s", tc.reason, tc.gpu, diff)
			}
		})
	}
}

// FuzzParseGPU checks that no name panics and that the canonical form of what was
// read reads back as the same GPU.
func FuzzParseGPU(f *testing.F) {
	for _, m := range gpuModels {
		for _, l := range m.labels {
			f.Add(l.value)
		}
	}
	for _, s := range []string{"", "nvidia", "nvidia-tesla-a100-mig-1g.5gb-shared", "a100+me", "H100 (80 GB)", "\xff\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		g, err := ParseGPU(name)
		if err != nil {
			return
		}
		again, err := ParseGPU(g.String())
		if err != nil {
			t.Fatalf("ParseGPU(%q), canonical form of %q: %v", g, name, err)
		}
		if diff := cmp.Diff(g, again); diff != "" {
			t.Errorf("canonical form of %q: -want, +got:\n%s", name, diff)
		}
		if len(g.Alternatives(g.Resource())) == 0 {
			t.Errorf("%q: no alternative proves it", g)
		}
	})
}
