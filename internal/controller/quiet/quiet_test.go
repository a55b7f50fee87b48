// SPDX-License-Identifier: Apache-2.0

package quiet

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/test"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

var errBoom = errors.New("boom")

type modifier func(*v1alpha1.Performer)

// performer is a Performer of version 1.
func performer(m ...modifier) *v1alpha1.Performer {
	p := &v1alpha1.Performer{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "a", ResourceVersion: "1"},
		Spec:       v1alpha1.PerformerSpec{Image: "myavs/performer:v1"},
		Status:     v1alpha1.PerformerStatus{Phase: v1alpha1.PerformerPending},
	}
	for _, f := range m {
		f(p)
	}
	return p
}

func version(v string) modifier {
	return func(p *v1alpha1.Performer) { p.ResourceVersion = v }
}

func running(p *v1alpha1.Performer) { p.Status.Phase = v1alpha1.PerformerRunning }

func finalized(p *v1alpha1.Performer) { p.Finalizers = []string{"f"} }

func annotated(keysAndValues ...string) modifier {
	return func(p *v1alpha1.Performer) {
		for i := 0; i < len(keysAndValues); i += 2 {
			meta.AddAnnotations(p, map[string]string{keysAndValues[i]: keysAndValues[i+1]})
		}
	}
}

// A fakeManager has a client.
type fakeManager struct {
	manager.Manager

	client client.Client
}

func (m fakeManager) GetClient() client.Client { return m.client }

// A wire is an API server behind a cache that holds one Performer, or fails. It
// notes what is asked of either.
type wire struct {
	cached *v1alpha1.Performer
	get    error
	send   error
	answer string // the version that a write of the status makes
	calls  []string
	opts   []string
}

// client is the quiet one.
func (w *wire) client() client.Client {
	return Manager(fakeManager{client: &test.MockClient{
		MockGet: func(_ context.Context, key client.ObjectKey, o client.Object) error {
			w.calls = append(w.calls, "get "+key.String())
			switch {
			case w.get != nil:
				return w.get
			case w.cached == nil:
				return kerrors.NewNotFound(schema.GroupResource{Resource: "performers"}, key.Name)
			}
			w.cached.DeepCopyInto(o.(*v1alpha1.Performer))
			return nil
		},
		MockUpdate: func(_ context.Context, o client.Object, opts ...client.UpdateOption) error {
			w.calls = append(w.calls, "update "+o.GetName())
			w.opts = append(w.opts, fmt.Sprint(opts))
			return w.send
		},
		MockStatusUpdate: func(_ context.Context, o client.Object, opts ...client.SubResourceUpdateOption) error {
			w.calls = append(w.calls, "update status "+o.GetName())
			if w.answer != "" {
				o.SetResourceVersion(w.answer)
			}
			w.opts = append(w.opts, fmt.Sprint(opts))
			return w.send
		},
		MockStatusPatch: func(_ context.Context, o client.Object, _ client.Patch, _ ...client.SubResourcePatchOption) error {
			w.calls = append(w.calls, "patch status "+o.GetName())
			return w.send
		},
	}}).GetClient()
}

