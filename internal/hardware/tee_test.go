// SPDX-License-Identifier: Apache-2.0

package hardware

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseTEE(t *testing.T) {
	type want struct {
		tee TEE
		err string
	}
	known := "known TEEs are sgx, sev, sev-snp, tdx"
	cases := map[string]struct {
		reason string
		name   string
		want   want
	}{
		"SGX":        {"The canonical name is read.", "sgx", want{tee: SGX}},
		"IntelSGX":   {"The vendor may be named.", "intel-sgx", want{tee: SGX}},
		"SEV":        {"SEV is its own.", "sev", want{tee: SEV}},
		"AMDSEV":     {"The vendor may be named.", "AMD SEV", want{tee: SEV}},
		"Underscore": {"GKE's spelling is read.", "SEV_SNP", want{tee: SEVSNP}},
		"SNP":        {"The short name is read.", "snp", want{tee: SEVSNP}},
		"AMDSEVSNP":  {"The long name is read.", "amd-sev-snp", want{tee: SEVSNP}},
		"TDX":        {"Case and space do not matter.", " TDX ", want{tee: TDX}},
		"IntelTDX":   {"The vendor may be named.", "intel-tdx", want{tee: TDX}},
		"Nitro":      {"Nitro enclaves are not supported.", "nitro", want{err: `"nitro" is not a known TEE; ` + known}},
		"Empty":      {"Nothing is no TEE.", "", want{err: known}},
		"IBM":        {"A TEE that a class may give cannot be asked for.", string(IBMSecureExecution), want{err: known}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := ParseTEE(tc.name)
			if got != tc.want.tee {
				t.Errorf("\n%s\nParseTEE(%q): want %q, got %q", tc.reason, tc.name, tc.want.tee, got)
			}
			checkError(t, tc.reason, tc.want.err, err)
		})
	}
}

func TestTEELabels(t *testing.T) {
	type want struct {
		host  []Alternative
		guest []Alternative
	}
	cases := map[string]struct {
		reason string
		tee    TEE
		want   want
	}{
		"SGX": {"SGX needs a host with enclaves; nodes are not enclaves.", SGX, want{host: []Alternative{
			{in("feature.node.kubernetes.io/cpu-security.sgx.enabled", "true")},
			{in("intel.feature.node.kubernetes.io/sgx", "true")},
			{in("sgx.intel.com/capable", "true")},
		}}},
		"SEV": {"Only nodes that are SEV guests serve.", SEV, want{guest: []Alternative{
			{in("cloud.google.com/gke-confidential-nodes-instance-type", "SEV")},
		}}},
		"SEVSNP": {"Host and guest labels differ.", SEVSNP, want{
			host: []Alternative{
				{in("feature.node.kubernetes.io/cpu-security.sev.snp.enabled", "true")},
				{in("amd.feature.node.kubernetes.io/snp", "true")},
			},
			guest: []Alternative{
				{in("cloud.google.com/gke-confidential-nodes-instance-type", "SEV_SNP")},
				{in("kubernetes.azure.com/security-type", "ConfidentialVM")},
			},
		}},
		"TDX": {"Host and guest labels differ.", TDX, want{
			host: []Alternative{
				{in("feature.node.kubernetes.io/cpu-security.tdx.enabled", "true")},
				{in("intel.feature.node.kubernetes.io/tdx", "true")},
			},
			guest: []Alternative{
				{in("cloud.google.com/gke-confidential-nodes-instance-type", "TDX")},
				{in("feature.node.kubernetes.io/cpu-security.tdx.protected", "true")},
			},
		}},
		"Other": {"A TEE that cannot be asked for has no labels.", IBMSecureExecution, want{}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want.host, HostLabels(tc.tee)); diff != "" {
				t.Errorf("\n%s\nHostLabels(%q): -want, +got:\n%s", tc.reason, tc.tee, diff)
			}
			if diff := cmp.Diff(tc.want.guest, GuestLabels(tc.tee)); diff != "" {
				t.Errorf("\n%s\nGuestLabels(%q): -want, +got:\n%s", tc.reason, tc.tee, diff)
			}
		})
	}
}
