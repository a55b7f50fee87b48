// SPDX-License-Identifier: Apache-2.0

package api

import (
	"testing"
)

// hardwarePool is valid.
const hardwarePool = `
apiVersion: hourglass.eigenlayer.io/v1alpha1
kind: HardwarePool
metadata:
  name: a100-eu
spec:
  nodeSelector: {cloud.google.com/gke-nodepool: a100-eu}
  gpu: {product: NVIDIA-A100-SXM4-80GB, count: 8}
`

func TestHardwarePoolRefused(t *testing.T) {
	cases := map[string]refusal{
		"SpecMissing":         {reason: "A pool without a spec is none.", change: "spec: null", want: []string{"spec: Required value"}},
		"NodeSelectorMissing": {reason: "Pods of the pool have to find its nodes.", change: "spec: {nodeSelector: null}", want: []string{"spec.nodeSelector: Required value"}},
		"NodeSelectorEmpty":   {reason: "An empty selector would select every node.", change: "spec: {nodeSelector: {cloud.google.com/gke-nodepool: null}}", want: []string{"spec.nodeSelector", "must have a label that only the nodes of this pool have"}},
		"NodeSelectorKey":     {reason: "A label key has a form.", change: `spec: {nodeSelector: {"a b": c}}`, want: []string{"spec.nodeSelector", "node label keys"}},
		"NodeSelectorValue":   {reason: "A label value has a form.", change: `spec: {nodeSelector: {a: "b c"}}`, want: []string{"spec.nodeSelector", "must be a label value"}},
		"LabelValue":          {reason: "So have those of the other labels.", change: `spec: {labels: {a: "b c"}}`, want: []string{"spec.labels", "must be a label value"}},
		"ProductMissing":      {reason: "GPUs are of a model.", change: "spec: {gpu: {product: null}}", want: []string{"spec.gpu.product: Required value"}},
		"ProductEmpty":        {reason: "An empty model is none.", change: `spec: {gpu: {product: ""}}`, want: []string{"spec.gpu.product"}},
		"GPUCountNegative":    {reason: "There are no fewer than no GPUs.", change: "spec: {gpu: {count: -1}}", want: []string{"spec.gpu.count", "must be 0 or more"}},
		"GPUCountText":        {reason: "A number is no text.", change: `spec: {gpu: {count: "8"}}`, want: []string{"spec.gpu.count", "integer"}},
		"GPUMemoryZero":       {reason: "A GPU has memory.", change: "spec: {gpu: {memoryMiB: 0}}", want: []string{"spec.gpu.memoryMiB", "must be 1 or more"}},
		"SharingUnknown":      {reason: "The ways to share are known.", change: "spec: {gpu: {sharing: often}}", want: []string{"spec.gpu.sharing", `"none", "time-slicing", "mps"`}},
		"TEETypeMissing":      {reason: "A TEE is one of those there are.", change: "spec: {tee: {mode: pod-vm}}", want: []string{"spec.tee.type: Required value"}},
		"TEETypeUnknown":      {reason: "Nitro enclaves cannot be asked for.", change: "spec: {tee: {type: nitro}}", want: []string{"spec.tee.type", `"sgx", "sev", "sev-snp", "tdx"`}},
		"TEEModeUnknown":      {reason: "The modes are three.", change: "spec: {tee: {type: tdx, mode: host}}", want: []string{"spec.tee.mode", `"process", "pod-vm", "node-vm"`}},
		"TargetKind":          {reason: "Clusters are reached by the two kinds.", change: "spec: {providerConfigRef: {kind: Cluster, name: west}}", want: []string{"spec.providerConfigRef.kind", `"ClusterProviderConfig", "ProviderConfig"`}},
		"TargetWithoutName":   {reason: "A target has a name.", change: "spec: {providerConfigRef: {kind: ClusterProviderConfig, name: null}}", want: []string{"spec.providerConfigRef.name: Required value"}},
		"NamespaceMissing":    {reason: "A ProviderConfig is in a namespace.", change: "spec: {providerConfigRef: {kind: ProviderConfig, name: west}}", want: []string{"spec.providerConfigRef", "must have a namespace when its kind is ProviderConfig"}},
		"NamespaceTooMuch":    {reason: "A ClusterProviderConfig is in none.", change: "spec: {providerConfigRef: {kind: ClusterProviderConfig, name: west, namespace: a}}", want: []string{"spec.providerConfigRef", "and none when it is ClusterProviderConfig"}},
		"WeightNegative":      {reason: "Weights start at 0.", change: "spec: {weight: -1}", want: []string{"spec.weight", "between 0 and 1000"}},
		"WeightTooHigh":       {reason: "And end at 1000.", change: "spec: {weight: 1001}", want: []string{"spec.weight", "between 0 and 1000"}},
		"MinNodesNegative":    {reason: "There are no fewer than no nodes.", change: "spec: {minNodes: -1}", want: []string{"spec.minNodes", "must be 0 or more"}},
		"MaxBelowMin":         {reason: "The most is no less than the least.", change: "spec: {minNodes: 3, maxNodes: 2}", want: []string{"maxNodes must be at least minNodes"}},
		"ClassWithoutHandler": {reason: "A RuntimeClass has a handler.", change: "spec: {runtimeClasses: [{name: kata}]}", want: []string{"spec.runtimeClasses[0].handler: Required value"}},
		"ClassTwice":          {reason: "A name is there once.", change: "spec: {runtimeClasses: [{name: a, handler: b}, {name: a, handler: c}]}", want: []string{"spec.runtimeClasses[1]", "Duplicate value"}},
	}
	checkRefusals(t, hardwarePool, cases)
}

func TestHardwarePoolAccepted(t *testing.T) {
	checkAccepted(t, "All there is to declare.", withChange(t, hardwarePool, `spec:
  providerConfigRef: {kind: ProviderConfig, namespace: team-a, name: west}
  labels: {topology.kubernetes.io/zone: eu-1}
  taints: [{key: nvidia.com/gpu, value: present, effect: NoSchedule}]
  gpu: {memoryMiB: 81920, resource: nvidia.com/pgpu, sharing: none}
  tee: {type: tdx, mode: pod-vm, runtimeClass: kata-qemu-nvidia-gpu-tdx}
  allocatable: {cpu: "96", memory: 1300Gi}
  runtimeClasses: [{name: kata-qemu-nvidia-gpu-tdx, handler: kata-qemu-nvidia-gpu-tdx, overhead: {memory: 10Gi}, nodeSelector: {a: b}}]
  architecture: amd64
  price: "32.77"
  weight: 10
  minNodes: 0
  maxNodes: 4`))
}
