// SPDX-License-Identifier: Apache-2.0

package placement_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

// nodeVM are nodes that say themselves that they are virtual machines in a TEE.
func nodeVM(tee string) poolOption {
	return func(p *v1alpha1.HardwarePool) {
		p.Spec.TEE = &v1alpha1.PoolTEE{Type: tee, Mode: v1alpha1.TEEModeNodeVM}
	}
}

func TestEdgeTEESpelling(t *testing.T) {
	cases := map[string]placeCase{}
	for name, pool := range map[string]v1alpha1.HardwarePool{
		"SEV_SNP": newPool("p", hosting("sev-snp")), "snp": newPool("p", hosting("sev-snp")), "sev-snp": newPool("p", hosting("sev-snp")),
		"intel-sgx": newPool("p", enclaves("1Gi")), "TDX": newPool("p", hosting("tdx")),
	} {
		cases["Spelled "+name] = placeCase{reason: "A TEE has many spellings, and space around it is nothing.", pool: pool, demand: tee(" " + name + " ")}
	}
	cases["Nitro"] = placeCase{reason: "An unknown TEE is an error of the demand's own.", pool: newPool("p", hosting("tdx")), demand: tee("nitro"), err: true, refused: []string{"teeType", "nitro", "sgx, sev, sev-snp, tdx"}}
	cases["TypeWithoutRequired"] = placeCase{
		reason: "A type alone requires it.", pool: newPool("p"), demand: placement.Demand{Hardware: &v1alpha1.HardwareRequirements{TEEType: "tdx"}}, refused: []string{"tdx"},
	}
	for name, c := range map[string]struct {
		option poolOption
		want   narrowed
	}{
		"tdx":     {hosting("tdx"), narrowed{NodeSelector: pairs("pool", "p", tdxHost, "true"), RuntimeClass: new("kata-qemu-tdx")}},
		"sev-snp": {hosting("sev-snp"), narrowed{NodeSelector: pairs("pool", "p", snpHost, "true"), RuntimeClass: new("kata-qemu-snp")}},
		"sgx":     {enclaves("1Gi"), narrowed{NodeSelector: pairs("pool", "p", sgxHost, "true"), Devices: pairs("sgx.intel.com/epc", "64Mi")}},
		"sev":     {labeled(gkeType, "SEV"), narrowed{NodeSelector: pairs("pool", "p", gkeType, "SEV"), RuntimeClass: new("")}},
	} {
		c.want.TEEType = name
		cases["RequiredWithoutType "+name] = placeCase{reason: "Any TEE is the one that the pool has, which is filled in.", pool: newPool("p", c.option), demand: tee(""), want: &c.want}
	}
	cases["RequiredWithoutTypeOnNone"] = placeCase{reason: "Any TEE is not none.", pool: newPool("p"), demand: tee(""), refused: []string{"TEE"}}
	runPlace(t, cases)
}

