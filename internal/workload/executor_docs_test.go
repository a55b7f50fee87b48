// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// fieldConfiguration has the keys that the executor in the field reads, as it
// types them. What else a file has, the executor ignores.
type fieldConfiguration struct {
	GRPCPort             int              `json:"grpcPort"`
	PerformerNetworkName string           `json:"performerNetworkName"`
	Operator             fieldOperator    `json:"operator"`
	AVSPerformers        []fieldPerformer `json:"avsPerformers"`
	L1Chain              fieldChain       `json:"l1Chain"`
	Kubernetes           fieldKubernetes  `json:"kubernetes"`
	Storage              fieldStorage     `json:"storage"`
	Authentication       struct {
		Enabled bool `json:"enabled"`
	} `json:"authentication"`
}

type fieldOperator struct {
	Address            string     `json:"address"`
	OperatorPrivateKey fieldECDSA `json:"operatorPrivateKey"`
	SigningKeys        struct {
		ECDSA *fieldECDSA `json:"ecdsa"`
		BLS   *fieldBLS   `json:"bls"`
	} `json:"signingKeys"`
}

type fieldECDSA struct {
	PrivateKey         string             `json:"privateKey"`
	RemoteSigner       bool               `json:"remoteSigner"`
	RemoteSignerConfig *fieldRemoteSigner `json:"remoteSignerConfig"`
}

type fieldRemoteSigner struct {
	URL         string `json:"url"`
	FromAddress string `json:"fromAddress"`
	PublicKey   string `json:"publicKey"`
}

type fieldBLS struct {
	Keystore     string `json:"keystore"`
	KeystoreFile string `json:"keystoreFile"`
	Password     string `json:"password"`
}

type fieldPerformer struct {
	AVSAddress  string `json:"avsAddress"`
	ProcessType string `json:"processType"`
	Image       struct {
		Repository string `json:"repository"`
		Tag        string `json:"tag"`
	} `json:"image"`
	DeploymentMode string `json:"deploymentMode"`
}

type fieldChain struct {
	RPCURL  string `json:"rpcUrl"`
	ChainID uint   `json:"chainId"`
}

type fieldKubernetes struct {
	Namespace         string `json:"namespace"`
	OperatorNamespace string `json:"operatorNamespace"`
	CRDGroup          string `json:"crdGroup"`
	CRDVersion        string `json:"crdVersion"`
	ConnectionTimeout string `json:"connectionTimeout"`
	InCluster         bool   `json:"inCluster"`
}

type fieldStorage struct {
	Type string `json:"type"`
}

// TestFieldExample renders the configuration of examples/executor/field.yaml,
// which docs/executor.md prints, and reads it as the executor in the field does.
func TestFieldExample(t *testing.T) {
	got, err := ConfigYAML(fieldExecutor(t))
	if err != nil {
		t.Fatalf("ConfigYAML(...): %v", err)
	}
	if diff := cmp.Diff(printedConfig(t), got); diff != "" {
		t.Errorf("docs/executor.md prints the configuration of examples/executor/field.yaml: put what follows into the block "+
			"between %q and %q: -printed, +rendered:\n%s\nall of it:\n%s", configBegins, configEnds, diff, got)
	}

	want := fieldConfiguration{
		GRPCPort: int(ExecutorPort),
		L1Chain:  fieldChain{RPCURL: "https://rpc.example.com", ChainID: 1},
		Kubernetes: fieldKubernetes{
			Namespace: "default", OperatorNamespace: "crossplane-system", CRDGroup: v1alpha1.Group, CRDVersion: v1alpha1.Version,
			ConnectionTimeout: "30s", InCluster: true,
		},
		Storage: fieldStorage{Type: "memory"},
	}
	want.Authentication.Enabled = true
	want.Operator.Address = "0x1234567890abcdef1234567890abcdef12345678"
	want.Operator.OperatorPrivateKey = fieldECDSA{RemoteSigner: true, RemoteSignerConfig: &fieldRemoteSigner{
		URL: "https://web3signer.example.com:9000", FromAddress: "0x1234567890abcdef1234567890abcdef12345678", PublicKey: "0x04PUBLICKEY",
	}}
	want.Operator.SigningKeys.BLS = &fieldBLS{KeystoreFile: "/etc/hourglass-keys/bls"}
	performer := fieldPerformer{AVSAddress: "0xabcdef1234567890abcdef1234567890abcdef12", ProcessType: "server", DeploymentMode: "kubernetes"}
	performer.Image.Repository, performer.Image.Tag = "myavs/performer", "v1.0.0"
	want.AVSPerformers = []fieldPerformer{performer}

	var read fieldConfiguration
	if err := yaml.Unmarshal([]byte(got), &read); err != nil {
		t.Fatalf("cannot read the configuration as the executor does: %v\n%s", err, got)
	}
	if diff := cmp.Diff(want, read); diff != "" {
		t.Errorf("what the executor reads: -want, +got:\n%s", diff)
	}
}

// fieldExecutor is the HourglassExecutor of the example, which must not have
// fields that the API does not know.
func fieldExecutor(t *testing.T) *v1alpha1.HourglassExecutor {
	t.Helper()
	for manifest := range strings.SplitSeq(repositoryFile(t, "examples/executor/field.yaml"), "\n---\n") {
		if !strings.Contains(manifest, "kind: "+v1alpha1.HourglassExecutorKind+"\n") {
			continue
		}
		e := &v1alpha1.HourglassExecutor{}
		if err := yaml.UnmarshalStrict([]byte(manifest), e); err != nil {
			t.Fatalf("cannot read the HourglassExecutor of the example: %v", err)
		}
		return e
	}
	t.Fatal("examples/executor/field.yaml must have a HourglassExecutor")
	return nil
}

// The lines around the configuration in docs/executor.md.
const (
	configBegins = "<!-- config.yaml of examples/executor/field.yaml: a test compares it -->"
	configEnds   = "<!-- end of config.yaml -->"
)

func printedConfig(t *testing.T) string {
	t.Helper()
	_, rest, begins := strings.Cut(repositoryFile(t, "docs/executor.md"), configBegins+"\n```yaml\n")
	printed, _, ends := strings.Cut(rest, "```\n"+configEnds+"\n")
	if !begins || !ends {
		t.Fatalf("docs/executor.md must have a block of YAML between the lines %q and %q", configBegins, configEnds)
	}
	return printed
}

func repositoryFile(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(path)))
	if err != nil {
		t.Fatalf("cannot read %s: %v", path, err)
	}
	return string(raw)
}
