// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

// TestInTurn has as many creations under way as may be, and checks that each kind of write waits for one of them to end,
// and a read does not.
func TestInTurn(t *testing.T) {
	pod := func(name string) *corev1.Pod {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}}
	}
	cases := map[string]struct {
		reason string
		call   func(context.Context, client.Client) error
		waits  bool
	}{
		"Create": {
			reason: "A creation waits.",
			call:   func(ctx context.Context, c client.Client) error { return c.Create(ctx, pod("new")) },
			waits:  true,
		},
		"Patch": {
			reason: "So does a patch.",
			call: func(ctx context.Context, c client.Client) error {
				return c.Patch(ctx, pod("old"), client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"labels":{"a":"b"}}}`)))
			},
			waits: true,
		},
		"Delete": {
			reason: "So does a deletion.",
			call:   func(ctx context.Context, c client.Client) error { return c.Delete(ctx, pod("old")) },
			waits:  true,
		},
		"Get": {
			reason: "A read goes ahead: it comes from the cache.",
			call: func(ctx context.Context, c client.Client) error {
				return c.Get(ctx, client.ObjectKeyFromObject(pod("old")), &corev1.Pod{})
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			began, end, ended := make(chan struct{}), make(chan struct{}), make(chan error)
			c := newInTurn(t.Context(), fake.NewClientBuilder().WithObjects(pod("old")).WithInterceptorFuncs(interceptor.Funcs{
				Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
					if o.GetName() == "slow" {
						close(began)
						<-end
					}
					return c.Create(ctx, o, opts...)
				},
			}).Build(), 1, newPulse())
			go func() { ended <- c.Create(t.Context(), pod("slow")) }()
			<-began

			late, cancel := context.WithCancel(t.Context())
			cancel()
			if err := tc.call(late, c); errors.Is(err, context.Canceled) != tc.waits {
				t.Errorf("\n%s\nwhile another write is under way: %v", tc.reason, err)
			}
			close(end)
			if err := <-ended; err != nil {
				t.Fatal(err)
			}
			if err := tc.call(t.Context(), c); err != nil {
				t.Errorf("\n%s\nafter it: %v", tc.reason, err)
			}
		})
	}
}
