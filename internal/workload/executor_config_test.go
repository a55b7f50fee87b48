// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

func extraConfig(raw string) executorModifier {
	return func(e *v1alpha1.HourglassExecutor) {
		e.Spec.Config.ExtraConfig = &apiextensionsv1.JSON{Raw: []byte(raw)}
	}
}

func withRPC(url string) executorModifier {
	return func(e *v1alpha1.HourglassExecutor) { e.Spec.Config.Chains[0].RPC = url }
}

// fromManifest reads an executor as users write it.
func fromManifest(t *testing.T, manifest string) *v1alpha1.HourglassExecutor {
	t.Helper()
	e := &v1alpha1.HourglassExecutor{}
	if err := yaml.UnmarshalStrict([]byte(manifest), e); err != nil {
		t.Fatal(err)
	}
	return e
}

// The API reference's "Minimal HourglassExecutor".
const minimalExecutor = `
apiVersion: hourglass.eigenlayer.io/v1alpha1
kind: HourglassExecutor
metadata:
  name: minimal-executor
spec:
  image: "hourglass/executor:latest"
  config:
    aggregatorEndpoint: "aggregator.example.com:9090"
    operatorKeys:
      ecdsa: "0x..."
      bls: "0x..."
    chains:
    - name: "ethereum"
      rpc: "https://mainnet.infura.io/v3/YOUR_KEY"
      chainId: 1
      taskMailboxAddress: "0x..."
`

const fullExecutor = `
metadata: {name: full, namespace: avs}
spec:
  image: hourglass/executor:latest
  replicas: 2
  config:
    aggregatorEndpoint: dns:///aggregator:9090
    operatorKeysSecretRef: {name: keys}
    performerMode: kubernetes
    logLevel: debug
    chains:
    - {name: ethereum, rpc: "wss://rpc.example.com/", chainId: 11155111, taskMailboxAddress: "0xAA"}
    - {name: base, rpcSecretRef: {name: rpc, key: base}, chainId: 8453, taskMailboxAddress: "0xBB"}
    kubernetes:
      namespace: performers
      defaultScheduling:
        nodeSelector: {disk: ssd}
        tolerations: [{key: nvidia.com/gpu, operator: Exists}]
        runtimeClass: gvisor
        priorityClassName: high
    extraConfig:
      metrics: {port: 9100}
      kubernetes: {qps: 5}
`

