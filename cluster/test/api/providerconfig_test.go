// SPDX-License-Identifier: Apache-2.0

package api

import (
	"testing"
)

// providerConfig is valid, whichever of the two kinds it gets.
const providerConfig = `
apiVersion: hourglass.eigenlayer.io/v1alpha1
kind: KIND
metadata:
  name: west
spec:
  credentials:
    source: InjectedIdentity
`

// providerConfigKinds have one spec.
var providerConfigKinds = []string{"ProviderConfig", "ClusterProviderConfig"}

func TestProviderConfigRefused(t *testing.T) {
	const (
		secret = "credentials.secretRef must have the namespace, name and key of a Secret that holds a kubeconfig when source is Secret"
		file   = "credentials.fs.path must name a kubeconfig file when source is Filesystem"
		env    = "credentials.env.name must name an environment variable that holds a kubeconfig when source is Environment"
	)

	cases := map[string]refusal{
		"SpecMissing": {
			reason: "A provider config without a spec reaches nothing.",
			change: "spec: null",
			want:   []string{"spec: Required value"},
		},
		"CredentialsMissing": {
			reason: "A target is reached by credentials.",
			change: "spec: {credentials: null}",
			want:   []string{"spec.credentials: Required value"},
		},
		"SourceMissing": {
			reason: "Credentials come from somewhere.",
			change: "spec: {credentials: {source: null}}",
			want:   []string{"spec.credentials.source: Required value"},
		},
		"SourceUnknown": {
			reason: "The sources are four.",
			change: "spec: {credentials: {source: Vault}}",
			want:   []string{"spec.credentials.source", `"InjectedIdentity", "Secret", "Filesystem", "Environment"`},
		},
		"SourceNone": {
			reason: "A cluster is not reached without credentials.",
			change: "spec: {credentials: {source: None}}",
			want:   []string{"spec.credentials.source", `"InjectedIdentity", "Secret", "Filesystem", "Environment"`},
		},
		"SecretMissing": {
			reason: "The Secret must be named.",
			change: "spec: {credentials: {source: Secret}}",
			want:   []string{"spec.credentials", secret},
		},
		"SecretWithoutKey": {
			reason: "A kubeconfig is one key of a Secret.",
			change: "spec: {credentials: {source: Secret, secretRef: {namespace: default, name: west}}}",
			want:   []string{"spec.credentials.secretRef.key: Required value"},
		},
		"SecretEmptyName": {
			reason: "An empty name finds nothing.",
			change: `spec: {credentials: {source: Secret, secretRef: {namespace: default, name: "", key: kubeconfig}}}`,
			want:   []string{"spec.credentials", secret},
		},
		"SecretElsewhere": {
			reason: "Another source's field does not help.",
			change: "spec: {credentials: {source: Secret, fs: {path: /kubeconfig}}}",
			want:   []string{"spec.credentials", secret},
		},
		"FilesystemMissing": {
			reason: "The file must be named.",
			change: "spec: {credentials: {source: Filesystem}}",
			want:   []string{"spec.credentials", file},
		},
		"FilesystemWithoutPath": {
			reason: "The file must be named.",
			change: "spec: {credentials: {source: Filesystem, fs: {}}}",
			want:   []string{"spec.credentials.fs.path: Required value"},
		},
		"FilesystemEmptyPath": {
			reason: "An empty path finds nothing.",
			change: `spec: {credentials: {source: Filesystem, fs: {path: ""}}}`,
			want:   []string{"spec.credentials", file},
		},
		"EnvironmentMissing": {
			reason: "The variable must be named.",
			change: "spec: {credentials: {source: Environment}}",
			want:   []string{"spec.credentials", env},
		},
		"EnvironmentWithoutName": {
			reason: "The variable must be named.",
			change: "spec: {credentials: {source: Environment, env: {}}}",
			want:   []string{"spec.credentials.env.name: Required value"},
		},
		"EnvironmentEmptyName": {
			reason: "An empty name finds nothing.",
			change: `spec: {credentials: {source: Environment, env: {name: ""}}}`,
			want:   []string{"spec.credentials", env},
		},
		"UnknownField": {
			reason: "A misspelled field would be lost in silence.",
			change: "spec: {credentials: {kubeconfig: x}}",
			want:   []string{`unknown field "spec.credentials.kubeconfig"`},
		},
	}

	for _, kind := range providerConfigKinds {
		t.Run(kind, func(t *testing.T) {
			checkRefusals(t, ofKind(kind), cases)
		})
	}
}

func TestProviderConfigAccepted(t *testing.T) {
	cases := map[string]struct {
		reason string
		change string
	}{
		"Secret": {
			reason: "A kubeconfig may be in a Secret.",
			change: "spec: {credentials: {source: Secret, secretRef: {namespace: default, name: west, key: kubeconfig}}}",
		},
		"Filesystem": {
			reason: "A kubeconfig may be in a file.",
			change: "spec: {credentials: {source: Filesystem, fs: {path: /etc/west/kubeconfig}}}",
		},
		"Environment": {
			reason: "A kubeconfig may be in an environment variable.",
			change: "spec: {credentials: {source: Environment, env: {name: KUBECONFIG_WEST}}}",
		},
	}

	for _, kind := range providerConfigKinds {
		for name, tc := range cases {
			t.Run(kind+name, func(t *testing.T) {
				checkAccepted(t, tc.reason, withChange(t, ofKind(kind), tc.change))
			})
		}
	}
}