func TestEdgeHostAndGuest(t *testing.T) {
	const (
		aks       = "kubernetes.azure.com/security-type"
		protected = "feature.node.kubernetes.io/cpu-security.tdx.protected"
	)
	plain := withClasses(runtimeClass("kata-qemu", nil), runtimeClass("gvisor", nil))
	runPlace(t, map[string]placeCase{
		"SNPHostWithoutClass": {
			reason: "A host whose cluster has no class for it gives no TEE: it is not a node inside one.",
			pool:   newPool("p", labeled(snpHost, "true", kataKey, "true"), plain), demand: tee("sev-snp"), refused: []string{""},
		},
		"SNPHostAskedForNodeVM": {
			reason: "Who explicitly wants no class wants a node that is inside, and a host is none.",
			pool:   newPool("p", hosting("sev-snp"), plain), demand: where(tee("sev-snp"), under("")), refused: []string{""},
		},
		"TDXHostWithClass": {
			reason: "A host by its labels alone serves with the class.",
			pool:   newPool("p", labeled(tdxHost, "true", kataKey, "true"), offering("tdx.intel.com/keys", "31"), withClasses(katas()...)), demand: tee("tdx"),
			want: &narrowed{NodeSelector: pairs("pool", "p", tdxHost, "true"), RuntimeClass: new("kata-qemu-tdx"), TEEType: "tdx"},
		},
		"AKSConfidential": {
			reason: "A confidential node of AKS has no label of NFD's, and is SEV-SNP.",
			pool:   newPool("p", labeled(aks, "ConfidentialVM")), demand: tee("sev-snp"),
			want: &narrowed{NodeSelector: pairs("pool", "p", aks, "ConfidentialVM"), RuntimeClass: new(""), TEEType: "sev-snp"},
		},
		"AKSConfidentialClass": {
			reason: "The classes of the cluster do not turn a node that is inside into a host.",
			pool:   newPool("p", labeled(aks, "ConfidentialVM"), withClasses(katas()...)), demand: tee("sev-snp"),
			want: &narrowed{NodeSelector: pairs("pool", "p", aks, "ConfidentialVM"), RuntimeClass: new(""), TEEType: "sev-snp"},
		},
		"AKSTrustedLaunch": {
			reason: "Trusted launch is no TEE.",
			pool:   newPool("p", labeled(aks, "TrustedLaunch")), demand: tee("sev-snp"), refused: []string{"sev-snp"},
		},
		"TDXGuestOnly": {
			reason: "NFD labels TDX guests.",
			pool:   newPool("p", labeled(protected, "true")), demand: tee("tdx"),
			want: &narrowed{NodeSelector: pairs("pool", "p", protected, "true"), RuntimeClass: new(""), TEEType: "tdx"},
		},
		"GKESEVForSNP": {
			reason: "SEV is less than SEV-SNP.",
			pool:   newPool("p", labeled(gkeType, "SEV")), demand: tee("sev-snp"), refused: []string{"TEE sev is not sev-snp"},
		},
		"SNPForTDX": {
			reason: "One TEE is not another.",
			pool:   newPool("p", hosting("sev-snp")), demand: tee("tdx"), refused: []string{"TEE sev-snp is not tdx"},
		},
		"Declared": {
			reason: "What an administrator declares counts, and a label proves it to the scheduler.",
			pool:   newPool("p", nodeVM("tdx")), demand: tee("tdx"),
			want: &narrowed{NodeSelector: pairs("pool", "p"), RuntimeClass: new(""), TEEType: "tdx"},
		},
	})
}

func TestEdgeTEENotReady(t *testing.T) {
	without := func(key string, p v1alpha1.HardwarePool) v1alpha1.HardwarePool {
		delete(p.Spec.Labels, key)
		return p
	}
	h100 := func(options ...poolOption) v1alpha1.HardwarePool {
		return newPool("p", append([]poolOption{hosting("tdx"), handedThrough(h100SXM, 8)}, options...)...)
	}
	noKeys := newPool("p", hosting("tdx"), withClasses(runtimeClass("kata-qemu-tdx", quantities("cpu", "1", "memory", "2Gi"), kataKey, "true", tdxHost, "true")))
	delete(noKeys.Spec.Allocatable, "tdx.intel.com/keys")
	confidential := in("tdx", gpu("h100", 1))
	runPlace(t, map[string]placeCase{
		"NotReady":      {reason: "What the mode should be is not what it is.", pool: h100(labeled("nvidia.com/cc.mode", "on", readyKey, "false")), demand: confidential, refused: []string{readyKey}},
		"Failed":        {reason: "GPUs whose mode has failed are not ready.", pool: without(readyKey, h100(labeled("nvidia.com/cc.mode", "on", "nvidia.com/cc.mode.state", "failed"))), demand: confidential, refused: []string{readyKey}},
		"NotSaid":       {reason: "The class selects hosts that say that they are ready.", pool: without(readyKey, h100()), demand: confidential, refused: []string{readyKey}},
		"NodeNotReady":  {reason: "On a node that is inside, GPUs that say that they are not do not serve.", pool: newPool("p", labeled(gkeType, "TDX", readyKey, "false"), gpus(h100SXM, 8)), demand: confidential, refused: []string{readyKey}},
		"NodeUnlabeled": {reason: "Clouds do not label GPUs of nodes that are inside.", pool: newPool("p", labeled(gkeType, "TDX"), gpus(h100SXM, 8)), demand: confidential},
		"NoKata":        {reason: "A host without the runtime cannot run the class.", pool: without(kataKey, newPool("p", hosting("tdx"))), demand: tee("tdx"), refused: []string{kataKey}},
		"KeysExhausted": {reason: "Each virtual machine takes a key.", pool: newPool("p", hosting("tdx"), leaving(quantities("tdx.intel.com/keys", "0"))), demand: tee("tdx"), refused: []string{"tdx.intel.com/keys"}},
		"IDsExhausted":  {reason: "Each virtual machine takes an id.", pool: newPool("p", hosting("sev-snp"), leaving(quantities("sev-snp.amd.com/esids", "0"))), demand: tee("sev-snp"), refused: []string{"sev-snp.amd.com/esids"}},
		"KeysUnlisted":  {reason: "Where nodes have keys, the classes that Kata installs take one.", pool: newPool("p", hosting("tdx"), withClasses(), leaving(quantities("tdx.intel.com/keys", "0"))), demand: tee("tdx"), refused: []string{"tdx.intel.com/keys"}},
		"NoKeysNeeded":  {reason: "Where Kata came without NFD its classes take no keys.", pool: noKeys, demand: tee("tdx")},
	})
}

