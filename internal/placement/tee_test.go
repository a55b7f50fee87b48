// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/hardware"
)

const (
	anyTEE             = "spec.hardwareRequirements.teeRequired: any TEE serves because teeType is not set; set it to choose one"
	passthroughWarning = "spec.hardwareRequirements.gpuType: nodes that hand GPUs through to virtual machines have the label nvidia.com/gpu.product only where the NVIDIA sandbox device plugin runs with ENABLE_GFD; label the nodes otherwise"
)

// selecting returns one RuntimeClass that selects nodes by a label.
func selecting(name, key, value string) []nodev1.RuntimeClass {
	c := class(name)
	c.Scheduling = &nodev1.Scheduling{NodeSelector: map[string]string{key: value}}
	return []nodev1.RuntimeClass{c}
}

// handledBy returns one RuntimeClass with a handler.
func handledBy(name, handler string) []nodev1.RuntimeClass {
	c := class(name)
	c.Handler = handler
	return []nodev1.RuntimeClass{c}
}

func tee(name string) *hw { return &hw{TEEType: name, TEERequired: new(true)} }

// onHost are the constraints of a VM for the Pod.
func onHost(class string, tees ...hardware.TEE) Constraints {
	var all []hardware.Alternative
	for _, t := range tees {
		all = append(all, hardware.HostLabels(t)...)
	}
	return Constraints{Affinity: combined([]reqs{{}}, all), RuntimeClassName: &class}
}

// onGuest are the constraints of nodes that are VMs.
func onGuest(tees ...hardware.TEE) Constraints {
	var all []hardware.Alternative
	for _, t := range tees {
		all = append(all, hardware.GuestLabels(t)...)
	}
	return Constraints{Affinity: combined([]reqs{{}}, all)}
}

// withSGX are the constraints of SGX with a class and an amount of memory.
func withSGX(class, epc string) Constraints {
	c := onHost(class, hardware.SGX)
	if class == "" {
		c.RuntimeClassName = nil
	}
	c.Resources = devices("sgx.intel.com/epc", epc)
	return c
}

func warned(c Constraints, warnings ...string) Constraints {
	c.Warnings = warnings
	return c
}

