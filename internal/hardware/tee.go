// SPDX-License-Identifier: Apache-2.0

package hardware

import (
	"fmt"
	"slices"
	"strings"
)

// A TEE is a technology for trusted execution environments.
type TEE string

// The TEEs that can be asked for.
const (
	// SGX protects a part of a process, an enclave.
	SGX TEE = "sgx"
	// SEV encrypts the memory of a virtual machine.
	SEV TEE = "sev"
	// SEVSNP is SEV with integrity and attestation. It is not taken for SEV, nor
	// SEV for it.
	SEVSNP TEE = "sev-snp"
	// TDX protects a virtual machine.
	TDX TEE = "tdx"
)

// IBMSecureExecution is a TEE that a RuntimeClass may give (kata-qemu-se) but
// that cannot be asked for.
const IBMSecureExecution TEE = "ibm-se"

// teeSpellings are the names that people write, in lower case with hyphens.
var teeSpellings = map[string]TEE{
	"sgx": SGX, "intel-sgx": SGX,
	"sev": SEV, "amd-sev": SEV,
	"snp": SEVSNP, "sevsnp": SEVSNP, "sev-snp": SEVSNP, "amd-snp": SEVSNP, "amd-sev-snp": SEVSNP,
	"tdx": TDX, "intel-tdx": TDX,
}

// TEEs returns the TEEs that can be asked for, in the order in which they are
// listed to people.
func TEEs() []TEE { return []TEE{SGX, SEV, SEVSNP, TDX} }

// ParseTEE reads the name of a TEE in any common spelling: "SEV_SNP", "snp",
// "intel-sgx", " TDX ". Any other name is an error that lists the known ones.
func ParseTEE(name string) (TEE, error) {
	word := strings.NewReplacer("_", "-", " ", "-").Replace(strings.ToLower(strings.TrimSpace(name)))
	if t, ok := teeSpellings[word]; ok {
		return t, nil
	}
	known := make([]string, 0, len(TEEs()))
	for _, t := range TEEs() {
		known = append(known, string(t))
	}
	return "", fmt.Errorf("%q is not a known TEE; known TEEs are %s", name, strings.Join(known, ", "))
}

// HostLabels returns the node labels that prove that a node can create enclaves
// (SGX) or confidential virtual machines (SEV-SNP, TDX) of the TEE. SEV has none:
// Kata Containers dropped its SEV runtime in 2025, so a host's SEV is of no use
// to a Pod. Host labels never stand in for guest labels.
//
// Sources: node-feature-discovery docs/usage/features.md for
// feature.node.kubernetes.io; intel/intel-device-plugins-for-kubernetes
// deployments/nfd and cmd/sgx_plugin for SGX; Kata Containers'
// node-feature-rules.yaml for the other two.
func HostLabels(t TEE) []Alternative { return slices.Clone(hostLabels[t]) }

var hostLabels = func() map[TEE][]Alternative {
	keys := map[TEE][]string{
		SGX: {
			"feature.node.kubernetes.io/cpu-security.sgx.enabled",
			"intel.feature.node.kubernetes.io/sgx",
			"sgx.intel.com/capable",
		},
		SEVSNP: {
			"feature.node.kubernetes.io/cpu-security.sev.snp.enabled",
			"amd.feature.node.kubernetes.io/snp",
		},
		TDX: {
			"feature.node.kubernetes.io/cpu-security.tdx.enabled",
			"intel.feature.node.kubernetes.io/tdx",
		},
	}
	all := map[TEE][]Alternative{}
	for _, t := range TEEs() {
		for _, key := range keys[t] {
			all[t] = append(all[t], Alternative{in(key, "true")})
		}
	}
	return all
}()

// GuestLabels returns the node labels that prove that a node is itself a
// confidential virtual machine of the TEE, so that whatever runs on it is inside.
// SGX has none. NFD knows TDX guests but no SEV ones. AKS's confidential nodes
// are all SEV-SNP.
//
// Sources: google/cc-device-plugin README.md for GKE,
// MicrosoftDocs/azure-aks-docs use-cvm.md for AKS, node-feature-discovery
// docs/usage/features.md for NFD.
func GuestLabels(t TEE) []Alternative { return slices.Clone(guestLabels[t]) }

var guestLabels = func() map[TEE][]Alternative {
	const gkeType = "cloud.google.com/gke-confidential-nodes-instance-type"
	return map[TEE][]Alternative{
		SEV: {{in(gkeType, "SEV")}},
		SEVSNP: {
			{in(gkeType, "SEV_SNP")},
			{in("kubernetes.azure.com/security-type", "ConfidentialVM")},
		},
		TDX: {
			{in(gkeType, "TDX")},
			{in("feature.node.kubernetes.io/cpu-security.tdx.protected", "true")},
		},
	}
}()
