// SPDX-License-Identifier: Apache-2.0

package providerconfig

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/target"
)

// inSecret is a ProviderConfig whose kubeconfig is in a Secret.
func inSecret(users int64) *v1alpha1.ProviderConfig {
	pc := &v1alpha1.ProviderConfig{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "east"}}
	pc.Spec.Credentials = v1alpha1.ProviderCredentials{
		Source: xpv2.CredentialsSourceSecret,
		CommonCredentialSelectors: xpv2.CommonCredentialSelectors{SecretRef: &xpv2.SecretKeySelector{
			SecretReference: xpv2.SecretReference{Namespace: "ns", Name: "east"}, Key: "kubeconfig",
		}},
	}
	pc.Status.Users = users
	return pc
}

func TestReconcile(t *testing.T) {
	const missing = `cannot read the credentials of ProviderConfig ns/east: cannot get credentials secret: secrets "east" not found`
	key := client.ObjectKey{Namespace: "ns", Name: "east"}
	unusable := v1alpha1.TargetUnreachable(v1alpha1.ReasonUnusable, missing)
	told := inSecret(1)
	told.Status.SetConditions(unusable)
	cases := map[string]struct {
		reason  string
		kind    string
		config  client.Object
		objects []client.Object
		get     error
		calls   []string
		writes  int
		want    reconcile.Result
		told    []xpv2.Condition
		err     error
	}{
		"Unused": {
			reason:  "A ProviderConfig that nobody uses is accounted for, and its cluster left alone.",
			objects: []client.Object{inSecret(0)},
			calls:   []string{"account for ns/east"},
		},
		"Unusable": {
			reason:  "Where somebody uses it, it says why its cluster cannot be used, and is looked at again.",
			objects: []client.Object{inSecret(1)},
			calls:   []string{"account for ns/east"},
			writes:  1,
			want:    reconcile.Result{RequeueAfter: lookAgain},
			told:    []xpv2.Condition{unusable},
		},
		"Told": {
			reason:  "It says so once.",
			objects: []client.Object{told},
			calls:   []string{"account for ns/east"},
			want:    reconcile.Result{RequeueAfter: lookAgain},
			told:    []xpv2.Condition{unusable},
		},
		"Gone": {
			reason: "Of one that is gone the cluster is let go.",
		},
		"OtherKindThere": {
			reason:  "One of the other kind with the same name is another one.",
			kind:    v1alpha1.ClusterProviderConfigKind,
			config:  &v1alpha1.ClusterProviderConfig{},
			objects: []client.Object{inSecret(1)},
		},
		"GetError": {
			reason:  "One that cannot be read is not taken to be gone.",
			objects: []client.Object{inSecret(1)},
			get:     errBoom,
			err:     errBoom,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var calls []string
			writes := 0
			inner := controlPlane(t, tc.objects...)
			kube := interceptor.NewClient(inner, interceptor.Funcs{
				Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
					if tc.get != nil {
						return tc.get
					}
					return c.Get(ctx, key, o, opts...)
				},
				SubResourcePatch: func(ctx context.Context, c client.Client, sub string, o client.Object, p client.Patch, opts ...client.SubResourcePatchOption) error {
					writes++
					return c.SubResource(sub).Patch(ctx, o, p, opts...)
				},
			})
			r := reconciler{
				next: reconcile.Func(func(_ context.Context, req reconcile.Request) (reconcile.Result, error) {
					calls = append(calls, "account for "+req.String())
					return reconcile.Result{}, nil
				}),
				kube: kube, kind: v1alpha1.ProviderConfigKind, config: &v1alpha1.ProviderConfig{},
				targets: target.NewClusters(t.Context(), nil, kube),
			}
			req := reconcile.Request{NamespacedName: key}
			if tc.kind != "" {
				r.kind, r.config, req.Namespace = tc.kind, tc.config, ""
			}
			got, err := r.Reconcile(t.Context(), req)
			if diff := cmp.Diff(tc.err, err, cmpopts.EquateErrors()); diff != "" {
				t.Errorf("\n%s\nReconcile(...): -want error, +got error:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nReconcile(...): -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.calls, calls); diff != "" {
				t.Errorf("\n%s\nReconcile(...): -want calls, +got calls:\n%s", tc.reason, diff)
			}
			if writes != tc.writes {
				t.Errorf("\n%s\nReconcile(...): want %d writes, got %d", tc.reason, tc.writes, writes)
			}
			if len(tc.told) > 0 {
				pc := &v1alpha1.ProviderConfig{}
				if err := inner.Get(t.Context(), key, pc); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tc.told, pc.Status.Conditions, cmpopts.IgnoreFields(xpv2.Condition{}, "LastTransitionTime")); diff != "" {
					t.Errorf("\n%s\nReconcile(...): -want conditions, +got conditions:\n%s", tc.reason, diff)
				}
			}
		})
	}
}

// TestTell has a cluster be of use again.
func TestTell(t *testing.T) {
	pc := inSecret(1)
	pc.Status.SetConditions(v1alpha1.TargetUnreachable(v1alpha1.ReasonUnreachable, "boom"))
	kube := controlPlane(t, pc)
	if err := kube.Get(t.Context(), client.ObjectKeyFromObject(pc), pc); err != nil {
		t.Fatal(err)
	}
	if err := (reconciler{kube: kube}).tell(t.Context(), configOf(pc), nil); err != nil {
		t.Fatalf("tell(...): %v", err)
	}
	if err := kube.Get(t.Context(), client.ObjectKeyFromObject(pc), pc); err != nil {
		t.Fatal(err)
	}
	if c := pc.Status.GetCondition(v1alpha1.TypeTargetReachable); c.Status != corev1.ConditionTrue || time.Since(c.LastTransitionTime.Time) > time.Hour {
		t.Errorf("a cluster that can be used again is told as such: got %+v", c)
	}
}