func TestConstrainTEE(t *testing.T) {
	runConstrain(t, map[string]constrainCase{
		"TypeWithoutRequired": {reason: "A type alone requires it.", demand: Demand{Hardware: &hw{TEEType: "tdx"}}, want: onGuest(hardware.TDX)},
		"TypeNotRequired": {
			reason: "Who says that it is not required gets none, and is told.",
			demand: Demand{Hardware: &hw{TEEType: "nitro", TEERequired: new(false)}},
			want:   Constraints{Warnings: []string{`spec.hardwareRequirements.teeType: "nitro" is ignored because teeRequired is false`}},
		},
		"NotRequired": {reason: "No TEE is no constraint.", demand: Demand{Hardware: &hw{TEERequired: new(false)}}, want: Constraints{}},
		"Unknown":     {reason: "An unknown TEE is never guessed.", demand: Demand{Hardware: tee("nitro")}, err: `spec.hardwareRequirements.teeType: "nitro" is not a known TEE; known TEEs are sgx, sev, sev-snp, tdx`},

		"SGX":            {reason: "SGX needs a host and enclave memory, and no class.", demand: Demand{Hardware: tee("intel-sgx")}, want: withSGX("", "64Mi")},
		"SGXMemory":      {reason: "The user's enclave memory is kept.", demand: Demand{Hardware: tee("sgx"), Resources: limits("sgx.intel.com/epc", "128Mi")}, want: withSGX("", "128Mi")},
		"SGXRequested":   {reason: "Enclave memory that is only requested gets a limit.", demand: Demand{Hardware: tee("sgx"), Resources: corev1.ResourceRequirements{Requests: list("sgx.intel.com/epc", "128Mi")}}, want: withSGX("", "128Mi")},
		"SGXNoMemory":    {reason: "An enclave without memory is none.", demand: Demand{Hardware: tee("sgx"), Resources: limits("sgx.intel.com/epc", "0")}, err: "spec.resources.limits[sgx.intel.com/epc]: is 0 but an SGX enclave needs memory"},
		"SGXTwoMemories": {reason: "Enclave memory cannot be overcommitted.", demand: Demand{Hardware: tee("sgx"), Resources: corev1.ResourceRequirements{Limits: list("sgx.intel.com/epc", "2Mi"), Requests: list("sgx.intel.com/epc", "1Mi")}}, err: "spec.resources.requests[sgx.intel.com/epc]: is 1Mi but"},
		"SGXGVisor":      {reason: "SGX works under gVisor's class, as the reference has it.", demand: Demand{Hardware: tee("sgx"), Scheduling: running("gvisor")}, want: withSGX("gvisor", "64Mi")},
		"SGXKata":        {reason: "SGX works under Kata.", demand: Demand{Hardware: tee("sgx"), Scheduling: running("kata-qemu")}, want: withSGX("kata-qemu", "64Mi")},
		"SGXEnclaveCC":   {reason: "Enclave-cc is SGX's own class.", demand: Demand{Hardware: tee("sgx"), Scheduling: running("enclave-cc")}, want: withSGX("enclave-cc", "64Mi")},
		"SGXOwnClass":    {reason: "SGX does not depend on the class.", demand: Demand{Hardware: tee("sgx"), Scheduling: running("mine")}, want: withSGX("mine", "64Mi")},
		"SGXInTDX":       {reason: "A TDX virtual machine has no SGX.", demand: Demand{Hardware: tee("sgx"), Scheduling: running("kata-qemu-tdx")}, err: `spec.scheduling.runtimeClass: RuntimeClass "kata-qemu-tdx" gives tdx, not sgx`},
		"SGXCoCoDev":     {reason: "The development class goes with no TEE.", demand: Demand{Hardware: tee("sgx"), Scheduling: running("kata-qemu-coco-dev")}, err: `spec.scheduling.runtimeClass: RuntimeClass "kata-qemu-coco-dev" is for development`},
		"SGXDenied":      {reason: "A node that is said to have no SGX is none.", demand: Demand{Hardware: tee("sgx"), Scheduling: &v1alpha1.SchedulingConfig{NodeSelector: map[string]string{"intel.feature.node.kubernetes.io/sgx": "false"}}}, err: "spec.hardwareRequirements.teeType: conflict: it needs nodes with intel.feature.node.kubernetes.io/sgx In [true], but"},

		"SEV":          {reason: "SEV is only for nodes that are SEV virtual machines, and SEV-SNP is not taken for it.", demand: Demand{Hardware: tee("sev")}, want: onGuest(hardware.SEV)},
		"SEVWithSNP":   {reason: "A class for SEV-SNP does not serve SEV.", demand: Demand{Hardware: tee("sev")}, classes: classes("kata-qemu-snp"), want: onGuest(hardware.SEV)},
		"SEVWithClass": {reason: "No class gives SEV.", demand: Demand{Hardware: tee("sev"), Scheduling: running("kata-qemu-snp")}, err: `spec.scheduling.runtimeClass: no RuntimeClass gives sev, and "kata-qemu-snp" is set`},
		"SEVRemoved":   {reason: "Kata's SEV class is gone.", demand: Demand{Hardware: tee("sev"), Scheduling: running("kata-qemu-sev")}, err: `spec.scheduling.runtimeClass: RuntimeClass "kata-qemu-sev" is no longer made`},

		"SNPGuest":      {reason: "Where no class gives it, the node must be inside.", demand: Demand{Hardware: tee("SEV_SNP")}, classes: classes("gvisor", "kata-qemu-tdx"), want: onGuest(hardware.SEVSNP)},
		"SNPClassFound": {reason: "Where a class gives it, the Pod gets a virtual machine.", demand: Demand{Hardware: tee("snp")}, classes: classes("kata-qemu", "kata-qemu-snp", "kata-qemu-tdx"), want: onHost("kata-qemu-snp", hardware.SEVSNP)},
		"SNPClassNamed": {reason: "The user may name the class.", demand: Demand{Hardware: tee("sev-snp"), Scheduling: running("kata-cc-isolation")}, want: onHost("kata-cc-isolation", hardware.SEVSNP)},
		"SNPNotOnSEV":   {reason: "A SEV node is not an SEV-SNP node.", demand: Demand{Hardware: tee("sev-snp"), Scheduling: &v1alpha1.SchedulingConfig{NodeSelector: map[string]string{"cloud.google.com/gke-confidential-nodes-instance-type": "SEV"}}}, err: "spec.hardwareRequirements.teeType: conflict: it needs nodes with cloud.google.com/gke-confidential-nodes-instance-type In [SEV_SNP], but"},

		"TDXUnknownClasses": {reason: "Where the classes are not known, the node must be inside.", demand: Demand{Hardware: tee("TDX")}, want: onGuest(hardware.TDX)},
		"TDXFirstByName":    {reason: "Without the standard class it is the first by name.", demand: Demand{Hardware: tee("tdx")}, classes: append(append(handledBy("z", "kata-qemu-tdx"), handledBy("b", "kata-qemu-tdx")...), handledBy("c", "kata-qemu-tdx")...), want: onHost("b", hardware.TDX)},
		"TDXStandardFirst":  {reason: "The standard class is preferred.", demand: Demand{Hardware: tee("tdx")}, classes: append(handledBy("a", "kata-qemu-tdx"), class("kata-qemu-tdx")), want: onHost("kata-qemu-tdx", hardware.TDX)},
		"TDXNotByName":      {reason: "A class whose handler gives no TEE is not chosen for its name.", demand: Demand{Hardware: tee("tdx")}, classes: handledBy("kata-qemu-tdx", "runc"), want: onGuest(hardware.TDX)},
		"TDXNotGPUClass":    {reason: "A class for GPUs is not chosen without GPUs.", demand: Demand{Hardware: tee("tdx")}, classes: classes("kata-qemu-nvidia-gpu-tdx"), want: onGuest(hardware.TDX)},
		"TDXKataCC":         {reason: "OpenShift's class gives what the cluster has, and the host labels make sure of it.", demand: Demand{Hardware: tee("tdx"), Scheduling: running("kata-cc")}, want: onHost("kata-cc", hardware.TDX)},
		"TDXRust":           {reason: "The Rust runtime serves.", demand: Demand{Hardware: tee("tdx"), Scheduling: running("kata-qemu-tdx-runtime-rs")}, want: onHost("kata-qemu-tdx-runtime-rs", hardware.TDX)},
		"TDXInSNP":          {reason: "A class of another TEE does not serve.", demand: Demand{Hardware: tee("tdx"), Scheduling: running("kata-qemu-snp")}, err: `spec.scheduling.runtimeClass: RuntimeClass "kata-qemu-snp" does not give tdx; use kata-qemu-tdx, or leave it out`},
		"TDXGVisor":         {reason: "gVisor is no TEE.", demand: Demand{Hardware: tee("tdx"), Scheduling: running("gvisor")}, err: `spec.scheduling.runtimeClass: RuntimeClass "gvisor" does not give tdx`},
		"TDXKataQEMU":       {reason: "Kata alone is no TEE.", demand: Demand{Hardware: tee("tdx"), Scheduling: running("kata-qemu")}, err: `spec.scheduling.runtimeClass: RuntimeClass "kata-qemu" does not give tdx`},
		"TDXNVIDIA":         {reason: "NVIDIA's class is no TEE.", demand: Demand{Hardware: tee("tdx"), Scheduling: running("nvidia")}, err: `spec.scheduling.runtimeClass: RuntimeClass "nvidia" does not give tdx`},
		"TDXUnknownClass":   {reason: "A class that is not known may be anything.", demand: Demand{Hardware: tee("tdx"), Scheduling: running("mine")}, err: `spec.scheduling.runtimeClass: RuntimeClass "mine" does not give tdx`},
		"TDXCoCoDev":        {reason: "The development class protects nothing.", demand: Demand{Hardware: tee("tdx"), Scheduling: running("kata-qemu-coco-dev")}, err: `spec.scheduling.runtimeClass: RuntimeClass "kata-qemu-coco-dev" is for development`},
		"TDXKata":           {reason: "The name alone does not tell.", demand: Demand{Hardware: tee("tdx"), Scheduling: running("kata")}, err: `spec.scheduling.runtimeClass: RuntimeClass "kata" is ambiguous`},
		"TDXKataResolved":   {reason: "The handler tells.", demand: Demand{Hardware: tee("tdx"), Scheduling: running("kata")}, classes: handledBy("kata", "kata-qemu-tdx"), want: onHost("kata", hardware.TDX)},
		"TDXKataPlain":      {reason: "The handler tells.", demand: Demand{Hardware: tee("tdx"), Scheduling: running("kata")}, classes: handledBy("kata", "kata-qemu"), err: `spec.scheduling.runtimeClass: RuntimeClass "kata" does not give tdx`},
		"TDXClassMissing":   {reason: "The class must exist.", demand: Demand{Hardware: tee("tdx"), Scheduling: running("kata-qemu-tdx")}, classes: classes("kata-qemu"), err: `spec.scheduling.runtimeClass: the target has no RuntimeClass "kata-qemu-tdx"; it has kata-qemu`},
		"TDXClassConflict":  {reason: "The class's node selector counts.", demand: Demand{Hardware: tee("tdx"), Scheduling: running("kata-qemu-tdx")}, classes: selecting("kata-qemu-tdx", "feature.node.kubernetes.io/cpu-security.tdx.enabled", "false"), err: "spec.hardwareRequirements.teeType: conflict: it needs nodes with feature.node.kubernetes.io/cpu-security.tdx.enabled In [true], but"},
		"TDXWithEPC":        {reason: "SGX memory and TDX exclude each other.", demand: Demand{Hardware: tee("tdx"), Resources: limits("sgx.intel.com/epc", "1Mi")}, err: "spec.resources.limits[sgx.intel.com/epc]: asks for SGX enclave memory, but spec.hardwareRequirements.teeType is tdx"},
		"TEEClassAlone":     {reason: "A class of a TEE that is not required is the user's own.", demand: Demand{Scheduling: running("kata-qemu-tdx")}, want: Constraints{RuntimeClassName: new("kata-qemu-tdx")}},
	})
}