func TestEdgeRuntimeClasses(t *testing.T) {
	named := func(class string, d placement.Demand) placement.Demand { return where(d, under(class)) }
	tdx := newPool("p", hosting("tdx"))
	kata := func(handler string) v1alpha1.HardwarePool {
		return newPool("p", hosting("tdx"), withClasses(v1alpha1.PoolRuntimeClass{Name: "kata", Handler: handler}))
	}
	with := func(name string) v1alpha1.HardwarePool {
		return newPool("p", hosting("tdx"), withClasses(append(katas(), runtimeClass(name, nil))...))
	}
	sgx := func(options ...poolOption) v1alpha1.HardwarePool {
		return newPool("p", append([]poolOption{enclaves("512Mi"), labeled(kataKey, "true"), withClasses(katas()...)}, options...)...)
	}
	own := newPool("p", hosting("tdx"))
	own.Spec.TEE.RuntimeClass = "kata-qemu-tdx-runtime-rs"
	own.Spec.RuntimeClasses = append(katas(), runtimeClass("kata-qemu-tdx-runtime-rs", nil, kataKey, "true"))
	runPlace(t, map[string]placeCase{
		"KataAmbiguous":      {reason: "A handler that tells nothing gives no TEE.", pool: kata("kata"), demand: named("kata", tee("tdx")), refused: []string{`"kata"`}},
		"KataResolved":       {reason: "The handler tells which TEE the class gives.", pool: kata("kata-qemu-tdx"), demand: named("kata", tee("tdx")), want: &narrowed{NodeSelector: pairs("pool", "p", tdxHost, "true"), RuntimeClass: new("kata"), TEEType: "tdx"}},
		"KataPlain":          {reason: "The handler tells that it gives none.", pool: kata("kata-qemu"), demand: named("kata", tee("tdx")), refused: []string{`"kata"`}},
		"KataQEMU":           {reason: "Kata alone is no TEE.", pool: tdx, demand: named("kata-qemu", tee("tdx")), refused: []string{`"kata-qemu"`}},
		"CoCoDev":            {reason: "The development class protects nothing.", pool: with("kata-qemu-coco-dev"), demand: named("kata-qemu-coco-dev", tee("")), refused: []string{`"kata-qemu-coco-dev"`}},
		"GVisor":             {reason: "gVisor is no TEE.", pool: tdx, demand: named("gvisor", tee("")), refused: []string{""}},
		"SEVRemoved":         {reason: "Kata's SEV class is gone.", pool: newPool("p", labeled(gkeType, "SEV"), withClasses(append(katas(), runtimeClass("kata-qemu-sev", nil))...)), demand: named("kata-qemu-sev", tee("sev")), refused: []string{`"kata-qemu-sev"`}},
		"SNPForTDX":          {reason: "A class of another TEE does not serve.", pool: tdx, demand: named("kata-qemu-snp", tee("tdx")), refused: []string{`"kata-qemu-snp"`}},
		"Missing":            {reason: "A class that the target lacks would have the Pod refused.", pool: tdx, demand: named("absent", placement.Demand{}), refused: []string{`"absent"`}},
		"SelectorConflict":   {reason: "The class selects nodes that the pool has not.", pool: newPool("p", withClasses(katas()...)), demand: named("kata-qemu", placement.Demand{}), refused: []string{kataKey}},
		"SelectorOtherValue": {reason: "The class selects another value than the pool has.", pool: newPool("p", withClasses(katas()...), labeled(kataKey, "cleanup")), demand: named("kata-qemu", placement.Demand{}), refused: []string{kataKey, "cleanup"}},
		"SelectorAgainstOwn": {reason: "The class selects another value than the user.", pool: newPool("p", withClasses(katas()...), labeled(kataKey, "false")), demand: where(placement.Demand{}, v1alpha1.SchedulingConfig{RuntimeClass: new("kata-qemu"), NodeSelector: pairs(kataKey, "false")}), refused: []string{kataKey}},
		"GPUClassWithoutTEE": {reason: "NVIDIA's class without a TEE wants GPUs that are in none.", pool: newPool("p", hosting("tdx"), handedThrough(h100SXM, 8)), demand: named("kata-qemu-nvidia-gpu", in("tdx", gpu("h100", 1))), refused: []string{`"kata-qemu-nvidia-gpu"`}},
		"SGXKata":            {reason: "SGX works under Kata.", pool: sgx(), demand: named("kata-qemu", tee("sgx")), want: &narrowed{NodeSelector: pairs("pool", "p", sgxHost, "true"), RuntimeClass: new("kata-qemu"), Devices: pairs("sgx.intel.com/epc", "64Mi"), TEEType: "sgx"}},
		"SGXKataOverhead":    {reason: "Kata's overhead must fit beside it.", pool: sgx(leaving(quantities("cpu", "1"))), demand: limited(named("kata-qemu", tee("sgx")), "cpu", "900m"), refused: []string{"cpu"}},
		"ClassTolerates":     {reason: "What the class tolerates, its Pods do.", pool: newPool("p", tainted(taint("sandbox", "gvisor")), withClasses(v1alpha1.PoolRuntimeClass{Name: "gvisor", Handler: "runsc", Tolerations: []corev1.Toleration{tolerate("sandbox", corev1.TolerationOpEqual, "gvisor")}})), demand: named("gvisor", placement.Demand{})},
		"PoolsOwnClass":      {reason: "The pool may say which class gives its TEE.", pool: own, demand: tee("tdx"), want: &narrowed{NodeSelector: pairs("pool", "p", tdxHost, "true"), RuntimeClass: new("kata-qemu-tdx-runtime-rs"), TEEType: "tdx"}},
	})
}

