// SPDX-License-Identifier: Apache-2.0

package api

import (
	"testing"
)

func TestPerformerAccepted(t *testing.T) {
	const digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

	cases := map[string]struct {
		reason string
		change string
	}{
		"AddressUpperCase": {
			reason: "An address may be in upper case.",
			change: `spec: {avsAddress: "0xABCDEFABCDEFABCDEFABCDEFABCDEFABCDEFABCD"}`,
		},
		"ImageOfficial": {
			reason: "An image needs neither a registry nor a tag.",
			change: "spec: {image: performer}",
		},
		"ImageDigest": {
			reason: "A digest names an image.",
			change: "spec: {image: myavs/performer@" + digest + "}",
		},
		"ImageTagAndDigest": {
			reason: "A tag may stand before a digest.",
			change: "spec: {image: myavs/performer:v2@" + digest + "}",
		},
		"ImageSHA512": {
			reason: "There are other digests than sha256.",
			change: "spec: {image: myavs/performer@sha512:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef}",
		},
		"ImagePortAndPath": {
			reason: "A registry has a port, and an image a path.",
			change: "spec: {image: registry.example.com:5000/team-a/avs/performer:v1.2.3-rc.1_x}",
		},
		"ImageLocalhost": {
			reason: "A registry may be on the node.",
			change: "spec: {image: localhost:5000/x}",
		},
		"ImageIPv4": {
			reason: "A registry may be an address.",
			change: "spec: {image: 10.0.0.1:5000/x}",
		},
		"ImageIPv6": {
			reason: "A registry may be an address of any kind.",
			change: `spec: {image: "[2001:db8::1]:5000/x:y"}`,
		},
		"ImageSeparators": {
			reason: "Repositories have separators.",
			change: "spec: {image: my-avs__x/per.former---y:V1}",
		},
		"ImagePullPolicy": {
			reason: "The executor's client sends a policy.",
			change: "spec: {imagePullPolicy: IfNotPresent}",
		},
		"GRPCPortLowest": {
			reason: "1 is in the range.",
			change: "spec: {config: {grpcPort: 1}}",
		},
		"GRPCPortHighest": {
			reason: "65535 is in the range.",
			change: "spec: {config: {grpcPort: 65535}}",
		},
		"Config": {
			reason: "No part of config is required.",
			change: "spec: {config: null}",
		},
		"EnvironmentNames": {
			reason: "Variables have dots, hyphens and underscores, and empty values.",
			change: `spec: {config: {environment: {_a: "", b.c-d: "x y\nz"}}}`,
		},
		"EnvironmentFrom": {
			reason: "Values come from Secrets and ConfigMaps, which may be optional.",
			change: "spec: {config: {environmentFrom: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k, optional: true}}}, {name: B, valueFrom: {configMapKeyRef: {name: c, key: k}}}]}}",
		},
		"ServiceAccountName": {
			reason: "The name of a service account may have dots.",
			change: "spec: {config: {serviceAccountName: avs.performer-1}}",
		},
		"NameLongest": {
			reason: "53 characters are not too many.",
			change: "metadata: {name: a2345678901234567890123456789012345678901234567890123}",
		},
		"NameOfDigits": {
			reason: "performer-1 is a valid name of a Service.",
			change: `metadata: {name: "1"}`,
		},
		"GPUCountZero": {
			reason: "0 GPUs are what a client sends that always sends the field.",
			change: "spec: {hardwareRequirements: {gpuCount: 0}}",
		},
		"GPUCountZeroWithLimits": {
			reason: "A client that always sends the field sends it beside limits too.",
			change: `spec: {hardwareRequirements: {gpuCount: 0}, resources: {limits: {nvidia.com/gpu: "1"}}}`,
		},
		"GPUCountWithoutType": {
			reason: "Any GPU will do.",
			change: "spec: {hardwareRequirements: {gpuCount: 8}}",
		},
		"GPUTypeWithoutCount": {
			reason: "One of them will do.",
			change: "spec: {hardwareRequirements: {gpuType: NVIDIA A100 80GB}}",
		},
		"GPULimitsText": {
			reason: "Limits that agree with gpuCount say it twice.",
			change: `spec: {hardwareRequirements: {gpuCount: 2}, resources: {requests: {nvidia.com/gpu: "2"}, limits: {nvidia.com/gpu: "2"}}}`,
		},
		"GPULimitsNumber": {
			reason: "A quantity may be a number.",
			change: "spec: {hardwareRequirements: {gpuCount: 2}, resources: {limits: {nvidia.com/gpu: 2}}}",
		},
		"GPULimitsThousands": {
			reason: "A quantity has many spellings.",
			change: "spec: {hardwareRequirements: {gpuCount: 1000}, resources: {limits: {nvidia.com/gpu: 1k}}}",
		},
		"GPULimitsMixed": {
			reason: "A text and a number can be the same quantity.",
			change: `spec: {resources: {requests: {nvidia.com/gpu: 2}, limits: {nvidia.com/gpu: "2"}}}`,
		},
		"GPURequestsOnly": {
			reason: "The limit follows from the request.",
			change: `spec: {resources: {requests: {nvidia.com/gpu: "1"}}}`,
		},
		"ResourcesEqual": {
			reason: "Requests may be as high as limits, however both are written.",
			change: `spec: {resources: {requests: {cpu: 500m, memory: 1024Mi}, limits: {cpu: "0.5", memory: 1Gi}}}`,
		},
		"ResourcesNoClaims": {
			reason: "An empty list of claims is as good as none.",
			change: "spec: {resources: {claims: []}}",
		},
		"TEERequiredWithoutType": {
			reason: "teeType should be there, but need not: any TEE will do.",
			change: "spec: {hardwareRequirements: {teeRequired: true}}",
		},
		"TEETypeSGX": {
			reason: "sgx is in the reference.",
			change: "spec: {hardwareRequirements: {teeType: sgx}}",
		},
		"TEETypeSEV": {
			reason: "sev is in the reference.",
			change: "spec: {hardwareRequirements: {teeType: sev}}",
		},
		"TEETypeTDX": {
			reason: "tdx is in the reference, and may be in upper case.",
			change: "spec: {hardwareRequirements: {teeType: TDX}}",
		},
		"TEETypeUnderscore": {
			reason: "GKE writes it so.",
			change: "spec: {hardwareRequirements: {teeType: SEV_SNP}}",
		},
		"TEETypeShort": {
			reason: "Kata Containers write it so.",
			change: "spec: {hardwareRequirements: {teeType: snp}}",
		},
		"TEETypeVendor": {
			reason: "Some name the vendor too.",
			change: "spec: {hardwareRequirements: {teeType: intel-sgx}}",
		},
		"TEETypeSpaces": {
			reason: "Spaces do not change what is meant.",
			change: `spec: {hardwareRequirements: {teeType: " AMD SEV SNP "}}`,
		},
		"CustomLabels": {
			reason: "Labels that only look like resources are labels.",
			change: `spec: {hardwareRequirements: {customLabels: {nvidia.com/gpu.present: "true", nvidia.com/mig-1g.5gb.count: "7", intel.sgx.version: "2.0"}}}`,
		},
		"NodeSelector": {
			reason: "A label may be empty, and its key may be upper case.",
			change: `spec: {scheduling: {nodeSelector: {node-role.kubernetes.io/gpu: "", My_Label.x: Yes-1}}}`,
		},
		"Tolerations": {
			reason: "All forms of a toleration work.",
			change: "spec: {scheduling: {tolerations: [{operator: Exists}, {key: a}, {key: a, value: b}, {key: a, operator: Exists, effect: NoExecute, tolerationSeconds: 0}, {key: a, operator: Gt, value: '1'}]}}",
		},
		"RuntimeClassEmpty": {
			reason: "An empty name is as good as none.",
			change: `spec: {executorRef: "", config: {serviceAccountName: ""}, scheduling: {runtimeClass: "", priorityClassName: ""}, hardwareRequirements: {gpuType: "", teeType: ""}}`,
		},
		"RuntimeClassDots": {
			reason: "The name of a RuntimeClass may have dots.",
			change: "spec: {scheduling: {runtimeClass: kata.qemu-tdx}}",
		},
		"NodeAffinity": {
			reason: "A term may be empty, and a weight as high as 100.",
			change: "spec: {scheduling: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{}]}, preferredDuringSchedulingIgnoredDuringExecution: [{weight: 100, preference: {matchExpressions: [{key: a, operator: Gt, values: ['1']}]}}]}}}",
		},
		"Affinity": {
			reason: "The executor's client sends node, pod and pod anti-affinity in one.",
			change: `
spec:
  scheduling:
    affinity:
      nodeAffinity:
        requiredDuringSchedulingIgnoredDuringExecution:
          nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: [node-1]}]}]
      podAntiAffinity:
        preferredDuringSchedulingIgnoredDuringExecution:
        - weight: 1
          podAffinityTerm: {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: hourglass-performer}}}
`,
		},
		"ManagementPoliciesAll": {
			reason: "All of Crossplane's actions can be named.",
			change: `spec: {managementPolicies: [Observe, Create, Update, Delete, LateInitialize, "*"]}`,
		},
		"ManagementPoliciesNone": {
			reason: "No action pauses.",
			change: "spec: {managementPolicies: []}",
		},
		"ProviderConfigRef": {
			reason: "A provider config may be in the same namespace.",
			change: "spec: {providerConfigRef: {kind: ProviderConfig, name: west}}",
		},
		"ConnectionSecret": {
			reason: "Connection details can be written to a Secret.",
			change: "spec: {writeConnectionSecretToRef: {name: endpoint}}",
		},
		"Status": {
			reason: "A status that comes with a manifest does no harm.",
			change: "status: {phase: Running, ready: true}",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			checkAcceptedEverywhere(t, tc.reason, withChange(t, performer, tc.change))
		})
	}
}
