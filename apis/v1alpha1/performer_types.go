// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"
)

// DefaultGRPCPort is the port a performer serves gRPC on where its spec names
// none (the API reference's default for config.grpcPort).
const DefaultGRPCPort int32 = 9090

// A PerformerPhase is where a Performer is in its life.
// +kubebuilder:validation:Enum=Pending;Running;Upgrading;Terminating;Failed
type PerformerPhase string

// The phases of a Performer.
const (
	// PerformerPending means that the Pod does not run yet.
	PerformerPending PerformerPhase = "Pending"
	// PerformerRunning means that the Pod's containers run.
	PerformerRunning PerformerPhase = "Running"
	// PerformerUpgrading means that the Pod is on its way to another image or spec.
	PerformerUpgrading PerformerPhase = "Upgrading"
	// PerformerTerminating means that the Performer is being deleted.
	PerformerTerminating PerformerPhase = "Terminating"
	// PerformerFailed means that the container crashes again and again, or that
	// the Pod ended and waits to be replaced.
	PerformerFailed PerformerPhase = "Failed"
)

// PerformerConfig says how the performer's container is started.
// +kubebuilder:validation:XValidation:rule="!has(self.environment) || !has(self.environmentFrom) || self.environmentFrom.all(e, !(e.name in self.environment))",message="environmentFrom and environment must not name the same variable"
type PerformerConfig struct {
	// GRPCPort is the port the performer serves gRPC on. Its health service is
	// asked for readiness and liveness there.
	// +optional
	// +kubebuilder:default=9090
	// +kubebuilder:validation:XValidation:rule="self >= 1 && self <= 65535",message="grpcPort must be between 1 and 65535"
	GRPCPort int32 `json:"grpcPort,omitempty"`

	// Environment variables of the container. Secrets belong in environmentFrom.
	// +optional
	// +kubebuilder:validation:MaxProperties=256
	// +kubebuilder:validation:XValidation:rule="self.all(k, k.matches('^[-._a-zA-Z][-._a-zA-Z0-9]*$'))",message="environment must have variable names of letters, digits, '_', '-' or '.', not starting with a digit"
	Environment map[string]string `json:"environment,omitempty"`

	// EnvironmentFrom lists environment variables whose values are keys of
	// Secrets or ConfigMaps in the Pod's namespace.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=256
	EnvironmentFrom []EnvironmentVariable `json:"environmentFrom,omitempty"`

	// Args are the arguments of the command, or of the image's entrypoint.
	// +optional
	// +listType=atomic
	Args []string `json:"args,omitempty"`

	// Command replaces the image's entrypoint.
	// +optional
	// +listType=atomic
	Command []string `json:"command,omitempty"`

	// ServiceAccountName is the Pod's service account. Its token is mounted
	// only where one is named.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*)?$')",message="serviceAccountName must be the name of a ServiceAccount: lower-case letters, digits, '-' or '.'"
	ServiceAccountName string `json:"serviceAccountName,omitempty"`

	// TerminationGracePeriodSeconds is how long, in seconds, the container may
	// take to end after it was asked to, before it is killed. Left out it is
	// Kubernetes' default, 30. It changes nothing that runs.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=86400
	TerminationGracePeriodSeconds *int64 `json:"terminationGracePeriodSeconds,omitempty"`
}

// An EnvironmentVariable takes its value from a Secret or a ConfigMap.
type EnvironmentVariable struct {
	// Name of the environment variable.
	// +kubebuilder:validation:MaxLength=256
	// +kubebuilder:validation:XValidation:rule="self.matches('^[-._a-zA-Z][-._a-zA-Z0-9]*$')",message="name must be a variable name of letters, digits, '_', '-' or '.', not starting with a digit"
	Name string `json:"name"`

	// ValueFrom says where the value is.
	ValueFrom EnvironmentSource `json:"valueFrom"`
}

// An EnvironmentSource is a key of a Secret or of a ConfigMap.
// +kubebuilder:validation:XValidation:rule="has(self.secretKeyRef) != has(self.configMapKeyRef)",message="valueFrom must have exactly one of secretKeyRef and configMapKeyRef"
// +kubebuilder:validation:XValidation:rule="!has(self.secretKeyRef) || (has(self.secretKeyRef.name) && self.secretKeyRef.name.size() > 0 && self.secretKeyRef.key.size() > 0)",message="secretKeyRef must have the name of a Secret and a key"
// +kubebuilder:validation:XValidation:rule="!has(self.configMapKeyRef) || (has(self.configMapKeyRef.name) && self.configMapKeyRef.name.size() > 0 && self.configMapKeyRef.key.size() > 0)",message="configMapKeyRef must have the name of a ConfigMap and a key"
type EnvironmentSource struct {
	// SecretKeyRef selects a key of a Secret in the Pod's namespace.
	// +optional
	SecretKeyRef *corev1.SecretKeySelector `json:"secretKeyRef,omitempty"`

	// ConfigMapKeyRef selects a key of a ConfigMap in the Pod's namespace.
	// +optional
	ConfigMapKeyRef *corev1.ConfigMapKeySelector `json:"configMapKeyRef,omitempty"`
}

