// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"
)

// A PerformerMode is how an executor starts its performers.
// +kubebuilder:validation:Enum=docker;kubernetes
type PerformerMode string

// The modes of the API reference.
const (
	PerformerModeDocker     PerformerMode = "docker"
	PerformerModeKubernetes PerformerMode = "kubernetes"
)

// An ExecutorPhase is where a HourglassExecutor is in its life.
// +kubebuilder:validation:Enum=Pending;Running;Stopped
type ExecutorPhase string

// The phases of a HourglassExecutor.
const (
	// ExecutorPending means that no replica is ready yet.
	ExecutorPending ExecutorPhase = "Pending"
	// ExecutorRunning means that at least one replica is ready.
	ExecutorRunning ExecutorPhase = "Running"
	// ExecutorStopped means that no replica runs or is wanted.
	ExecutorStopped ExecutorPhase = "Stopped"
)

// A ChainConfig is a blockchain that the executor works on.
type ChainConfig struct {
	// Name of the chain, unique among the executor's chains.
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-zA-Z0-9]([-a-zA-Z0-9_.]*[a-zA-Z0-9])?$')",message="name must be letters, digits, '-', '_' or '.', such as ethereum"
	Name string `json:"name"`

	// RPC is the URL of the chain's RPC endpoint.
	// +optional
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:XValidation:rule="self.matches('^(https?|wss?)://[^ /]+.*$')",message="rpc must be a URL such as https://rpc.example.com (schemes http, https, ws or wss)"
	RPC string `json:"rpc,omitempty"`

	// RPCSecretRef selects a key of a Secret that holds the RPC URL, for URLs
	// that carry credentials.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self.name.size() > 0 && self.key.size() > 0",message="rpcSecretRef must have the name of a Secret and a key"
	RPCSecretRef *xpv2.LocalSecretKeySelector `json:"rpcSecretRef,omitempty"`

	// ChainID is the network's id.
	// +kubebuilder:validation:XValidation:rule="self >= 1",message="chainId must be 1 or more"
	ChainID int64 `json:"chainId"`

	// TaskMailboxAddress is the address of the TaskMailbox contract.
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.startsWith('0x')",message="taskMailboxAddress must be a contract address that starts with 0x"
	TaskMailboxAddress string `json:"taskMailboxAddress"`
}

