// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/cluster/crossplane"
	"github.com/crossplane-contrib/provider-hourglass/cluster/test/plane"
)

// server is where the target's API server listens, HOST:PORT.
func (tg *target) server() string { return strings.TrimPrefix(tg.Config.Host, "https://") }

// kubeconfig of the target's administrator that leads to an address, changed in some ways.
func (tg *target) kubeconfig(address string, changes ...func(*clientcmdapi.Config)) ([]byte, error) {
	c, err := clientcmd.LoadFromFile(tg.Cluster.Kubeconfig)
	if err != nil {
		return nil, err
	}
	for _, cluster := range c.Clusters {
		cluster.Server = "https://" + address
	}
	for _, change := range changes {
		change(c)
	}
	return clientcmd.Write(*c)
}

// withToken has a kubeconfig hold a token and no other credentials.
func withToken(token string) func(*clientcmdapi.Config) {
	return func(c *clientcmdapi.Config) {
		for name := range c.AuthInfos {
			c.AuthInfos[name] = &clientcmdapi.AuthInfo{Token: token}
		}
	}
}

// withCA has a kubeconfig trust an authority.
func withCA(ca []byte) func(*clientcmdapi.Config) {
	return func(c *clientcmdapi.Config) {
		for _, cluster := range c.Clusters {
			cluster.CertificateAuthorityData = ca
		}
	}
}

// config is a ClusterProviderConfig that leads where a kubeconfig does, and the Secret with that.
func config(name string, kubeconfig []byte, changes ...func(*v1alpha1.ProviderConfigSpec)) []client.Object {
	s := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: crossplane.Namespace, Name: "target-" + name},
		Data:       map[string][]byte{"kubeconfig": kubeconfig},
	}
	pc := &v1alpha1.ClusterProviderConfig{ObjectMeta: metav1.ObjectMeta{Name: name}}
	pc.Spec.Credentials = v1alpha1.ProviderCredentials{
		Source: xpv2.CredentialsSourceSecret,
		CommonCredentialSelectors: xpv2.CommonCredentialSelectors{SecretRef: &xpv2.SecretKeySelector{
			SecretReference: xpv2.SecretReference{Namespace: s.Namespace, Name: s.Name}, Key: "kubeconfig",
		}},
	}
	for _, change := range changes {
		change(&pc.Spec)
	}
	return []client.Object{s, pc}
}

// withNamespaces has namespaces of a target created.
func withNamespaces(s *v1alpha1.ProviderConfigSpec) { s.CreateNamespaces = true }

// withInventory has the nodes of a target watched too.
func withInventory(s *v1alpha1.ProviderConfigSpec) {
	withNamespaces(s)
	s.Inventory = &v1alpha1.Inventory{}
}

// makeConfig makes a ClusterProviderConfig for one test, and removes it when the test ends.
func makeConfig(t *testing.T, name string, kubeconfig []byte, changes ...func(*v1alpha1.ProviderConfigSpec)) {
	t.Helper()
	for _, o := range config(name, kubeconfig, changes...) {
		hub.Make(t, o)
		t.Cleanup(func() {
			if err := hub.Delete(context.WithoutCancel(t.Context()), o); err != nil {
				t.Errorf("cannot delete %T %s: %v", o, name, err)
			}
			gone(t, hub, o)
		})
	}
}

// rewrite the kubeconfig of a ClusterProviderConfig.
func rewrite(t *testing.T, name string, kubeconfig []byte) {
	t.Helper()
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: crossplane.Namespace, Name: "target-" + name}}
	plane.Change(t, hub, s, func(s *corev1.Secret) { s.Data = map[string][]byte{"kubeconfig": kubeconfig} })
}