// A PerformerSpec is the desired state of a Performer.
// +kubebuilder:validation:XValidation:rule="!has(self.hardwareRequirements) || !has(self.hardwareRequirements.gpuCount) || self.hardwareRequirements.gpuCount == 0 || !has(self.resources) || !has(self.resources.limits) || ['nvidia.com/gpu', 'nvidia.com/gpu.shared', 'nvidia.com/pgpu', 'amd.com/gpu', 'gpu.intel.com/i915', 'gpu.intel.com/xe'].all(k, !(k in self.resources.limits) || (quantity(string(self.resources.limits[k])).isInteger() && quantity(string(self.resources.limits[k])).asInteger() == self.hardwareRequirements.gpuCount))",messageExpression="['nvidia.com/gpu', 'nvidia.com/gpu.shared', 'nvidia.com/pgpu', 'amd.com/gpu', 'gpu.intel.com/i915', 'gpu.intel.com/xe'].filter(k, k in self.resources.limits && !(quantity(string(self.resources.limits[k])).isInteger() && quantity(string(self.resources.limits[k])).asInteger() == self.hardwareRequirements.gpuCount)).map(k, 'resources.limits[%s] is %s but hardwareRequirements.gpuCount is %d: make them equal or leave one out'.format([k, self.resources.limits[k], self.hardwareRequirements.gpuCount]))[0]"
// +kubebuilder:validation:XValidation:rule="!has(self.hardwareRequirements) || !has(self.hardwareRequirements.gpuCount) || self.hardwareRequirements.gpuCount == 0 || !has(self.resources) || !has(self.resources.requests) || ['nvidia.com/gpu', 'nvidia.com/gpu.shared', 'nvidia.com/pgpu', 'amd.com/gpu', 'gpu.intel.com/i915', 'gpu.intel.com/xe'].all(k, !(k in self.resources.requests) || (quantity(string(self.resources.requests[k])).isInteger() && quantity(string(self.resources.requests[k])).asInteger() == self.hardwareRequirements.gpuCount))",messageExpression="['nvidia.com/gpu', 'nvidia.com/gpu.shared', 'nvidia.com/pgpu', 'amd.com/gpu', 'gpu.intel.com/i915', 'gpu.intel.com/xe'].filter(k, k in self.resources.requests && !(quantity(string(self.resources.requests[k])).isInteger() && quantity(string(self.resources.requests[k])).asInteger() == self.hardwareRequirements.gpuCount)).map(k, 'resources.requests[%s] is %s but hardwareRequirements.gpuCount is %d: make them equal or leave one out'.format([k, self.resources.requests[k], self.hardwareRequirements.gpuCount]))[0]"
// +kubebuilder:validation:XValidation:rule="!has(self.resources) || !has(self.resources.requests) || !has(self.resources.limits) || ['nvidia.com/gpu', 'nvidia.com/gpu.shared', 'nvidia.com/pgpu', 'amd.com/gpu', 'gpu.intel.com/i915', 'gpu.intel.com/xe'].all(k, !(k in self.resources.requests) || !(k in self.resources.limits) || quantity(string(self.resources.requests[k])).compareTo(quantity(string(self.resources.limits[k]))) == 0)",messageExpression="['nvidia.com/gpu', 'nvidia.com/gpu.shared', 'nvidia.com/pgpu', 'amd.com/gpu', 'gpu.intel.com/i915', 'gpu.intel.com/xe'].filter(k, k in self.resources.requests && k in self.resources.limits && quantity(string(self.resources.requests[k])).compareTo(quantity(string(self.resources.limits[k]))) != 0).map(k, 'resources.requests[%s] is %s but resources.limits[%s] is %s: GPU requests and limits must be equal'.format([k, self.resources.requests[k], k, self.resources.limits[k]]))[0]"
// +kubebuilder:validation:XValidation:rule="!has(self.resources) || !has(self.resources.limits) || ['nvidia.com/gpu', 'nvidia.com/gpu.shared', 'nvidia.com/pgpu', 'amd.com/gpu', 'gpu.intel.com/i915', 'gpu.intel.com/xe'].all(k, !(k in self.resources.limits) || quantity(string(self.resources.limits[k])).isInteger())",message="resources.limits must have a whole number of GPUs"
// +kubebuilder:validation:XValidation:rule="!has(self.resources) || !has(self.resources.requests) || ['nvidia.com/gpu', 'nvidia.com/gpu.shared', 'nvidia.com/pgpu', 'amd.com/gpu', 'gpu.intel.com/i915', 'gpu.intel.com/xe'].all(k, !(k in self.resources.requests) || quantity(string(self.resources.requests[k])).isInteger())",message="resources.requests must have a whole number of GPUs"
// +kubebuilder:validation:XValidation:rule="!has(self.providerConfigRef) || !has(oldSelf.providerConfigRef) || self.providerConfigRef == oldSelf.providerConfigRef",message="providerConfigRef must stay as it is: what runs in one cluster cannot move to another; create another Performer there"
// +kubebuilder:validation:XValidation:rule="!has(self.providerConfigRef) || (self.providerConfigRef.kind in ['ClusterProviderConfig', 'ProviderConfig'] && self.providerConfigRef.name.size() > 0)",message="providerConfigRef must have the kind ClusterProviderConfig or ProviderConfig and a name"
type PerformerSpec struct {
	xpv2.ManagedResourceSpec `json:",inline"`

	// AVSAddress is the address of the AVS that the performer works for.
	// +kubebuilder:validation:XValidation:rule="self.matches('^0x[0-9a-fA-F]{40}$')",message="avsAddress must be an Ethereum address: 0x and 40 hexadecimal digits"
	AVSAddress string `json:"avsAddress"`

	// Image is the performer's container image. A change of it is patched into
	// the running Pod, which keeps its node and its GPUs.
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="self.matches('^((localhost|[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?(\\\\.[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?)+|[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?(\\\\.[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?)*:[0-9]+|\\\\[[a-fA-F0-9:]+\\\\](:[0-9]+)?)/)?[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*(/[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*)*(:[a-zA-Z0-9_][-a-zA-Z0-9_.]{0,127})?(@[A-Za-z][A-Za-z0-9]*([-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$') && (!self.contains('@sha256:') || self.matches('@sha256:[0-9a-f]{64}$'))",message="image must be a container image reference such as registry.example.com:5000/avs/performer:v1.2.0 or avs/performer@sha256:DIGEST, its repository in lower case and without spaces"
	Image string `json:"image"`

	// ImagePullPolicy of the container. Left out, Kubernetes chooses by the tag.
	// +optional
	// +kubebuilder:validation:Enum=Always;IfNotPresent;Never
	ImagePullPolicy corev1.PullPolicy `json:"imagePullPolicy,omitempty"`

	// ImagePolicy says which image is run where a tag is moved. Pin stays with
	// the digest that ran first, until image changes. Left out, whatever the tag
	// leads to when a container starts is run.
	// +optional
	// +kubebuilder:validation:Enum=Pin
	ImagePolicy ImagePolicy `json:"imagePolicy,omitempty"`

	// Upgrade says how changes reach the Pod that runs.
	// +optional
	Upgrade *UpgradePolicy `json:"upgrade,omitempty"`

	// Version is the image's version, for upgrade tracking. It changes nothing
	// that runs.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	Version string `json:"version,omitempty"`

	// ExecutorRef names the HourglassExecutor, in the same namespace, that the
	// performer belongs to.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*)?$')",message="executorRef must be the name of a HourglassExecutor in the same namespace: lower-case letters, digits, '-' or '.'"
	ExecutorRef string `json:"executorRef,omitempty"`

	// Config says how the container is started.
	// +optional
	// +kubebuilder:default={}
	Config PerformerConfig `json:"config,omitempty"`

	// Resources of the container.
	// +optional
	// +kubebuilder:validation:XValidation:rule="!has(self.requests) || !has(self.limits) || ['cpu', 'memory', 'ephemeral-storage'].all(k, !(k in self.requests) || !(k in self.limits) || quantity(string(self.requests[k])).compareTo(quantity(string(self.limits[k]))) <= 0)",messageExpression="['cpu', 'memory', 'ephemeral-storage'].filter(k, k in self.requests && k in self.limits && quantity(string(self.requests[k])).compareTo(quantity(string(self.limits[k]))) > 0).map(k, 'resources.requests[%s] is %s but resources.limits[%s] is only %s'.format([k, self.requests[k], k, self.limits[k]]))[0]"
	// +kubebuilder:validation:XValidation:rule="!has(self.limits) || ['cpu', 'memory', 'ephemeral-storage', 'nvidia.com/gpu', 'nvidia.com/gpu.shared', 'nvidia.com/pgpu', 'amd.com/gpu', 'gpu.intel.com/i915', 'gpu.intel.com/xe'].all(k, !(k in self.limits) || quantity(string(self.limits[k])).compareTo(quantity('0')) >= 0)",message="resources.limits must not be negative"
	// +kubebuilder:validation:XValidation:rule="!has(self.requests) || ['cpu', 'memory', 'ephemeral-storage', 'nvidia.com/gpu', 'nvidia.com/gpu.shared', 'nvidia.com/pgpu', 'amd.com/gpu', 'gpu.intel.com/i915', 'gpu.intel.com/xe'].all(k, !(k in self.requests) || quantity(string(self.requests[k])).compareTo(quantity('0')) >= 0)",message="resources.requests must not be negative"
	// +kubebuilder:validation:XValidation:rule="!has(self.claims) || self.claims.size() == 0",message="resources.claims must be empty: the Pod has no resource claims to choose from"
	Resources corev1.ResourceRequirements `json:"resources,omitempty"`

	// Scheduling says where the Pod may run.
	// +optional
	Scheduling *SchedulingConfig `json:"scheduling,omitempty"`

	// HardwareRequirements say what hardware the Pod needs.
	// +optional
	HardwareRequirements *HardwareRequirements `json:"hardwareRequirements,omitempty"`

	// ImagePullSecrets to pull the image with, in the Pod's namespace.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:XValidation:rule="self.all(s, has(s.name) && s.name.size() > 0)",message="imagePullSecrets must each have the name of a Secret"
	ImagePullSecrets []corev1.LocalObjectReference `json:"imagePullSecrets,omitempty"`
}

