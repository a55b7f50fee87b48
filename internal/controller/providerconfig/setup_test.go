// SPDX-License-Identifier: Apache-2.0

package providerconfig

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/config"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	xpcontroller "github.com/crossplane/crossplane-runtime/v2/pkg/controller"
	"github.com/crossplane/crossplane-runtime/v2/pkg/feature"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/crossplane/crossplane-runtime/v2/pkg/ratelimiter"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"

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
