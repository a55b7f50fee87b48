// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/url"
	"slices"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// A Ref names a ProviderConfig or a ClusterProviderConfig.
type Ref struct {
	// Kind is ProviderConfig or ClusterProviderConfig.
	Kind string
	// Namespace of a ProviderConfig; empty for a ClusterProviderConfig.
	Namespace string
	// Name of the object.
	Name string
}

// RefOf is the Ref of a managed resource. It returns an error that says what is
// right where the reference is missing or of another kind.
func RefOf(mg resource.ModernManaged) (Ref, error) {
	r := mg.GetProviderConfigReference()
	if r == nil {
		return Ref{}, errors.New("spec.providerConfigRef is missing: name a ProviderConfig or a ClusterProviderConfig")
	}
	switch r.Kind {
	case v1alpha1.ClusterProviderConfigKind:
		return Ref{Kind: r.Kind, Name: r.Name}, nil
	case v1alpha1.ProviderConfigKind:
		return Ref{Kind: r.Kind, Namespace: mg.GetNamespace(), Name: r.Name}, nil
	}
	return Ref{}, errors.Errorf("spec.providerConfigRef.kind is %q: it must be ProviderConfig or ClusterProviderConfig", r.Kind)
}

// String names the object as a sentence would.
func (r Ref) String() string {
	if r.Namespace == "" {
		return fmt.Sprintf("%s %s", r.Kind, r.Name)
	}
	return fmt.Sprintf("%s %s/%s", r.Kind, r.Namespace, r.Name)
}

// Get reads the ProviderConfig that a Ref names.
func (r Ref) Get(ctx context.Context, kube client.Reader) (client.Object, error) {
	var pc client.Object = &v1alpha1.ProviderConfig{}
	if r.Kind == v1alpha1.ClusterProviderConfigKind {
		pc = &v1alpha1.ClusterProviderConfig{}
	}
	err := kube.Get(ctx, client.ObjectKey{Namespace: r.Namespace, Name: r.Name}, pc)
	return pc, errors.Wrapf(err, "cannot get %s", r)
}

// Spec reads what the ProviderConfig says that a Ref names.
func (r Ref) Spec(ctx context.Context, kube client.Reader) (v1alpha1.ProviderConfigSpec, error) {
	pc, err := r.Get(ctx, kube)
	if cluster, ok := pc.(*v1alpha1.ClusterProviderConfig); ok {
		return cluster.Spec, err
	}
	return pc.(*v1alpha1.ProviderConfig).Spec, err //nolint:forcetypeassert // There are two kinds.
}

// Credentials reach one target cluster.
type credentials struct {
	// digest tells credentials apart without holding them.
	digest string
	config *rest.Config
	// namespaces says that those that are missing are to be created.
	namespaces bool
}

// credentialsFor reads the credentials of a ProviderConfig. Injected identity is
// the provider's own configuration; everything else is a kubeconfig.
func credentialsFor(ctx context.Context, kube client.Client, own *rest.Config, r Ref) (credentials, error) {
	spec, err := r.Spec(ctx, kube)
	if err != nil {
		return credentials{}, err
	}
	c := spec.Credentials
	if c.Source == xpv2.CredentialsSourceInjectedIdentity {
		return credentials{digest: string(c.Source), config: own, namespaces: spec.CreateNamespaces}, nil
	}
	if err := mayUse(r, c); err != nil {
		return credentials{}, err
	}
	raw, err := resource.CommonCredentialExtractor(ctx, c.Source, kube, c.CommonCredentialSelectors)
	if err != nil {
		return credentials{}, errors.Wrapf(err, "cannot read the credentials of %s", r)
	}
	cfg, err := parseKubeconfig(raw)
	if err != nil {
		return credentials{}, errors.Wrapf(err, "cannot use the kubeconfig of %s", r)
	}
	sum := sha256.Sum256(raw)
	return credentials{digest: hex.EncodeToString(sum[:]), config: cfg, namespaces: spec.CreateNamespaces}, nil
}

// mayUse keeps the owner of a namespace from borrowing credentials that are not
// in it: those of other namespaces, and the provider's own files and environment.
func mayUse(r Ref, c v1alpha1.ProviderCredentials) error {
	if r.Kind != v1alpha1.ProviderConfigKind {
		return nil
	}
	if c.Source != xpv2.CredentialsSourceSecret {
		return errors.Errorf("%s has credentials.source %s: a ProviderConfig may use Secret or InjectedIdentity; use a ClusterProviderConfig for the others", r, c.Source)
	}
	if c.SecretRef != nil && c.SecretRef.Namespace != r.Namespace {
		return errors.Errorf("%s has credentials.secretRef.namespace %q: a ProviderConfig may use only Secrets of its own namespace %q", r, c.SecretRef.Namespace, r.Namespace)
	}
	return nil
}

// parseKubeconfig reads a kubeconfig that holds everything itself. One that runs
// commands or reads files would do so with the provider's rights.
func parseKubeconfig(raw []byte) (*rest.Config, error) {
	if len(raw) == 0 {
		return nil, errors.New("it is empty, or the key that is named is not there")
	}
	kc, err := clientcmd.Load(raw)
	if err != nil {
		return nil, errors.New("it is not a kubeconfig") // The cause may quote the credentials.
	}
	for _, name := range slices.Sorted(maps.Keys(kc.AuthInfos)) {
		if err := selfContained(*kc.AuthInfos[name]); err != nil {
			return nil, errors.Wrapf(err, "user %q", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(kc.Clusters)) {
		c := kc.Clusters[name]
		if u, err := url.Parse(c.Server); err != nil || u.User != nil {
			return nil, errors.Errorf("cluster %q has a server that is no URL, or one with a user name: put credentials into the user", name)
		}
		if u, err := url.Parse(c.ProxyURL); err != nil || u.User != nil {
			return nil, errors.Errorf("cluster %q has a proxy-url that is no URL, or one with a user name, which is not supported", name)
		}
		if c.CertificateAuthority != "" {
			return nil, errors.Errorf("cluster %q names the file certificate-authority: put its content into certificate-authority-data", name)
		}
	}
	cfg, err := clientcmd.NewDefaultClientConfig(*kc, nil).ClientConfig()
	return cfg, errors.Wrap(err, "cannot make a client configuration of it")
}

func selfContained(u clientcmdapi.AuthInfo) error {
	switch {
	case u.Exec != nil:
		return errors.New("has an exec plugin, which is not run; use a token or a client certificate")
	case u.AuthProvider != nil:
		return errors.New("has an auth-provider, which is not supported; use a token or a client certificate")
	case u.ClientCertificate != "" || u.ClientKey != "" || u.TokenFile != "":
		return errors.New("names a file; put its content into client-certificate-data, client-key-data or token")
	}
	return nil
}