// An UpgradePolicy says how changes reach the Pod that runs.
type UpgradePolicy struct {
	// Strategy is how: InPlace changes the running Pod and refuses what cannot be
	// changed there; Recreate ends it and starts a new one; Surge starts a new
	// one, waits until it is ready, and then ends the old one. Auto, the default,
	// takes the first of in place, Surge and Recreate that the change and the
	// free capacity of the pool allow.
	// +optional
	// +kubebuilder:validation:Enum=Auto;InPlace;Recreate;Surge
	Strategy UpgradeStrategy `json:"strategy,omitempty"`

	// Deadline is how long after its image was pulled an upgraded performer may
	// take to become ready, before it goes back to what ran before. The default
	// is 5m.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=16
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+(ms|s|m|h))+$') && duration(self) >= duration('1s')",message="deadline must be a duration of at least 1s, such as 90s, 5m or 1h30m"
	Deadline *metav1.Duration `json:"deadline,omitempty"`

	// Drain is how long a Pod that serves stays alive after it has left its
	// Service, before it is asked to end: so that nobody is sent to a Pod that
	// is ending. The default is 5s.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=16
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+(ms|s|m|h))+$') && duration(self) <= duration('1h')",message="drain must be a duration of at most 1h, such as 0s, 5s or 2m"
	Drain *metav1.Duration `json:"drain,omitempty"`
}

