// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// usages counts the usages there are by kind.
func usages(t *testing.T, kube client.Client) map[string]int {
	t.Helper()
	namespaced, cluster := &v1alpha1.ProviderConfigUsageList{}, &v1alpha1.ClusterProviderConfigUsageList{}
	for _, l := range []client.ObjectList{namespaced, cluster} {
		if err := kube.List(t.Context(), l); err != nil {
			t.Fatalf("cannot list usages: %v", err)
		}
	}
	return map[string]int{"ProviderConfigUsage": len(namespaced.Items), "ClusterProviderConfigUsage": len(cluster.Items)}
}

func TestTrack(t *testing.T) {
	cases := map[string]struct {
		reason string
		p      *v1alpha1.Performer
		want   map[string]int
		writes []string
		err    string
	}{
		"Cluster": {
			reason: "The use of a ClusterProviderConfig is recorded once, and known after that.",
			p:      performer(v1alpha1.ClusterProviderConfigKind, "default"),
			want:   map[string]int{"ProviderConfigUsage": 0, "ClusterProviderConfigUsage": 1},
			writes: []string{"create *v1alpha1.ClusterProviderConfigUsage"},
		},
		"Namespaced": {
			reason: "The use of a ProviderConfig is one of the other kind.",
			p:      performer(v1alpha1.ProviderConfigKind, "east"),
			want:   map[string]int{"ProviderConfigUsage": 1, "ClusterProviderConfigUsage": 0},
			writes: []string{"create *v1alpha1.ProviderConfigUsage"},
		},
		"OtherKind": {
			reason: "What is not a ProviderConfig is not used.",
			p:      performer("Secret", "east"),
			want:   map[string]int{"ProviderConfigUsage": 0, "ClusterProviderConfigUsage": 0},
			err:    `spec.providerConfigRef.kind is "Secret": it must be ProviderConfig or ClusterProviderConfig`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var writes []string
			kube := interceptor.NewClient(controlPlane(t), interceptor.Funcs{
				Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
					writes = append(writes, "create "+kindOf(o))
					return c.Create(ctx, o, opts...)
				},
				Update: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.UpdateOption) error {
					writes = append(writes, "update "+kindOf(o))
					return c.Update(ctx, o, opts...)
				},
			})
			tracker := NewTracker(kube)
			for range 3 {
				if diff := cmp.Diff(tc.err, words(tracker.Track(t.Context(), tc.p))); diff != "" {
					t.Errorf("\n%s\nTrack(...): -want error, +got error:\n%s", tc.reason, diff)
				}
			}
			if diff := cmp.Diff(tc.want, usages(t, kube)); diff != "" {
				t.Errorf("\n%s\nTrack(...): -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.writes, writes); diff != "" {
				t.Errorf("\n%s\nTrack(...): -want writes, +got writes:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestTrackMoves(t *testing.T) {
	kube := controlPlane(t)
	tracker := NewTracker(kube)
	for _, name := range []string{"west", "east"} {
		if err := tracker.Track(t.Context(), performer(v1alpha1.ProviderConfigKind, name)); err != nil {
			t.Fatalf("Track(...): %v", err)
		}
	}
	got := &v1alpha1.ProviderConfigUsage{}
	if err := kube.Get(t.Context(), client.ObjectKey{Namespace: "ns", Name: "performer-uid"}, got); err != nil {
		t.Fatalf("cannot get the usage: %v", err)
	}
	controller, block := true, true
	want := &v1alpha1.ProviderConfigUsage{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "ns", Name: "performer-uid",
			Labels: map[string]string{xpv2.LabelKeyProviderName: "east", xpv2.LabelKeyProviderKind: "ProviderConfig"},
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: "hourglass.eigenlayer.io/v1alpha1", Kind: "Performer", Name: "a", UID: "performer-uid",
				Controller: &controller, BlockOwnerDeletion: &block,
			}},
		},
		TypedProviderConfigUsage: xpv2.TypedProviderConfigUsage{
			ProviderConfigReference: xpv2.ProviderConfigReference{Kind: "ProviderConfig", Name: "east"},
			ResourceReference:       xpv2.TypedReference{APIVersion: "hourglass.eigenlayer.io/v1alpha1", Kind: "Performer", Name: "a"},
		},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(metav1.ObjectMeta{}, "ResourceVersion"), cmpopts.IgnoreTypes(metav1.TypeMeta{})); diff != "" {
		t.Errorf("the usage follows the Performer to another ProviderConfig: -want, +got:\n%s", diff)
	}
}
