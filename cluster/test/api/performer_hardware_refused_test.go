// SPDX-License-Identifier: Apache-2.0

package api

import (
	"testing"
)

func TestPerformerHardwareRefused(t *testing.T) {
	const (
		teeType   = "teeType must be one of sgx, sev, sev-snp or tdx"
		resources = "customLabels must be node labels; sgx.intel.com/epc, nvidia.com/gpu and the like are resources: put them in resources.limits"
		value     = "must be a label value: letters, digits, '-', '_' or '.', with a letter or digit at both ends"
		key       = "must have node label keys: at most 63 letters, digits, '-', '_' or '.', after an optional DNS name and '/'"
	)

	checkRefusals(t, performer, map[string]refusal{
		"GPUCountNegative": {
			reason: "Nobody has fewer than no GPUs.",
			change: "spec: {hardwareRequirements: {gpuCount: -1}}",
			want:   []string{"spec.hardwareRequirements.gpuCount", "gpuCount must be 0 or more"},
		},
		"GPUCountText": {
			reason: "A count is a number.",
			change: "spec: {hardwareRequirements: {gpuCount: two}}",
			want:   []string{"spec.hardwareRequirements.gpuCount", "must be of type integer"},
		},
		"GPUCountQuoted": {
			reason: "A count is a number, without quotes.",
			change: `spec: {hardwareRequirements: {gpuCount: "2"}}`,
			want:   []string{"spec.hardwareRequirements.gpuCount", "must be of type integer"},
		},
		"GPUCountFraction": {
			reason: "A GPU is whole.",
			change: "spec: {hardwareRequirements: {gpuCount: 0.5}}",
			want:   []string{"spec.hardwareRequirements.gpuCount", "must be of type integer"},
		},
		"GPUCountNotLimits": {
			reason: "Two numbers that disagree leave it open how many GPUs are wanted: the refusal names both.",
			change: `spec: {hardwareRequirements: {gpuCount: 3}, resources: {limits: {nvidia.com/gpu: "5"}}}`,
			want:   []string{"resources.limits[nvidia.com/gpu] is 5 but hardwareRequirements.gpuCount is 3: make them equal or leave one out"},
			dear:   true,
		},
		"GPUCountNotLimitsNumber": {
			reason: "A quantity may be a number too.",
			change: `spec: {hardwareRequirements: {gpuCount: 3}, resources: {limits: {amd.com/gpu: 5}}}`,
			want:   []string{"resources.limits[amd.com/gpu] is 5 but hardwareRequirements.gpuCount is 3: make them equal or leave one out"},
			dear:   true,
		},
		"GPUCountNotLimitsZero": {
			reason: "No GPU is another number than one.",
			change: `spec: {hardwareRequirements: {gpuCount: 1}, resources: {limits: {nvidia.com/gpu: "0"}}}`,
			want:   []string{"resources.limits[nvidia.com/gpu] is 0 but hardwareRequirements.gpuCount is 1"},
			dear:   true,
		},
		"GPUCountNotSharedLimits": {
			reason: "A shared GPU counts as well.",
			change: `spec: {hardwareRequirements: {gpuCount: 1}, resources: {limits: {nvidia.com/gpu.shared: "2"}}}`,
			want:   []string{"resources.limits[nvidia.com/gpu.shared] is 2 but hardwareRequirements.gpuCount is 1"},
			dear:   true,
		},
		"GPUCountNotRequests": {
			reason: "Requests are compared like limits.",
			change: `spec: {hardwareRequirements: {gpuCount: 4}, resources: {requests: {gpu.intel.com/xe: "7"}}}`,
			want:   []string{"resources.requests[gpu.intel.com/xe] is 7 but hardwareRequirements.gpuCount is 4: make them equal or leave one out"},
			dear:   true,
		},
		"GPURequestsNotLimits": {
			reason: "GPUs cannot be overcommitted.",
			change: `spec: {resources: {requests: {nvidia.com/gpu: "1"}, limits: {nvidia.com/gpu: "2"}}}`,
			want:   []string{"resources.requests[nvidia.com/gpu] is 1 but resources.limits[nvidia.com/gpu] is 2: GPU requests and limits must be equal"},
			dear:   true,
		},
		"GPULimitsFraction": {
			reason: "A GPU is whole.",
			change: `spec: {resources: {limits: {nvidia.com/gpu: "0.5"}}}`,
			want:   []string{"resources.limits must have a whole number of GPUs"},
			dear:   true,
		},
		"GPULimitsMilli": {
			reason: "500m is half a GPU.",
			change: `spec: {resources: {limits: {gpu.intel.com/i915: 500m}}}`,
			want:   []string{"resources.limits must have a whole number of GPUs"},
			dear:   true,
		},
		"GPURequestsFraction": {
			reason: "A GPU is whole.",
			change: `spec: {resources: {requests: {nvidia.com/pgpu: "1.5"}}}`,
			want:   []string{"resources.requests must have a whole number of GPUs"},
			dear:   true,
		},
		"GPULimitsNegative": {
			reason: "Nobody has fewer than no GPUs.",
			change: `spec: {resources: {limits: {nvidia.com/gpu: "-1"}}}`,
			want:   []string{"resources.limits must not be negative"},
			dear:   true,
		},
		"GPUTypeTooLong": {
			reason: "No model has more than 128 characters.",
			change: "spec: {hardwareRequirements: {gpuType: " + long500 + "}}",
			want:   []string{"spec.hardwareRequirements.gpuType: Too long"},
		},
		"GPUTypeNumber": {
			reason: "A model is a text: YAML needs quotes around 4090.",
			change: "spec: {hardwareRequirements: {gpuType: 4090}}",
			want:   []string{"spec.hardwareRequirements.gpuType", "must be of type string"},
		},
		"TEERequiredText": {
			reason: "true is no text.",
			change: `spec: {hardwareRequirements: {teeRequired: "true"}}`,
			want:   []string{"spec.hardwareRequirements.teeRequired", "must be of type boolean"},
		},
		"TEETypeUnknown": {
			reason: "A TEE that nobody knows gets no node.",
			change: "spec: {hardwareRequirements: {teeRequired: true, teeType: unknown}}",
			want:   []string{"spec.hardwareRequirements.teeType", teeType},
		},
		"TEETypeNitro": {
			reason: "Nitro enclaves are not among the TEEs of Pods.",
			change: "spec: {hardwareRequirements: {teeType: nitro}}",
			want:   []string{"spec.hardwareRequirements.teeType", teeType},
		},
		"TEETypeTwo": {
			reason: "One TEE can be asked for.",
			change: `spec: {hardwareRequirements: {teeType: "sgx,tdx"}}`,
			want:   []string{"spec.hardwareRequirements.teeType", teeType},
		},
		"CustomLabelsEPC": {
			reason: "Enclave memory is a resource, and no node has a label for it.",
			change: `spec: {hardwareRequirements: {customLabels: {sgx.intel.com/epc: 64Mi}}}`,
			want:   []string{"spec.hardwareRequirements.customLabels", resources},
		},
		"CustomLabelsGPU": {
			reason: "A number of GPUs is a resource, and no node has a label for it.",
			change: `spec: {hardwareRequirements: {customLabels: {nvidia.com/gpu: "2"}}}`,
			want:   []string{"spec.hardwareRequirements.customLabels", resources},
		},
		"CustomLabelsMIG": {
			reason: "A MIG slice is a resource, unlike the labels that describe it.",
			change: `spec: {hardwareRequirements: {customLabels: {nvidia.com/mig-1g.5gb: "1"}}}`,
			want:   []string{"spec.hardwareRequirements.customLabels", resources},
		},
		"CustomLabelsAMDSEV": {
			reason: "The SEV-SNP device of Kata Containers is a resource.",
			change: `spec: {hardwareRequirements: {customLabels: {sev-snp.amd.com/esids: "1"}}}`,
			want:   []string{"spec.hardwareRequirements.customLabels", resources},
		},
		"CustomLabelsBadValue": {
			reason: "No node has a label with a space.",
			change: `spec: {hardwareRequirements: {customLabels: {intel.sgx.version: "2 0"}}}`,
			want:   []string{"spec.hardwareRequirements.customLabels", "intel.sgx.version", value},
		},
		"CustomLabelsLongValue": {
			reason: "A label has at most 63 characters.",
			change: "spec: {hardwareRequirements: {customLabels: {intel.sgx.version: " + long500 + "}}}",
			want:   []string{"spec.hardwareRequirements.customLabels", "Too long", "63"},
		},
		"CustomLabelsBadKey": {
			reason: "No node has a label with a space in its key.",
			change: `spec: {hardwareRequirements: {customLabels: {sgx version: "2"}}}`,
			want:   []string{"spec.hardwareRequirements.customLabels", key},
		},
		"CustomLabelsNumber": {
			reason: "A label is a text: YAML needs quotes around 2.",
			change: "spec: {hardwareRequirements: {customLabels: {intel.sgx.version: 2}}}",
			want:   []string{"spec.hardwareRequirements.customLabels", "must be of type string"},
		},

		"NodeSelectorBadValue": {
			reason: "A label ends with a letter or digit.",
			change: `spec: {scheduling: {nodeSelector: {gpu: "a100-"}}}`,
			want:   []string{"spec.scheduling.nodeSelector", "gpu", value},
		},
		"NodeSelectorLongValue": {
			reason: "A label has at most 63 characters.",
			change: `spec: {scheduling: {nodeSelector: {gpu: a234567890123456789012345678901234567890123456789012345678901234}}}`,
			want:   []string{"spec.scheduling.nodeSelector", "Too long", "63"},
		},
		"NodeSelectorBoolean": {
			reason: "A label is a text: YAML needs quotes around true.",
			change: "spec: {scheduling: {nodeSelector: {gpu: true}}}",
			want:   []string{"spec.scheduling.nodeSelector", "must be of type string"},
		},
		"NodeSelectorTwoSlashes": {
			reason: "A key has one prefix.",
			change: `spec: {scheduling: {nodeSelector: {example.com/a/b: x}}}`,
			want:   []string{"spec.scheduling.nodeSelector", key},
		},
		"NodeSelectorBadPrefix": {
			reason: "The prefix of a key is a DNS name, which has no empty part.",
			change: `spec: {scheduling: {nodeSelector: {example..com/a: x}}}`,
			want:   []string{"spec.scheduling.nodeSelector", key},
		},
		"NodeSelectorLongKey": {
			reason: "A key has at most 63 characters after its prefix.",
			change: `spec: {scheduling: {nodeSelector: {example.com/a234567890123456789012345678901234567890123456789012345678901234: x}}}`,
			want:   []string{"spec.scheduling.nodeSelector", key},
		},
		"NodeAffinityWithoutTerms": {
			reason: "A requirement without terms matches no node, and no Pod may have it.",
			change: "spec: {scheduling: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: []}}}}",
			want:   []string{"spec.scheduling.nodeAffinity", "nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution must have at least one of nodeSelectorTerms"},
		},
		"NodeAffinityWeight": {
			reason: "A weight is between 1 and 100.",
			change: "spec: {scheduling: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 0, preference: {}}]}}}",
			want:   []string{"spec.scheduling.nodeAffinity", "must have weights between 1 and 100"},
		},
		"NodeAffinityUnknownField": {
			reason: "A misspelled field would be lost in silence, also in Kubernetes' own types.",
			change: "spec: {scheduling: {nodeAffinity: {required: {}}}}",
			want:   []string{`unknown field "spec.scheduling.nodeAffinity.required"`},
		},
		"AffinityWithoutTerms": {
			reason: "The node affinity in affinity has the rules of nodeAffinity.",
			change: "spec: {scheduling: {affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: []}}}}}",
			want:   []string{"spec.scheduling.affinity", "nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution must have at least one of nodeSelectorTerms"},
		},
		"AffinityWeight": {
			reason: "The node affinity in affinity has the rules of nodeAffinity.",
			change: "spec: {scheduling: {affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 101, preference: {}}]}}}}",
			want:   []string{"spec.scheduling.affinity", "must have weights between 1 and 100"},
		},
		"TolerationOperator": {
			reason: "Node affinity knows In, tolerations do not.",
			change: "spec: {scheduling: {tolerations: [{key: a, operator: In}]}}",
			want:   []string{"spec.scheduling.tolerations", "tolerations: operator must be Exists or Equal"},
		},
		"TolerationEffect": {
			reason: "The effects are those of taints.",
			change: "spec: {scheduling: {tolerations: [{key: a, operator: Exists, effect: NoRun}]}}",
			want:   []string{"spec.scheduling.tolerations", "tolerations: effect must be NoSchedule, PreferNoSchedule, NoExecute"},
		},
		"TolerationExistsWithValue": {
			reason: "Exists tolerates any value.",
			change: "spec: {scheduling: {tolerations: [{key: a, operator: Exists, value: b}]}}",
			want:   []string{"spec.scheduling.tolerations", "tolerations: value must be empty when operator is Exists"},
		},
		"TolerationEmptyKeyWithEqual": {
			reason: "Only Exists can mean every taint.",
			change: "spec: {scheduling: {tolerations: [{operator: Equal, value: b}]}}",
			want:   []string{"spec.scheduling.tolerations", "tolerations: operator must be Exists when key is empty"},
		},
		"TolerationEmpty": {
			reason: "Without an operator it is Equal, which needs a key.",
			change: "spec: {scheduling: {tolerations: [{}]}}",
			want:   []string{"spec.scheduling.tolerations", "tolerations: operator must be Exists when key is empty"},
		},
		"TolerationSeconds": {
			reason: "Only eviction can wait.",
			change: "spec: {scheduling: {tolerations: [{key: a, operator: Exists, effect: NoSchedule, tolerationSeconds: 60}]}}",
			want:   []string{"spec.scheduling.tolerations", "tolerations: effect must be NoExecute when tolerationSeconds is set"},
		},
		"RuntimeClassUpperCase": {
			reason: "The name of a RuntimeClass is a DNS name.",
			change: "spec: {scheduling: {runtimeClass: gVisor}}",
			want:   []string{"spec.scheduling.runtimeClass", "runtimeClass must be the name of a RuntimeClass"},
		},
		"RuntimeClassDots": {
			reason: "No part of a DNS name is empty.",
			change: "spec: {scheduling: {runtimeClass: kata..qemu}}",
			want:   []string{"spec.scheduling.runtimeClass", "runtimeClass must be the name of a RuntimeClass"},
		},
		"RuntimeClassTooLong": {
			reason: "The name of an object has at most 253 characters.",
			change: "spec: {scheduling: {runtimeClass: " + long500 + "}}",
			want:   []string{"spec.scheduling.runtimeClass: Too long"},
		},
		"PriorityClassNameTooLong": {
			reason: "The name of an object has at most 253 characters.",
			change: "spec: {scheduling: {priorityClassName: " + long500 + "}}",
			want:   []string{"spec.scheduling.priorityClassName: Too long"},
		},
		"PriorityClassNameUnderscore": {
			reason: "The name of a PriorityClass is a DNS name.",
			change: "spec: {scheduling: {priorityClassName: very_high}}",
			want:   []string{"spec.scheduling.priorityClassName", "priorityClassName must be the name of a PriorityClass"},
		},

		"ResourcesNonsense": {
			reason: "A quantity is a number with a known unit.",
			change: "spec: {resources: {limits: {memory: lots}}}",
			want:   []string{"spec.resources.limits.memory"},
		},
		"ResourcesUnknownUnit": {
			reason: "GB is no unit of Kubernetes: it is G or Gi.",
			change: "spec: {resources: {requests: {memory: 4GB}}}",
			want:   []string{"spec.resources.requests.memory"},
		},
		"ResourcesEmptyQuantity": {
			reason: "A quantity is not empty.",
			change: `spec: {resources: {limits: {cpu: ""}}}`,
			want:   []string{"spec.resources.limits.cpu"},
		},
		"ResourcesNegative": {
			reason: "No container has less than no memory.",
			change: `spec: {resources: {requests: {memory: "-1Gi"}}}`,
			want:   []string{"spec.resources", "resources.requests must not be negative"},
			dear:   true,
		},
		"ResourcesRequestsAboveLimits": {
			reason: "A container cannot be sure of more than it may have.",
			change: `spec: {resources: {requests: {cpu: "2"}, limits: {cpu: 1500m}}}`,
			want:   []string{"spec.resources", "resources.requests[cpu] is 2 but resources.limits[cpu] is only 1500m"},
			dear:   true,
		},
		"ResourcesClaims": {
			reason: "A container can only use the claims of its Pod, which has none.",
			change: "spec: {resources: {claims: [{name: gpu}]}}",
			want:   []string{"spec.resources", "resources.claims must be empty"},
		},
		"ResourcesList": {
			reason: "Resources are a map.",
			change: "spec: {resources: {limits: [cpu]}}",
			want:   []string{"spec.resources.limits", "must be of type object"},
		},
	})
}
