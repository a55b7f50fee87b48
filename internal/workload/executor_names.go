// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"fmt"
	"slices"
	"strings"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

const (
	// LabelExecutor is on every object of a HourglassExecutor.
	LabelExecutor = v1alpha1.Group + "/executor"
	// LabelExecutorNamespace is there too: the Role and the RoleBinding may live
	// in another namespace than their HourglassExecutor.
	LabelExecutorNamespace = v1alpha1.Group + "/executor-namespace"

	// AppExecutor is the value of LabelApp on the objects of an executor.
	AppExecutor = "hourglass-executor"

	// AnnotationTemplate holds a digest of a Deployment's Pod template as it was
	// rendered.
	AnnotationTemplate = v1alpha1.Group + "/rendered"
	// AnnotationSigner holds a digest of an executor's signing key, so that two
	// executors with one key can be told without knowing the key.
	AnnotationSigner = v1alpha1.Group + "/signer"
	// AnnotationConfigUpdated holds when an executor's configuration last
	// changed, in RFC 3339.
	AnnotationConfigUpdated = v1alpha1.Group + "/config-updated"
)

// Names and places of an executor's container.
const (
	ExecutorContainerName = "executor"

	// ExecutorPort is the port of the executor's Service.
	ExecutorPort int32 = 9090

	configDir  = "/etc/hourglass"
	configFile = "config.yaml"
	keysDir    = "/etc/hourglass-keys"
	dockerSock = "/var/run/docker.sock"
)

// ExecutorName is the name of an executor's Deployment, Service and RBAC objects
// in its target cluster: its external name where it has one.
func ExecutorName(e *v1alpha1.HourglassExecutor) string {
	if name := meta.GetExternalName(e); name != "" {
		return name
	}
	return e.GetName()
}

// ConfigMapName is the name of the ConfigMap that holds config.yaml.
func ConfigMapName(e *v1alpha1.HourglassExecutor) string { return ExecutorName(e) + "-config" }

// KeysName is the name of the Secret that holds the operator's keys.
func KeysName(e *v1alpha1.HourglassExecutor) string { return ExecutorName(e) + "-keys" }

// PerformerNamespace is the namespace that the executor runs its performers in.
// The API reference's default is "default".
func PerformerNamespace(e *v1alpha1.HourglassExecutor) string {
	if k := e.Spec.Config.Kubernetes; k != nil && k.Namespace != "" {
		return k.Namespace
	}
	return "default"
}

// InKubernetes says whether the executor starts its performers in Kubernetes,
// which is the API reference's default.
func InKubernetes(e *v1alpha1.HourglassExecutor) bool {
	return e.Spec.Config.PerformerMode != v1alpha1.PerformerModeDocker
}

// ExecutorLabels are those of every object of an executor.
func ExecutorLabels(e *v1alpha1.HourglassExecutor) map[string]string {
	return map[string]string{
		LabelApp:               AppExecutor,
		LabelExecutor:          e.GetName(),
		LabelExecutorNamespace: e.GetNamespace(),
		LabelManagedBy:         ManagedBy,
	}
}

// executorSelector selects an executor's Pods.
func executorSelector(e *v1alpha1.HourglassExecutor) map[string]string {
	return map[string]string{LabelApp: AppExecutor, LabelExecutor: e.GetName()}
}

// ExecutorEndpoint is the DNS name and port of the executor's Service.
func ExecutorEndpoint(e *v1alpha1.HourglassExecutor) string {
	return fmt.Sprintf("%s.%s.svc.cluster.local:%d", ExecutorName(e), e.GetNamespace(), ExecutorPort)
}

// RefersTo says whether an executor takes keys or RPC URLs from a Secret.
func RefersTo(e *v1alpha1.HourglassExecutor, secret string) bool {
	if ref := e.Spec.Config.OperatorKeysSecretRef; ref != nil && ref.Name == secret {
		return true
	}
	return slices.ContainsFunc(e.Spec.Config.Chains, func(c v1alpha1.ChainConfig) bool {
		return c.RPCSecretRef != nil && c.RPCSecretRef.Name == secret
	})
}

// OperatorKeys picks from a Secret the keys that a reference names: those listed,
// or ecdsa and bls, of which one is enough. What else is in the Secret means
// nothing. It returns an error that names a key that is missing.
func OperatorKeys(ref v1alpha1.OperatorKeysSecretReference, data map[string][]byte) (map[string][]byte, error) {
	keys := map[string][]byte{}
	for _, name := range ref.Keys {
		if strings.HasPrefix(name, rpcPrefix) {
			return nil, errors.Errorf("key %q begins with %s, which is kept for RPC URLs: call it something else", name, rpcPrefix)
		}
		if len(data[name]) == 0 {
			return nil, errors.Errorf("Secret %s has no key %q", ref.Name, name)
		}
		keys[name] = data[name]
	}
	if len(ref.Keys) > 0 {
		return keys, nil
	}
	for _, name := range []string{"ecdsa", "bls"} {
		if len(data[name]) > 0 {
			keys[name] = data[name]
		}
	}
	if len(keys) == 0 {
		return nil, errors.Errorf("Secret %s has neither the key ecdsa nor the key bls: add one, or list the names in keys", ref.Name)
	}
	return keys, nil
}