// An UpgradeStrategy is a way for changes to reach a running Pod.
type UpgradeStrategy string

// The strategies. StrategyResize is part of InPlace, and only told, never asked
// for.
const (
	StrategyAuto     UpgradeStrategy = "Auto"
	StrategyInPlace  UpgradeStrategy = "InPlace"
	StrategyRecreate UpgradeStrategy = "Recreate"
	StrategySurge    UpgradeStrategy = "Surge"
	StrategyResize   UpgradeStrategy = "Resize"
)

// An ImagePolicy says which image is run where a tag is moved.
type ImagePolicy string

// ImagePin stays with the digest that ran first.
const ImagePin ImagePolicy = "Pin"

// An UpgradeStatus is how an upgrade goes.
type UpgradeStatus struct {
	// Started is when it began.
	Started metav1.Time `json:"started"`

	// Strategy is how it is done, and why so.
	// +optional
	Strategy string `json:"strategy,omitempty"`

	// Pulled is when a container of the new image was first seen to have started.
	// +optional
	Pulled *metav1.Time `json:"pulled,omitempty"`

	// PullFailures is how often the image was seen not to be pulled.
	// +optional
	PullFailures int32 `json:"pullFailures,omitempty"`

	// Waiting is what the container waited for when it was last seen, as the
	// kubelet calls it.
	// +optional
	Waiting string `json:"waiting,omitempty"`
}

