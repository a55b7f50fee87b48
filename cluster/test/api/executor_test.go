// SPDX-License-Identifier: Apache-2.0

package api

import (
	"testing"
)

// executor is valid, and has what the cases change.
const executor = `
apiVersion: hourglass.eigenlayer.io/v1alpha1
kind: HourglassExecutor
metadata:
  name: valid
spec:
  image: hourglass/executor:v1.2.0
  config:
    aggregatorEndpoint: aggregator.example.com:9090
    operatorKeysSecretRef:
      name: operator-keys
    chains:
    - name: ethereum
      rpc: https://rpc.example.com/v3/key
      chainId: 1
      taskMailboxAddress: "0x1234567890abcdef1234567890abcdef12345678"
`

func TestExecutorRefused(t *testing.T) {
	const (
		image    = "image must be a container image reference"
		endpoint = "aggregatorEndpoint must be an endpoint such as aggregator.example.com:9090"
		oneRPC   = "chains must each have exactly one of rpc and rpcSecretRef"
		url      = "rpc must be a URL such as https://rpc.example.com"
	)

	checkRefusals(t, executor, map[string]refusal{
		"ImageMissing": {
			reason: "image is required.",
			change: "spec: {image: null}",
			want:   []string{"spec.image: Required value"},
		},
		"ImageUpperCase": {
			reason: "Repositories are in lower case.",
			change: "spec: {image: hourglass/Executor}",
			want:   []string{"spec.image", image},
		},
		"ImageTooLong": {
			reason: "Nobody has an image of more than 512 characters.",
			change: "spec: {image: " + long500 + "0123456789abc}",
			want:   []string{"spec.image: Too long"},
		},
		"ImageBadDigest": {
			reason: "A sha256 digest has 64 digits.",
			change: `spec: {image: "hourglass/executor@sha256:0123456789abcdef0123456789abcdef"}`,
			want:   []string{"spec.image", image},
		},
		"ReplicasZero": {
			reason: "An executor that is wanted runs at least once.",
			change: "spec: {replicas: 0}",
			want:   []string{"spec.replicas", "replicas must be 1 or more"},
		},
		"ReplicasNegative": {
			reason: "Nothing runs fewer than no times.",
			change: "spec: {replicas: -1}",
			want:   []string{"spec.replicas", "replicas must be 1 or more"},
		},
		"ReplicasText": {
			reason: "A number of replicas has no quotes.",
			change: `spec: {replicas: "2"}`,
			want:   []string{"spec.replicas", "must be of type integer"},
		},
		"ConfigMissing": {
			reason: "config is required.",
			change: "spec: {config: null}",
			want:   []string{"spec.config: Required value"},
		},
		"AggregatorEndpointMissing": {
			reason: "aggregatorEndpoint is required.",
			change: "spec: {config: {aggregatorEndpoint: null}}",
			want:   []string{"spec.config.aggregatorEndpoint: Required value"},
		},
		"AggregatorEndpointEmpty": {
			reason: "Nobody answers at an empty endpoint.",
			change: `spec: {config: {aggregatorEndpoint: ""}}`,
			want:   []string{"spec.config.aggregatorEndpoint", endpoint},
		},
		"AggregatorEndpointWithoutPort": {
			reason: "A host alone does not say where to dial.",
			change: "spec: {config: {aggregatorEndpoint: aggregator.example.com}}",
			want:   []string{"spec.config.aggregatorEndpoint", endpoint},
		},
		"AggregatorEndpointWithoutHost": {
			reason: "A port alone does not say whom to dial.",
			change: `spec: {config: {aggregatorEndpoint: ":9090"}}`,
			want:   []string{"spec.config.aggregatorEndpoint", endpoint},
		},
		"AggregatorEndpointPortZero": {
			reason: "Ports begin at 1.",
			change: `spec: {config: {aggregatorEndpoint: "aggregator:0"}}`,
			want:   []string{"spec.config.aggregatorEndpoint", endpoint},
		},
		"AggregatorEndpointPortTooHigh": {
			reason: "Ports end at 65535.",
			change: `spec: {config: {aggregatorEndpoint: "aggregator:65536"}}`,
			want:   []string{"spec.config.aggregatorEndpoint", endpoint},
		},
		"AggregatorEndpointEmptyLabel": {
			reason: "No part of a DNS name is empty.",
			change: `spec: {config: {aggregatorEndpoint: "aggregator..example.com:9090"}}`,
			want:   []string{"spec.config.aggregatorEndpoint", endpoint},
		},
		"AggregatorEndpointSpace": {
			reason: "An endpoint has no spaces.",
			change: `spec: {config: {aggregatorEndpoint: "aggregator.example.com: 9090"}}`,
			want:   []string{"spec.config.aggregatorEndpoint", endpoint},
		},
		"AggregatorEndpointScheme": {
			reason: "gRPC is not reached by FTP.",
			change: `spec: {config: {aggregatorEndpoint: "ftp://aggregator:9090"}}`,
			want:   []string{"spec.config.aggregatorEndpoint", endpoint},
		},
		"AggregatorEndpointTooLong": {
			reason: "Nobody has an endpoint of more than 512 characters.",
			change: "spec: {config: {aggregatorEndpoint: https://aggregator/" + long500 + "}}",
			want:   []string{"spec.config.aggregatorEndpoint: Too long"},
		},
		"OperatorKeysMissing": {
			reason: "An executor signs with its operator's keys.",
			change: "spec: {config: {operatorKeysSecretRef: null}}",
			want:   []string{"spec.config", "config must have exactly one of operatorKeys and operatorKeysSecretRef"},
		},
		"OperatorKeysTwice": {
			reason: "Keys that come from two places can disagree.",
			change: `spec: {config: {operatorKeys: {bls: "0x1"}}}`,
			want:   []string{"spec.config", "config must have exactly one of operatorKeys and operatorKeysSecretRef"},
		},
		"OperatorKeysEmpty": {
			reason: "No keys sign nothing.",
			change: "spec: {config: {operatorKeysSecretRef: null, operatorKeys: {}}}",
			want:   []string{"spec.config.operatorKeys", "at least 1"},
		},
		"OperatorKeysEmptyKey": {
			reason: "An empty key signs nothing.",
			change: `spec: {config: {operatorKeysSecretRef: null, operatorKeys: {bls: "0x1", ecdsa: ""}}}`,
			want:   []string{"spec.config.operatorKeys", "operatorKeys must have names of letters, digits, '-', '_' or '.', not beginning with rpc-, and a value for each"},
		},
		"OperatorKeysBadName": {
			reason: "The keys become keys of a Secret.",
			change: `spec: {config: {operatorKeysSecretRef: null, operatorKeys: {"bls key": "0x1"}}}`,
			want:   []string{"spec.config.operatorKeys", "operatorKeys must have names of letters, digits, '-', '_' or '.', not beginning with rpc-, and a value for each"},
		},
		"OperatorKeysSecretWithoutName": {
			reason: "A Secret is found by its name.",
			change: "spec: {config: {operatorKeysSecretRef: {name: null}}}",
			want:   []string{"spec.config.operatorKeysSecretRef.name: Required value"},
		},
		"OperatorKeysSecretEmptyName": {
			reason: "An empty name finds nothing.",
			change: `spec: {config: {operatorKeysSecretRef: {name: ""}}}`,
			want:   []string{"spec.config.operatorKeysSecretRef", "operatorKeysSecretRef must have the name of a Secret"},
		},
		"ChainsMissing": {
			reason: "chains are required.",
			change: "spec: {config: {chains: null}}",
			want:   []string{"spec.config.chains: Required value"},
		},
		"ChainsEmpty": {
			reason: "An executor works on at least one chain.",
			change: "spec: {config: {chains: []}}",
			want:   []string{"spec.config.chains", "at least 1"},
		},
		"ChainsTwice": {
			reason: "Each chain has a name of its own.",
			change: `spec: {config: {chains: [{name: base, rpc: "https://a", chainId: 1, taskMailboxAddress: "0x1"}, {name: base, rpc: "https://b", chainId: 2, taskMailboxAddress: "0x2"}]}}`,
			want:   []string{"spec.config.chains[1]: Duplicate value", `"base"`},
		},
		"ChainEmpty": {
			reason: "The fields of a chain are required, and the refusal names all that are missing.",
			change: "spec: {config: {chains: [{}]}}",
			want: []string{
				"spec.config.chains[0].name: Required value",
				"spec.config.chains[0].chainId: Required value",
				"spec.config.chains[0].taskMailboxAddress: Required value",
			},
		},
		"ChainBadName": {
			reason: "The name of a chain is a key of the configuration.",
			change: `spec: {config: {chains: [{name: "base chain", rpc: "https://a", chainId: 1, taskMailboxAddress: "0x1"}]}}`,
			want:   []string{"spec.config.chains[0].name", "name must be letters, digits, '-', '_' or '.', such as ethereum"},
		},
		"ChainNameTooLong": {
			reason: "The name of a chain has at most 63 characters.",
			change: `spec: {config: {chains: [{name: ` + long500 + `, rpc: "https://a", chainId: 1, taskMailboxAddress: "0x1"}]}}`,
			want:   []string{"spec.config.chains[0].name: Too long"},
		},
		"ChainWithoutRPC": {
			reason: "A chain is reached by its RPC endpoint.",
			change: `spec: {config: {chains: [{name: base, chainId: 1, taskMailboxAddress: "0x1"}]}}`,
			want:   []string{"spec.config.chains", oneRPC},
		},
		"ChainWithTwoRPCs": {
			reason: "URLs that come from two places can disagree.",
			change: `spec: {config: {chains: [{name: base, rpc: "https://a", rpcSecretRef: {name: s, key: k}, chainId: 1, taskMailboxAddress: "0x1"}]}}`,
			want:   []string{"spec.config.chains", oneRPC},
		},
		"ChainRPCWithoutScheme": {
			reason: "A URL begins with its scheme.",
			change: `spec: {config: {chains: [{name: base, rpc: rpc.example.com, chainId: 1, taskMailboxAddress: "0x1"}]}}`,
			want:   []string{"spec.config.chains[0].rpc", url},
		},
		"ChainRPCScheme": {
			reason: "RPC goes over HTTP or WebSockets.",
			change: `spec: {config: {chains: [{name: base, rpc: "grpc://rpc.example.com", chainId: 1, taskMailboxAddress: "0x1"}]}}`,
			want:   []string{"spec.config.chains[0].rpc", url},
		},
		"ChainRPCTooLong": {
			reason: "A URL has at most 2048 characters.",
			change: `spec: {config: {chains: [{name: base, rpc: "https://` + long500 + long500 + long500 + long500 + long500 + `", chainId: 1, taskMailboxAddress: "0x1"}]}}`,
			want:   []string{"spec.config.chains[0].rpc: Too long"},
		},
		"ChainRPCSecretWithoutKey": {
			reason: "A URL is one key of a Secret.",
			change: `spec: {config: {chains: [{name: base, rpcSecretRef: {name: s}, chainId: 1, taskMailboxAddress: "0x1"}]}}`,
			want:   []string{"spec.config.chains[0].rpcSecretRef.key: Required value"},
		},
		"ChainRPCSecretEmptyKey": {
			reason: "A URL is one key of a Secret.",
			change: `spec: {config: {chains: [{name: base, rpcSecretRef: {name: s, key: ""}, chainId: 1, taskMailboxAddress: "0x1"}]}}`,
			want:   []string{"spec.config.chains[0].rpcSecretRef", "rpcSecretRef must have the name of a Secret and a key"},
		},
		"ChainIDZero": {
			reason: "No network has the id 0.",
			change: `spec: {config: {chains: [{name: base, rpc: "https://a", chainId: 0, taskMailboxAddress: "0x1"}]}}`,
			want:   []string{"spec.config.chains[0].chainId", "chainId must be 1 or more"},
		},
		"ChainIDText": {
			reason: "An id is a number.",
			change: `spec: {config: {chains: [{name: base, rpc: "https://a", chainId: "1", taskMailboxAddress: "0x1"}]}}`,
			want:   []string{"spec.config.chains[0].chainId", "must be of type integer"},
		},
		"TaskMailboxAddressWithoutPrefix": {
			reason: "An address begins with 0x.",
			change: `spec: {config: {chains: [{name: base, rpc: "https://a", chainId: 1, taskMailboxAddress: mailbox}]}}`,
			want:   []string{"spec.config.chains[0].taskMailboxAddress", "taskMailboxAddress must be a contract address that starts with 0x"},
		},
		"TaskMailboxAddressTooLong": {
			reason: "No address has more than 64 characters.",
			change: `spec: {config: {chains: [{name: base, rpc: "https://a", chainId: 1, taskMailboxAddress: 0x` + long500 + `}]}}`,
			want:   []string{"spec.config.chains[0].taskMailboxAddress: Too long"},
		},
		"PerformerModeUnknown": {
			reason: "There are two modes.",
			change: "spec: {config: {performerMode: podman}}",
			want:   []string{"spec.config.performerMode", `"docker", "kubernetes"`},
		},
		"PerformerModeUpperCase": {
			reason: "The modes are in lower case.",
			change: "spec: {config: {performerMode: Docker}}",
			want:   []string{"spec.config.performerMode", `"docker", "kubernetes"`},
		},
		"LogLevelUnknown": {
			reason: "A level that nobody knows would log everything or nothing.",
			change: "spec: {config: {logLevel: loud}}",
			want:   []string{"spec.config.logLevel", `"debug", "info", "warn", "error"`},
		},
		"KubernetesNamespace": {
			reason: "The name of a namespace has no dots.",
			change: "spec: {config: {kubernetes: {namespace: avs.performers}}}",
			want:   []string{"spec.config.kubernetes.namespace", "namespace must be the name of a namespace"},
		},
		"KubernetesNamespaceTooLong": {
			reason: "The name of a namespace has at most 63 characters.",
			change: "spec: {config: {kubernetes: {namespace: " + long500 + "}}}",
			want:   []string{"spec.config.kubernetes.namespace: Too long"},
		},
		"DefaultSchedulingTolerations": {
			reason: "Defaults have the rules of what they are defaults for.",
			change: "spec: {config: {kubernetes: {defaultScheduling: {tolerations: [{}]}}}}",
			want:   []string{"spec.config.kubernetes.defaultScheduling.tolerations", "tolerations: operator must be Exists when key is empty"},
		},
		"DefaultSchedulingNodeSelector": {
			reason: "Defaults have the rules of what they are defaults for.",
			change: `spec: {config: {kubernetes: {defaultScheduling: {nodeSelector: {gpu: "a 100"}}}}}`,
			want:   []string{"spec.config.kubernetes.defaultScheduling.nodeSelector", "must be a label value"},
		},
		"NodeSelectorBadKey": {
			reason: "No node has a label with a space in its key.",
			change: `spec: {nodeSelector: {gpu type: a100}}`,
			want:   []string{"spec.nodeSelector", "must have node label keys"},
		},
		"NodeSelectorBadValue": {
			reason: "No node has a label with a slash.",
			change: `spec: {nodeSelector: {gpu: a/100}}`,
			want:   []string{"spec.nodeSelector", "gpu", "must be a label value"},
		},
		"TolerationOperator": {
			reason: "Node affinity knows NotIn, tolerations do not.",
			change: "spec: {tolerations: [{key: a, operator: NotIn}]}",
			want:   []string{"spec.tolerations", "tolerations: operator must be Exists or Equal"},
		},
		"TolerationEffect": {
			reason: "The effects are those of taints.",
			change: "spec: {tolerations: [{key: a, operator: Exists, effect: Never}]}",
			want:   []string{"spec.tolerations", "tolerations: effect must be NoSchedule, PreferNoSchedule, NoExecute"},
		},
		"TolerationExistsWithValue": {
			reason: "Exists tolerates any value.",
			change: "spec: {tolerations: [{key: a, operator: Exists, value: b}]}",
			want:   []string{"spec.tolerations", "tolerations: value must be empty when operator is Exists"},
		},
		"TolerationEmpty": {
			reason: "Without an operator it is Equal, which needs a key.",
			change: "spec: {tolerations: [{}]}",
			want:   []string{"spec.tolerations", "tolerations: operator must be Exists when key is empty"},
		},
		"TolerationSeconds": {
			reason: "Only eviction can wait.",
			change: "spec: {tolerations: [{key: a, operator: Exists, tolerationSeconds: 60}]}",
			want:   []string{"spec.tolerations", "tolerations: effect must be NoExecute when tolerationSeconds is set"},
		},
		"ImagePullSecretWithoutName": {
			reason: "A pull secret is found by its name.",
			change: "spec: {imagePullSecrets: [{}]}",
			want:   []string{"spec.imagePullSecrets", "imagePullSecrets must each have the name of a Secret"},
		},
		"ResourcesNonsense": {
			reason: "A quantity is a number with a known unit.",
			change: "spec: {resources: {limits: {cpu: many}}}",
			want:   []string{"spec.resources.limits.cpu"},
		},
		"ResourcesRequestsAboveLimits": {
			reason: "A container cannot be sure of more than it may have.",
			change: "spec: {resources: {requests: {memory: 2Gi}, limits: {memory: 1Gi}}}",
			want:   []string{"spec.resources", "resources.requests[memory] is 2Gi but resources.limits[memory] is only 1Gi"},
		},
		"ResourcesNegative": {
			reason: "No container has less than no CPU.",
			change: `spec: {resources: {limits: {cpu: "-1"}}}`,
			want:   []string{"spec.resources", "resources.limits must not be negative"},
		},
		"ResourcesRequestsNegative": {
			reason: "No container has less than no CPU.",
			change: `spec: {resources: {requests: {cpu: "-1"}}}`,
			want:   []string{"spec.resources", "resources.requests must not be negative"},
		},
		"ResourcesClaims": {
			reason: "A container can only use the claims of its Pod, which has none.",
			change: "spec: {resources: {claims: [{name: gpu}]}}",
			want:   []string{"spec.resources", "resources.claims must be empty"},
		},
		"ProviderConfigRefUnknownKind": {
			reason: "There are two kinds of provider configs.",
			change: "spec: {providerConfigRef: {kind: Cluster, name: default}}",
			want:   []string{"providerConfigRef must have the kind ClusterProviderConfig or ProviderConfig and a name"},
		},
		"ProviderConfigRefWithoutName": {
			reason: "A provider config is found by its kind and name.",
			change: "spec: {providerConfigRef: {kind: ProviderConfig}}",
			want:   []string{"spec.providerConfigRef.name: Required value"},
		},
		"ManagementPoliciesUnknown": {
			reason: "The actions are those of Crossplane.",
			change: "spec: {managementPolicies: [Watch]}",
			want:   []string{"spec.managementPolicies[0]", `"Watch"`},
		},
		"NameWithDots": {
			reason: "The name becomes the name of a Service, which has no dots.",
			change: "metadata: {name: my.executor}",
			want:   []string{"metadata.name must be a DNS label that starts with a letter"},
		},
		"NameWithDigitFirst": {
			reason: "The name of a Service begins with a letter.",
			change: "metadata: {name: 1-executor}",
			want:   []string{"metadata.name must be a DNS label that starts with a letter"},
		},
		"NameTooLong": {
			reason: "The name of a Service has at most 63 characters.",
			change: "metadata: {name: a234567890123456789012345678901234567890123456789012345678901234}",
			want:   []string{"metadata.name must be at most 63 characters"},
		},
		"SpecMissing": {
			reason: "A HourglassExecutor without a spec asks for nothing.",
			change: "spec: null",
			want:   []string{"spec: Required value"},
		},
		"UnknownField": {
			reason: "A misspelled field would be lost in silence.",
			change: "spec: {config: {aggregatorEndpoints: [a]}}",
			want:   []string{`unknown field "spec.config.aggregatorEndpoints"`},
		},
	})
}

