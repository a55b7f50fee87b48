// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
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
			want:   "cannot watch which kinds are served: is the control plane up?: ",
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
		cache  fakeCache
		refuse string
		err    string
		ready  string
	}{
		"Filled": {
			reason: "A provider that sees the Performers there are is ready.",
			cache:  fakeCache{synced: true},
		},
		"NotServed": {
			reason: "So is one for which there can be none, as their kind is not active.",
			cache:  fakeCache{synced: true, crd: kerrors.NewNotFound(schema.GroupResource{}, performers), performers: errBoom},
		},
		"Filling": {
			reason: "One whose caches are not filled yet is alive, but not ready.",
			ready:  "the caches are not filled yet",
		},
		"FillingLate": {
			reason: "Nor is one that does not see the Performers yet, whose kind has just come.",
			cache:  fakeCache{synced: true, performers: errBoom},
			ready:  "the caches are not filled yet",
		},
		"Unknown": {
			reason: "Nor one that cannot tell.",
			cache:  fakeCache{synced: true, crd: errBoom},
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
			mgr := &fakeManager{refuse: tc.refuse, cache: tc.cache, checks: map[string]healthz.Checker{}}
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

// A fakeCache knows the CRD of Performers, and Performers, unless it has an error.
type fakeCache struct {
	cache.Cache

	synced          bool
	crd, performers error
}

func (c fakeCache) WaitForCacheSync(context.Context) bool { return c.synced }

func (c fakeCache) Get(_ context.Context, key client.ObjectKey, o client.Object, _ ...client.GetOption) error {
	if _, ok := o.(*apiextensionsv1.CustomResourceDefinition); !ok || key.Name != "performers.hourglass.eigenlayer.io" {
		return errBoom
	}
	return c.crd
}

func (c fakeCache) GetInformer(_ context.Context, o client.Object, _ ...cache.InformerGetOption) (cache.Informer, error) {
	if _, ok := o.(*v1alpha1.Performer); ok {
		return nil, c.performers
	}
	return nil, nil
}

// A fakeManager keeps the checks that it does not refuse.
type fakeManager struct {
	manager.Manager

	cache  cache.Cache
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