func TestConstrainAnyTEE(t *testing.T) {
	demand := func(class string) Demand {
		d := Demand{Hardware: tee("")}
		if class != "" {
			d.Scheduling = running(class)
		}
		return d
	}
	runConstrain(t, map[string]constrainCase{
		"TDXClassNamed":  {reason: "The class decides.", demand: demand("kata-qemu-tdx"), want: warned(onHost("kata-qemu-tdx", hardware.TDX), anyTEE)},
		"KataCCNamed":    {reason: "The class gives one or the other.", demand: demand("kata-cc"), want: warned(onHost("kata-cc", hardware.TDX, hardware.SEVSNP), anyTEE)},
		"EnclaveCCNamed": {reason: "The class decides.", demand: demand("enclave-cc"), want: warned(withSGX("enclave-cc", "64Mi"), anyTEE)},
		"GVisorNamed":    {reason: "Under a class without a TEE only SGX serves.", demand: demand("gvisor"), want: warned(withSGX("gvisor", "64Mi"), anyTEE)},
		"SENamed":        {reason: "IBM's TEE cannot be asked for, so it does not serve.", demand: demand("kata-qemu-se"), err: `spec.scheduling.runtimeClass: RuntimeClass "kata-qemu-se" gives ibm-se, which is not one of sgx, sev, sev-snp, tdx`},
		"KataNamed":      {reason: "An ambiguous class does not serve.", demand: demand("kata"), err: `spec.scheduling.runtimeClass: RuntimeClass "kata" is ambiguous`},
		"CoCoDevNamed":   {reason: "The development class does not serve.", demand: demand("kata-qemu-coco-dev"), err: `spec.scheduling.runtimeClass: RuntimeClass "kata-qemu-coco-dev" is for development`},
		"GPUClassNamed":  {reason: "NVIDIA's class without a TEE does not serve.", demand: demand("kata-qemu-nvidia-gpu"), err: `spec.scheduling.runtimeClass: RuntimeClass "kata-qemu-nvidia-gpu" hands GPUs through without a TEE`},
		"EnclaveMemory":  {reason: "Who asks for enclave memory means SGX.", demand: Demand{Hardware: tee(""), Resources: limits("sgx.intel.com/epc", "1Gi")}, classes: classes("kata-qemu-tdx"), want: warned(withSGX("", "1Gi"), anyTEE)},
		"EnclaveTwice":   {reason: "Enclave memory cannot be overcommitted.", demand: Demand{Hardware: tee(""), Resources: corev1.ResourceRequirements{Limits: list("sgx.intel.com/epc", "2Mi"), Requests: list("sgx.intel.com/epc", "1Mi")}}, err: "spec.resources.requests[sgx.intel.com/epc]"},
		"TDXFirst":       {reason: "TDX is tried before SEV-SNP.", demand: demand(""), classes: classes("kata-qemu-snp", "kata-qemu-tdx"), want: warned(onHost("kata-qemu-tdx", hardware.TDX), anyTEE)},
		"SNPSecond":      {reason: "SEV-SNP is next.", demand: demand(""), classes: classes("kata-qemu-snp", "gvisor"), want: warned(onHost("kata-qemu-snp", hardware.SEVSNP), anyTEE)},
		"NoClasses":      {reason: "Without a class any node that is inside serves.", demand: demand(""), classes: classes("gvisor"), want: warned(onGuest(hardware.TDX, hardware.SEVSNP, hardware.SEV), anyTEE)},
		"ClassesUnknown": {reason: "Without a class any node that is inside serves.", demand: demand(""), want: warned(onGuest(hardware.TDX, hardware.SEVSNP, hardware.SEV), anyTEE)},
		"OneGuestSelected": {reason: "The node selector may choose one of them, which leaves one term of three schemes.", demand: Demand{Hardware: tee(""), Scheduling: &v1alpha1.SchedulingConfig{NodeSelector: map[string]string{"cloud.google.com/gke-confidential-nodes-instance-type": "TDX"}}}, want: Constraints{
			NodeSelector: map[string]string{"cloud.google.com/gke-confidential-nodes-instance-type": "TDX"}, Warnings: []string{anyTEE},
			Affinity: combined([]reqs{{}}, append(hardware.GuestLabels(hardware.TDX), hardware.GuestLabels(hardware.SEVSNP)[1])),
		}},
	})
}