// A FailedUpgrade is an upgrade that was taken back.
type FailedUpgrade struct {
	// Spec identifies the spec that failed. It is not tried again.
	Spec string `json:"spec"`

	// Message says what was wrong with it.
	Message string `json:"message"`
}

// A PinnedImage is an image and what it was when it ran first.
type PinnedImage struct {
	// Image as the spec names it.
	Image string `json:"image"`

	// Digest of it, as in sha256:...
	Digest string `json:"digest"`
}

// A PerformerStatus is the observed state of a Performer.
type PerformerStatus struct {
	xpv2.ManagedResourceStatus `json:",inline"`

	// Phase is where the Performer is in its life.
	// +optional
	Phase PerformerPhase `json:"phase,omitempty"`

	// Ready says whether the Pod serves gRPC now.
	// +optional
	Ready bool `json:"ready"`

	// PodName is the name of the Pod that serves, or is to.
	// +optional
	PodName string `json:"podName,omitempty"`

	// StandbyPodName is the name of the Pod that is to take over from it.
	// +optional
	StandbyPodName string `json:"standbyPodName,omitempty"`

	// Upgrade is how the upgrade goes that is under way.
	// +optional
	Upgrade *UpgradeStatus `json:"upgrade,omitempty"`

	// FailedUpgrade is the last one, where it was taken back.
	// +optional
	FailedUpgrade *FailedUpgrade `json:"failedUpgrade,omitempty"`

	// PinnedImage is what imagePolicy Pin stays with.
	// +optional
	PinnedImage *PinnedImage `json:"pinnedImage,omitempty"`

	// NodeName is the name of the node that the Pod is on.
	// +optional
	NodeName string `json:"nodeName,omitempty"`

	// ServiceName is the name of the Service.
	// +optional
	ServiceName string `json:"serviceName,omitempty"`

	// GRPCEndpoint is the DNS name and port to dial, in the target cluster.
	// +optional
	GRPCEndpoint string `json:"grpcEndpoint,omitempty"`

	// LastUpgrade is when the last upgrade was ready.
	// +optional
	LastUpgrade *metav1.Time `json:"lastUpgrade,omitempty"`

	// FailedPods is how many Pods in a row ended before they were ready. Each
	// makes the next one come later.
	// +optional
	FailedPods int32 `json:"failedPods,omitempty"`

	// ReadyTime is when the performer became ready; absent while it is not.
	// +optional
	ReadyTime *metav1.Time `json:"readyTime,omitempty"`
}

// A Performer is an AVS workload: a Pod that serves gRPC, and a Service in
// front of it, on the hardware that it needs.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,categories={crossplane,managed,hourglass},shortName=perf
// +kubebuilder:printcolumn:name="READY",type="string",JSONPath=".status.conditions[?(@.type=='Ready')].status"
// +kubebuilder:printcolumn:name="SYNCED",type="string",JSONPath=".status.conditions[?(@.type=='Synced')].status"
// +kubebuilder:printcolumn:name="PHASE",type="string",JSONPath=".status.phase"
// +kubebuilder:printcolumn:name="GPU",type="string",JSONPath=".spec.hardwareRequirements.gpuType"
// +kubebuilder:printcolumn:name="TEE",type="string",JSONPath=".spec.hardwareRequirements.teeType"
// +kubebuilder:printcolumn:name="NODE",type="string",JSONPath=".status.nodeName"
// +kubebuilder:printcolumn:name="AGE",type="date",JSONPath=".metadata.creationTimestamp"
// +kubebuilder:printcolumn:name="IMAGE",type="string",JSONPath=".spec.image",priority=1
// +kubebuilder:printcolumn:name="ENDPOINT",type="string",JSONPath=".status.grpcEndpoint",priority=1
// +kubebuilder:printcolumn:name="EXTERNAL-NAME",type="string",JSONPath=".metadata.annotations.crossplane\\.io/external-name",priority=1
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 53",message="metadata.name must be at most 53 characters, so that the Service performer-NAME has at most 63"
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="metadata.name must be a DNS label (lower-case letters, digits or '-', no dots), because it becomes part of a Service name"
type Performer struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   PerformerSpec   `json:"spec"`
	Status PerformerStatus `json:"status,omitempty"`
}

// A PerformerList holds Performers.
// +kubebuilder:object:root=true
type PerformerList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []Performer `json:"items"`
}
