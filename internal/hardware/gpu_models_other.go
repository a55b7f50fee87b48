// SPDX-License-Identifier: Apache-2.0

package hardware

// amdModels are the rows of AMD. Product names and device ids are those of
// ROCm/k8s-device-plugin (cmd/k8s-node-labeller/amdgpu.ids, main_test.go and
// docs/user-guide/installation.md). The driver's names of MI325X and MI355X have
// no X. MI250 and MI250X share a device id, and the name that the kernel gives
// them has a slash and so cannot be a label value.
func amdModels() []gpuModel {
	return []gpuModel{
		{vendor: AMD, names: []string{"mi250", "mi250x"}, labels: []gpuLabel{
			amdProduct("AMD_Instinct_MI250X", 128, "oam"),
			amdDevice("7408", 128, "oam"),
			amdDevice("740c", 128, "oam"),
		}},
		{vendor: AMD, names: []string{"mi300x"}, labels: []gpuLabel{
			amdProduct("AMD_Instinct_MI300X_OAM", 192, "oam"),
			amdProduct("AMD_Instinct_MI300X_VF", 192, "vf"),
			amdProduct("Instinct_MI300X", 192, "oam"),
			amdDevice("74a1", 192, "oam"),
			amdDevice("74b5", 192, "vf"),
		}},
		{vendor: AMD, names: []string{"mi325x", "mi325"}, labels: []gpuLabel{
			amdProduct("AMD_Instinct_MI325_OAM", 256, "oam"),
			amdDevice("74a5", 256, "oam"),
			amdDevice("74b9", 256, "vf"),
		}},
		{vendor: AMD, names: []string{"mi355x", "mi355"}, labels: []gpuLabel{
			amdProduct("AMD_Instinct_MI355_OAM", 288, "oam"),
			amdDevice("75a3", 288, "oam"),
			amdDevice("75b3", 288, "vf"),
		}},
	}
}

// intelModels are the rows of Intel. Source:
// intel/intel-device-plugins-for-kubernetes cmd/gpu_plugin/labels.md.
func intelModels() []gpuModel {
	return []gpuModel{
		{vendor: Intel, names: []string{"flex-140", "flex140"}, labels: []gpuLabel{intelProduct("Flex_140", 12)}},
		{vendor: Intel, names: []string{"flex-170", "flex170"}, labels: []gpuLabel{intelProduct("Flex_170", 16)}},
		{vendor: Intel, names: []string{"max-1100", "max1100"}, labels: []gpuLabel{intelProduct("Max_1100", 48)}},
		{vendor: Intel, names: []string{"max-1550", "max1550"}, labels: []gpuLabel{intelProduct("Max_1550", 128)}},
	}
}