func TestConstrainConfidentialGPU(t *testing.T) {
	demand := func(teeType, model string, n int32, class string) Demand {
		h := gpus(model, n)
		h.TEEType, h.TEERequired = teeType, new(true)
		d := Demand{Hardware: h}
		if class != "" {
			d.Scheduling = running(class)
		}
		return d
	}
	confidential := func(t hardware.TEE, gpu []hardware.Alternative, class string, res corev1.ResourceRequirements, warnings ...string) Constraints {
		c := onHost(class, t)
		if gpu != nil {
			c.Affinity = combined([]reqs{{}}, gpu, hardware.HostLabels(t))
		}
		c.NodeSelector = map[string]string{"nvidia.com/cc.ready.state": "true"}
		c.Tolerations, c.Resources, c.Warnings = nvidiaTolerations, res, warnings
		return c
	}
	onNode := func(gpu []hardware.Alternative, warnings []string, tees ...hardware.TEE) Constraints {
		var guests []hardware.Alternative
		for _, t := range tees {
			guests = append(guests, hardware.GuestLabels(t)...)
		}
		inMode := []hardware.Alternative{{is("nvidia.com/cc.ready.state", corev1.NodeSelectorOpNotIn, "false")}}
		return Constraints{Affinity: combined([]reqs{{}}, gpu, guests, inMode), Tolerations: nvidiaTolerations, Resources: devices("nvidia.com/gpu", "1"), Warnings: warnings}
	}
	withResources := func(d Demand, r corev1.ResourceRequirements) Demand {
		d.Resources = r
		return d
	}
	h100, b200 := labelsOf(t, "h100"), labelsOf(t, "b200")
	gpuTDX, gpuSNP := "kata-qemu-nvidia-gpu-tdx", "kata-qemu-nvidia-gpu-snp"
	one := devices("nvidia.com/pgpu", "1")
	noMode := func(model, tees string) string {
		return "spec.hardwareRequirements.gpuType: " + model + " has no confidential mode, so " + tees + " cannot include it; models that have one are b200, b300, rtx-pro-6000, h100, h200"
	}
	sgxGPU := withSGX("", "64Mi")
	sgxGPU.Affinity = combined([]reqs{{}}, labelsOf(t, "v100"), hardware.HostLabels(hardware.SGX))
	sgxGPU.Tolerations, sgxGPU.Resources = nvidiaTolerations, devices("nvidia.com/gpu", "1", "sgx.intel.com/epc", "64Mi")
	runConstrain(t, map[string]constrainCase{
		"ClassNamed":        {reason: "A GPU in a VM is handed through, and ready for it.", demand: demand("tdx", "h100", 1, gpuTDX), want: confidential(hardware.TDX, h100, gpuTDX, one, passthroughWarning)},
		"ClassFound":        {reason: "The class for GPUs is chosen.", demand: demand("snp", "h100", 1, ""), classes: classes("kata-qemu-snp", gpuSNP), want: confidential(hardware.SEVSNP, h100, gpuSNP, one, passthroughWarning)},
		"WholeHopperNode":   {reason: "A whole Hopper node has its NVSwitches too.", demand: demand("tdx", "h100", 8, gpuTDX), want: confidential(hardware.TDX, h100, gpuTDX, devices("nvidia.com/pgpu", "8", "nvidia.com/nvswitch", "4"), passthroughWarning)},
		"WholeBlackwell":    {reason: "A whole Blackwell node needs no NVSwitches.", demand: demand("tdx", "b200", 8, gpuTDX), want: confidential(hardware.TDX, b200, gpuTDX, devices("nvidia.com/pgpu", "8"), passthroughWarning)},
		"SwitchesSaid":      {reason: "NVSwitches that the user names rightly are kept.", demand: withResources(demand("tdx", "h100", 8, gpuTDX), limits("nvidia.com/nvswitch", "4")), want: confidential(hardware.TDX, h100, gpuTDX, devices("nvidia.com/pgpu", "8", "nvidia.com/nvswitch", "4"), passthroughWarning)},
		"SwitchesWrong":     {reason: "NVSwitches come all together.", demand: withResources(demand("tdx", "h100", 8, gpuTDX), limits("nvidia.com/nvswitch", "2")), err: "spec.resources.limits[nvidia.com/nvswitch]: is 2 but 8 GPUs of the model h100 in one confidential virtual machine need 4"},
		"SwitchesTwice":     {reason: "Devices cannot be overcommitted.", demand: withResources(demand("tdx", "h100", 8, gpuTDX), corev1.ResourceRequirements{Limits: list("nvidia.com/nvswitch", "4"), Requests: list("nvidia.com/nvswitch", "2")}), err: "spec.resources.requests[nvidia.com/nvswitch]: is 2"},
		"Four":              {reason: "One VM gets one GPU or all of them.", demand: demand("tdx", "h100", 4, gpuTDX), err: "spec.hardwareRequirements.gpuCount: is 4, but one confidential virtual machine gets 1 GPU or all 8 of a node"},
		"A100":              {reason: "An A100 has no confidential mode.", demand: demand("tdx", "a100", 1, gpuTDX), err: noMode("a100", "tdx")},
		"V100":              {reason: "Nor has a V100, on a node that is inside.", demand: demand("snp", "v100", 1, ""), err: noMode("v100", "sev-snp")},
		"L4":                {reason: "Nor has an L4.", demand: demand("tdx", "l4", 1, ""), err: noMode("l4", "tdx")},
		"AnyTEEA100":        {reason: "No TEE of a VM includes an A100.", demand: demand("", "a100", 1, ""), err: noMode("a100", "tdx, sev-snp")},
		"AnyModel":          {reason: "Any GPU that is ready serves, in a VM.", demand: Demand{Hardware: &hw{TEEType: "tdx", GPUCount: new(int32(1))}, Scheduling: running(gpuTDX)}, want: confidential(hardware.TDX, nil, gpuTDX, one)},
		"AnyModelListed":    {reason: "The resources may say it.", demand: Demand{Hardware: tee("tdx"), Scheduling: running(gpuTDX), Resources: limits("nvidia.com/pgpu", "1")}, want: confidential(hardware.TDX, nil, gpuTDX, one)},
		"AnyModelEight":     {reason: "A whole node depends on the model.", demand: Demand{Hardware: &hw{TEEType: "tdx", GPUCount: new(int32(8))}, Scheduling: running(gpuTDX)}, err: "spec.hardwareRequirements.gpuType: must be set, because only some GPUs have a confidential mode"},
		"AnyModelOnNode":    {reason: "A node that is inside may have a GPU that is not.", demand: Demand{Hardware: &hw{TEEType: "tdx", GPUCount: new(int32(1))}}, err: "spec.hardwareRequirements.gpuType: must be set"},
		"AMD":               {reason: "AMD's GPUs have no confidential mode.", demand: Demand{Hardware: tee("tdx"), Scheduling: running(gpuTDX), Resources: limits("amd.com/gpu", "1")}, err: "spec.resources.limits[amd.com/gpu]: no GPU of that kind has a confidential mode"},
		"TwoResources":      {reason: "A confidential workload gets one kind.", demand: Demand{Hardware: tee("tdx"), Resources: limits("amd.com/gpu", "1", "nvidia.com/gpu", "1")}, err: "spec.resources.limits: asks for GPUs as amd.com/gpu, nvidia.com/gpu, but a confidential workload gets one kind"},
		"ClassWithoutGPUs":  {reason: "The class must hand GPUs through.", demand: demand("tdx", "h100", 1, "kata-qemu-tdx"), err: `spec.scheduling.runtimeClass: RuntimeClass "kata-qemu-tdx" hands no GPUs through to the Pod's virtual machine; use kata-qemu-nvidia-gpu-tdx`},
		"ClassWithoutTEE":   {reason: "The class must give a TEE.", demand: demand("tdx", "h100", 1, "kata-qemu-nvidia-gpu"), err: `spec.scheduling.runtimeClass: RuntimeClass "kata-qemu-nvidia-gpu" hands GPUs through without a TEE, but a TEE is required; use kata-qemu-nvidia-gpu-tdx or kata-qemu-nvidia-gpu-snp`},
		"PlainResource":     {reason: "In a VM the resource is another.", demand: withResources(demand("tdx", "h100", 1, gpuTDX), limits("nvidia.com/gpu", "1")), err: "spec.resources.limits[nvidia.com/gpu]: the GPUs of a confidential virtual machine are nvidia.com/pgpu"},
		"Slice":             {reason: "A GPU handed through is whole.", demand: demand("tdx", "h100-mig-1g.10gb", 1, gpuTDX), err: "spec.hardwareRequirements.gpuType: nvidia.com/pgpu is a whole GPU"},
		"ReadyConflict":     {reason: "GPUs that are not ready do not serve.", demand: Demand{Hardware: &hw{TEEType: "tdx", GPUType: "h100", CustomLabels: map[string]string{"nvidia.com/cc.ready.state": "false"}}, Scheduling: running(gpuTDX)}, err: `spec.hardwareRequirements.customLabels: conflict: node label nvidia.com/cc.ready.state is "false" here, but spec.hardwareRequirements.teeType needs "true"`},
		"OnNodeNotReady":    {reason: "A node that is inside, and whose GPU is known not to be, does not serve.", demand: Demand{Hardware: &hw{TEEType: "tdx", GPUType: "h100"}, Scheduling: &v1alpha1.SchedulingConfig{NodeSelector: map[string]string{"nvidia.com/cc.ready.state": "false"}}}, err: "spec.hardwareRequirements.teeType: conflict: it needs nodes with nvidia.com/cc.ready.state NotIn [false], but the node labels that are asked for say nvidia.com/cc.ready.state In [false]"},
		"OnNode":            {reason: "On a node that is inside the GPU is an ordinary one, unless its label says that it is not confidential.", demand: demand("tdx", "h100", 1, ""), want: onNode(h100, nil, hardware.TDX)},
		"OnNodeNoGPUClass":  {reason: "A class without GPUs does not serve, so the node must be inside.", demand: demand("tdx", "h100", 1, ""), classes: classes("kata-qemu-tdx"), want: onNode(h100, nil, hardware.TDX)},
		"OnNodePassthrough": {reason: "A GPU can be handed through only to a VM.", demand: withResources(demand("tdx", "h100", 1, ""), limits("nvidia.com/pgpu", "1")), err: "spec.resources.limits[nvidia.com/pgpu]: needs a RuntimeClass that hands GPUs through to a TEE, such as kata-qemu-nvidia-gpu-tdx"},
		"SEV":               {reason: "SEV includes no GPU.", demand: demand("sev", "h100", 1, ""), err: "spec.hardwareRequirements.teeType: sev cannot include GPUs; use sev-snp or tdx"},
		"AnyTEE":            {reason: "Of any TEE, SEV is left out.", demand: demand("", "h100", 1, ""), want: onNode(h100, []string{anyTEE}, hardware.TDX, hardware.SEVSNP)},
		"SGX":               {reason: "A GPU beside an enclave is outside it.", demand: demand("sgx", "v100", 1, ""), want: warned(sgxGPU, outsideEnclave)},
	})
}
