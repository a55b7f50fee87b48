// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/crossplane-contrib/provider-hourglass/fn/input/v1beta1"
)

// TestKnownPools asks twice. What is remembered is seen where the second request has
// other pools than its versions say, which an API server never sends.
func TestKnownPools(t *testing.T) {
	pool := func(name, uid, version, price string) string {
		return fmt.Sprintf(`{apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: HardwarePool, metadata: {name: %s, uid: %q, resourceVersion: %q}, spec: {nodeSelector: {a: b}, price: %q}}`, name, uid, version, price)
	}
	first := []string{pool("a", "u1", "1", "1"), pool("b", "u2", "1", "1")}
	cases := map[string]struct {
		reason        string
		first, second []string
		inline        []v1beta1.Pool
		want          []string
	}{
		"Same": {
			reason: "Pools of versions that are known are not read again.",
			first:  first, second: []string{pool("a", "u1", "1", "2"), pool("b", "u2", "1", "2")},
			want: []string{"a 1", "b 1"},
		},
		"OtherOrder": {
			reason: "In whichever order they come.",
			first:  first, second: []string{pool("b", "u2", "1", "2"), pool("a", "u1", "1", "2")},
			want: []string{"a 1", "b 1"},
		},
		"Changed": {
			reason: "Where one has changed, all are read.",
			first:  first, second: []string{pool("a", "u1", "2", "2"), pool("b", "u2", "1", "1")},
			want: []string{"a 2", "b 1"},
		},
		"MadeAnew": {
			reason: "So are they where one was deleted and made anew.",
			first:  first, second: []string{pool("a", "u3", "1", "2"), pool("b", "u2", "1", "1")},
			want: []string{"a 2", "b 1"},
		},
		"Fewer": {
			reason: "And where one is gone.",
			first:  first, second: []string{pool("a", "u1", "1", "2")},
			want: []string{"a 2"},
		},
		"NoVersions": {
			reason: "Nothing is known of pools without versions, as files have them.",
			first:  []string{pool("a", "", "", "1")}, second: []string{pool("a", "", "", "2")},
			want: []string{"a 2"},
		},
		"Inline": {
			reason: "Pools of the input have no versions either.",
			first:  first, second: []string{pool("a", "u1", "1", "2"), pool("b", "u2", "1", "2")},
			inline: []v1beta1.Pool{{Name: "c"}},
			want:   []string{"a 2", "b 2", "c none"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			k := &knownPools{}
			in := &v1beta1.Placement{Pools: tc.inline, PoolSelector: &v1beta1.PoolSelector{}}
			var got pools
			for _, items := range [][]string{tc.first, tc.second} {
				var err error
				if got, err = k.read(sample{pools: items}.request(t), in, selectorOf(in)); err != nil {
					t.Fatalf("read(...): %v", err)
				}
			}
			if diff := cmp.Diff(tc.want, prices(got)); diff != "" {
				t.Errorf("\n%s\nread(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// prices of pools, by name.
func prices(p pools) []string {
	var all []string
	for _, pool := range p.all {
		price := "none"
		if pool.Spec.Price != nil {
			price = pool.Spec.Price.String()
		}
		all = append(all, pool.Name+" "+price)
	}
	slices.Sort(all)
	return all
}

func TestBadPoolIsNotKnown(t *testing.T) {
	k, in := &knownPools{}, &v1beta1.Placement{}
	bad := sample{pools: []string{`{apiVersion: hourglass.eigenlayer.io/v1alpha1, kind: HardwarePool, metadata: {name: a, uid: u1, resourceVersion: "1"}, spec: {weight: heavy}}`}}
	for range 2 {
		if _, err := k.read(bad.request(t), in, selectorOf(in)); err == nil {
			t.Error("read(...): a pool that cannot be read is an error each time")
		}
	}
}
