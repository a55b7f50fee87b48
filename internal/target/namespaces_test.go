// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

// TestInNamespaces creates a Pod in a namespace, as an API server would.
func TestInNamespaces(t *testing.T) {
	missing := func(resource, name string) error {
		return kerrors.NewNotFound(schema.GroupResource{Resource: resource}, name)
	}
	cases := map[string]struct {
		reason string
		create bool
		there  bool
		// raced says that somebody else creates the namespace at the same time.
		raced bool
		// refused is what else the API server says to the Pod.
		refused error
		calls   []string
		err     string
	}{
		"There": {
			reason: "Where the namespace is there, nothing more is asked.",
			create: true, there: true,
			calls: []string{"Pod a"},
		},
		"Created": {
			reason: "Where it is missing, it is created if the ProviderConfig says so.",
			create: true,
			calls:  []string{"Pod a", "Namespace ns", "Pod a"},
		},
		"Raced": {
			reason: "It may have been created meanwhile.",
			create: true, raced: true,
			calls: []string{"Pod a", "Namespace ns", "Pod a"},
		},
		"NotCreated": {
			reason: "Only then. Else it is said who could.",
			calls:  []string{"Pod a"},
			err:    `namespace ns does not exist in the target cluster: create it there, or set spec.createNamespaces of ClusterProviderConfig a: namespaces "ns" not found`,
		},
		"OtherMissing": {
			reason: "That something else is missing is none of its business.",
			create: true, there: true, refused: missing("serviceaccounts", "robot"),
			calls: []string{"Pod a"},
			err:   `serviceaccounts "robot" not found`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var calls []string
			there := tc.there
			kube := interceptor.NewClient(controlPlane(t), interceptor.Funcs{
				Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
					if _, ok := o.(*corev1.Namespace); ok {
						calls, there = append(calls, "Namespace "+o.GetName()), true
						if tc.raced {
							return kerrors.NewAlreadyExists(schema.GroupResource{Resource: "namespaces"}, o.GetName())
						}
						return c.Create(ctx, o, opts...)
					}
					calls = append(calls, "Pod "+o.GetName())
					switch {
					case !there:
						return missing("namespaces", o.GetNamespace())
					case tc.refused != nil:
						return tc.refused
					}
					return c.Create(ctx, o, opts...)
				},
			})
			err := inNamespaces{Client: kube, of: refA, create: tc.create}.Create(t.Context(), &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "a"}})
			if diff := cmp.Diff(tc.err, words(err)); diff != "" {
				t.Errorf("\n%s\nCreate(...): -want error, +got error:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.calls, calls); diff != "" {
				t.Errorf("\n%s\nCreate(...): -want calls, +got calls:\n%s", tc.reason, diff)
			}
		})
	}
}
