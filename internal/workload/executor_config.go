// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/url"
	"strings"

	"go.yaml.in/yaml/v3"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// Secrets are the values that a HourglassExecutor refers to, and those that its
// spec holds but that only its Secret may hold in the target cluster.
type Secrets struct {
	// Keys of the operator, by name.
	Keys map[string][]byte
	// RPC holds the RPC URLs that come from Secrets, by chain.
	RPC map[string][]byte
}

// The configuration file's own spelling of what the spec says.
type (
	executorConfig struct {
		AggregatorEndpoint string            `json:"aggregator_endpoint"`
		PerformerMode      string            `json:"performer_mode"`
		LogLevel           string            `json:"log_level"`
		OperatorKeysPath   string            `json:"operator_keys_path"`
		Chains             []chainConfig     `json:"chains"`
		Kubernetes         *kubernetesConfig `json:"kubernetes,omitempty"`
	}
	chainConfig struct {
		Name               string `json:"name"`
		RPC                string `json:"rpc,omitempty"`
		RPCFile            string `json:"rpc_file,omitempty"`
		ChainID            int64  `json:"chain_id"`
		TaskMailboxAddress string `json:"task_mailbox_address"`
	}
	kubernetesConfig struct {
		Namespace         string                     `json:"namespace"`
		DefaultScheduling *v1alpha1.SchedulingConfig `json:"default_scheduling,omitempty"`
	}
)

// ConfigYAML is the content of an executor's config.yaml. What may be secret is
// not in it, but where its file is. It returns an error where extraConfig is not
// an object.
func ConfigYAML(e *v1alpha1.HourglassExecutor) (string, error) {
	c := e.Spec.Config
	config := executorConfig{
		AggregatorEndpoint: c.AggregatorEndpoint,
		PerformerMode:      string(v1alpha1.PerformerModeKubernetes),
		LogLevel:           c.LogLevel,
		OperatorKeysPath:   keysDir,
	}
	if config.LogLevel == "" {
		config.LogLevel = "info"
	}
	if !InKubernetes(e) {
		config.PerformerMode = string(v1alpha1.PerformerModeDocker)
	} else {
		config.Kubernetes = &kubernetesConfig{Namespace: PerformerNamespace(e)}
		if c.Kubernetes != nil {
			config.Kubernetes.DefaultScheduling = c.Kubernetes.DefaultScheduling
		}
	}
	for _, chain := range c.Chains {
		config.Chains = append(config.Chains, chainOf(chain))
	}
	return withExtra(config, c.ExtraConfig)
}

func chainOf(c v1alpha1.ChainConfig) chainConfig {
	out := chainConfig{Name: c.Name, RPC: c.RPC, ChainID: c.ChainID, TaskMailboxAddress: c.TaskMailboxAddress}
	if secretRPC(c) {
		out.RPC, out.RPCFile = "", keysDir+"/"+rpcKey(c)
	}
	return out
}

// rpcPrefix begins the keys of RPC URLs in the Secret; no operator key may.
const rpcPrefix = "rpc-"

// rpcKey is the key of a chain's RPC URL in the Secret.
func rpcKey(c v1alpha1.ChainConfig) string { return rpcPrefix + c.Name }

// secretRPC says whether a chain's RPC URL may carry credentials. Providers put
// their keys into user info, path and query alike, so that whatever follows the
// host is taken for one.
func secretRPC(c v1alpha1.ChainConfig) bool {
	if c.RPCSecretRef != nil {
		return true
	}
	u, err := url.Parse(c.RPC)
	return err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != "" || (u.Path != "" && u.Path != "/")
}

// withExtra merges the free-form part last, so that it can add to and replace
// everything else, and writes it all as YAML with its keys in order.
func withExtra(config executorConfig, extra *apiextensionsv1.JSON) (string, error) {
	raw, err := json.Marshal(config)
	if err != nil {
		return "", errors.Wrap(err, "cannot write config.yaml")
	}
	merged := map[string]any{}
	if err := utiljson.Unmarshal(raw, &merged); err != nil {
		return "", errors.Wrap(err, "cannot write config.yaml")
	}
	if extra != nil && len(extra.Raw) > 0 {
		more := map[string]any{}
		if err := utiljson.Unmarshal(extra.Raw, &more); err != nil {
			return "", errors.New("spec.config.extraConfig must be an object")
		}
		mergeInto(merged, more)
	}
	n := &yaml.Node{}
	if err := n.Encode(merged); err != nil {
		return "", errors.Wrap(err, "cannot write config.yaml")
	}
	quoteHex(n)
	out := &bytes.Buffer{}
	enc := yaml.NewEncoder(out)
	enc.SetIndent(2)
	err = enc.Encode(n)
	return out.String(), errors.Wrap(err, "cannot write config.yaml")
}

// quoteHex quotes addresses, which some readers of YAML take for numbers.
func quoteHex(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!str" && strings.HasPrefix(n.Value, "0x") {
		n.Style = yaml.DoubleQuotedStyle
	}
	for _, c := range n.Content {
		quoteHex(c)
	}
}

// mergeInto merges maps key by key; everything else replaces.
func mergeInto(into, from map[string]any) {
	for k, v := range from {
		a, aOK := into[k].(map[string]any)
		b, bOK := v.(map[string]any)
		if aOK && bOK {
			mergeInto(a, b)
			continue
		}
		into[k] = v
	}
}

// secretData is what an executor's Secret holds: its keys, and the RPC URLs that
// may carry credentials.
func secretData(e *v1alpha1.HourglassExecutor, s Secrets) map[string][]byte {
	data := map[string][]byte{}
	for name, value := range e.Spec.Config.OperatorKeys {
		data[name] = []byte(value)
	}
	maps.Copy(data, s.Keys)
	for _, c := range e.Spec.Config.Chains {
		switch {
		case c.RPCSecretRef != nil:
			data[rpcKey(c)] = s.RPC[c.Name]
		case secretRPC(c):
			data[rpcKey(c)] = []byte(c.RPC)
		}
	}
	return data
}
