// SPDX-License-Identifier: Apache-2.0

package providerconfig

import (
	"context"
	"time"

	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// DefaultName is the name of the ClusterProviderConfig that a managed resource
// uses where it names none (the default of spec.providerConfigRef).
const DefaultName = "default"

// A Default creates the default ClusterProviderConfig, with the provider's own
// identity, where it is missing when the provider starts. One that is there is
// left as it is.
type Default struct {
	Kube client.Client
	Log  logging.Logger
}

// Start creates it, and tries again until that succeeds or ctx ends.
func (d Default) Start(ctx context.Context) error {
	err := wait.PollUntilContextCancel(ctx, time.Second, true, func(ctx context.Context) (bool, error) {
		if err := d.create(ctx); err != nil {
			d.Log.Info("Cannot create the default ClusterProviderConfig, trying again", "error", err)
			return false, nil
		}
		return true, nil
	})
	if ctx.Err() != nil {
		return nil //nolint:nilerr // The provider is being stopped.
	}
	return errors.Wrap(err, "cannot create the default ClusterProviderConfig")
}

// NeedLeaderElection says that only the leader creates it.
func (d Default) NeedLeaderElection() bool { return true }

func (d Default) create(ctx context.Context) error {
	pc := &v1alpha1.ClusterProviderConfig{
		ObjectMeta: metav1.ObjectMeta{Name: DefaultName},
		Spec: v1alpha1.ProviderConfigSpec{
			Credentials: v1alpha1.ProviderCredentials{Source: xpv2.CredentialsSourceInjectedIdentity},
		},
	}
	err := d.Kube.Get(ctx, client.ObjectKeyFromObject(pc), &v1alpha1.ClusterProviderConfig{})
	if !kerrors.IsNotFound(err) {
		return err //nolint:wrapcheck // Wrapped by Start.
	}
	return resource.Ignore(kerrors.IsAlreadyExists, d.Kube.Create(ctx, pc))
}