func TestExecutorAccepted(t *testing.T) {
	cases := map[string]struct {
		reason string
		change string
	}{
		"EndpointIPv6": {
			reason: "An endpoint may be an address.",
			change: `spec: {config: {aggregatorEndpoint: "[2001:db8::1]:65535"}}`,
		},
		"EndpointIPv4": {
			reason: "An endpoint may be an address.",
			change: `spec: {config: {aggregatorEndpoint: "10.0.0.1:1"}}`,
		},
		"EndpointDNS": {
			reason: "gRPC knows names with dns:///.",
			change: "spec: {config: {aggregatorEndpoint: dns:///aggregator.hourglass.svc.cluster.local.:9090}}",
		},
		"EndpointHTTPS": {
			reason: "A URL says the port by its scheme, and may have a path.",
			change: "spec: {config: {aggregatorEndpoint: https://aggregator.example.com/v1/tasks}}",
		},
		"OperatorKeys": {
			reason: "Keys may stand in the object, as in the reference.",
			change: `spec: {config: {operatorKeysSecretRef: null, operatorKeys: {ecdsa: "0x...", bls.json: "{}"}}}`,
		},
		"ChainRPCSecretRef": {
			reason: "A URL that carries credentials may come from a Secret.",
			change: `spec: {config: {chains: [{name: base, rpcSecretRef: {name: s, key: k}, chainId: 8453, taskMailboxAddress: "0x..."}, {name: ethereum, rpc: "wss://user:password@rpc.example.com:8546", chainId: 1, taskMailboxAddress: "0x1"}]}}`,
		},
		"ExtraConfig": {
			reason: "Keys without a field here are free.",
			change: "spec: {config: {extraConfig: {metrics: {port: 8080}, list: [1, a]}}}",
		},
		"Docker": {
			reason: "The other mode works too.",
			change: "spec: {replicas: 3, config: {performerMode: docker, logLevel: debug}}",
		},
		"Scheduling": {
			reason: "Defaults for performers are scheduling as theirs.",
			change: "spec: {nodeSelector: {a: b}, tolerations: [{operator: Exists}], config: {kubernetes: {namespace: performers, defaultScheduling: {nodeSelector: {a: b}, runtimeClass: gvisor, tolerations: [{key: a}]}}}}",
		},
		"NameLongest": {
			reason: "63 characters are not too many.",
			change: "metadata: {name: a23456789012345678901234567890123456789012345678901234567890123}",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			checkAcceptedEverywhere(t, tc.reason, withChange(t, executor, tc.change))
		})
	}
}
