// SPDX-License-Identifier: Apache-2.0

package hardware

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	nodev1 "k8s.io/api/node/v1"
)

func TestResolveRuntimeClass(t *testing.T) {
	handler := func(h string) *nodev1.RuntimeClass { return &nodev1.RuntimeClass{Handler: h} }
	selecting := func(h, key string) *nodev1.RuntimeClass {
		return &nodev1.RuntimeClass{Handler: h, Scheduling: &nodev1.Scheduling{NodeSelector: map[string]string{key: "true"}}}
	}
	cases := map[string]struct {
		reason string
		name   string
		object *nodev1.RuntimeClass
		want   RuntimeClass
	}{
		"TDX":               {"A name of the catalog is enough.", "kata-qemu-tdx", nil, RuntimeClass{Kind: TEEClass, TEEs: []TEE{TDX}}},
		"SNPRust":           {"The Rust runtime gives the same TEE.", "kata-qemu-snp-runtime-rs", nil, RuntimeClass{Kind: TEEClass, TEEs: []TEE{SEVSNP}}},
		"GPUTDX":            {"GPUs are handed through in confidential mode.", "kata-qemu-nvidia-gpu-tdx", nil, RuntimeClass{Kind: TEEClass, TEEs: []TEE{TDX}, PassesGPUs: true}},
		"GPUPlain":          {"GPUs are handed through without a TEE.", "kata-qemu-nvidia-gpu", nil, RuntimeClass{Kind: PlainClass, PassesGPUs: true}},
		"Plain":             {"Kata without a TEE is none.", "kata-qemu", nil, RuntimeClass{Kind: PlainClass}},
		"GVisor":            {"gVisor is no TEE.", "gvisor", nil, RuntimeClass{Kind: PlainClass}},
		"NVIDIA":            {"The container toolkit's class is no TEE.", "nvidia", nil, RuntimeClass{Kind: PlainClass}},
		"EnclaveCC":         {"Enclave-cc is SGX.", "enclave-cc", nil, RuntimeClass{Kind: TEEClass, TEEs: []TEE{SGX}}},
		"SecureExecution":   {"IBM's TEE is one, though it cannot be asked for.", "kata-qemu-se", nil, RuntimeClass{Kind: TEEClass, TEEs: []TEE{IBMSecureExecution}}},
		"CoCoDev":           {"The development class protects nothing.", "kata-qemu-coco-dev", nil, RuntimeClass{Kind: DevelopmentClass}},
		"SEVRemoved":        {"The SEV runtime is gone.", "kata-qemu-sev", nil, RuntimeClass{Kind: RemovedClass, TEEs: []TEE{SEV}}},
		"Kata":              {"The default's name tells nothing.", "kata", nil, RuntimeClass{Kind: AmbiguousClass}},
		"KataRemote":        {"A peer Pod's VM is elsewhere.", "kata-remote", nil, RuntimeClass{Kind: AmbiguousClass}},
		"KataToTDX":         {"The handler tells.", "kata", handler("kata-qemu-tdx"), RuntimeClass{Kind: TEEClass, TEEs: []TEE{TDX}}},
		"KataToPlain":       {"The handler tells.", "kata", handler("kata-qemu"), RuntimeClass{Kind: PlainClass}},
		"KataToKata":        {"A handler of that name tells nothing either.", "kata", handler("kata"), RuntimeClass{Kind: AmbiguousClass}},
		"OwnName":           {"A class may have any name.", "secure", handler("kata-qemu-snp"), RuntimeClass{Kind: TEEClass, TEEs: []TEE{SEVSNP}}},
		"Unknown":           {"A name outside the catalog is unknown.", "secure", nil, RuntimeClass{Kind: UnknownClass}},
		"LyingName":         {"The handler counts, not the name.", "kata-qemu-tdx", handler("runc"), RuntimeClass{Kind: PlainClass}},
		"UnknownHandler":    {"A handler outside the catalog may be anything.", "kata-qemu-tdx", handler("mine"), RuntimeClass{Kind: UnknownClass}},
		"GVisorHandler":     {"gVisor's usual handler is known.", "gvisor", handler("runsc"), RuntimeClass{Kind: PlainClass}},
		"KataCC":            {"OpenShift's class gives what the cluster has.", "kata-cc", nil, RuntimeClass{Kind: TEEClass, TEEs: []TEE{TDX, SEVSNP}}},
		"KataCCByLabel":     {"The node selector settles it.", "kata-cc", selecting("kata-cc", "amd.feature.node.kubernetes.io/snp"), RuntimeClass{Kind: TEEClass, TEEs: []TEE{SEVSNP}}},
		"KataCCOtherLabel":  {"Another label does not settle it.", "kata-cc", selecting("kata-cc", "example.com/x"), RuntimeClass{Kind: TEEClass, TEEs: []TEE{TDX, SEVSNP}}},
		"KataCCByHandler":   {"The handler settles it.", "kata-cc", handler("kata-qemu-tdx"), RuntimeClass{Kind: TEEClass, TEEs: []TEE{TDX}}},
		"KataCCOwnHandler":  {"A platform chooses its handler's name.", "kata-cc", selecting("platform", "intel.feature.node.kubernetes.io/tdx"), RuntimeClass{Kind: TEEClass, TEEs: []TEE{TDX}}},
		"KataCCPlain":       {"A handler that gives no TEE gives none under any name.", "kata-cc", handler("kata-qemu"), RuntimeClass{Kind: PlainClass}},
		"KataCCIsolation":   {"AKS's class is SEV-SNP under a handler that is used for both.", "kata-cc-isolation", handler("kata-cc"), RuntimeClass{Kind: TEEClass, TEEs: []TEE{SEVSNP}}},
		"KataVMIsolation":   {"AKS's Pod sandboxing is no TEE under an ambiguous handler.", "kata-vm-isolation", handler("kata"), RuntimeClass{Kind: PlainClass}},
		"IsolationDoubtful": {"A TEE class under an ambiguous handler is doubtful.", "kata-cc-isolation", handler("kata"), RuntimeClass{Kind: AmbiguousClass}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			tc.want.Name = tc.name
			if diff := cmp.Diff(tc.want, ResolveRuntimeClass(tc.name, tc.object)); diff != "" {
				t.Errorf("\n%s\nResolveRuntimeClass(%q): -want, +got:\n%s", tc.reason, tc.name, diff)
			}
		})
	}
}

