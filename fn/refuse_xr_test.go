// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
)

func TestRefuseXR(t *testing.T) {
	one := func(fields string) string {
		return xr(`performers: [{name: one, avsAddress: "0x1", image: a/b, ` + fields + `}]`)
	}
	long := strings.Repeat("x", 50)
	checkRefusals(t, map[string]refusal{
		"GPUs": {
			reason: "The path is that of the XR.",
			sample: sample{xr: one("hardwareRequirements: {gpuCount: '8'}")},
			want:   `spec.performers[0].hardwareRequirements.gpuCount: is the string "8" but must be a whole number`,
		},
		"Policy": {
			reason: "Enums of the API are known.",
			sample: sample{xr: one("imagePullPolicy: Sometimes")},
			want:   `spec.performers[0].imagePullPolicy: is the string "Sometimes" but must be Always, IfNotPresent or Never`,
		},
		"Policies": {
			reason: "Also those of list items.",
			sample: sample{xr: one("managementPolicies: [Observe, Look]")},
			want:   `spec.performers[0].managementPolicies[1]: is the string "Look" but must be Observe, Create, Update, Delete, LateInitialize or *`,
		},
		"Image": {
			reason: "What the API requires is required here.",
			sample: sample{xr: xr(`performers: [{name: one, avsAddress: "0x1"}]`)},
			want:   `spec.performers[0].image: is missing`,
		},
		"Slip": {
			reason: "The known fields are listed.",
			sample: sample{xr: one("sheduling: {}")},
			want:   `spec.performers[0].sheduling: is not a known field; known are avsAddress, config, executorRef, hardwareRequirements, image, imagePolicy, imagePullPolicy, imagePullSecrets, managementPolicies, name, providerConfigRef, replicas, resources, scheduling, upgrade, version and writeConnectionSecretToRef`,
		},
		"NoList": {
			reason: "Performers are a list.",
			sample: sample{xr: xr("performers: {name: one}")},
			want:   `spec.performers: is an object but must be a list`,
		},
		"NullPerformer": {
			reason: "A null is a slip.",
			sample: sample{xr: xr("performers: [null]")},
			want:   `spec.performers[0]: is null: write a performer or remove it`,
		},
		"Replicas": {
			reason: "There is no less than none.",
			sample: sample{xr: one("replicas: -1")},
			want:   `spec.performers[0].replicas: is -1 but must be between 0 and 2500`,
		},
		"ManyReplicas": {
			reason: "A slip by some zeros costs no memory.",
			sample: sample{xr: one("replicas: 1000000000")},
			want:   `spec.performers[0].replicas: is 1000000000 but must be between 0 and 2500`,
		},
		"SameName": {
			reason: "A replica may take the name of another performer.",
			sample: sample{xr: xr(`performers: [{name: a, avsAddress: "0x1", image: a/b, replicas: 2}, {name: a-1, avsAddress: "0x1", image: a/b}]`)},
			want:   `spec.performers[1].name: makes a resource called performer-a-1, which spec.performers[0] does too: rename one of them`,
		},
		"TakenName": {
			reason: "Another step may have the name already.",
			sample: sample{xr: one(""), desired: map[string]string{"performer-one": other}},
			want:   `spec.performers[0].name: makes a resource called performer-one, which an earlier step of the pipeline does too: rename one of them`,
		},
		"TakenExecutor": {
			reason: "Also that of the executor.",
			sample: sample{xr: xr("executor: " + executorSpec), desired: map[string]string{"executor": other}},
			want:   `spec.executor: an earlier step of the pipeline composes a resource called executor already: rename that`,
		},
		"LongName": {
			reason: "A Service needs a name that DNS can take.",
			sample: sample{xr: one("name: " + long)},
			want:   `spec.performers[0].name: makes a Service called performer-team-` + long + `, of 65 characters, but it may have 63: shorten the name of the performer or that of the XR`,
		},
		"UpperCase": {
			reason: "DNS labels are of lower case.",
			sample: sample{xr: one("name: One")},
			want:   `spec.performers[0].name: makes a Service called "performer-team-One", but the name of one is of lower-case letters, digits and '-', begins with a letter and does not end with '-'`,
		},
		"EmptyName": {
			reason: "An empty name ends with a dash.",
			sample: sample{xr: one("name: ''")},
			want:   `spec.performers[0].name: makes a Service called "performer-team-", but the name of one is of lower-case letters, digits and '-', begins with a letter and does not end with '-'`,
		},
		"ExecutorName": {
			reason: "A Service's name begins with a letter.",
			sample: sample{xr: `{metadata: {name: 1.team, namespace: avs}, spec: {executor: ` + executorSpec + `}}`},
			want:   `spec.executor: the executor is named after the XR, but "1.team" cannot be the name of a Service, which is of lower-case letters, digits and '-', begins with a letter and does not end with '-'`,
		},
		"LongExecutorName": {
			reason: "And is not too long.",
			sample: sample{xr: `{metadata: {name: ` + long + long + `, namespace: avs}, spec: {executor: ` + executorSpec + `}}`},
			want:   `spec.executor: the executor is named after the XR, but "` + long + long + `" cannot be the name of a Service, which is at most 63 characters long`,
		},
		"ExecutorReplicas": {
			reason: "The executor's fields are checked like its performers'.",
			sample: sample{xr: xr("executor: {image: a/b, replicas: two}")},
			want:   `spec.executor.replicas: is the string "two" but must be a whole number`,
		},
		"ExecutorLogLevel": {
			reason: "Its enums too.",
			sample: sample{xr: xr("executor: {image: a/b, config: {logLevel: loud}}")},
			want:   `spec.executor.config.logLevel: is the string "loud" but must be debug, info, warn or error`,
		},
		"SecretKey": {
			reason: "A key that is written down wrongly is not repeated.",
			sample: sample{xr: xr("executor: {image: a/b, config: {operatorKeys: {ecdsa: 123456}}}")},
			want:   `spec.executor.config.operatorKeys[ecdsa]: is a number but must be a string`,
		},
		"SecretKeys": {
			reason: "Nor are all of them.",
			sample: sample{xr: xr("executor: {image: a/b, config: {operatorKeys: '0xsecret'}}")},
			want:   `spec.executor.config.operatorKeys: is a string but must be an object`,
		},
		"SecretEnvironment": {
			reason: "Nor is the environment.",
			sample: sample{xr: one("config: {environment: [TOKEN=secret]}")},
			want:   `spec.performers[0].config.environment: is a list but must be an object`,
		},
		"ClusterScoped": {
			reason: "Without a namespace there is nowhere to compose.",
			sample: sample{xr: `{metadata: {name: team}, spec: {performers: []}}`},
			want:   `the XR is cluster-scoped and has no claim, so that there is no namespace to compose in: create a claim, or make the XR's kind a namespaced one`,
		},
		"Nameless": {
			reason: "Without a name there is nothing to name after.",
			sample: sample{xr: `{metadata: {namespace: avs}, spec: {performers: []}}`},
			want:   `the XR has no metadata.name to name composed objects after`,
		},
	})
}

