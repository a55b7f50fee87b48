// SPDX-License-Identifier: Apache-2.0

package reach

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis"
	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/target"
)

// troubled targets all have the same trouble.
type troubled struct {
	trouble *target.Trouble
	opening bool
}

func (t troubled) Trouble(target.Ref) *target.Trouble { return t.trouble }
func (t troubled) Opening(target.Ref) bool            { return t.opening }

// recorder notes the reasons of events.
type recorder struct{ reasons []event.Reason }

func (r *recorder) Event(_ runtime.Object, e event.Event)      { r.reasons = append(r.reasons, e.Reason) }
func (r *recorder) WithAnnotations(_ ...string) event.Recorder { return r }

// newPerformer that has the provider's finalizer.
func newPerformer(change func(*v1alpha1.Performer)) *v1alpha1.Performer {
	p := &v1alpha1.Performer{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "a", Finalizers: []string{managed.FinalizerName}}}
	p.SetProviderConfigReference(&xpv2.ProviderConfigReference{Kind: v1alpha1.ClusterProviderConfigKind, Name: "east"})
	p.SetConditions(xpv2.Available(), xpv2.ReconcileSuccess())
	change(p)
	return p
}

func deleted(p *v1alpha1.Performer) { p.DeletionTimestamp = new(metav1.Now()) }

