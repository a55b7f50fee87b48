// SPDX-License-Identifier: Apache-2.0

package options

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/crossplane/crossplane-runtime/v2/pkg/controller"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/gate"
)

var errBoom = errors.New("boom")

// A fakeMapper knows every kind a while after its start, unless it has an error.
type fakeMapper struct {
	meta.RESTMapper

	start       time.Time
	listedAfter time.Duration
	err         error
}

func (m fakeMapper) RESTMapping(gk schema.GroupKind, versions ...string) (*meta.RESTMapping, error) {
	if m.err == nil && time.Since(m.start) < m.listedAfter {
		return nil, &meta.NoKindMatchError{GroupKind: gk, SearchedVersions: versions}
	}
	return &meta.RESTMapping{}, m.err
}

type fakeManager struct {
	manager.Manager

	mapper meta.RESTMapper
}

func (m fakeManager) GetRESTMapper() meta.RESTMapper { return m.mapper }

func TestWhenServed(t *testing.T) {
	kind := func(group, kind string) schema.GroupVersionKind {
		return schema.GroupVersionKind{Group: group, Version: "v1alpha1", Kind: kind}
	}
	performers := kind("hourglass.eigenlayer.io", "Performer")
	configs := kind("hourglass.eigenlayer.io", "ProviderConfig")

	cases := map[string]struct {
		reason string
		served []schema.GroupVersionKind
		mapper fakeMapper
		err    error
		setups int
		failed error
	}{
		"None": {
			reason: "Nothing is set up while no kind is served.",
		},
		"Some": {
			reason: "Nor while one is missing.",
			served: []schema.GroupVersionKind{performers},
		},
		"Namesake": {
			reason: "A kind of the same name in another group is another one.",
			served: []schema.GroupVersionKind{performers, kind("others.example.org", "ProviderConfig")},
		},
		"All": {
			reason: "Setup is done once all of them are, and only once.",
			served: []schema.GroupVersionKind{performers, configs, performers},
			setups: 1,
		},
		"ListedLate": {
			reason: "A kind that is established may not be listed yet: that is waited for.",
			served: []schema.GroupVersionKind{performers, configs},
			mapper: fakeMapper{listedAfter: 5 * time.Second},
			setups: 1,
		},
		"NeverListed": {
			reason: "But not forever.",
			served: []schema.GroupVersionKind{performers, configs},
			mapper: fakeMapper{listedAfter: time.Hour},
			failed: context.DeadlineExceeded,
		},
		"CannotList": {
			reason: "Nor where the kinds cannot be listed.",
			served: []schema.GroupVersionKind{performers, configs},
			mapper: fakeMapper{err: errBoom},
			failed: errBoom,
		},
		"Fails": {
			reason: "A setup that fails then is told of.",
			served: []schema.GroupVersionKind{configs, performers},
			err:    errBoom,
			setups: 1,
			failed: errBoom,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := &gate.Gate[schema.GroupVersionKind]{}
				o := Options{Options: controller.Options{Gate: g}, Failed: make(chan error, 1)}
				setups := 0
				tc.mapper.start = time.Now()
				o.WhenServed(fakeManager{mapper: tc.mapper}, func() error {
					setups++
					return tc.err
				}, "Performer", "ProviderConfig")
				for _, gvk := range tc.served {
					g.Set(gvk, true)
				}
				time.Sleep(2 * listedWithin) // Of the test's own clock.
				synctest.Wait()
				close(o.Failed)
				if diff := cmp.Diff(tc.setups, setups); diff != "" {
					t.Errorf("\n%s\n-want setups, +got setups:\n%s", tc.reason, diff)
				}
				if diff := cmp.Diff(tc.failed, <-o.Failed, cmpopts.EquateErrors()); diff != "" {
					t.Errorf("\n%s\n-want error, +got error:\n%s", tc.reason, diff)
				}
			})
		})
	}
}
