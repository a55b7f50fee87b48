// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"os"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// TestRemoteTarget runs a Performer in a second cluster, reached by a kubeconfig
// in a Secret that appears only after the Performer does.
func TestRemoteTarget(t *testing.T) {
	remote, err := newPlane(t.Context(), t.TempDir(), "remote")
	if remote != nil {
		t.Cleanup(func() {
			if err := remote.Cluster.Delete(context.WithoutCancel(t.Context())); err != nil {
				t.Errorf("cannot delete the remote cluster: %v", err)
			}
		})
	}
	if err != nil {
		t.Fatalf("cannot start the remote cluster: %v", err)
	}
	ns := namespace(t)
	if err := remote.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ns}}); err != nil {
		t.Fatalf("cannot create the namespace in the remote cluster: %v", err)
	}

	p := newPerformer(ns, "a", func(p *v1alpha1.Performer) {
		p.Spec.ProviderConfigReference = &xpv2.ProviderConfigReference{Kind: v1alpha1.ProviderConfigKind, Name: "remote"}
	})
	create(t, p)
	awaitNotSynced(t, p, "ProviderConfig "+ns+"/remote", "not found")

	pc := &v1alpha1.ProviderConfig{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "remote"}}
	pc.Spec.Credentials = v1alpha1.ProviderCredentials{
		Source: xpv2.CredentialsSourceSecret,
		CommonCredentialSelectors: xpv2.CommonCredentialSelectors{SecretRef: &xpv2.SecretKeySelector{
			SecretReference: xpv2.SecretReference{Namespace: "default", Name: "remote"}, Key: "kubeconfig",
		}},
	}
	create(t, pc)
	awaitNotSynced(t, p, "only Secrets of its own namespace")
	change(t, pc, func(pc *v1alpha1.ProviderConfig) { pc.Spec.Credentials.SecretRef.Namespace = ns })
	awaitNotSynced(t, p, "cannot read the credentials of ProviderConfig "+ns+"/remote", "remote")

	kubeconfig, err := os.ReadFile(remote.Cluster.Kubeconfig)
	if err != nil {
		t.Fatalf("cannot read the remote cluster's kubeconfig: %v", err)
	}
	create(t, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "remote"},
		Data:       map[string][]byte{"kubeconfig": kubeconfig},
	})
	awaitRunning(t, p)
	if podOf(t, p) != nil || serviceOf(t, p) != nil {
		t.Error("nothing of a remote Performer may be in the control plane's own cluster")
	}

	pod := &corev1.Pod{}
	key := client.ObjectKey{Namespace: ns, Name: "performer-a"}
	if err := remote.Get(t.Context(), key, pod); err != nil {
		t.Fatalf("cannot get the Pod in the remote cluster: %v", err)
	}
	lost := pod.UID
	if err := remote.Delete(t.Context(), pod, client.GracePeriodSeconds(0)); err != nil {
		t.Fatalf("cannot delete the Pod in the remote cluster: %v", err)
	}
	await(t, p, "has a new Pod in the remote cluster", func(p *v1alpha1.Performer) bool {
		err := remote.Get(t.Context(), key, pod)
		return running(p) && err == nil && pod.UID != lost
	})

	if err := hub.Delete(t.Context(), p); err != nil {
		t.Fatalf("cannot delete the Performer: %v", err)
	}
	awaitGone(t, p)
	eventually(t, "the remote Pod is gone", func(ctx context.Context) (bool, string) {
		err := remote.Get(ctx, key, pod)
		return err != nil && client.IgnoreNotFound(err) == nil, "it is there"
	})
}

// awaitNotSynced waits until a Performer is not synced for a reason that has all of
// some words.
func awaitNotSynced(t *testing.T, p *v1alpha1.Performer, words ...string) {
	t.Helper()
	await(t, p, "says why it is not synced", func(p *v1alpha1.Performer) bool {
		c := p.Status.GetCondition(xpv2.TypeSynced)
		return c.Status == corev1.ConditionFalse && containsAll(c.Message, words)
	})
}
