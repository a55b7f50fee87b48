// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	xpcontroller "github.com/crossplane/crossplane-runtime/v2/pkg/controller"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/feature"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/crossplane/crossplane-runtime/v2/pkg/ratelimiter"

	"github.com/crossplane-contrib/provider-hourglass/apis"
	"github.com/crossplane-contrib/provider-hourglass/internal/controller/options"
	"github.com/crossplane-contrib/provider-hourglass/internal/target"
)

var errBoom = errors.New("boom")

// A fakeGate keeps what waits for kinds.
type fakeGate struct {
	waiting map[string]func()
}

func (g *fakeGate) Set(schema.GroupVersionKind, bool) bool { return false }

func (g *fakeGate) Register(setup func(), gvks ...schema.GroupVersionKind) {
	var kinds []string
	for _, gvk := range gvks {
		kinds = append(kinds, gvk.Kind)
	}
	g.waiting[strings.Join(kinds, " ")] = setup
}

// A fakeManager keeps what is added to it.
type fakeManager struct {
	manager.Manager

	added []manager.Runnable
}

func (m *fakeManager) Add(r manager.Runnable) error {
	m.added = append(m.added, r)
	return nil
}

// newManager of a control plane that does not answer.
func newManager(t *testing.T) *fakeManager {
	t.Helper()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	s := runtime.NewScheme()
	if err := errors.Join(apis.AddToScheme(s), apiextensionsv1.AddToScheme(s)); err != nil {
		t.Fatalf("cannot register the API types: %v", err)
	}
	mgr, err := ctrl.NewManager(&rest.Config{Host: gone.URL}, ctrl.Options{
		Scheme:     s,
		Metrics:    metricsserver.Options{BindAddress: "0"},
		Controller: config.Controller{SkipNameValidation: new(true)},
	})
	if err != nil {
		t.Fatalf("cannot make a manager: %v", err)
	}
	return &fakeManager{Manager: mgr}
}

func newOptions(t *testing.T, mgr ctrl.Manager, g xpcontroller.Gate) options.Options {
	t.Helper()
	return options.Options{
		Options: xpcontroller.Options{
			Logger: logging.NewNopLogger(), GlobalRateLimiter: ratelimiter.NewGlobal(1), Features: &feature.Flags{}, Gate: g,
		},
		Targets: target.NewClusters(t.Context(), nil, mgr.GetClient()),
		Failed:  make(chan error, 1),
	}
}

// TestSetup proves that nothing that needs a kind of ours is set up before that
// is served.
func TestSetup(t *testing.T) {
	mgr, g := newManager(t), &fakeGate{waiting: map[string]func(){}}
	o := newOptions(t, mgr, g)
	if err := Setup(mgr, o); err != nil {
		t.Fatalf("Setup(...) without a control plane: %v", err)
	}
	if diff := cmp.Diff(2, len(mgr.added)); diff != "" {
		t.Errorf("only the controller that watches which kinds are served runs, and who stops the manager: -want, +got:\n%s", diff)
	}
	want := []string{
		"ClusterProviderConfig ClusterProviderConfigUsage",
		"HardwarePool ProviderConfig ClusterProviderConfig",
		"HourglassExecutor ProviderConfig ClusterProviderConfig",
		"Performer ProviderConfig ClusterProviderConfig",
		"ProviderConfig ProviderConfigUsage",
	}
	var got []string
	for kinds := range g.waiting {
		got = append(got, kinds)
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("controllers wait for their kinds: -want, +got:\n%s", diff)
	}

	// To set one up, the control plane is asked.
	g.waiting["Performer ProviderConfig ClusterProviderConfig"]()
	err := mgr.added[0].Start(t.Context())
	const why = "cannot find kind Performer, though its CRD is established: "
	if err == nil || !strings.HasPrefix(err.Error(), why) {
		t.Errorf("a controller that cannot be set up stops the manager: want %q, got %v", why, err)
	}
}

func TestStopper(t *testing.T) {
	ended, end := context.WithCancel(t.Context())
	end()
	cases := map[string]struct {
		reason string
		ctx    context.Context //nolint:containedctx // It is the case.
		failed error
		want   error
	}{
		"Failed": {reason: "What failed stops the manager.", ctx: t.Context(), failed: errBoom, want: errBoom},
		"Ended":  {reason: "Where nothing fails it ends with the manager.", ctx: ended},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			mgr := newManager(t)
			o := newOptions(t, mgr, &fakeGate{waiting: map[string]func(){}})
			if err := Setup(mgr, o); err != nil {
				t.Fatal(err)
			}
			if tc.failed != nil {
				o.Failed <- tc.failed
			}
			if diff := cmp.Diff(tc.want, mgr.added[0].Start(tc.ctx), cmpopts.EquateErrors()); diff != "" {
				t.Errorf("\n%s\n-want error, +got error:\n%s", tc.reason, diff)
			}
		})
	}
}