// TestRefuseQuantities has a case for each rule of a Performer that an XRD cannot
// have. The sentences are those of the API server.
func TestRefuseQuantities(t *testing.T) {
	of := func(fields string) sample {
		return sample{xr: xr(`performers: [{name: one, avsAddress: "0x1", image: a/b, ` + fields + `}]`)}
	}
	checkRefusals(t, map[string]refusal{
		"GPUCountNotLimits": {
			reason: "Two numbers that disagree leave it open how many GPUs are wanted.",
			sample: of(`hardwareRequirements: {gpuCount: 3}, resources: {limits: {nvidia.com/gpu: "5"}}`),
			want:   "spec.performers[0]: resources.limits[nvidia.com/gpu] is 5 but hardwareRequirements.gpuCount is 3: make them equal or leave one out",
		},
		"GPUCountNotLimitsZero": {
			reason: "No GPU is another number than one.",
			sample: of(`hardwareRequirements: {gpuCount: 1}, resources: {limits: {amd.com/gpu: 0}}`),
			want:   "spec.performers[0]: resources.limits[amd.com/gpu] is 0 but hardwareRequirements.gpuCount is 1: make them equal or leave one out",
		},
		"GPUCountNotRequests": {
			reason: "Requests are compared like limits.",
			sample: of(`hardwareRequirements: {gpuCount: 4}, resources: {requests: {gpu.intel.com/xe: "7"}}`),
			want:   "spec.performers[0]: resources.requests[gpu.intel.com/xe] is 7 but hardwareRequirements.gpuCount is 4: make them equal or leave one out",
		},
		"GPURequestsNotLimits": {
			reason: "GPUs are not overcommitted.",
			sample: of(`resources: {requests: {nvidia.com/gpu: "1"}, limits: {nvidia.com/gpu: "2"}}`),
			want:   "spec.performers[0]: resources.requests[nvidia.com/gpu] is 1 but resources.limits[nvidia.com/gpu] is 2: GPU requests and limits must be equal",
		},
		"GPULimitsFraction": {
			reason: "A GPU is whole.",
			sample: of(`resources: {limits: {gpu.intel.com/i915: 500m}}`),
			want:   "spec.performers[0]: resources.limits must have a whole number of GPUs",
		},
		"GPURequestsFraction": {
			reason: "A GPU is whole, whoever asks.",
			sample: of(`resources: {requests: {nvidia.com/pgpu: "1.5"}}`),
			want:   "spec.performers[0]: resources.requests must have a whole number of GPUs",
		},
		"LimitsNegative": {
			reason: "There is no less than nothing.",
			sample: of(`resources: {limits: {nvidia.com/gpu: "-1"}}`),
			want:   "spec.performers[0]: resources.limits must not be negative",
		},
		"RequestsNegative": {
			reason: "There is no less than nothing to ask for.",
			sample: of(`resources: {requests: {memory: "-1Gi"}}`),
			want:   "spec.performers[0]: resources.requests must not be negative",
		},
		"RequestsAboveLimits": {
			reason: "Nobody gets more than the limit.",
			sample: of(`resources: {requests: {cpu: "2"}, limits: {cpu: 1500m}}`),
			want:   "spec.performers[0]: resources.requests[cpu] is 2 but resources.limits[cpu] is only 1500m",
		},
	})
}
