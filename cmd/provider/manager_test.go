// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache/informertest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"

	"github.com/crossplane-contrib/provider-hourglass/apis"
)

var errBoom = errors.New("boom")

func TestManagerErrors(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()

	cases := map[string]struct {
		reason string
		cfg    *rest.Config
		want   string
	}{
		"Unusable": {
			reason: "A configuration of no use is told at once.",
			cfg:    &rest.Config{Host: "https://control-plane.example.com", TLSClientConfig: rest.TLSClientConfig{CAData: []byte("no certificate")}},
			want:   "cannot prepare the controllers: ",
		},
		"Unreachable": {
			reason: "A control plane that is not there is told with what to look at.",
			cfg:    &rest.Config{Host: gone.URL},
			want:   "cannot watch Performers: are the CRDs in package/provider/crds installed, and is the control plane up?: ",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := defaults()
			f.MetricsAddress, f.HealthAddress = "0", "0"
			_, err := f.manager(t.Context(), tc.cfg)
			if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("\n%s\nmanager(...): want an error that begins with %q, got %v", tc.reason, tc.want, err)
			}
		})
	}
}

func TestAddChecks(t *testing.T) {
	cases := map[string]struct {
		reason string
		synced bool
		refuse string
		err    string
		ready  string
	}{
		"Filled": {
			reason: "A provider that sees the Performers there are is ready.",
			synced: true,
		},
		"Filling": {
			reason: "One that does not see them yet is alive, but not ready.",
			ready:  "the caches are not filled yet",
		},
		"NoHealth": {
			reason: "A check that cannot be added is told.",
			refuse: "ping",
			err:    "cannot add the health check: boom",
		},
		"NoReadiness": {
			reason: "So is the other.",
			refuse: "caches",
			err:    "cannot add the readiness check: boom",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := runtime.NewScheme()
			if err := apis.AddToScheme(s); err != nil {
				t.Fatalf("cannot register the API types: %v", err)
			}
			mgr := &fakeManager{refuse: tc.refuse, cache: &informertest.FakeInformers{Scheme: s, Synced: &tc.synced}, checks: map[string]healthz.Checker{}}
			if diff := cmp.Diff(tc.err, words(addChecks(t.Context(), mgr))); diff != "" {
				t.Errorf("\n%s\naddChecks(...): -want error, +got error:\n%s", tc.reason, diff)
			}
			if tc.err != "" {
				return
			}
			req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
			if err := mgr.checks["healthz ping"](req); err != nil {
				t.Errorf("\n%s\n/healthz: %v", tc.reason, err)
			}
			if diff := cmp.Diff(tc.ready, words(mgr.checks["readyz caches"](req))); diff != "" {
				t.Errorf("\n%s\n/readyz: -want error, +got error:\n%s", tc.reason, diff)
			}
		})
	}
}

// A fakeManager keeps the checks that it does not refuse.
type fakeManager struct {
	manager.Manager

	cache  *informertest.FakeInformers
	refuse string
	checks map[string]healthz.Checker
}

func (m *fakeManager) GetCache() cache.Cache    { return m.cache }
func (m *fakeManager) GetClient() client.Client { return fake.NewClientBuilder().Build() }

func (m *fakeManager) AddHealthzCheck(name string, c healthz.Checker) error {
	return m.add("healthz", name, c)
}

func (m *fakeManager) AddReadyzCheck(name string, c healthz.Checker) error {
	return m.add("readyz", name, c)
}

func (m *fakeManager) add(path, name string, c healthz.Checker) error {
	if name == m.refuse {
		return errBoom
	}
	m.checks[path+" "+name] = c
	return nil
}

// words is the text of an error, "" for none.
func words(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
