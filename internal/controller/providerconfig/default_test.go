// SPDX-License-Identifier: Apache-2.0

package providerconfig

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis"
	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

var (
	errBoom = errors.New("boom")
	// ignored is what a fake API server sets by itself.
	ignored = cmp.Options{cmpopts.IgnoreFields(metav1.ObjectMeta{}, "ResourceVersion"), cmpopts.IgnoreTypes(metav1.TypeMeta{})}

	_ manager.Runnable               = Default{}
	_ manager.LeaderElectionRunnable = Default{}
)

func controlPlane(t *testing.T, objects ...client.Object) client.WithWatch {
	t.Helper()
	s := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(s), apis.AddToScheme(s)); err != nil {
		t.Fatalf("cannot register the API types: %v", err)
	}
	return fake.NewClientBuilder().WithScheme(s).WithObjects(objects...).WithStatusSubresource(&v1alpha1.ProviderConfig{}, &v1alpha1.ClusterProviderConfig{}).Build()
}

func clusterConfig(source xpv2.CredentialsSource) *v1alpha1.ClusterProviderConfig {
	return &v1alpha1.ClusterProviderConfig{
		ObjectMeta: metav1.ObjectMeta{Name: "default"},
		Spec:       v1alpha1.ProviderConfigSpec{Credentials: v1alpha1.ProviderCredentials{Source: source}},
	}
}

// first returns the errors given, one a call, and nil after that.
func first(errs ...error) func() error {
	return func() error {
		if len(errs) == 0 {
			return nil
		}
		err := errs[0]
		errs = errs[1:]
		return err
	}
}

func TestDefault(t *testing.T) {
	exists := kerrors.NewAlreadyExists(schema.GroupResource{Resource: "clusterproviderconfigs"}, "default")

	cases := map[string]struct {
		reason  string
		objects []client.Object
		get     func() error
		create  func() error
		calls   []string
		after   time.Duration
		want    []v1alpha1.ClusterProviderConfig
	}{
		"Missing": {
			reason: "On a fresh installation it is created, with the provider's own identity.",
			get:    first(), create: first(),
			calls: []string{"get default", "create default"},
			want:  []v1alpha1.ClusterProviderConfig{*clusterConfig("InjectedIdentity")},
		},
		"There": {
			reason:  "One that is there is left as its owner made it.",
			objects: []client.Object{clusterConfig("Filesystem")},
			get:     first(), create: first(),
			calls: []string{"get default"},
			want:  []v1alpha1.ClusterProviderConfig{*clusterConfig("Filesystem")},
		},
		"OtherWasFirst": {
			reason: "One that came in between is left too, and is no error.",
			get:    first(), create: first(exists),
			calls: []string{"get default", "create default"},
		},
		"Retried": {
			reason: "What fails is done again a second later, until it succeeds.",
			get:    first(errBoom, nil, nil), create: first(errBoom),
			calls: []string{"get default", "get default", "create default", "get default", "create default"},
			after: 2 * time.Second,
			want:  []v1alpha1.ClusterProviderConfig{*clusterConfig("InjectedIdentity")},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var calls []string
				api := controlPlane(t, tc.objects...)
				kube := interceptor.NewClient(api, interceptor.Funcs{
					Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
						calls = append(calls, "get "+key.Name)
						if err := tc.get(); err != nil {
							return err
						}
						return c.Get(ctx, key, o, opts...)
					},
					Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
						calls = append(calls, "create "+o.GetName())
						if err := tc.create(); err != nil {
							return err
						}
						return c.Create(ctx, o, opts...)
					},
				})
				start := time.Now()
				if err := (Default{Kube: kube, Log: logging.NewNopLogger()}).Start(t.Context()); err != nil {
					t.Errorf("\n%s\nStart(...): %v", tc.reason, err)
				}
				if diff := cmp.Diff(tc.after, time.Since(start)); diff != "" {
					t.Errorf("\n%s\nStart(...): -want time, +got time:\n%s", tc.reason, diff)
				}
				if diff := cmp.Diff(tc.calls, calls); diff != "" {
					t.Errorf("\n%s\nStart(...): -want calls, +got calls:\n%s", tc.reason, diff)
				}
				got := &v1alpha1.ClusterProviderConfigList{}
				if err := api.List(t.Context(), got); err != nil {
					t.Fatalf("cannot list ClusterProviderConfigs: %v", err)
				}
				if diff := cmp.Diff(tc.want, got.Items, ignored, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("\n%s\nStart(...): -want, +got:\n%s", tc.reason, diff)
				}
			})
		})
	}
}

func TestDefaultStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		tries := 0
		kube := interceptor.NewClient(controlPlane(t), interceptor.Funcs{
			Create: func(context.Context, client.WithWatch, client.Object, ...client.CreateOption) error {
				tries++
				return errBoom
			},
		})
		if err := (Default{Kube: kube, Log: logging.NewNopLogger()}).Start(ctx); err != nil {
			t.Errorf("a provider that is being stopped has not failed: got %v", err)
		}
		if tries < 3000 || tries > 3601 {
			t.Errorf("it tries once a second, as long as the provider runs: got %d tries in an hour", tries)
		}
	})
}

func TestDefaultNeedsLeader(t *testing.T) {
	if !(Default{}).NeedLeaderElection() {
		t.Error("of several replicas only the leader may create it")
	}
}