func TestConfigYAML(t *testing.T) {
	const endpoint = "aggregator_endpoint: aggregator.example.com:9090\n"
	const chains = "chains:\n  - chain_id: 1\n    name: ethereum\n    rpc: https://rpc.example.com\n    task_mailbox_address: \"0xM\"\n"
	const head = endpoint + chains
	const tail = "log_level: info\noperator_keys_path: /etc/hourglass-keys\nperformer_mode: kubernetes\n"
	const kube = "kubernetes:\n  namespace: default\n"
	notObject := "spec.config.extraConfig must be an object"
	cases := map[string]struct {
		reason string
		e      *v1alpha1.HourglassExecutor
		want   string
		err    string
	}{
		"ReferenceMinimal": {
			reason: "The reference's example gets the reference's defaults, and its RPC URL, which has a key in it, by file.",
			e:      fromManifest(t, minimalExecutor),
			want: `aggregator_endpoint: aggregator.example.com:9090
chains:
  - chain_id: 1
    name: ethereum
    rpc_file: /etc/hourglass-keys/rpc-ethereum
    task_mailbox_address: "0x..."
kubernetes:
  namespace: default
log_level: info
operator_keys_path: /etc/hourglass-keys
performer_mode: kubernetes
`,
		},
		"Full": {
			reason: "Every field has its place, chains in the order of the spec and keys in that of the alphabet.",
			e:      fromManifest(t, fullExecutor),
			want: `aggregator_endpoint: dns:///aggregator:9090
chains:
  - chain_id: 11155111
    name: ethereum
    rpc: wss://rpc.example.com/
    task_mailbox_address: "0xAA"
  - chain_id: 8453
    name: base
    rpc_file: /etc/hourglass-keys/rpc-base
    task_mailbox_address: "0xBB"
kubernetes:
  default_scheduling:
    nodeSelector:
      disk: ssd
    priorityClassName: high
    runtimeClass: gvisor
    tolerations:
      - key: nvidia.com/gpu
        operator: Exists
  namespace: performers
  qps: 5
log_level: debug
metrics:
  port: 9100
operator_keys_path: /etc/hourglass-keys
performer_mode: kubernetes
`,
		},
		"DockerIgnoresKubernetes": {
			reason: "In docker mode nothing is said of Kubernetes.",
			e: executor(inDocker, func(e *v1alpha1.HourglassExecutor) {
				e.Spec.Config.Kubernetes = &v1alpha1.KubernetesConfig{Namespace: "performers"}
			}),
			want: head + "log_level: info\noperator_keys_path: /etc/hourglass-keys\nperformer_mode: docker\n",
		},
		"ExtraAdds":         {"Keys that have no field are added.", executor(extraConfig(`{"a":{"c":[1,"x",true]}}`)), "a:\n  c:\n    - 1\n    - x\n    - true\n" + head + kube + tail, ""},
		"ExtraDeep":         {"Maps merge key by key.", executor(extraConfig(`{"kubernetes":{"context":"c"}}`)), head + "kubernetes:\n  context: c\n  namespace: default\n" + tail, ""},
		"ExtraReplaces":     {"It is merged last, so it replaces single values.", executor(extraConfig(`{"log_level":"trace","kubernetes":{"namespace":"n"}}`)), head + "kubernetes:\n  namespace: \"n\"\nlog_level: trace\noperator_keys_path: /etc/hourglass-keys\nperformer_mode: kubernetes\n", ""},
		"ExtraReplacesList": {"Lists are replaced as a whole.", executor(extraConfig(`{"chains":[{"name":"x"}]}`)), endpoint + "chains:\n  - name: x\n" + kube + tail, ""},
		"ExtraReplacesMap":  {"Another type replaces a map, and nothing can be set to null.", executor(extraConfig(`{"kubernetes":null,"chains":{}}`)), endpoint + "chains: {}\nkubernetes: null\n" + tail, ""},
		"ExtraEmpty":        {"An empty object adds nothing.", executor(extraConfig(`{}`)), head + kube + tail, ""},
		"ExtraNull":         {"Nor does null.", executor(extraConfig(`null`)), head + kube + tail, ""},
		"ExtraUnset":        {"Nor does what was never set.", executor(extraConfig("")), head + kube + tail, ""},
		"ExtraNumbers":      {"Whole numbers stay whole and fractions fractions.", executor(extraConfig(`{"a":12345678901234567,"b":1.5,"c":100000000000000000000000}`)), "a: 12345678901234567\n" + endpoint + "b: 1.5\nc: 1e+23\n" + chains + kube + tail, ""},
		"ExtraHex":          {"What looks like a number in hexadecimal is a string, however it was written.", executor(extraConfig(`{"a":"0x10","b":{"0x20":["0x30"]}}`)), "a: \"0x10\"\n" + endpoint + "b:\n  \"0x20\":\n    - \"0x30\"\n" + chains + kube + tail, ""},
		"LongChainID":       {"An id of a chain that is too long for a fraction keeps its last digit.", executor(func(e *v1alpha1.HourglassExecutor) { e.Spec.Config.Chains[0].ChainID = 9007199254740993 }), strings.Replace(head, "chain_id: 1", "chain_id: 9007199254740993", 1) + kube + tail, ""},
		"ExtraList":         {"A list cannot be merged into an object.", executor(extraConfig(`["a"]`)), "", notObject},
		"ExtraString":       {"Nor can a string.", executor(extraConfig(`"a"`)), "", notObject},
		"ExtraNumber":       {"Nor can a number.", executor(extraConfig(`1`)), "", notObject},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := ConfigYAML(tc.e)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nConfigYAML(...): -want, +got:\n%s", tc.reason, diff)
			}
			words := ""
			if err != nil {
				words = err.Error()
			}
			if diff := cmp.Diff(tc.err, words); diff != "" {
				t.Errorf("\n%s\nConfigYAML(...): -want error, +got error:\n%s", tc.reason, diff)
			}
		})
	}
}

// canary is a credential that must never be seen outside of a Secret.
const canary = "c4n4ry"

