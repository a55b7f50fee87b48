// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"
)

// A ProviderConfigSpec says which cluster is the target, by the credentials
// that reach it.
type ProviderConfigSpec struct {
	// Credentials of the target cluster.
	Credentials ProviderCredentials `json:"credentials"`

	// Inventory, where it is there, has the provider watch the Nodes of the target
	// cluster and what their Pods ask for: it keeps the status of the HardwarePools
	// of this target, and makes one for each kind of nodes that has none yet. Left
	// out, nothing but what the provider owns is watched.
	// +optional
	Inventory *Inventory `json:"inventory,omitempty"`

	// CreateNamespaces has the provider create the namespace in the target cluster
	// that a Performer or a HourglassExecutor is to live in, where it is missing.
	// It is never deleted again.
	// +optional
	CreateNamespaces bool `json:"createNamespaces,omitempty"`
}

// An Inventory says how the nodes of a target cluster are told apart.
type Inventory struct {
	// PoolLabels are keys of node labels, nodes with the same value of which are a
	// pool. The first one that a node has counts; after these come the labels that
	// Karpenter, GKE, EKS and AKS set.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=317
	PoolLabels []string `json:"poolLabels,omitempty"`
}

// ProviderCredentials reach a target cluster.
// +kubebuilder:validation:XValidation:rule="self.source != 'Secret' || (has(self.secretRef) && self.secretRef.namespace.size() > 0 && self.secretRef.name.size() > 0 && self.secretRef.key.size() > 0)",message="credentials.secretRef must have the namespace, name and key of a Secret that holds a kubeconfig when source is Secret"
// +kubebuilder:validation:XValidation:rule="self.source != 'Filesystem' || (has(self.fs) && self.fs.path.size() > 0)",message="credentials.fs.path must name a kubeconfig file when source is Filesystem"
// +kubebuilder:validation:XValidation:rule="self.source != 'Environment' || (has(self.env) && self.env.name.size() > 0)",message="credentials.env.name must name an environment variable that holds a kubeconfig when source is Environment"
type ProviderCredentials struct {
	// Source of the credentials. InjectedIdentity is the provider's own
	// identity in the cluster it runs in; every other source is a kubeconfig.
	// +kubebuilder:validation:Enum=InjectedIdentity;Secret;Filesystem;Environment
	Source xpv2.CredentialsSource `json:"source"`

	xpv2.CommonCredentialSelectors `json:",inline"`
}

// A ProviderConfigStatus says who uses a ProviderConfig.
type ProviderConfigStatus struct {
	xpv2.ProviderConfigStatus `json:",inline"`
}

// A ProviderConfig is a target cluster for managed resources in its own
// namespace.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,categories={crossplane,provider,hourglass}
// +kubebuilder:printcolumn:name="SOURCE",type="string",JSONPath=".spec.credentials.source"
// +kubebuilder:printcolumn:name="USERS",type="integer",JSONPath=".status.users"
// +kubebuilder:printcolumn:name="REACHABLE",type="string",JSONPath=".status.conditions[?(@.type=='TargetReachable')].status"
// +kubebuilder:printcolumn:name="AGE",type="date",JSONPath=".metadata.creationTimestamp"
type ProviderConfig struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   ProviderConfigSpec   `json:"spec"`
	Status ProviderConfigStatus `json:"status,omitempty"`
}

// A ProviderConfigList holds ProviderConfigs.
// +kubebuilder:object:root=true
type ProviderConfigList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []ProviderConfig `json:"items"`
}

// A ClusterProviderConfig is a target cluster for managed resources in any
// namespace. Managed resources that name none use the one called default.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,categories={crossplane,provider,hourglass}
// +kubebuilder:printcolumn:name="SOURCE",type="string",JSONPath=".spec.credentials.source"
// +kubebuilder:printcolumn:name="USERS",type="integer",JSONPath=".status.users"
// +kubebuilder:printcolumn:name="REACHABLE",type="string",JSONPath=".status.conditions[?(@.type=='TargetReachable')].status"
// +kubebuilder:printcolumn:name="AGE",type="date",JSONPath=".metadata.creationTimestamp"
type ClusterProviderConfig struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   ProviderConfigSpec   `json:"spec"`
	Status ProviderConfigStatus `json:"status,omitempty"`
}

// A ClusterProviderConfigList holds ClusterProviderConfigs.
// +kubebuilder:object:root=true
type ClusterProviderConfigList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []ClusterProviderConfig `json:"items"`
}

// A ProviderConfigUsage records that a managed resource uses a ProviderConfig.
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Namespaced,categories={crossplane,provider,hourglass}
// +kubebuilder:printcolumn:name="CONFIG-NAME",type="string",JSONPath=".providerConfigRef.name"
// +kubebuilder:printcolumn:name="RESOURCE-KIND",type="string",JSONPath=".resourceRef.kind"
// +kubebuilder:printcolumn:name="RESOURCE-NAME",type="string",JSONPath=".resourceRef.name"
// +kubebuilder:printcolumn:name="AGE",type="date",JSONPath=".metadata.creationTimestamp"
type ProviderConfigUsage struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	xpv2.TypedProviderConfigUsage `json:",inline"`
}

// A ProviderConfigUsageList holds ProviderConfigUsages.
// +kubebuilder:object:root=true
type ProviderConfigUsageList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []ProviderConfigUsage `json:"items"`
}

// A ClusterProviderConfigUsage records that a managed resource uses a
// ClusterProviderConfig.
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Namespaced,categories={crossplane,provider,hourglass}
// +kubebuilder:printcolumn:name="CONFIG-NAME",type="string",JSONPath=".providerConfigRef.name"
// +kubebuilder:printcolumn:name="RESOURCE-KIND",type="string",JSONPath=".resourceRef.kind"
// +kubebuilder:printcolumn:name="RESOURCE-NAME",type="string",JSONPath=".resourceRef.name"
// +kubebuilder:printcolumn:name="AGE",type="date",JSONPath=".metadata.creationTimestamp"
type ClusterProviderConfigUsage struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	xpv2.TypedProviderConfigUsage `json:",inline"`
}

// A ClusterProviderConfigUsageList holds ClusterProviderConfigUsages.
// +kubebuilder:object:root=true
type ClusterProviderConfigUsageList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []ClusterProviderConfigUsage `json:"items"`
}
