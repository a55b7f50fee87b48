// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// TestRotation reaches east as a user with the rights that the documentation gives, without leave to make namespaces, and
// exchanges the kubeconfig for one with a token that nobody knows, a good one, and one that trusts somebody else.
func TestRotation(t *testing.T) {
	const name = "rotated"
	pid := providerPID(t)
	good := withToken(targetToken(t))
	makeConfig(t, name, eastKubeconfig(t, good))
	ns := hub.Namespace(t)
	first := newPerformer(ns, "first", name)
	hub.Make(t, first)
	eventually(t, "the Performer says that its namespace is missing", func(ctx context.Context) (bool, string) {
		if err := hub.Get(ctx, client.ObjectKeyFromObject(first), first); err != nil {
			return false, err.Error()
		}
		c := first.GetCondition(xpv2.TypeSynced)
		return c.Status == corev1.ConditionFalse && strings.Contains(c.Message, "namespace") && strings.Contains(c.Message, ns), c.Message
	})
	east.Make(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ns}})
	awaitReady(t, first)

	config := &v1alpha1.ClusterProviderConfig{ObjectMeta: metav1.ObjectMeta{Name: name}}
	awaitReachable(t, corev1.ConditionTrue, v1alpha1.ReasonReachable, config)
	for _, bad := range []struct {
		reason     xpv2.ConditionReason
		kubeconfig []byte
	}{
		{v1alpha1.ReasonCredentialsRefused, eastKubeconfig(t, withToken("garbage"))},
		{v1alpha1.ReasonNotTrusted, eastKubeconfig(t, good, withCA(hub.Config.CAData))},
	} {
		rewrite(t, name, bad.kubeconfig)
		awaitReachable(t, corev1.ConditionFalse, bad.reason, config, first)
		t.Logf("%s: %s", bad.reason, conditionOf(config).Message)
		if c := first.GetCondition(xpv2.TypeReady); c.Status != corev1.ConditionTrue {
			t.Errorf("%s: Ready must stay as it was, it is %s: %s", bad.reason, c.Status, c.Message)
		}
		rewrite(t, name, eastKubeconfig(t, good))
		awaitReachable(t, corev1.ConditionTrue, v1alpha1.ReasonReachable, config, first)
		again := newPerformer(ns, "after-"+strings.ToLower(string(bad.reason)), name)
		hub.Make(t, again)
		awaitReady(t, again)
	}
	if now := providerPID(t); now != pid {
		t.Errorf("the provider must not restart, it was process %d and is %d", pid, now)
	}
}

// awaitReady awaits a Performer that is Ready.
func awaitReady(t *testing.T, p *v1alpha1.Performer) {
	t.Helper()
	eventually(t, "Performer "+p.Name+" is Ready", func(ctx context.Context) (bool, string) {
		if err := hub.Get(ctx, client.ObjectKeyFromObject(p), p); err != nil {
			return false, err.Error()
		}
		c := p.GetCondition(xpv2.TypeReady)
		return c.Status == corev1.ConditionTrue, string(c.Reason) + " " + c.Message + "; " + p.GetCondition(xpv2.TypeSynced).Message
	})
}

// eastKubeconfig is a kubeconfig that leads to east.
func eastKubeconfig(t *testing.T, changes ...func(*clientcmdapi.Config)) []byte {
	t.Helper()
	kubeconfig, err := east.kubeconfig(east.network.Address, changes...)
	if err != nil {
		t.Fatal(err)
	}
	return kubeconfig
}

// targetToken is the token of a user in east with the rights that a target gives.
func targetToken(t *testing.T) string {
	t.Helper()
	manifest := filepath.Join(east.Root, "examples", "install", "target.yaml")
	if err := east.Cluster.Apply(t.Context(), manifest); err != nil {
		t.Fatal(err)
	}
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "provider-hourglass", Name: "provider-hourglass-token"}}
	eventually(t, "the service account has a token", func(ctx context.Context) (bool, string) {
		err := east.Get(ctx, client.ObjectKeyFromObject(s), s)
		return err == nil && len(s.Data[corev1.ServiceAccountTokenKey]) > 0, "it has none"
	})
	return string(s.Data[corev1.ServiceAccountTokenKey])
}