// TestCredentialsStayInTheSecret renders executors whose credentials stand in
// every place that there is for them, and looks for them in all objects but the
// Secret, which must have the URL as it was given.
func TestCredentialsStayInTheSecret(t *testing.T) {
	byRef := func(e *v1alpha1.HourglassExecutor) {
		e.Spec.Config.Chains[0].RPC = ""
		e.Spec.Config.Chains[0].RPCSecretRef = &xpv2.LocalSecretKeySelector{LocalSecretReference: xpv2.LocalSecretReference{Name: "s"}, Key: "k"}
	}
	url := "https://rpc.example.com/" + canary
	cases := map[string]struct {
		reason  string
		e       *v1alpha1.HourglassExecutor
		secrets Secrets
		key     string
		want    string
	}{
		"UserInfo":     {reason: "Before the host stand a name and a password.", e: executor(withRPC("https://user:" + canary + "@rpc.example.com")), key: "rpc-ethereum", want: "https://user:" + canary + "@rpc.example.com"},
		"UserOnly":     {reason: "A name alone may be a token.", e: executor(withRPC("wss://" + canary + "@rpc.example.com/")), key: "rpc-ethereum", want: "wss://" + canary + "@rpc.example.com/"},
		"Path":         {reason: "Infura's key is the end of the path.", e: executor(withRPC("https://rpc.example.com/v3/" + canary)), key: "rpc-ethereum", want: "https://rpc.example.com/v3/" + canary},
		"PathBegin":    {reason: "Others' key is the path.", e: executor(withRPC("https://rpc.example.com:8545//" + canary)), key: "rpc-ethereum", want: "https://rpc.example.com:8545//" + canary},
		"Query":        {reason: "A query may hold a key.", e: executor(withRPC("https://rpc.example.com?apikey=" + canary)), key: "rpc-ethereum", want: "https://rpc.example.com?apikey=" + canary},
		"Fragment":     {reason: "So may what follows a hash.", e: executor(withRPC("https://rpc.example.com/#" + canary)), key: "rpc-ethereum", want: "https://rpc.example.com/#" + canary},
		"NotAURL":      {reason: "What cannot be read may hold anything.", e: executor(withRPC("https://rpc.example.com:" + canary)), key: "rpc-ethereum", want: "https://rpc.example.com:" + canary},
		"SecretRef":    {reason: "What comes from a Secret stays in one, whatever it is.", e: executor(byRef), secrets: Secrets{RPC: map[string][]byte{"ethereum": []byte("https://" + canary)}}, key: "rpc-ethereum", want: "https://" + canary},
		"OperatorKeys": {reason: "Keys in the spec go into the Secret only.", e: executor(withKey("ecdsa", canary)), key: "ecdsa", want: canary},
		"KeysByRef":    {reason: "Keys of a Secret go into the Secret only.", e: executor(), secrets: Secrets{Keys: map[string][]byte{"ecdsa": []byte(canary)}}, key: "ecdsa", want: canary},
		"Docker":       {reason: "The mode makes no difference.", e: executor(inDocker, withRPC(url)), key: "rpc-ethereum", want: url},
		"SecondChain": {reason: "Nor does the place among the chains.", e: executor(func(e *v1alpha1.HourglassExecutor) {
			e.Spec.Config.Chains = append(e.Spec.Config.Chains, v1alpha1.ChainConfig{Name: "base", RPC: url, ChainID: 8453})
		}), key: "rpc-base", want: url},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			o, err := Executor(tc.e, tc.secrets)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, string(o.Secret.Data[tc.key])); diff != "" {
				t.Errorf("\n%s\nSecret %s: -want, +got:\n%s", tc.reason, tc.key, diff)
			}
			for _, x := range o.Objects() {
				if _, secret := x.(*corev1.Secret); secret {
					continue
				}
				raw, err := json.Marshal(x)
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(string(raw), canary) {
					t.Errorf("\n%s\nthe credential is in the %T:\n%s", tc.reason, x, raw)
				}
			}
		})
	}
}

func TestPlainRPCStaysReadable(t *testing.T) {
	for _, url := range []string{"https://rpc.example.com", "http://10.0.0.1:8545", "ws://rpc.example.com/", "wss://[2001:db8::1]:8546"} {
		o := rendered(t, executor(withRPC(url)))
		if !strings.Contains(o.ConfigMap.Data["config.yaml"], "rpc: "+url+"\n") {
			t.Errorf("%s has no place for a credential and is not in the configuration:\n%s", url, o.ConfigMap.Data["config.yaml"])
		}
		if diff := cmp.Diff(map[string][]byte{"ecdsa": []byte("0xE"), "bls": []byte("0xB")}, o.Secret.Data); diff != "" {
			t.Errorf("%s: Secret: -want, +got:\n%s", url, diff)
		}
	}
}