// An OperatorKeysSecretReference names a Secret and the keys in it.
type OperatorKeysSecretReference struct {
	// Name of the Secret.
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`

	// Keys of the Secret that are the operator's. Left out, they are ecdsa and
	// bls; what else is in the Secret means nothing.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	Keys []string `json:"keys,omitempty"`
}

// A KubernetesConfig says how an executor in kubernetes mode runs performers.
type KubernetesConfig struct {
	// Namespace that the performers live in.
	// +optional
	// +kubebuilder:default=default
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="namespace must be the name of a namespace: lower-case letters, digits or '-'"
	Namespace string `json:"namespace,omitempty"`

	// DefaultScheduling fills what a performer that names this executor leaves
	// unset.
	// +optional
	DefaultScheduling *SchedulingConfig `json:"defaultScheduling,omitempty"`
}

// A HourglassExecutorConfig is what the executor's configuration file says.
// +kubebuilder:validation:XValidation:rule="has(self.operatorKeys) != has(self.operatorKeysSecretRef)",message="config must have exactly one of operatorKeys and operatorKeysSecretRef"
type HourglassExecutorConfig struct {
	// AggregatorEndpoint is the gRPC endpoint of the aggregator: host:port, or
	// a dns:///, http:// or https:// form of it.
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="self.matches('^((dns:///|https?://)?([a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?([.][a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?)*[.]?|\\\\[[0-9a-fA-F:.]+\\\\]):(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3})|(dns:///|https?://)([a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?([.][a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?)*[.]?|\\\\[[0-9a-fA-F:.]+\\\\]))(/[^ ]*)?$')",message="aggregatorEndpoint must be an endpoint such as aggregator.example.com:9090, [2001:db8::1]:9090, dns:///aggregator:9090 or https://aggregator.example.com"
	AggregatorEndpoint string `json:"aggregatorEndpoint"`

	// OperatorKeys are the BLS and ECDSA private keys. They are stored in a
	// Secret only; operatorKeysSecretRef keeps them out of this object too.
	// +optional
	// +kubebuilder:validation:MinProperties=1
	// +kubebuilder:validation:MaxProperties=16
	// +kubebuilder:validation:XValidation:rule="self.all(k, k.matches('^[-._a-zA-Z0-9]+$') && !k.startsWith('rpc-') && self[k].size() > 0)",message="operatorKeys must have names of letters, digits, '-', '_' or '.', not beginning with rpc-, and a value for each"
	OperatorKeys map[string]string `json:"operatorKeys,omitempty"`

	// OperatorKeysSecretRef names a Secret, in the same namespace, whose keys
	// are the operator's private keys.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self.name.size() > 0",message="operatorKeysSecretRef must have the name of a Secret"
	OperatorKeysSecretRef *OperatorKeysSecretReference `json:"operatorKeysSecretRef,omitempty"`

	// Chains that the executor works on.
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:XValidation:rule="self.all(c, has(c.rpc) != has(c.rpcSecretRef))",message="chains must each have exactly one of rpc and rpcSecretRef"
	Chains []ChainConfig `json:"chains"`

	// PerformerMode is how performers are started.
	// +optional
	// +kubebuilder:default=kubernetes
	PerformerMode PerformerMode `json:"performerMode,omitempty"`

	// Kubernetes says how performers run in kubernetes mode.
	// +optional
	Kubernetes *KubernetesConfig `json:"kubernetes,omitempty"`

	// LogLevel of the executor.
	// +optional
	// +kubebuilder:default=info
	// +kubebuilder:validation:Enum=debug;info;warn;error
	LogLevel string `json:"logLevel,omitempty"`

	// ExtraConfig is merged last into the configuration file, for keys that
	// have no field here.
	// +optional
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:XPreserveUnknownFields
	// +kubebuilder:validation:Type=object
	ExtraConfig *apiextensionsv1.JSON `json:"extraConfig,omitempty"`
}

// A HourglassExecutorSpec is the desired state of a HourglassExecutor.
// +kubebuilder:validation:XValidation:rule="!has(self.providerConfigRef) || !has(oldSelf.providerConfigRef) || self.providerConfigRef == oldSelf.providerConfigRef",message="providerConfigRef must stay as it is: what runs in one cluster cannot move to another; create another HourglassExecutor there"
// +kubebuilder:validation:XValidation:rule="!has(self.providerConfigRef) || (self.providerConfigRef.kind in ['ClusterProviderConfig', 'ProviderConfig'] && self.providerConfigRef.name.size() > 0)",message="providerConfigRef must have the kind ClusterProviderConfig or ProviderConfig and a name"
type HourglassExecutorSpec struct {
	xpv2.ManagedResourceSpec `json:",inline"`

	// Image is the executor's container image.
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="self.matches('^((localhost|[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?(\\\\.[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?)+|[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?(\\\\.[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?)*:[0-9]+|\\\\[[a-fA-F0-9:]+\\\\](:[0-9]+)?)/)?[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*(/[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*)*(:[a-zA-Z0-9_][-a-zA-Z0-9_.]{0,127})?(@[A-Za-z][A-Za-z0-9]*([-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$') && (!self.contains('@sha256:') || self.matches('@sha256:[0-9a-f]{64}$'))",message="image must be a container image reference such as registry.example.com:5000/hourglass/executor:v1.2.0 or hourglass/executor@sha256:DIGEST, its repository in lower case and without spaces"
	Image string `json:"image"`

	// Replicas is the number of executor Pods.
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:XValidation:rule="self >= 1",message="replicas must be 1 or more"
	Replicas *int32 `json:"replicas,omitempty"`

	// Config of the executor.
	Config HourglassExecutorConfig `json:"config"`

	// Resources of the container.
	// +optional
	// +kubebuilder:validation:XValidation:rule="!has(self.requests) || !has(self.limits) || ['cpu', 'memory', 'ephemeral-storage'].all(k, !(k in self.requests) || !(k in self.limits) || quantity(string(self.requests[k])).compareTo(quantity(string(self.limits[k]))) <= 0)",messageExpression="['cpu', 'memory', 'ephemeral-storage'].filter(k, k in self.requests && k in self.limits && quantity(string(self.requests[k])).compareTo(quantity(string(self.limits[k]))) > 0).map(k, 'resources.requests[%s] is %s but resources.limits[%s] is only %s'.format([k, self.requests[k], k, self.limits[k]]))[0]"
	// +kubebuilder:validation:XValidation:rule="!has(self.limits) || ['cpu', 'memory', 'ephemeral-storage', 'nvidia.com/gpu', 'nvidia.com/gpu.shared', 'nvidia.com/pgpu', 'amd.com/gpu', 'gpu.intel.com/i915', 'gpu.intel.com/xe'].all(k, !(k in self.limits) || quantity(string(self.limits[k])).compareTo(quantity('0')) >= 0)",message="resources.limits must not be negative"
	// +kubebuilder:validation:XValidation:rule="!has(self.requests) || ['cpu', 'memory', 'ephemeral-storage', 'nvidia.com/gpu', 'nvidia.com/gpu.shared', 'nvidia.com/pgpu', 'amd.com/gpu', 'gpu.intel.com/i915', 'gpu.intel.com/xe'].all(k, !(k in self.requests) || quantity(string(self.requests[k])).compareTo(quantity('0')) >= 0)",message="resources.requests must not be negative"
	// +kubebuilder:validation:XValidation:rule="!has(self.claims) || self.claims.size() == 0",message="resources.claims must be empty: the Pod has no resource claims to choose from"
	Resources corev1.ResourceRequirements `json:"resources,omitempty"`

	// NodeSelector lists labels that a node must have.
	// +optional
	NodeSelector NodeLabels `json:"nodeSelector,omitempty"`

	// Tolerations of tainted nodes.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:XValidation:rule="self.all(t, !has(t.operator) || t.operator in ['', 'Exists', 'Equal', 'Lt', 'Gt'])",message="tolerations: operator must be Exists or Equal (or Lt or Gt where the cluster supports them)"
	// +kubebuilder:validation:XValidation:rule="self.all(t, !has(t.effect) || t.effect in ['', 'NoSchedule', 'PreferNoSchedule', 'NoExecute'])",message="tolerations: effect must be NoSchedule, PreferNoSchedule, NoExecute or empty for all of them"
	// +kubebuilder:validation:XValidation:rule="self.all(t, !has(t.operator) || t.operator != 'Exists' || !has(t.value) || t.value == '')",message="tolerations: value must be empty when operator is Exists"
	// +kubebuilder:validation:XValidation:rule="self.all(t, (has(t.key) && t.key != '') || (has(t.operator) && t.operator == 'Exists'))",message="tolerations: operator must be Exists when key is empty"
	// +kubebuilder:validation:XValidation:rule="self.all(t, !has(t.tolerationSeconds) || (has(t.effect) && t.effect == 'NoExecute'))",message="tolerations: effect must be NoExecute when tolerationSeconds is set"
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`

	// ImagePullSecrets to pull the image with.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:XValidation:rule="self.all(s, has(s.name) && s.name.size() > 0)",message="imagePullSecrets must each have the name of a Secret"
	ImagePullSecrets []corev1.LocalObjectReference `json:"imagePullSecrets,omitempty"`
}