func TestUpdate(t *testing.T) {
	pending := annotated(
		meta.AnnotationKeyExternalCreatePending, "2026-01-02T03:00:00Z",
		meta.AnnotationKeyExternalCreateSucceeded, "2026-01-02T02:00:00Z",
		meta.AnnotationKeyExternalCreateFailed, "2026-01-02T01:00:00Z",
	)
	compared, sent := []string{"get ns/a"}, []string{"get ns/a", "update a"}

	cases := map[string]struct {
		reason string
		wire   wire
		o      *v1alpha1.Performer
		want   *v1alpha1.Performer
		calls  []string
		err    error
	}{
		"Same": {
			reason: "An object that is as the cache has it is not sent.",
			wire:   wire{cached: performer()},
			o:      performer(),
			want:   performer(),
			calls:  compared,
		},
		"SameButForEmpty": {
			reason: "Nothing in a map and no map are the same to an API server.",
			wire:   wire{cached: performer()},
			o:      performer(func(p *v1alpha1.Performer) { p.Annotations = map[string]string{} }),
			want:   performer(func(p *v1alpha1.Performer) { p.Annotations = map[string]string{} }),
			calls:  compared,
		},
		"Changed": {
			reason: "A change is sent.",
			wire:   wire{cached: performer()},
			o:      performer(finalized),
			want:   performer(finalized),
			calls:  sent,
		},
		"OtherVersion": {
			reason: "Of another version nothing is known, even where it looks the same: the API server decides.",
			wire:   wire{cached: performer(version("2"))},
			o:      performer(),
			want:   performer(),
			calls:  sent,
		},
		"NotCached": {
			reason: "An object that the cache does not have yet cannot be compared, and is sent.",
			o:      performer(),
			want:   performer(),
			calls:  sent,
		},
		"SendError": {
			reason: "What the API server says is passed on as it is.",
			wire:   wire{cached: performer(), send: errBoom},
			o:      performer(finalized),
			want:   performer(finalized),
			calls:  sent,
			err:    errBoom,
		},
		"CacheError": {
			reason: "Where the cache fails nothing is sent: the reconcile is done again.",
			wire:   wire{get: errBoom},
			o:      performer(finalized),
			want:   performer(finalized),
			calls:  compared,
			err:    errBoom,
		},
		"CreatePending": {
			reason: "The annotations around a create are dropped, from the object too, so that no later write brings them.",
			wire:   wire{cached: performer()},
			o:      performer(pending, annotated("theirs", "kept")),
			want:   performer(annotated("theirs", "kept")),
		},
		"CreateSucceeded": {
			reason: "An object that is not about to be created is compared as any other.",
			wire:   wire{cached: performer()},
			o:      performer(annotated(meta.AnnotationKeyExternalCreateSucceeded, "2026-01-02T02:00:00Z")),
			want:   performer(annotated(meta.AnnotationKeyExternalCreateSucceeded, "2026-01-02T02:00:00Z")),
			calls:  sent,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			err := tc.wire.client().Update(t.Context(), tc.o)
			if diff := cmp.Diff(tc.err, err, cmpopts.EquateErrors()); diff != "" {
				t.Errorf("\n%s\nUpdate(...): -want error, +got error:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.want, tc.o, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("\n%s\nUpdate(...): -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.calls, tc.wire.calls); diff != "" {
				t.Errorf("\n%s\nUpdate(...): -want calls, +got calls:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestUpdateProviderConfig(t *testing.T) {
	w := &wire{}
	o := &v1alpha1.ProviderConfig{ObjectMeta: metav1.ObjectMeta{Name: "pc", Annotations: map[string]string{
		meta.AnnotationKeyExternalCreatePending: "2026-01-02T03:00:00Z",
	}}}
	if err := w.client().Update(t.Context(), o); err != nil {
		t.Fatalf("Update(...): %v", err)
	}
	if diff := cmp.Diff([]string{"get /pc", "update pc"}, w.calls); diff != "" {
		t.Errorf("nothing is created for what is not a managed resource, so that nothing is dropped: -want calls, +got calls:\n%s", diff)
	}
}

func TestStatusUpdate(t *testing.T) {
	compared, sent := []string{"get ns/a"}, []string{"get ns/a", "update status a"}

	cases := map[string]struct {
		reason string
		wire   wire
		o      *v1alpha1.Performer
		calls  []string
		err    error
	}{
		"Same": {
			reason: "A status that is as the cache has it is not sent.",
			wire:   wire{cached: performer()},
			o:      performer(),
			calls:  compared,
		},
		"SameStatus": {
			reason: "What differs elsewhere is not sent with a status.",
			wire:   wire{cached: performer()},
			o:      performer(finalized, annotated(meta.AnnotationKeyExternalCreateSucceeded, "2026-01-02T02:00:00Z")),
			calls:  compared,
		},
		"Changed": {
			reason: "A status that changed is sent.",
			wire:   wire{cached: performer()},
			o:      performer(running),
			calls:  sent,
		},
		"OtherVersion": {
			reason: "Of another version nothing is known.",
			wire:   wire{cached: performer(version("2"))},
			o:      performer(),
			calls:  sent,
		},
		"NotCached": {
			reason: "Nor of one that the cache does not have yet.",
			o:      performer(),
			calls:  sent,
		},
		"SendError": {
			reason: "What the API server says is passed on as it is.",
			wire:   wire{cached: performer(), send: errBoom},
			o:      performer(running),
			calls:  sent,
			err:    errBoom,
		},
		"CacheError": {
			reason: "Where the cache fails nothing is sent.",
			wire:   wire{get: errBoom},
			o:      performer(running),
			calls:  compared,
			err:    errBoom,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			before := tc.o.DeepCopy()
			err := tc.wire.client().Status().Update(t.Context(), tc.o)
			if diff := cmp.Diff(tc.err, err, cmpopts.EquateErrors()); diff != "" {
				t.Errorf("\n%s\nStatus().Update(...): -want error, +got error:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(before, tc.o); diff != "" {
				t.Errorf("\n%s\nStatus().Update(...): -before, +after:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.calls, tc.wire.calls); diff != "" {
				t.Errorf("\n%s\nStatus().Update(...): -want calls, +got calls:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestCacheBehindOwnWrite(t *testing.T) {
	// Ready, then not, then ready again, faster than the cache follows.
	w := &wire{cached: performer(running)}
	c := w.client()
	update := func(o *v1alpha1.Performer) {
		t.Helper()
		if err := c.Status().Update(t.Context(), o); err != nil {
			t.Fatalf("Status().Update(...): %v", err)
		}
	}
	w.answer = "2"
	update(performer())
	update(performer(running))
	if diff := cmp.Diff([]string{"get ns/a", "update status a", "get ns/a", "update status a"}, w.calls); diff != "" {
		t.Errorf("what looks unchanged to a cache that is behind the last write is sent: -want calls, +got calls:\n%s", diff)
	}

	w.calls, w.cached = nil, performer(version("3"))
	update(performer(version("3")))
	if diff := cmp.Diff([]string{"get ns/a"}, w.calls); diff != "" {
		t.Errorf("a cache that has seen the last write is believed: -want calls, +got calls:\n%s", diff)
	}

	w.calls, w.cached = nil, nil
	if err := c.Get(t.Context(), client.ObjectKey{Namespace: "ns", Name: "a"}, &v1alpha1.Performer{}); !kerrors.IsNotFound(err) {
		t.Fatalf("Get(...): want not found, got %v", err)
	}
	w.calls, w.cached = nil, performer()
	update(performer())
	if diff := cmp.Diff([]string{"get ns/a"}, w.calls); diff != "" {
		t.Errorf("nothing is remembered of an object that is gone: -want calls, +got calls:\n%s", diff)
	}
}

func TestOptionsArePassedOn(t *testing.T) {
	w := &wire{cached: performer()}
	c := w.client()
	if err := c.Update(t.Context(), performer(finalized), client.DryRunAll); err != nil {
		t.Errorf("Update(...): %v", err)
	}
	if err := c.Status().Update(t.Context(), performer(running), client.DryRunAll); err != nil {
		t.Errorf("Status().Update(...): %v", err)
	}
	if err := c.Status().Patch(t.Context(), performer(), client.RawPatch("p", nil)); err != nil {
		t.Errorf("Status().Patch(...): %v", err)
	}
	if diff := cmp.Diff([]string{fmt.Sprint([]any{client.DryRunAll}), fmt.Sprint([]any{client.DryRunAll})}, w.opts); diff != "" {
		t.Errorf("options reach the API server: -want, +got:\n%s", diff)
	}
	want := []string{"get ns/a", "update a", "get ns/a", "update status a", "patch status a"}
	if diff := cmp.Diff(want, w.calls); diff != "" {
		t.Errorf("a patch is for its sender to compare: -want calls, +got calls:\n%s", diff)
	}
}
