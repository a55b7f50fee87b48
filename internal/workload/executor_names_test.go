// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

func TestExecutorEndpoint(t *testing.T) {
	named := executor(func(e *v1alpha1.HourglassExecutor) {
		e.Annotations = map[string]string{"crossplane.io/external-name": "chosen"}
	})
	got := map[string]string{"own": ExecutorEndpoint(executor()), "external": ExecutorEndpoint(named)}
	want := map[string]string{"own": "ex.ns.svc.cluster.local:9090", "external": "chosen.ns.svc.cluster.local:9090"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ExecutorEndpoint(...): -want, +got:\n%s", diff)
	}
}

func TestRefersTo(t *testing.T) {
	e := executor(func(e *v1alpha1.HourglassExecutor) {
		e.Spec.Config.OperatorKeysSecretRef = &v1alpha1.OperatorKeysSecretReference{Name: "keys"}
		e.Spec.Config.Chains = append(e.Spec.Config.Chains, v1alpha1.ChainConfig{
			Name: "base", RPCSecretRef: &xpv2.LocalSecretKeySelector{LocalSecretReference: xpv2.LocalSecretReference{Name: "rpc"}, Key: "k"},
		})
	})
	cases := map[string]struct {
		reason string
		e      *v1alpha1.HourglassExecutor
		secret string
		want   bool
	}{
		"Keys":    {"The keys come from it.", e, "keys", true},
		"RPC":     {"An RPC URL comes from it.", e, "rpc", true},
		"Other":   {"It is not mentioned.", e, "other", false},
		"Empty":   {"A chain without a Secret refers to none.", e, "", false},
		"Nothing": {"The executor refers to none at all.", executor(), "keys", false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := RefersTo(tc.e, tc.secret); got != tc.want {
				t.Errorf("\n%s\nRefersTo(%q): want %t, got %t", tc.reason, tc.secret, tc.want, got)
			}
		})
	}
}

func TestOperatorKeys(t *testing.T) {
	data := func(pairs ...string) map[string][]byte {
		d := map[string][]byte{}
		for i := 0; i < len(pairs); i += 2 {
			d[pairs[i]] = []byte(pairs[i+1])
		}
		return d
	}
	listed := func(keys ...string) v1alpha1.OperatorKeysSecretReference {
		return v1alpha1.OperatorKeysSecretReference{Name: "s", Keys: keys}
	}
	const neither = "Secret s has neither the key ecdsa nor the key bls: add one, or list the names in keys"
	cases := map[string]struct {
		reason string
		ref    v1alpha1.OperatorKeysSecretReference
		data   map[string][]byte
		want   map[string][]byte
		err    string
	}{
		"Both":        {"Without a list they are ecdsa and bls, and nothing else.", listed(), data("ecdsa", "e", "bls", "b", "password", "p"), data("ecdsa", "e", "bls", "b"), ""},
		"One":         {"One of them is enough.", listed(), data("bls", "b"), data("bls", "b"), ""},
		"EmptyOne":    {"An empty one is none.", listed(), data("ecdsa", "", "bls", "b"), data("bls", "b"), ""},
		"Neither":     {"None of them is not enough.", listed(), data("password", "p"), nil, neither},
		"NoData":      {"Nor is an empty Secret.", listed(), nil, nil, neither},
		"Listed":      {"A list is all there is.", listed("k1", "k2"), data("k1", "1", "k2", "2", "ecdsa", "e"), data("k1", "1", "k2", "2"), ""},
		"ListedEmpty": {"A key that is listed must have a value.", listed("k1", "k2"), data("k1", "1", "k2", ""), nil, `Secret s has no key "k2"`},
		"ListedNone":  {"And be there.", listed("k1"), data("ecdsa", "e"), nil, `Secret s has no key "k1"`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := OperatorKeys(tc.ref, tc.data)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nOperatorKeys(...): -want, +got:\n%s", tc.reason, diff)
			}
			words := ""
			if err != nil {
				words = err.Error()
			}
			if diff := cmp.Diff(tc.err, words); diff != "" {
				t.Errorf("\n%s\nOperatorKeys(...): -want error, +got error:\n%s", tc.reason, diff)
			}
		})
	}
}
