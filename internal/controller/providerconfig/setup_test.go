// SPDX-License-Identifier: Apache-2.0

package providerconfig

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/config"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	xpcontroller "github.com/crossplane/crossplane-runtime/v2/pkg/controller"
	"github.com/crossplane/crossplane-runtime/v2/pkg/feature"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/crossplane/crossplane-runtime/v2/pkg/ratelimiter"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/controller/options"
	"github.com/crossplane-contrib/provider-hourglass/internal/target"
)

func TestKinds(t *testing.T) {
	gvk := func(kind string) schema.GroupVersionKind {
		return schema.GroupVersionKind{Group: "hourglass.eigenlayer.io", Version: "v1alpha1", Kind: kind}
	}
	cases := map[string]struct {
		reason string
		want   resource.ProviderConfigKinds
	}{
		"ProviderConfig": {
			reason: "The kinds of usages are named after that of the config.",
			want:   resource.ProviderConfigKinds{Config: gvk("ProviderConfig"), Usage: gvk("ProviderConfigUsage"), UsageList: gvk("ProviderConfigUsageList")},
		},
		"ClusterProviderConfig": {
			reason: "In both scopes.",
			want:   resource.ProviderConfigKinds{Config: gvk("ClusterProviderConfig"), Usage: gvk("ClusterProviderConfigUsage"), UsageList: gvk("ClusterProviderConfigUsageList")},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := kinds(name)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nkinds(...): -want, +got:\n%s", tc.reason, diff)
			}
			s := controlPlane(t).Scheme()
			for _, k := range []schema.GroupVersionKind{got.Config, got.Usage, got.UsageList} {
				if !s.Recognizes(k) {
					t.Errorf("\n%s\nthe API has no kind %s", tc.reason, k)
				}
			}
		})
	}
}

func TestReleaser(t *testing.T) {
	namespaced := &v1alpha1.ProviderConfig{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "default"}}
	cases := map[string]struct {
		reason  string
		config  client.Object
		kind    string
		req     types.NamespacedName
		get     error
		objects []client.Object
		calls   []string
		want    reconcile.Result
		err     error
	}{
		"There": {
			reason:  "A ProviderConfig that is there is accounted for.",
			config:  &v1alpha1.ProviderConfig{},
			kind:    v1alpha1.ProviderConfigKind,
			req:     types.NamespacedName{Namespace: "ns", Name: "default"},
			objects: []client.Object{namespaced},
			calls:   []string{"account for ns/default"},
			want:    reconcile.Result{RequeueAfter: 1},
			err:     errBoom,
		},
		"Gone": {
			reason: "One that is gone is not: its cluster is let go of.",
			config: &v1alpha1.ProviderConfig{},
			kind:   v1alpha1.ProviderConfigKind,
			req:    types.NamespacedName{Namespace: "ns", Name: "default"},
		},
		"OtherKindThere": {
			reason:  "One of the other kind with the same name is another one.",
			config:  &v1alpha1.ClusterProviderConfig{},
			kind:    v1alpha1.ClusterProviderConfigKind,
			req:     types.NamespacedName{Name: "default"},
			objects: []client.Object{namespaced},
		},
		"GetError": {
			reason: "One that cannot be read is not taken to be gone.",
			config: &v1alpha1.ProviderConfig{},
			kind:   v1alpha1.ProviderConfigKind,
			req:    types.NamespacedName{Namespace: "ns", Name: "default"},
			get:    errBoom,
			calls:  []string{"account for ns/default"},
			want:   reconcile.Result{RequeueAfter: 1},
			err:    errBoom,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var calls []string
			kube := interceptor.NewClient(controlPlane(t, tc.objects...), interceptor.Funcs{
				Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
					if tc.get != nil {
						return tc.get
					}
					return c.Get(ctx, key, o, opts...)
				},
			})
			r := releaser{
				Reconciler: reconcile.Func(func(_ context.Context, req reconcile.Request) (reconcile.Result, error) {
					calls = append(calls, "account for "+req.String())
					return reconcile.Result{RequeueAfter: 1}, errBoom
				}),
				kube: kube, kind: tc.kind, config: tc.config,
				targets: target.NewClusters(t.Context(), nil, kube),
			}
			got, err := r.Reconcile(t.Context(), reconcile.Request{NamespacedName: tc.req})
			if diff := cmp.Diff(tc.err, err, cmpopts.EquateErrors()); diff != "" {
				t.Errorf("\n%s\nReconcile(...): -want error, +got error:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nReconcile(...): -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.calls, calls); diff != "" {
				t.Errorf("\n%s\nReconcile(...): -want calls, +got calls:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestSetup(t *testing.T) {
	cases := map[string]struct {
		reason string
		setup  func(ctrl.Manager, options.Options) error
	}{
		"ProviderConfig":        {reason: "The controller of ProviderConfigs is built.", setup: Setup},
		"ClusterProviderConfig": {reason: "So is that of ClusterProviderConfigs.", setup: SetupCluster},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			mgr, err := ctrl.NewManager(&rest.Config{Host: "https://control-plane.example.com"}, ctrl.Options{
				Scheme:     controlPlane(t).Scheme(),
				Metrics:    metricsserver.Options{BindAddress: "0"},
				Controller: config.Controller{SkipNameValidation: new(true)},
			})
			if err != nil {
				t.Fatalf("cannot make a manager: %v", err)
			}
			o := options.Options{
				Options: xpcontroller.Options{Logger: logging.NewNopLogger(), GlobalRateLimiter: ratelimiter.NewGlobal(1), Features: &feature.Flags{}},
				Targets: target.NewClusters(t.Context(), nil, mgr.GetClient()),
			}
			if err := tc.setup(mgr, o); err != nil {
				t.Errorf("\n%s\nSetup(...): %v", tc.reason, err)
			}
		})
	}
}
