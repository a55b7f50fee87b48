// SPDX-License-Identifier: Apache-2.0

package performer

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

func TestAddFinalizer(t *testing.T) {
	named := func(name string) performerModifier {
		return func(p *v1alpha1.Performer) { p.Annotations = map[string]string{meta.AnnotationKeyExternalName: name} }
	}
	finalized := func(p *v1alpha1.Performer) { p.Finalizers = append(p.Finalizers, managed.FinalizerName) }
	othersToo := func(p *v1alpha1.Performer) {
		p.Finalizers, p.Labels = []string{"example.com/theirs"}, map[string]string{"theirs": "kept"}
	}

	cases := map[string]struct {
		reason string
		p      *v1alpha1.Performer
		// live is what the API server has where that is not what was read.
		live   *v1alpha1.Performer
		fail   error
		want   *v1alpha1.Performer
		writes int
		err    string
	}{
		"Neither": {
			reason: "Both come in one write.",
			p:      performer(),
			want:   performer(named("performer-a"), finalized),
			writes: 1,
		},
		"Named": {
			reason: "A name that the user chose is kept.",
			p:      performer(named("chosen")),
			want:   performer(named("chosen"), finalized),
			writes: 1,
		},
		"Finalized": {
			reason: "A name that is missing is added later too.",
			p:      performer(finalized),
			want:   performer(named("performer-a"), finalized),
			writes: 1,
		},
		"Both": {
			reason: "Where both are there nothing is written.",
			p:      performer(named("performer-a"), finalized),
			want:   performer(named("performer-a"), finalized),
		},
		"OthersToo": {
			reason: "What others have put there stays.",
			p:      performer(othersToo),
			want:   performer(othersToo, named("performer-a"), finalized),
			writes: 1,
		},
		"Stale": {
			reason: "A Performer that is not as it was read is refused: the finalizers of others would be lost.",
			p:      performer(),
			live:   performer(othersToo, func(p *v1alpha1.Performer) { p.ResourceVersion = "1000" }),
			want:   performer(othersToo),
			writes: 1,
			err:    `cannot add the finalizer and the external name: Operation cannot be fulfilled on performers.hourglass.eigenlayer.io "a": object was modified`,
		},
		"Error": {
			reason: "An error is told.",
			p:      performer(),
			fail:   errBoom,
			want:   performer(),
			writes: 1,
			err:    "cannot add the finalizer and the external name: boom",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			read, live := tc.p.DeepCopy(), tc.live
			if live == nil {
				live = tc.p
			}
			read.ResourceVersion = "999" // That of all objects that a fake API server starts with.
			writes := 0
			api := newWorld(t, nil, []client.Object{live}, nil).api
			kube := interceptor.NewClient(api, interceptor.Funcs{
				Update: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.UpdateOption) error {
					writes++
					if tc.fail != nil {
						return tc.fail
					}
					return c.Update(ctx, o, opts...)
				},
				Patch: func(ctx context.Context, c client.WithWatch, o client.Object, patch client.Patch, opts ...client.PatchOption) error {
					writes++
					if tc.fail != nil {
						return tc.fail
					}
					return c.Patch(ctx, o, patch, opts...)
				},
			})
			err := newFinalizer(kube).AddFinalizer(t.Context(), read)
			if diff := cmp.Diff(tc.err, words(err)); diff != "" {
				t.Errorf("\n%s\nAddFinalizer(...): -want error, +got error:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.writes, writes); diff != "" {
				t.Errorf("\n%s\nAddFinalizer(...): -want writes, +got writes:\n%s", tc.reason, diff)
			}
			got := &v1alpha1.Performer{}
			if err := api.Get(t.Context(), client.ObjectKeyFromObject(read), got); err != nil {
				t.Fatalf("cannot get the Performer: %v", err)
			}
			if diff := cmp.Diff(tc.want, got, ignored); diff != "" {
				t.Errorf("\n%s\nAddFinalizer(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestRemoveFinalizer(t *testing.T) {
	has := func(f ...string) performerModifier {
		return func(p *v1alpha1.Performer) { p.Finalizers = f }
	}
	changed := func(p *v1alpha1.Performer) { p.ResourceVersion = "1000" }
	const theirs = "example.com/theirs"

	cases := map[string]struct {
		reason string
		read   *v1alpha1.Performer
		live   *v1alpha1.Performer
		want   []string
		err    bool
	}{
		"Own": {
			reason: "Only the provider's own finalizer goes.",
			read:   performer(has(theirs, managed.FinalizerName)),
			live:   performer(has(theirs, managed.FinalizerName)),
			want:   []string{theirs},
		},
		"None": {
			reason: "Where it is not there nothing is done.",
			read:   performer(has(theirs)),
			live:   performer(has(theirs)),
			want:   []string{theirs},
		},
		"Changed": {
			reason: "A change of something else since it was read is no obstacle.",
			read:   performer(has(managed.FinalizerName, theirs)),
			live:   performer(has(managed.FinalizerName, theirs), changed),
			want:   []string{theirs},
		},
		"Moved": {
			reason: "Where the list is not as it was read nobody else's finalizer is taken.",
			read:   performer(has(theirs, managed.FinalizerName)),
			live:   performer(has(managed.FinalizerName, theirs), changed),
			want:   []string{managed.FinalizerName, theirs},
			err:    true,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			api := newWorld(t, nil, []client.Object{tc.live}, nil).api
			if err := newFinalizer(api).RemoveFinalizer(t.Context(), tc.read); (err != nil) != tc.err {
				t.Errorf("\n%s\nRemoveFinalizer(...): want an error: %t, got %v", tc.reason, tc.err, err)
			}
			got := &v1alpha1.Performer{}
			if err := api.Get(t.Context(), client.ObjectKeyFromObject(tc.live), got); err != nil {
				t.Fatalf("cannot get the Performer: %v", err)
			}
			if diff := cmp.Diff(tc.want, got.Finalizers); diff != "" {
				t.Errorf("\n%s\nRemoveFinalizer(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
	gone := performer(has(managed.FinalizerName))
	if err := newFinalizer(newWorld(t, nil, nil, nil).api).RemoveFinalizer(t.Context(), gone); err != nil {
		t.Errorf("of a Performer that is gone there is nothing to remove: %v", err)
	}
}