func TestGives(t *testing.T) {
	cases := map[string]struct {
		reason string
		class  RuntimeClass
		tee    TEE
		want   bool
	}{
		"Same":    {"A class gives its TEE.", ResolveRuntimeClass("kata-qemu-tdx", nil), TDX, true},
		"Other":   {"A class gives no other TEE.", ResolveRuntimeClass("kata-qemu-snp", nil), TDX, false},
		"Removed": {"A removed class gives nothing.", ResolveRuntimeClass("kata-qemu-sev", nil), SEV, false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := tc.class.Gives(tc.tee); got != tc.want {
				t.Errorf("\n%s\nGives(%q): want %t, got %t", tc.reason, tc.tee, tc.want, got)
			}
		})
	}
}

func TestStandardTEEClass(t *testing.T) {
	got := map[string]string{}
	for _, tee := range append(TEEs(), IBMSecureExecution) {
		got[string(tee)] = StandardTEEClass(tee, false)
		got[string(tee)+" with GPUs"] = StandardTEEClass(tee, true)
	}
	want := map[string]string{
		"sgx": "", "sgx with GPUs": "", "sev": "", "sev with GPUs": "",
		"sev-snp": "kata-qemu-snp", "sev-snp with GPUs": "kata-qemu-nvidia-gpu-snp",
		"tdx": "kata-qemu-tdx", "tdx with GPUs": "kata-qemu-nvidia-gpu-tdx",
		"ibm-se": "kata-qemu-se", "ibm-se with GPUs": "",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("StandardTEEClass: -want, +got:\n%s", diff)
	}
}
