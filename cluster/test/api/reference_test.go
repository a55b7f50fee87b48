// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-hourglass/cluster/local"
	"github.com/crossplane-contrib/provider-hourglass/cluster/test/manifest"
)

// referenceExamples is how many manifests the API reference has. Fewer would mean that some are not seen.
const referenceExamples = 3

// defaults are the fields that the API reference gives a value where a manifest gives none.
var defaults = map[string]string{
	"Performer": `
spec:
  managementPolicies: ["*"]
  providerConfigRef: {kind: ClusterProviderConfig, name: default}
  config:
    grpcPort: 9090
`,
	"HourglassExecutor": `
spec:
  managementPolicies: ["*"]
  providerConfigRef: {kind: ClusterProviderConfig, name: default}
  replicas: 1
  config:
    performerMode: kubernetes
    logLevel: info
`,
}

func TestReferenceManifests(t *testing.T) {
	examples := reference(t)
	if len(examples) != referenceExamples {
		t.Errorf("want %d manifests in the API reference, got %d: %v", referenceExamples, len(examples), examples)
	}

	for _, e := range examples {
		t.Run(e.Name, func(t *testing.T) {
			u := withChange(t, e.YAML, "")
			if err := server.Create(t.Context(), u); err != nil {
				t.Fatalf("want the manifest under %q to be accepted unchanged, got: %v", e.Heading, err)
			}
			t.Cleanup(func() {
				if err := server.Delete(context.WithoutCancel(t.Context()), u); err != nil {
					t.Errorf("cannot delete %s: %v", e.Name, err)
				}
			})

			got := &unstructured.Unstructured{}
			got.SetGroupVersionKind(u.GroupVersionKind())
			if err := server.Get(t.Context(), client.ObjectKeyFromObject(u), got); err != nil {
				t.Fatalf("cannot read %s back: %v", e.Name, err)
			}
			want := changed(parse(t, defaults[e.Kind]), parse(t, e.YAML))
			if diff := cmp.Diff(normalized(t, want["spec"]), normalized(t, got.Object["spec"])); diff != "" {
				t.Errorf("The spec is what the manifest says, and the reference's defaults: -want, +got:\n%s", diff)
			}
		})
	}
}

func TestKubernetesNamespaceDefault(t *testing.T) {
	u := withChange(t, executor, "spec: {config: {kubernetes: {}}}")
	checkAccepted(t, "The namespace of performers has a default.", u)
	got, _, err := unstructured.NestedString(u.Object, "spec", "config", "kubernetes", "namespace")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("default", got); diff != "" {
		t.Errorf("spec.config.kubernetes.namespace: -want, +got:\n%s", diff)
	}
}

// reference returns the manifests of the API reference.
func reference(t *testing.T) []manifest.Example {
	t.Helper()
	root, err := local.Root()
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(root, "docs", "api-reference.md"))
	if err != nil {
		t.Fatalf("cannot read the API reference: %v", err)
	}
	defer f.Close() //nolint:errcheck // It was only read.

	examples, err := manifest.FromMarkdown(f)
	if err != nil {
		t.Fatalf("cannot find the manifests of the API reference: %v", err)
	}
	return examples
}
