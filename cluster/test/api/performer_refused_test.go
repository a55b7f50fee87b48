// SPDX-License-Identifier: Apache-2.0

package api

import (
	"testing"
)

// performer is valid, and has what the cases change.
const performer = `
apiVersion: hourglass.eigenlayer.io/v1alpha1
kind: Performer
metadata:
  name: valid
spec:
  avsAddress: "0x1234567890abcdef1234567890ABCDEF12345678"
  image: myavs/performer:v2.0.0
  config:
    grpcPort: 8080
    environment:
      LOG_LEVEL: debug
`

func TestPerformerRefused(t *testing.T) {
	const (
		avsAddress = "avsAddress must be an Ethereum address: 0x and 40 hexadecimal digits"
		image      = "image must be a container image reference"
		grpcPort   = "grpcPort must be between 1 and 65535"
		variables  = "environment must have variable names of letters, digits, '_', '-' or '.', not starting with a digit"
		dnsLabel   = "metadata.name must be a DNS label"
	)

	checkRefusals(t, performer, map[string]refusal{
		"AVSAddressMissing": {
			reason: "avsAddress is required.",
			change: "spec: {avsAddress: null}",
			want:   []string{"spec.avsAddress: Required value"},
		},
		"AVSAddressEmpty": {
			reason: "An address is not empty.",
			change: `spec: {avsAddress: ""}`,
			want:   []string{"spec.avsAddress", avsAddress},
		},
		"AVSAddressShort": {
			reason: "39 digits are one too few.",
			change: `spec: {avsAddress: "0x1234567890abcdef1234567890abcdef1234567"}`,
			want:   []string{"spec.avsAddress", avsAddress},
		},
		"AVSAddressLong": {
			reason: "41 digits are one too many.",
			change: `spec: {avsAddress: "0x1234567890abcdef1234567890abcdef123456789"}`,
			want:   []string{"spec.avsAddress", avsAddress},
		},
		"AVSAddressWithoutPrefix": {
			reason: "40 digits without 0x are no address.",
			change: `spec: {avsAddress: "1234567890abcdef1234567890abcdef12345678"}`,
			want:   []string{"spec.avsAddress", avsAddress},
		},
		"AVSAddressUpperCasePrefix": {
			reason: "The prefix is 0x, never 0X.",
			change: `spec: {avsAddress: "0X1234567890abcdef1234567890abcdef12345678"}`,
			want:   []string{"spec.avsAddress", avsAddress},
		},
		"AVSAddressNotHexadecimal": {
			reason: "g is no hexadecimal digit.",
			change: `spec: {avsAddress: "0xg234567890abcdef1234567890abcdef12345678"}`,
			want:   []string{"spec.avsAddress", avsAddress},
		},
		"AVSAddressWithSpace": {
			reason: "A space at the end is a copying mistake.",
			change: `spec: {avsAddress: "0x1234567890abcdef1234567890abcdef12345678 "}`,
			want:   []string{"spec.avsAddress", avsAddress},
		},
		"AVSAddressOverLines": {
			reason: "The end of a line does not end the check.",
			change: `spec: {avsAddress: "0x1234567890abcdef1234567890abcdef12345678\n"}`,
			want:   []string{"spec.avsAddress", avsAddress},
		},
		"AVSAddressUnquoted": {
			reason: "YAML reads an address without quotes as a number.",
			change: "spec: {avsAddress: 0x1234}",
			want:   []string{"spec.avsAddress", "must be of type string"},
		},

		"ImageMissing": {
			reason: "image is required.",
			change: "spec: {image: null}",
			want:   []string{"spec.image: Required value"},
		},
		"ImageEmpty": {
			reason: "An image has a name.",
			change: `spec: {image: ""}`,
			want:   []string{"spec.image", image},
		},
		"ImageWithSpace": {
			reason: "A space is not part of an image.",
			change: `spec: {image: "myavs/performer :latest"}`,
			want:   []string{"spec.image", image},
		},
		"ImageWithSpaceAtEnd": {
			reason: "A space at the end is a copying mistake.",
			change: `spec: {image: "myavs/performer:latest "}`,
			want:   []string{"spec.image", image},
		},
		"ImageUpperCaseRepository": {
			reason: "Repositories are in lower case.",
			change: "spec: {image: MyAVS/performer}",
			want:   []string{"spec.image", image},
		},
		"ImageUpperCaseRepositoryInRegistry": {
			reason: "Repositories are in lower case in any registry.",
			change: "spec: {image: registry.example.com/MyAVS/performer}",
			want:   []string{"spec.image", image},
		},
		"ImageTrailingColon": {
			reason: "A tag follows a colon.",
			change: `spec: {image: "myavs/performer:"}`,
			want:   []string{"spec.image", image},
		},
		"ImageTwoTags": {
			reason: "There is one tag.",
			change: `spec: {image: "myavs/performer:v1:v2"}`,
			want:   []string{"spec.image", image},
		},
		"ImageTagWithSlash": {
			reason: "A tag has no slash.",
			change: `spec: {image: "myavs/performer:feature/x"}`,
			want:   []string{"spec.image", image},
		},
		"ImageTagTooLong": {
			reason: "A tag has at most 128 characters.",
			change: `spec: {image: "myavs/performer:v12345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678"}`,
			want:   []string{"spec.image", image},
		},
		"ImageTrailingAt": {
			reason: "A digest follows an @.",
			change: `spec: {image: "myavs/performer@"}`,
			want:   []string{"spec.image", image},
		},
		"ImageDigestTooShort": {
			reason: "A sha256 digest has 64 digits.",
			change: `spec: {image: "myavs/performer@sha256:0123456789abcdef0123456789abcdef"}`,
			want:   []string{"spec.image", image},
		},
		"ImageDigestTooLong": {
			reason: "A sha256 digest has 64 digits.",
			change: `spec: {image: "myavs/performer@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0"}`,
			want:   []string{"spec.image", image},
		},
		"ImageDigestUpperCase": {
			reason: "A sha256 digest is in lower case.",
			change: `spec: {image: "myavs/performer@sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef"}`,
			want:   []string{"spec.image", image},
		},
		"ImageDigestNotHexadecimal": {
			reason: "A digest has hexadecimal digits.",
			change: `spec: {image: "myavs/performer@sha256:g123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}`,
			want:   []string{"spec.image", image},
		},
		"ImageDigestWithoutAlgorithm": {
			reason: "A digest begins with its algorithm.",
			change: `spec: {image: "myavs/performer@0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}`,
			want:   []string{"spec.image", image},
		},
		"ImageLeadingSlash": {
			reason: "An image does not begin with a slash.",
			change: "spec: {image: /myavs/performer}",
			want:   []string{"spec.image", image},
		},
		"ImageTrailingSlash": {
			reason: "An image does not end with a slash.",
			change: "spec: {image: myavs/performer/}",
			want:   []string{"spec.image", image},
		},
		"ImageDoubleSlash": {
			reason: "No part of a path is empty.",
			change: "spec: {image: myavs//performer}",
			want:   []string{"spec.image", image},
		},
		"ImageURL": {
			reason: "An image is no URL.",
			change: "spec: {image: https://registry.example.com/myavs/performer}",
			want:   []string{"spec.image", image},
		},
		"ImageLeadingHyphen": {
			reason: "A part of a path begins with a letter or digit.",
			change: "spec: {image: myavs/-performer}",
			want:   []string{"spec.image", image},
		},
		"ImageTooLong": {
			reason: "Nobody has an image of more than 512 characters.",
			change: "spec: {image: " + long500 + "0123456789abc}",
			want:   []string{"spec.image: Too long"},
		},
		"ImageNumber": {
			reason: "An image is a text.",
			change: "spec: {image: 1}",
			want:   []string{"spec.image", "must be of type string"},
		},
		"ImagePullPolicyUnknown": {
			reason: "The policies are those of a container.",
			change: "spec: {imagePullPolicy: Sometimes}",
			want:   []string{"spec.imagePullPolicy", `"Always", "IfNotPresent", "Never"`},
		},
		"ImagePullPolicyLowerCase": {
			reason: "The policies are written as in a container.",
			change: "spec: {imagePullPolicy: always}",
			want:   []string{"spec.imagePullPolicy", `"Always", "IfNotPresent", "Never"`},
		},
		"ImagePullSecretWithoutName": {
			reason: "A pull secret is found by its name.",
			change: "spec: {imagePullSecrets: [{}]}",
			want:   []string{"spec.imagePullSecrets", "imagePullSecrets must each have the name of a Secret"},
		},
		"ImagePullSecretEmptyName": {
			reason: "An empty name finds nothing.",
			change: `spec: {imagePullSecrets: [{name: a}, {name: ""}]}`,
			want:   []string{"spec.imagePullSecrets", "imagePullSecrets must each have the name of a Secret"},
		},
		"ImagePullSecretsAsNames": {
			reason: "Pull secrets are objects with a name.",
			change: "spec: {imagePullSecrets: [registry]}",
			want:   []string{"spec.imagePullSecrets[0]", "must be of type object"},
		},

		"GRPCPortZero": {
			reason: "Port 0 cannot be dialed, and is not the same as no port.",
			change: "spec: {config: {grpcPort: 0}}",
			want:   []string{"spec.config.grpcPort", grpcPort},
		},
		"GRPCPortNegative": {
			reason: "Ports begin at 1.",
			change: "spec: {config: {grpcPort: -1}}",
			want:   []string{"spec.config.grpcPort", grpcPort},
		},
		"GRPCPortTooHigh": {
			reason: "Ports end at 65535.",
			change: "spec: {config: {grpcPort: 65536}}",
			want:   []string{"spec.config.grpcPort", grpcPort},
		},
		"GRPCPortText": {
			reason: "A port is a number.",
			change: `spec: {config: {grpcPort: "9090"}}`,
			want:   []string{"spec.config.grpcPort", "must be of type integer"},
		},
		"GRPCPortFraction": {
			reason: "A port is a whole number.",
			change: "spec: {config: {grpcPort: 9090.5}}",
			want:   []string{"spec.config.grpcPort", "must be of type integer"},
		},

		"EnvironmentNameWithDigitFirst": {
			reason: "A variable does not begin with a digit.",
			change: `spec: {config: {environment: {1ST: "x"}}}`,
			want:   []string{"spec.config.environment", variables},
		},
		"EnvironmentNameWithSpace": {
			reason: "A variable has no spaces.",
			change: `spec: {config: {environment: {LOG LEVEL: "x"}}}`,
			want:   []string{"spec.config.environment", variables},
		},
		"EnvironmentNameWithEquals": {
			reason: "What follows = would be the value.",
			change: `spec: {config: {environment: {"A=B": "x"}}}`,
			want:   []string{"spec.config.environment", variables},
		},
		"EnvironmentNameEmpty": {
			reason: "A variable has a name.",
			change: `spec: {config: {environment: {"": "x"}}}`,
			want:   []string{"spec.config.environment", variables},
		},
		"EnvironmentNumber": {
			reason: "A value is a text: YAML needs quotes around 4.",
			change: "spec: {config: {environment: {WORKER_THREADS: 4}}}",
			want:   []string{"spec.config.environment.WORKER_THREADS", "must be of type string"},
		},
		"EnvironmentAsList": {
			reason: "Variables are a map here, not a list as in a container.",
			change: `spec: {config: {environment: [{name: A, value: b}]}}`,
			want:   []string{`unknown field "spec.config.environment[0].value"`},
		},
		"EnvironmentFromNameBad": {
			reason: "The names of variables have one rule, wherever the value comes from.",
			change: "spec: {config: {environmentFrom: [{name: 1ST, valueFrom: {secretKeyRef: {name: s, key: k}}}]}}",
			want:   []string{"spec.config.environmentFrom[0].name", "name must be a variable name"},
		},
		"EnvironmentFromWithoutName": {
			reason: "A variable has a name.",
			change: "spec: {config: {environmentFrom: [{valueFrom: {secretKeyRef: {name: s, key: k}}}]}}",
			want:   []string{"spec.config.environmentFrom[0].name: Required value"},
		},
		"EnvironmentFromWithoutValue": {
			reason: "A value comes from somewhere.",
			change: "spec: {config: {environmentFrom: [{name: A}]}}",
			want:   []string{"spec.config.environmentFrom[0].valueFrom: Required value"},
		},
		"EnvironmentFromNoSource": {
			reason: "A value comes from a Secret or a ConfigMap.",
			change: "spec: {config: {environmentFrom: [{name: A, valueFrom: {}}]}}",
			want:   []string{"spec.config.environmentFrom[0].valueFrom", "valueFrom must have exactly one of secretKeyRef and configMapKeyRef"},
		},
		"EnvironmentFromBothSources": {
			reason: "A value cannot come from both.",
			change: "spec: {config: {environmentFrom: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k}, configMapKeyRef: {name: c, key: k}}}]}}",
			want:   []string{"spec.config.environmentFrom[0].valueFrom", "valueFrom must have exactly one of secretKeyRef and configMapKeyRef"},
		},
		"EnvironmentFromSecretWithoutName": {
			reason: "A Secret is found by its name.",
			change: "spec: {config: {environmentFrom: [{name: A, valueFrom: {secretKeyRef: {key: k}}}]}}",
			want:   []string{"spec.config.environmentFrom[0].valueFrom", "secretKeyRef must have the name of a Secret and a key"},
		},
		"EnvironmentFromSecretWithoutKey": {
			reason: "A value is one key of a Secret.",
			change: "spec: {config: {environmentFrom: [{name: A, valueFrom: {secretKeyRef: {name: s}}}]}}",
			want:   []string{"spec.config.environmentFrom[0].valueFrom.secretKeyRef.key: Required value"},
		},
		"EnvironmentFromConfigMapWithoutKey": {
			reason: "A value is one key of a ConfigMap.",
			change: "spec: {config: {environmentFrom: [{name: A, valueFrom: {configMapKeyRef: {name: c}}}]}}",
			want:   []string{"spec.config.environmentFrom[0].valueFrom.configMapKeyRef.key: Required value"},
		},
		"EnvironmentFromConfigMapEmptyKey": {
			reason: "A value is one key of a ConfigMap.",
			change: `spec: {config: {environmentFrom: [{name: A, valueFrom: {configMapKeyRef: {name: c, key: ""}}}]}}`,
			want:   []string{"spec.config.environmentFrom[0].valueFrom", "configMapKeyRef must have the name of a ConfigMap and a key"},
		},
		"EnvironmentFromTwice": {
			reason: "A variable has one value.",
			change: "spec: {config: {environmentFrom: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k}}}, {name: A, valueFrom: {secretKeyRef: {name: t, key: k}}}]}}",
			want:   []string{"spec.config.environmentFrom[1]: Duplicate value", `"A"`},
		},
		"EnvironmentInBoth": {
			reason: "A variable has one value.",
			change: "spec: {config: {environmentFrom: [{name: LOG_LEVEL, valueFrom: {secretKeyRef: {name: s, key: k}}}]}}",
			want:   []string{"spec.config", "environmentFrom and environment must not name the same variable"},
		},
		"ArgsAsText": {
			reason: "Arguments are a list.",
			change: `spec: {config: {args: "--config /etc/config.yaml"}}`,
			want:   []string{"spec.config.args", "must be of type array"},
		},
		"CommandOfNumbers": {
			reason: "Words of a command are texts.",
			change: "spec: {config: {command: [sleep, 5]}}",
			want:   []string{"spec.config.command[1]", "must be of type string"},
		},
		"ServiceAccountNameUpperCase": {
			reason: "The name of a service account is a DNS name.",
			change: "spec: {config: {serviceAccountName: Performer}}",
			want:   []string{"spec.config.serviceAccountName", "serviceAccountName must be the name of a ServiceAccount"},
		},
		"ServiceAccountNameTooLong": {
			reason: "The name of an object has at most 253 characters.",
			change: "spec: {config: {serviceAccountName: " + long500 + "}}",
			want:   []string{"spec.config.serviceAccountName: Too long"},
		},

		"NameWithDots": {
			reason: "The name becomes part of a Service name, which has no dots.",
			change: "metadata: {name: my.performer}",
			want:   []string{dnsLabel},
		},
		"NameTooLong": {
			reason: "The Service performer-NAME has at most 63 characters.",
			change: "metadata: {name: a23456789012345678901234567890123456789012345678901234}",
			want:   []string{"metadata.name must be at most 53 characters"},
		},
		"NameUpperCase": {
			reason: "Names of objects are in lower case.",
			change: "metadata: {name: MyPerformer}",
			want:   []string{"metadata.name"},
		},
		"VersionTooLong": {
			reason: "A version has at most 128 characters.",
			change: "spec: {version: " + long500 + "}",
			want:   []string{"spec.version: Too long"},
		},
		"VersionNumber": {
			reason: "A version is a text: YAML needs quotes around 2.0.",
			change: "spec: {version: 2.0}",
			want:   []string{"spec.version", "must be of type string"},
		},
		"ExecutorRefNotDNS": {
			reason: "The name of an executor is a DNS name.",
			change: "spec: {executorRef: Main_Executor}",
			want:   []string{"spec.executorRef", "executorRef must be the name of a HourglassExecutor in the same namespace"},
		},
		"ExecutorRefTooLong": {
			reason: "The name of an object has at most 253 characters.",
			change: "spec: {executorRef: " + long500 + "}",
			want:   []string{"spec.executorRef: Too long"},
		},
		"ExecutorRefObject": {
			reason: "An executor is named by a text.",
			change: "spec: {executorRef: {name: main-executor}}",
			want:   []string{`unknown field "spec.executorRef.name"`},
		},
		"ManagementPoliciesUnknown": {
			reason: "The actions are those of Crossplane.",
			change: "spec: {managementPolicies: [Observe, Restart]}",
			want:   []string{"spec.managementPolicies[1]", `"Restart"`},
		},
		"ManagementPoliciesText": {
			reason: "Actions are a list.",
			change: `spec: {managementPolicies: "*"}`,
			want:   []string{"spec.managementPolicies", "must be of type array"},
		},
		"ProviderConfigRefUnknownKind": {
			reason: "There are two kinds of provider configs.",
			change: "spec: {providerConfigRef: {kind: Secret, name: default}}",
			want:   []string{"providerConfigRef must have the kind ClusterProviderConfig or ProviderConfig and a name"},
		},
		"ProviderConfigRefWithoutKind": {
			reason: "A provider config is found by its kind and name.",
			change: "spec: {providerConfigRef: {name: default}}",
			want:   []string{"spec.providerConfigRef.kind: Required value"},
		},
		"ProviderConfigRefEmptyName": {
			reason: "A provider config is found by its kind and name.",
			change: `spec: {providerConfigRef: {kind: ProviderConfig, name: ""}}`,
			want:   []string{"providerConfigRef must have the kind ClusterProviderConfig or ProviderConfig and a name"},
		},
		"SpecMissing": {
			reason: "A Performer without a spec asks for nothing.",
			change: "spec: null",
			want:   []string{"spec: Required value"},
		},
		"ForProvider": {
			reason: "The spec is flat.",
			change: "spec: {forProvider: {image: x}}",
			want:   []string{`unknown field "spec.forProvider"`},
		},
		"MisspelledField": {
			reason: "A misspelled field would be lost in silence.",
			change: "spec: {hardwareRequirement: {gpuCount: 1}}",
			want:   []string{`unknown field "spec.hardwareRequirement"`},
		},
		"MisspelledNestedField": {
			reason: "A misspelled field would be lost in silence, however deep.",
			change: "spec: {config: {grpcport: 9090}}",
			want:   []string{`unknown field "spec.config.grpcport"`},
		},
	})
}
