// SPDX-License-Identifier: Apache-2.0

package target

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis"
	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// testToken is a credential: it must not be in any error.
const testToken = "t0ken"

// testScheme knows the kinds of a control plane and of its targets.
func testScheme(t *testing.T) *runtime.Scheme {
	t.Helper()
	s := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(s); err != nil {
		t.Fatalf("cannot register the kinds of Kubernetes: %v", err)
	}
	if err := apis.AddToScheme(s); err != nil {
		t.Fatalf("cannot register the kinds of the provider: %v", err)
	}
	return s
}

// controlPlane holds the given objects.
func controlPlane(t *testing.T, objects ...client.Object) client.WithWatch {
	t.Helper()
	return fake.NewClientBuilder().WithScheme(testScheme(t)).WithObjects(objects...).Build()
}

// performer uses a ProviderConfig of the given kind and name.
func performer(kind, name string) *v1alpha1.Performer {
	p := &v1alpha1.Performer{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.SchemeGroupVersion.String(), Kind: v1alpha1.PerformerKind},
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "a", UID: "performer-uid"},
	}
	p.SetProviderConfigReference(&xpv2.ProviderConfigReference{Kind: kind, Name: name})
	return p
}

func clusterConfig(name string, c v1alpha1.ProviderCredentials) *v1alpha1.ClusterProviderConfig {
	return &v1alpha1.ClusterProviderConfig{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       v1alpha1.ProviderConfigSpec{Credentials: c},
	}
}

func namespacedConfig(name string, c v1alpha1.ProviderCredentials) *v1alpha1.ProviderConfig {
	return &v1alpha1.ProviderConfig{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name},
		Spec:       v1alpha1.ProviderConfigSpec{Credentials: c},
	}
}

func injected() v1alpha1.ProviderCredentials {
	return v1alpha1.ProviderCredentials{Source: xpv2.CredentialsSourceInjectedIdentity}
}

// fromSecret are credentials in the key kubeconfig of the Secret "target".
func fromSecret(namespace string) v1alpha1.ProviderCredentials {
	return v1alpha1.ProviderCredentials{
		Source: xpv2.CredentialsSourceSecret,
		CommonCredentialSelectors: xpv2.CommonCredentialSelectors{SecretRef: &xpv2.SecretKeySelector{
			SecretReference: xpv2.SecretReference{Namespace: namespace, Name: "target"}, Key: "kubeconfig",
		}},
	}
}

func secret(namespace, kubeconfig string) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "target"},
		Data:       map[string][]byte{"kubeconfig": []byte(kubeconfig)},
	}
}

// kubeconfig leads to one cluster. The fields of the cluster and of the user are
// given as in YAML's flow style.
func kubeconfig(cluster, user string) string {
	return fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: main
contexts: [{name: main, context: {cluster: east, user: robot}}]
clusters: [{name: east, cluster: {%s}}]
users: [{name: robot, user: {%s}}]
`, cluster, user)
}

// tokenKubeconfig is one that is of use.
func tokenKubeconfig() string {
	return kubeconfig("server: https://east.example.com:6443", "token: "+testToken)
}

// kindOf names the Go type of an object.
func kindOf(o any) string { return fmt.Sprintf("%T", o) }

// words is the text of an error, "" for none.
func words(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