func TestReconcile(t *testing.T) {
	const why = "cannot use ClusterProviderConfig east: boom"
	lost := &target.Trouble{Reason: v1alpha1.ReasonUnreachable}
	type outcome struct {
		Passed bool
		Gone   bool
		// Told is the reason of TargetReachable, Ready whether it is.
		Told   xpv2.ConditionReason
		Ready  corev1.ConditionStatus
		Events []event.Reason
	}
	cases := map[string]struct {
		reason  string
		p       *v1alpha1.Performer
		trouble *target.Trouble
		opening bool
		want    outcome
	}{
		"Well": {
			reason: "A managed resource whose cluster is well is passed on.",
			p:      newPerformer(func(*v1alpha1.Performer) {}),
			want:   outcome{Passed: true, Ready: corev1.ConditionTrue},
		},
		"Lost": {
			reason:  "One whose cluster is lost is told so, and all else stays as it was seen last.",
			p:       newPerformer(func(*v1alpha1.Performer) {}),
			trouble: lost,
			want:    outcome{Told: v1alpha1.ReasonUnreachable, Ready: corev1.ConditionTrue, Events: []event.Reason{reasonUnreachable}},
		},
		"Told": {
			reason: "It is told once.",
			p: newPerformer(func(p *v1alpha1.Performer) {
				p.SetConditions(v1alpha1.TargetUnreachable(v1alpha1.ReasonUnreachable, why))
			}),
			trouble: lost,
			want:    outcome{Told: v1alpha1.ReasonUnreachable, Ready: corev1.ConditionTrue},
		},
		"Paused": {
			reason: "One that is paused is left alone.",
			p: newPerformer(func(p *v1alpha1.Performer) {
				meta.AddAnnotations(p, map[string]string{meta.AnnotationKeyReconciliationPaused: "true"})
			}),
			trouble: lost,
			want:    outcome{Passed: true, Ready: corev1.ConditionTrue},
		},
		"DeletedLost": {
			reason:  "One that is deleted waits: nobody can tell whether its Pod is gone.",
			p:       newPerformer(deleted),
			trouble: lost,
			want:    outcome{Told: v1alpha1.ReasonUnreachable, Ready: corev1.ConditionTrue, Events: []event.Reason{reasonUnreachable}},
		},
		"DeletedObserver": {
			reason: "One that may delete nothing goes all the same.",
			p: newPerformer(func(p *v1alpha1.Performer) {
				deleted(p)
				p.Spec.ManagementPolicies = xpv2.ManagementPolicies{xpv2.ManagementActionObserve}
			}),
			trouble: lost,
			want:    outcome{Passed: true, Ready: corev1.ConditionTrue},
		},
		"Opening": {
			reason:  "Where nothing is known yet, it waits to be told, and takes no worker from others.",
			p:       newPerformer(func(*v1alpha1.Performer) {}),
			opening: true,
			want:    outcome{Ready: corev1.ConditionTrue},
		},
		"Orphaned": {
			reason: "Unless it is to leave that behind.",
			p: newPerformer(func(p *v1alpha1.Performer) {
				deleted(p)
				meta.AddAnnotations(p, map[string]string{AnnotationOrphan: "true"})
			}),
			trouble: lost,
			want:    outcome{Gone: true, Events: []event.Reason{reasonOrphaned}},
		},
		"OrphanedWell": {
			reason: "Then it goes without a look at its cluster, be that well or not.",
			p: newPerformer(func(p *v1alpha1.Performer) {
				deleted(p)
				meta.AddAnnotations(p, map[string]string{AnnotationOrphan: "true"})
			}),
			want: outcome{Gone: true, Events: []event.Reason{reasonOrphaned}},
		},
		"NotOrphaned": {
			reason: "The annotation says nothing while it is not deleted.",
			p:      newPerformer(func(p *v1alpha1.Performer) { meta.AddAnnotations(p, map[string]string{AnnotationOrphan: "true"}) }),
			want:   outcome{Passed: true, Ready: corev1.ConditionTrue},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := runtime.NewScheme()
			if err := apis.AddToScheme(s); err != nil {
				t.Fatal(err)
			}
			kube := fake.NewClientBuilder().WithScheme(s).WithObjects(tc.p).WithStatusSubresource(tc.p).Build()
			record, got := &recorder{}, outcome{}
			r := Reconciler{
				Next: reconcile.Func(func(context.Context, reconcile.Request) (reconcile.Result, error) {
					got.Passed = true
					return reconcile.Result{}, nil
				}),
				Kube: kube, Targets: troubled{tc.trouble, tc.opening}, Record: record,
				New:       func() resource.ModernManaged { return &v1alpha1.Performer{} },
				Finalizer: resource.NewAPIFinalizer(kube, managed.FinalizerName),
			}
			if _, err := r.Reconcile(t.Context(), reconcile.Request{NamespacedName: client.ObjectKeyFromObject(tc.p)}); err != nil {
				t.Fatalf("\n%s\nReconcile(...): %v", tc.reason, err)
			}
			p := &v1alpha1.Performer{}
			got.Gone = kerrors.IsNotFound(kube.Get(t.Context(), client.ObjectKeyFromObject(tc.p), p))
			got.Events = record.reasons
			if !got.Gone {
				got.Told, got.Ready = p.GetCondition(v1alpha1.TypeTargetReachable).Reason, p.GetCondition(xpv2.TypeReady).Status
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nReconcile(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestNote(t *testing.T) {
	errBoom := errors.New("boom")
	lost := v1alpha1.TargetUnreachable(v1alpha1.ReasonUnreachable, "boom")
	cases := map[string]struct {
		reason string
		before []xpv2.Condition
		err    error
		want   []xpv2.Condition
	}{
		"Well":   {reason: "Who never had trouble is not told that there is none."},
		"Back":   {reason: "Who had is.", before: []xpv2.Condition{lost}, want: []xpv2.Condition{v1alpha1.TargetReachable()}},
		"Wrong":  {reason: "What is wrong with the reference or the credentials says nothing of the cluster.", err: errBoom},
		"Lost":   {reason: "What is wrong with the cluster is told.", err: &target.Trouble{Reason: v1alpha1.ReasonNotTrusted}, want: []xpv2.Condition{v1alpha1.TargetUnreachable(v1alpha1.ReasonNotTrusted, (&target.Trouble{}).Error())}},
		"Remain": {reason: "It remains until the cluster is reached.", before: []xpv2.Condition{lost}, err: errBoom, want: []xpv2.Condition{lost}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			p := &v1alpha1.Performer{}
			p.SetConditions(tc.before...)
			Note(p, tc.err)
			if diff := cmp.Diff(tc.want, p.Status.Conditions, cmpopts.IgnoreFields(xpv2.Condition{}, "LastTransitionTime")); diff != "" {
				t.Errorf("\n%s\nNote(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
