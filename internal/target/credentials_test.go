// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

var errBoom = errors.New("boom")

func TestRefOf(t *testing.T) {
	none := performer("", "")
	none.SetProviderConfigReference(nil)

	cases := map[string]struct {
		reason string
		p      *v1alpha1.Performer
		want   Ref
		words  string
		err    string
	}{
		"Cluster": {
			reason: "A ClusterProviderConfig is in no namespace.",
			p:      performer("ClusterProviderConfig", "default"),
			want:   Ref{Kind: "ClusterProviderConfig", Name: "default"},
			words:  "ClusterProviderConfig default",
		},
		"Namespaced": {
			reason: "A ProviderConfig is in the namespace of whoever refers to it.",
			p:      performer("ProviderConfig", "east"),
			want:   Ref{Kind: "ProviderConfig", Namespace: "ns", Name: "east"},
			words:  "ProviderConfig ns/east",
		},
		"Missing": {
			reason: "Without a reference the error says what is to be named.",
			p:      none,
			words:  " ",
			err:    "spec.providerConfigRef is missing: name a ProviderConfig or a ClusterProviderConfig",
		},
		"OtherKind": {
			reason: "With another kind the error says which are right.",
			p:      performer("Secret", "east"),
			words:  " ",
			err:    `spec.providerConfigRef.kind is "Secret": it must be ProviderConfig or ClusterProviderConfig`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := RefOf(tc.p)
			if diff := cmp.Diff(tc.err, words(err)); diff != "" {
				t.Errorf("\n%s\nRefOf(...): -want error, +got error:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nRefOf(...): -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.words, got.String()); diff != "" {
				t.Errorf("\n%s\nString(): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// A reach is what a test can tell of credentials.
type reach struct {
	Digest, Host, Token string
	// Own says that they are the very configuration of the provider.
	Own bool
}

func reachOf(c credentials, own *rest.Config) reach {
	if c.config == nil {
		return reach{Digest: c.digest}
	}
	return reach{Digest: c.digest, Host: c.config.Host, Token: c.config.BearerToken, Own: c.config == own}
}

func TestCredentialsFor(t *testing.T) {
	sum := sha256.Sum256([]byte(tokenKubeconfig()))
	east := reach{Digest: hex.EncodeToString(sum[:]), Host: "https://east.example.com:6443", Token: testToken}

	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(file, []byte(tokenKubeconfig()), 0o600); err != nil {
		t.Fatalf("cannot write a kubeconfig: %v", err)
	}
	t.Setenv("TARGET_KUBECONFIG", tokenKubeconfig())
	fromFile := func(path string) v1alpha1.ProviderCredentials {
		return v1alpha1.ProviderCredentials{
			Source:                    xpv2.CredentialsSourceFilesystem,
			CommonCredentialSelectors: xpv2.CommonCredentialSelectors{Fs: &xpv2.FsSelector{Path: path}},
		}
	}
	fromEnvironment := func(name string) v1alpha1.ProviderCredentials {
		return v1alpha1.ProviderCredentials{
			Source:                    xpv2.CredentialsSourceEnvironment,
			CommonCredentialSelectors: xpv2.CommonCredentialSelectors{Env: &xpv2.EnvSelector{Name: name}},
		}
	}
	otherKey := secret("ns", "")
	otherKey.Data = map[string][]byte{"config": []byte(tokenKubeconfig())}

	cluster := Ref{Kind: v1alpha1.ClusterProviderConfigKind, Name: "pc"}
	namespaced := Ref{Kind: v1alpha1.ProviderConfigKind, Namespace: "ns", Name: "pc"}

	cases := map[string]struct {
		reason  string
		ref     Ref
		objects []client.Object
		want    reach
		err     string
	}{
		"ClusterInjectedIdentity": {
			reason:  "The injected identity is the provider's own configuration.",
			ref:     cluster,
			objects: []client.Object{clusterConfig("pc", injected())},
			want:    reach{Digest: "InjectedIdentity", Host: "https://own.example.com", Own: true},
		},
		"InjectedIdentity": {
			reason:  "A ProviderConfig may lead to the provider's own cluster.",
			ref:     namespaced,
			objects: []client.Object{namespacedConfig("pc", injected())},
			want:    reach{Digest: "InjectedIdentity", Host: "https://own.example.com", Own: true},
		},
		"ClusterSecret": {
			reason:  "A ClusterProviderConfig may use a Secret of any namespace.",
			ref:     cluster,
			objects: []client.Object{clusterConfig("pc", fromSecret("vault")), secret("vault", tokenKubeconfig())},
			want:    east,
		},
		"Secret": {
			reason:  "The same kubeconfig has the same digest, whoever holds it.",
			ref:     namespaced,
			objects: []client.Object{namespacedConfig("pc", fromSecret("ns")), secret("ns", tokenKubeconfig())},
			want:    east,
		},
		"Filesystem": {
			reason:  "A kubeconfig may be a file beside the provider.",
			ref:     cluster,
			objects: []client.Object{clusterConfig("pc", fromFile(file))},
			want:    east,
		},
		"Environment": {
			reason:  "A kubeconfig may be in the provider's environment.",
			ref:     cluster,
			objects: []client.Object{clusterConfig("pc", fromEnvironment("TARGET_KUBECONFIG"))},
			want:    east,
		},
		"NoClusterProviderConfig": {
			reason: "A ClusterProviderConfig that is missing is named.",
			ref:    cluster,
			err:    `cannot get ClusterProviderConfig pc: clusterproviderconfigs.hourglass.eigenlayer.io "pc" not found`,
		},
		"NoProviderConfig": {
			reason:  "A ClusterProviderConfig of the same name is not taken for a ProviderConfig.",
			ref:     namespaced,
			objects: []client.Object{clusterConfig("pc", injected())},
			err:     `cannot get ProviderConfig ns/pc: providerconfigs.hourglass.eigenlayer.io "pc" not found`,
		},
		"SecretOfOtherNamespace": {
			reason:  "Who owns a namespace must not borrow the Secrets of another, though the provider could read them.",
			ref:     namespaced,
			objects: []client.Object{namespacedConfig("pc", fromSecret("vault")), secret("vault", tokenKubeconfig())},
			err:     `ProviderConfig ns/pc has credentials.secretRef.namespace "vault": a ProviderConfig may use only Secrets of its own namespace "ns"`,
		},
		"NamespacedFilesystem": {
			reason:  "Who owns a namespace must not borrow the provider's files.",
			ref:     namespaced,
			objects: []client.Object{namespacedConfig("pc", fromFile(file))},
			err:     "ProviderConfig ns/pc has credentials.source Filesystem: a ProviderConfig may use Secret or InjectedIdentity; use a ClusterProviderConfig for the others",
		},
		"NamespacedEnvironment": {
			reason:  "Nor its environment.",
			ref:     namespaced,
			objects: []client.Object{namespacedConfig("pc", fromEnvironment("TARGET_KUBECONFIG"))},
			err:     "ProviderConfig ns/pc has credentials.source Environment: a ProviderConfig may use Secret or InjectedIdentity; use a ClusterProviderConfig for the others",
		},
		"NoSecret": {
			reason:  "A Secret that is missing is named.",
			ref:     cluster,
			objects: []client.Object{clusterConfig("pc", fromSecret("vault"))},
			err:     `cannot read the credentials of ClusterProviderConfig pc: cannot get credentials secret: secrets "target" not found`,
		},
		"NoSecretRef": {
			reason:  "The source Secret without a reference to one is an error, not a panic.",
			ref:     namespaced,
			objects: []client.Object{namespacedConfig("pc", v1alpha1.ProviderCredentials{Source: xpv2.CredentialsSourceSecret})},
			err:     "cannot read the credentials of ProviderConfig ns/pc: cannot extract from secret key when none specified",
		},
		"NoKey": {
			reason:  "A Secret without the key has no kubeconfig.",
			ref:     namespaced,
			objects: []client.Object{namespacedConfig("pc", fromSecret("ns")), otherKey},
			err:     "cannot use the kubeconfig of ProviderConfig ns/pc: it is empty, or the key that is named is not there",
		},
		"NoFile": {
			reason:  "A file that is missing is named.",
			ref:     cluster,
			objects: []client.Object{clusterConfig("pc", fromFile(file+"-gone"))},
			err:     "cannot read the credentials of ClusterProviderConfig pc: open " + file + "-gone: no such file or directory",
		},
		"NoVariable": {
			reason:  "A variable that is not set has no kubeconfig.",
			ref:     cluster,
			objects: []client.Object{clusterConfig("pc", fromEnvironment("TARGET_KUBECONFIG_GONE"))},
			err:     "cannot use the kubeconfig of ClusterProviderConfig pc: it is empty, or the key that is named is not there",
		},
		"Garbage": {
			reason:  "A kubeconfig that cannot be read is not quoted: it may be the bare token.",
			ref:     namespaced,
			objects: []client.Object{namespacedConfig("pc", fromSecret("ns")), secret("ns", testToken)},
			err:     "cannot use the kubeconfig of ProviderConfig ns/pc: it is not a kubeconfig",
		},
		"ExecPlugin": {
			reason:  "A kubeconfig that runs a command would run it with the provider's rights.",
			ref:     namespaced,
			objects: []client.Object{namespacedConfig("pc", fromSecret("ns")), secret("ns", kubeconfig("server: https://h", "exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, interactiveMode: Never}"))},
			err:     `cannot use the kubeconfig of ProviderConfig ns/pc: user "robot": has an exec plugin, which is not run; use a token or a client certificate`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			own := &rest.Config{Host: "https://own.example.com"}
			got, err := credentialsFor(t.Context(), controlPlane(t, tc.objects...), own, tc.ref)
			if diff := cmp.Diff(tc.err, words(err)); diff != "" {
				t.Errorf("\n%s\ncredentialsFor(...): -want error, +got error:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.want, reachOf(got, own)); diff != "" {
				t.Errorf("\n%s\ncredentialsFor(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestCredentialsForReadError(t *testing.T) {
	cases := map[string]struct {
		reason string
		fails  client.Object
		err    string
	}{
		"ClusterProviderConfig": {
			reason: "An error of the API server is told with what was to be read.",
			fails:  &v1alpha1.ClusterProviderConfig{},
			err:    "cannot get ClusterProviderConfig pc: boom",
		},
		"Secret": {
			reason: "The same goes for the Secret.",
			fails:  &corev1.Secret{},
			err:    "cannot read the credentials of ClusterProviderConfig pc: cannot get credentials secret: boom",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			kube := interceptor.NewClient(controlPlane(t, clusterConfig("pc", fromSecret("ns"))), interceptor.Funcs{
				Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
					if cmp.Equal(kindOf(o), kindOf(tc.fails)) {
						return errBoom
					}
					return c.Get(ctx, key, o, opts...)
				},
			})
			_, err := credentialsFor(t.Context(), kube, nil, Ref{Kind: v1alpha1.ClusterProviderConfigKind, Name: "pc"})
			if diff := cmp.Diff(tc.err, words(err)); diff != "" {
				t.Errorf("\n%s\ncredentialsFor(...): -want error, +got error:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestParseKubeconfig(t *testing.T) {
	const server = "server: https://east.example.com:6443"
	const noFiles = "names a file; put its content into client-certificate-data, client-key-data or token"

	cases := map[string]struct {
		reason string
		raw    string
		want   reach
		err    string
	}{
		"Token": {
			reason: "A kubeconfig that holds all it needs is of use.",
			raw:    tokenKubeconfig(),
			want:   reach{Host: "https://east.example.com:6443", Token: testToken},
		},
		"JSON": {
			reason: "JSON is YAML.",
			raw:    `{"current-context":"m","contexts":[{"name":"m","context":{"cluster":"c","user":"u"}}],"clusters":[{"name":"c","cluster":{"server":"https://j"}}],"users":[{"name":"u","user":{"token":"t"}}]}`,
			want:   reach{Host: "https://j", Token: "t"},
		},
		"Empty": {
			reason: "No kubeconfig is an error, and never the provider's own cluster.",
			err:    "it is empty, or the key that is named is not there",
		},
		"BareToken": {
			reason: "What is not a kubeconfig is not quoted.",
			raw:    testToken,
			err:    "it is not a kubeconfig",
		},
		"ProxyWithPassword": {
			reason: "A proxy that asks for a password is refused, and the password not quoted.",
			raw:    kubeconfig(server+`, proxy-url: "https://robot:`+testToken+`@proxy.example.com"`, "token: x"),
			err:    `cluster "east" has a proxy-url that is no URL, or one with a user name, which is not supported`,
		},
		"BrokenProxy": {
			reason: "Nor is one quoted that cannot be read.",
			raw:    kubeconfig(server+`, proxy-url: "https://robot:`+testToken+`@proxy:port"`, "token: x"),
			err:    `cluster "east" has a proxy-url that is no URL, or one with a user name, which is not supported`,
		},
		"BrokenYAML": {
			reason: "The parser's own error would quote the line.",
			raw:    "users: [{name: robot, user: {token: " + testToken,
			err:    "it is not a kubeconfig",
		},
		"WrongType": {
			reason: "The decoder's own error would quote the value.",
			raw:    "users: " + testToken,
			err:    "it is not a kubeconfig",
		},
		"OtherYAML": {
			reason: "YAML that names no cluster is an error, and never the provider's own cluster.",
			raw:    "password: " + testToken,
			err:    "cannot make a client configuration of it: invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER environment variable",
		},
		"NoCurrentContext": {
			reason: "Without a current context no cluster is meant.",
			raw:    strings.Replace(tokenKubeconfig(), "current-context: main", "", 1),
			err:    "cannot make a client configuration of it: invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER environment variable",
		},
		"OtherContext": {
			reason: "A current context that is not there is named.",
			raw:    strings.Replace(tokenKubeconfig(), "current-context: main", "current-context: west", 1),
			err:    "cannot make a client configuration of it: invalid configuration: [context was not found for specified context: west, cluster has no server defined]",
		},
		"Exec": {
			reason: "A command would run with the provider's rights.",
			raw:    kubeconfig(server, "exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, interactiveMode: Never}"),
			err:    `user "robot": has an exec plugin, which is not run; use a token or a client certificate`,
		},
		"OtherUserExec": {
			reason: "The user of a context that is not current must be harmless too.",
			raw:    strings.Replace(tokenKubeconfig(), "users: [", "users: [{name: eve, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, interactiveMode: Never}}},", 1),
			err:    `user "eve": has an exec plugin, which is not run; use a token or a client certificate`,
		},
		"AuthProvider": {
			reason: "An auth provider is code that client-go no longer has.",
			raw:    kubeconfig(server, "auth-provider: {name: gcp}"),
			err:    `user "robot": has an auth-provider, which is not supported; use a token or a client certificate`,
		},
		"CertificateFile": {
			reason: "A client certificate in a file is the provider's file.",
			raw:    kubeconfig(server, "client-certificate: /etc/passwd"),
			err:    `user "robot": ` + noFiles,
		},
		"KeyFile": {
			reason: "So is a key.",
			raw:    kubeconfig(server, "client-key: /etc/passwd"),
			err:    `user "robot": ` + noFiles,
		},
		"TokenFile": {
			reason: "So is a token: it would send the provider's own to any server.",
			raw:    kubeconfig(server, "tokenFile: /var/run/secrets/kubernetes.io/serviceaccount/token"),
			err:    `user "robot": ` + noFiles,
		},
		"FirstByName": {
			reason: "Of several users that are of no use the first by name is told, the same at each try.",
			raw:    strings.Replace(kubeconfig(server, "client-key: /etc/passwd"), "users: [", "users: [{name: eve, user: {tokenFile: /t}}, {name: adam, user: {tokenFile: /t}},", 1),
			err:    `user "adam": ` + noFiles,
		},
		"ServerUser": {
			reason: "A password in the address would be in every error that names the address, and is not quoted.",
			raw:    kubeconfig("server: https://robot:"+testToken+"@east.example.com", "token: "+testToken),
			err:    `cluster "east" has a server that is no URL, or one with a user name: put credentials into the user`,
		},
		"ServerNoURL": {
			reason: "Nor is an address that cannot be read.",
			raw:    kubeconfig(`server: "https://`+testToken+`%zz"`, "token: "+testToken),
			err:    `cluster "east" has a server that is no URL, or one with a user name: put credentials into the user`,
		},
		"AuthorityFile": {
			reason: "So is a certificate authority.",
			raw:    kubeconfig(server+", certificate-authority: ca.crt", "token: "+testToken),
			err:    `cluster "east" names the file certificate-authority: put its content into certificate-authority-data`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := parseKubeconfig([]byte(tc.raw))
			if diff := cmp.Diff(tc.err, words(err)); diff != "" {
				t.Errorf("\n%s\nparseKubeconfig(...): -want error, +got error:\n%s", tc.reason, diff)
			}
			if strings.Contains(words(err), testToken) {
				t.Errorf("\n%s\nparseKubeconfig(...): the error quotes the token: %v", tc.reason, err)
			}
			if diff := cmp.Diff(tc.want, reachOf(credentials{config: got}, nil)); diff != "" {
				t.Errorf("\n%s\nparseKubeconfig(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
