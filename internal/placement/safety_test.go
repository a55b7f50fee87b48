// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// A simulated node has labels as its platform sets them, and the TEEs that it
// really offers to its Pods.
type node struct {
	labels map[string]string
	// hosts are TEEs that the node can create, guests those that it is in.
	hosts, guests []string
}

const nfd = "feature.node.kubernetes.io/cpu-security."

// nodes are the platforms of the catalog, plain ones and ones that come close.
var nodes = map[string]node{
	"Plain":            {labels: map[string]string{"kubernetes.io/arch": "amd64"}},
	"KataOnly":         {labels: map[string]string{"katacontainers.io/kata-runtime": "true"}},
	"AKSTrusted":       {labels: map[string]string{"kubernetes.azure.com/security-type": "TrustedLaunch", "kubernetes.azure.com/accelerator": "nvidia"}},
	"SGXByNFD":         {labels: map[string]string{nfd + "sgx.enabled": "true"}, hosts: []string{"sgx"}},
	"SGXByRule":        {labels: map[string]string{"intel.feature.node.kubernetes.io/sgx": "true"}, hosts: []string{"sgx"}},
	"SGXByPlugin":      {labels: map[string]string{"sgx.intel.com/capable": "true"}, hosts: []string{"sgx"}},
	"SGXOff":           {labels: map[string]string{nfd + "sgx.enabled": "false"}},
	"TDXHost":          {labels: map[string]string{nfd + "tdx.enabled": "true", "intel.feature.node.kubernetes.io/tdx": "true"}, hosts: []string{"tdx"}},
	"TDXAndSGXHost":    {labels: map[string]string{nfd + "tdx.enabled": "true", nfd + "sgx.enabled": "true"}, hosts: []string{"tdx", "sgx"}},
	"SNPHost":          {labels: map[string]string{nfd + "sev.enabled": "true", nfd + "sev.snp.enabled": "true", "amd.feature.node.kubernetes.io/snp": "true"}, hosts: []string{"sev", "sev-snp"}},
	"SEVHost":          {labels: map[string]string{nfd + "sev.enabled": "true", "amd.feature.node.kubernetes.io/sev": "true"}, hosts: []string{"sev"}},
	"SecureExecution":  {labels: map[string]string{nfd + "se.enabled": "true"}, hosts: []string{"ibm-se"}},
	"GKESEV":           {labels: map[string]string{"cloud.google.com/gke-confidential-nodes-instance-type": "SEV"}, guests: []string{"sev"}},
	"GKESNP":           {labels: map[string]string{"cloud.google.com/gke-confidential-nodes-instance-type": "SEV_SNP"}, guests: []string{"sev-snp"}},
	"GKETDX":           {labels: map[string]string{"cloud.google.com/gke-confidential-nodes-instance-type": "TDX"}, guests: []string{"tdx"}},
	"AKSConfidential":  {labels: map[string]string{"kubernetes.azure.com/security-type": "ConfidentialVM"}, guests: []string{"sev-snp"}},
	"TDXGuestByNFD":    {labels: map[string]string{nfd + "tdx.protected": "true"}, guests: []string{"tdx"}},
	"GKETDXGPU":        {labels: map[string]string{"cloud.google.com/gke-confidential-nodes-instance-type": "TDX", "cloud.google.com/gke-accelerator": "nvidia-h100-80gb"}, guests: []string{"tdx"}},
	"AKSGPUNotReady":   {labels: map[string]string{"kubernetes.azure.com/security-type": "ConfidentialVM", "nvidia.com/cc.mode": "off", "nvidia.com/cc.ready.state": "false"}, guests: []string{"sev-snp"}},
	"AKSGPUReady":      {labels: map[string]string{"kubernetes.azure.com/security-type": "ConfidentialVM", "nvidia.com/cc.mode": "on", "nvidia.com/cc.ready.state": "true"}, guests: []string{"sev-snp"}},
	"TDXGuestNotReady": {labels: map[string]string{nfd + "tdx.protected": "true", "nvidia.com/cc.mode.state": "failed", "nvidia.com/cc.ready.state": "false"}, guests: []string{"tdx"}},
	"GPUNotReady":      {labels: map[string]string{nfd + "tdx.enabled": "true", "nvidia.com/cc.mode": "on", "nvidia.com/cc.ready.state": "false"}, hosts: []string{"tdx"}},
	"ConfidentialGPUs": {labels: map[string]string{nfd + "tdx.enabled": "true", "nvidia.com/cc.ready.state": "true", "nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3"}, hosts: []string{"tdx"}},
}

// runtimeTEEs are what the handlers of RuntimeClasses really give. Handlers that
// are not listed give nothing.
var runtimeTEEs = map[string][]string{
	"kata-qemu-tdx": {"tdx"}, "kata-qemu-tdx-runtime-rs": {"tdx"}, "kata-qemu-nvidia-gpu-tdx": {"tdx"},
	"kata-qemu-snp": {"sev-snp"}, "kata-qemu-snp-runtime-rs": {"sev-snp"}, "kata-qemu-nvidia-gpu-snp": {"sev-snp"}, "kata-cc-isolation": {"sev-snp"},
	"kata-cc": {"tdx", "sev-snp"}, "kata-qemu-se": {"ibm-se"}, "enclave-cc": {"sgx"},
}

// takesGPU says whether a Pod with the constraints gets an NVIDIA GPU.
func takesGPU(c Constraints) bool {
	_, whole := c.Resources.Limits["nvidia.com/gpu"]
	_, passed := c.Resources.Limits["nvidia.com/pgpu"]
	return whole || passed
}