// A HourglassExecutorStatus is the observed state of a HourglassExecutor.
type HourglassExecutorStatus struct {
	xpv2.ManagedResourceStatus `json:",inline"`

	// Phase is where the executor is in its life.
	// +optional
	Phase ExecutorPhase `json:"phase,omitempty"`

	// Replicas is the number of executor Pods.
	// +optional
	Replicas int32 `json:"replicas,omitempty"`

	// ReadyReplicas is the number of executor Pods that are ready.
	// +optional
	ReadyReplicas int32 `json:"readyReplicas,omitempty"`

	// LastConfigUpdate is when the configuration last changed.
	// +optional
	LastConfigUpdate *metav1.Time `json:"lastConfigUpdate,omitempty"`
}

// A HourglassExecutor takes tasks from an aggregator and has performers do them.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,categories={crossplane,managed,hourglass},shortName=hgx
// +kubebuilder:printcolumn:name="READY",type="string",JSONPath=".status.conditions[?(@.type=='Ready')].status"
// +kubebuilder:printcolumn:name="SYNCED",type="string",JSONPath=".status.conditions[?(@.type=='Synced')].status"
// +kubebuilder:printcolumn:name="PHASE",type="string",JSONPath=".status.phase"
// +kubebuilder:printcolumn:name="REPLICAS",type="integer",JSONPath=".status.readyReplicas"
// +kubebuilder:printcolumn:name="AGE",type="date",JSONPath=".metadata.creationTimestamp"
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 63",message="metadata.name must be at most 63 characters, because it becomes the name of a Service"
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",message="metadata.name must be a DNS label that starts with a letter (lower-case letters, digits or '-', no dots), because it becomes the name of a Service"
type HourglassExecutor struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   HourglassExecutorSpec   `json:"spec"`
	Status HourglassExecutorStatus `json:"status,omitempty"`
}

// A HourglassExecutorList holds HourglassExecutors.
// +kubebuilder:object:root=true
type HourglassExecutorList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []HourglassExecutor `json:"items"`
}