func TestEdgeSGX(t *testing.T) {
	custom := tee("sgx")
	custom.Hardware.CustomLabels = pairs("sgx.intel.com/epc", "128Mi")
	runPlace(t, map[string]placeCase{
		"NoSize":         {reason: "An enclave of no size has the default one.", pool: newPool("p", enclaves("64Mi")), demand: tee("sgx"), want: &narrowed{NodeSelector: pairs("pool", "p", sgxHost, "true"), Devices: pairs("sgx.intel.com/epc", "64Mi"), TEEType: "sgx"}},
		"NoSizeTooLarge": {reason: "The default size must fit too.", pool: newPool("p", enclaves("32Mi")), demand: tee("sgx"), refused: []string{"sgx.intel.com/epc"}},
		"Size":           {reason: "The user's size is kept.", pool: newPool("p", enclaves("512Mi")), demand: limited(tee("sgx"), "sgx.intel.com/epc", "128Mi"), want: &narrowed{NodeSelector: pairs("pool", "p", sgxHost, "true"), Devices: pairs("sgx.intel.com/epc", "128Mi"), TEEType: "sgx"}},
		"CustomLabel":    {reason: "The size is no label.", pool: newPool("p", enclaves("512Mi")), demand: custom, err: true, refused: []string{"customLabels", "sgx.intel.com/epc"}},
		"TooLarge":       {reason: "No node has that much.", pool: newPool("p", enclaves("512Mi")), demand: limited(tee("sgx"), "sgx.intel.com/epc", "1Gi"), refused: []string{"sgx.intel.com/epc", "512Mi", "1Gi"}},
		"InUse":          {reason: "What is in use is not free.", pool: newPool("p", enclaves("512Mi"), leaving(quantities("sgx.intel.com/epc", "64Mi"))), demand: limited(tee("sgx"), "sgx.intel.com/epc", "128Mi"), refused: []string{"sgx.intel.com/epc"}},
		"Taint":          {reason: "Who asks for SGX is let onto nodes that are kept for it.", pool: newPool("p", enclaves("512Mi"), tainted(taint("sgx", "enabled"))), demand: tee("sgx"), want: &narrowed{NodeSelector: pairs("pool", "p", sgxHost, "true"), Devices: pairs("sgx.intel.com/epc", "64Mi"), TEEType: "sgx", Tolerations: []corev1.Toleration{tolerate("sgx", corev1.TolerationOpEqual, "enabled")}}},
		"TaintForOthers": {reason: "Who does not is not.", pool: newPool("p", enclaves("512Mi"), tainted(taint("sgx", "enabled"))), demand: placement.Demand{}, refused: []string{"sgx"}},
	})
}