// protects says whether a Pod with the constraints is in the TEE on a node, or in
// any that can be asked for where none is named. The GPU of a Pod in a virtual
// machine must be inside as well.
func protects(n node, c Constraints, handlers map[string]string, tee string) bool {
	for _, t := range []string{"sgx", "sev", "sev-snp", "tdx"} {
		if tee != "" && t != tee {
			continue
		}
		if slices.Contains(n.guests, t) && (!takesGPU(c) || n.labels["nvidia.com/cc.ready.state"] != "false") {
			return true
		}
		_, enclave := c.Resources.Limits["sgx.intel.com/epc"]
		if t == "sgx" && enclave && slices.Contains(n.hosts, t) {
			return true
		}
		if c.RuntimeClassName != nil && slices.Contains(n.hosts, t) {
			handler, ok := handlers[*c.RuntimeClassName]
			if !ok {
				handler = *c.RuntimeClassName
			}
			if slices.Contains(runtimeTEEs[handler], t) && (!takesGPU(c) || n.labels["nvidia.com/cc.ready.state"] == "true") {
				return true
			}
		}
	}
	return false
}

// admits says whether the scheduler could put a Pod with the selector there.
func admits(t *testing.T, selector nodeaffinity.RequiredNodeAffinity, n node) bool {
	t.Helper()
	ok, err := selector.Match(&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n", Labels: n.labels}})
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

// schedulings are what users say beside the RuntimeClass.
func schedulings(class string) []*v1alpha1.SchedulingConfig {
	base := v1alpha1.SchedulingConfig{}
	if class != "" {
		base.RuntimeClass = &class
	}
	selector, two, empty := base, base, base
	selector.NodeSelector = map[string]string{nfd + "tdx.enabled": "true"}
	two.NodeAffinity = required(reqs{is("kubernetes.io/arch", corev1.NodeSelectorOpNotIn, "s390x")}, reqs{is("x", corev1.NodeSelectorOpDoesNotExist)})
	empty.Affinity = &corev1.Affinity{NodeAffinity: required(nil, reqs{is("x", corev1.NodeSelectorOpDoesNotExist)})}
	return []*v1alpha1.SchedulingConfig{&base, &selector, &two, &empty}
}

// TestTEEIsNeverTraded checks that no demand for a TEE, whatever stands beside it,
// gives constraints that a node without that TEE can meet.
func TestTEEIsNeverTraded(t *testing.T) {
	runtimes := []string{
		"", "kata-qemu-tdx", "kata-qemu-tdx-runtime-rs", "kata-qemu-snp", "kata-qemu-nvidia-gpu-tdx", "kata-qemu-nvidia-gpu-snp",
		"kata-cc", "kata-cc-isolation", "kata-qemu-se", "enclave-cc", "kata-qemu-nvidia-gpu", "kata-qemu", "kata-clh",
		"kata-vm-isolation", "gvisor", "nvidia", "kata", "kata-remote", "kata-qemu-coco-dev", "kata-qemu-sev", "mine",
	}
	lying := append(handledBy("kata-qemu-tdx", "runc"), handledBy("kata-qemu-snp", "kata-qemu")...)
	targets := [][]nodev1.RuntimeClass{
		nil,
		{},
		classes(runtimes[1:]...), classes("kata-qemu-tdx", "gvisor"), classes("kata-qemu-snp", "kata-qemu-nvidia-gpu-snp"),
		lying, handledBy("kata", "kata-qemu-tdx"), handledBy("kata", "kata-qemu"), handledBy("mine", "kata-qemu-snp"), classes("kata-cc"),
	}
	demands := []struct {
		gpu       string
		resources corev1.ResourceRequirements
	}{
		{}, {gpu: "h100"}, {gpu: "a100"}, {resources: limits("sgx.intel.com/epc", "1Mi")}, {resources: limits("nvidia.com/pgpu", "1")}, {resources: limits("nvidia.com/gpu", "1")},
	}
	sound, matched := 0, 0
	for _, teeType := range []string{"", "sgx", "sev", "sev-snp", "tdx"} {
		for _, runtime := range runtimes {
			for i, target := range targets {
				handlers := map[string]string{}
				for _, c := range target {
					handlers[c.Name] = c.Handler
				}
				for j, d := range demands {
					for k, s := range schedulings(runtime) {
						c, err := Constrain(Demand{Hardware: &hw{TEERequired: new(true), TEEType: teeType, GPUType: d.gpu}, Scheduling: s, Resources: d.resources}, target)
						if err != nil {
							continue
						}
						sound++
						matched += checkProtected(t, c, handlers, teeType, fmt.Sprintf("teeType %q, runtimeClass %q, target %d, demand %d, scheduling %d", teeType, runtime, i, j, k))
					}
				}
			}
		}
	}
	// A test in which nothing is allowed anywhere would show nothing.
	if sound < 500 || matched < 500 {
		t.Errorf("only %d demands were met, on %d nodes", sound, matched)
	}
}

// checkProtected returns how many nodes the constraints admit, and fails for each
// that does not protect.
func checkProtected(t *testing.T, c Constraints, handlers map[string]string, tee, what string) int {
	t.Helper()
	admitted := 0
	selector := nodeaffinity.GetRequiredNodeAffinity(&corev1.Pod{Spec: corev1.PodSpec{NodeSelector: c.NodeSelector, Affinity: c.Affinity}})
	for name, n := range nodes {
		// With GPUs in the demand the nodes get every label that says H100.
		withGPU := node{labels: map[string]string{"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3"}, hosts: n.hosts, guests: n.guests}
		maps.Copy(withGPU.labels, n.labels)
		for _, candidate := range []node{n, withGPU} {
			if !admits(t, selector, candidate) {
				continue
			}
			admitted++
			if !protects(candidate, c, handlers, tee) {
				t.Errorf("%s: node %s is allowed and has no such TEE", what, name)
			}
		}
	}
	return admitted
}
