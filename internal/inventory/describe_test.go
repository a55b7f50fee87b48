// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

func TestTEEs(t *testing.T) {
	const gke, tdx = "cloud.google.com/gke-confidential-nodes-instance-type", "intel.feature.node.kubernetes.io/tdx"
	cases := map[string]struct {
		reason string
		nodes  []corev1.Node
		want   []v1alpha1.ObservedTEE
		short  string
	}{
		"Guest": {
			reason: "A node that is a confidential virtual machine protects what is on it.",
			nodes:  []corev1.Node{node(t, "a", "{metadata: {labels: {"+gke+": SEV_SNP}}}")},
			want:   []v1alpha1.ObservedTEE{{Type: "sev-snp", Mode: string(v1alpha1.TEEModeNodeVM), Evidence: gke + "=SEV_SNP"}},
			short:  "8 x GPU, sev-snp node-vm",
		},
		"Host": {
			reason: "A node that can start confidential virtual machines does not protect by itself. It may do enclaves too.",
			nodes:  []corev1.Node{node(t, "a", "{metadata: {labels: {"+tdx+": 'true', sgx.intel.com/capable: 'true'}}}")},
			want: []v1alpha1.ObservedTEE{
				{Type: "sgx", Mode: string(v1alpha1.TEEModeProcess), Evidence: "sgx.intel.com/capable=true"},
				{Type: "tdx", Mode: string(v1alpha1.TEEModePodVM), Evidence: tdx + "=true"},
			},
			short: "8 x GPU, sgx process, tdx pod-vm",
		},
		"OneWithout": {
			reason: "What one of the nodes lacks, the pool lacks.",
			nodes:  []corev1.Node{node(t, "a", "{metadata: {labels: {"+tdx+": 'true'}}}"), node(t, "b", "")},
			short:  "8 x GPU",
		},
		"Denied": {
			reason: "A label that says no proves nothing.",
			nodes:  []corev1.Node{node(t, "a", "{metadata: {labels: {"+tdx+": 'false'}}}")},
			short:  "8 x GPU",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := Observe(map[string]string{"pool": "a100"}, &Cluster{Nodes: tc.nodes})
			if diff := cmp.Diff(tc.want, got.TEEs); diff != "" {
				t.Errorf("\n%s\nObserve(...).TEEs: -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.short, got.Hardware); diff != "" {
				t.Errorf("\n%s\nObserve(...).Hardware: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
