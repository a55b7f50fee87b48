// SPDX-License-Identifier: Apache-2.0

package executor

import (
	"context"
	"fmt"
	"reflect"
	"time"

	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/controller/options"
	"github.com/crossplane-contrib/provider-hourglass/internal/metrics"
	"github.com/crossplane-contrib/provider-hourglass/internal/target"
	"github.com/crossplane-contrib/provider-hourglass/internal/workload"
)

// Reasons of the events that say what is done to an executor's objects and why.
const (
	reasonCorrected event.Reason = "CorrectingDrift"
	reasonRolling   event.Reason = "RollingOut"
	reasonChanged   event.Reason = "ChangedInPlace"
)

// An external client does to an executor's objects what its methods say. What is
// to be done, and in which order, is decided in package workload.
type external struct {
	cluster *target.Cluster
	kube    client.Reader
	// live reads in the control plane past the cache.
	live   client.Reader
	record event.Recorder
	now    func() time.Time
}

// Observe what the target cluster holds under the executor's names.
func (x *external) Observe(ctx context.Context, e *v1alpha1.HourglassExecutor) (managed.ExternalObservation, error) {
	if meta.WasDeleted(e) {
		return x.observeDeleted(ctx, e)
	}
	found, err := x.find(ctx, e)
	if err != nil {
		return managed.ExternalObservation{}, err
	}
	want, err := x.want(ctx, e)
	if err != nil {
		e.Status = workload.ExecutorHindered(e, workload.ExecutorStatus(e, found.Own(e), x.now()), err.Error(), x.now())
		return managed.ExternalObservation{}, err
	}
	if found.SameSigners, err = x.sameSigners(ctx, e, want); err != nil {
		return managed.ExternalObservation{}, err
	}
	e.Status = workload.ExecutorStatus(e, found, x.now())
	if err := errors.Join(x.mustOwn(ctx, e, found.ExecutorObjects), x.noOtherDeployment(ctx, e)); err != nil {
		e.Status = workload.ExecutorHindered(e, workload.ExecutorStatus(e, found.Own(e), x.now()), err.Error(), x.now())
		return managed.ExternalObservation{}, err
	}
	d := workload.DifferencesOf(workload.ExecutorSteps(want, found.ExecutorObjects, x.now()))
	workload.Drift(e, d, false, x.now())
	return managed.ExternalObservation{
		ResourceExists:   found.Deployment != nil,
		ResourceUpToDate: len(d) == 0,
		ConnectionDetails: managed.ConnectionDetails{
			xpv2.CredentialsSecretEndpointKey: []byte(workload.ExecutorEndpoint(e)),
		},
		Diff: workload.Words(d),
	}, nil
}

// observeDeleted waits for the Pods too: a signer must be gone before another may
// take its name.
func (x *external) observeDeleted(ctx context.Context, e *v1alpha1.HourglassExecutor) (managed.ExternalObservation, error) {
	found, err := x.findToDelete(ctx, e)
	if err != nil {
		return managed.ExternalObservation{}, err
	}
	e.Status = workload.ExecutorStatus(e, found, x.now())
	return managed.ExternalObservation{ResourceExists: len(found.Objects()) > 0 || len(found.Pods) > 0}, nil
}

// Create what is missing. What a create that was cut off left is kept.
func (x *external) Create(ctx context.Context, e *v1alpha1.HourglassExecutor) (managed.ExternalCreation, error) {
	return managed.ExternalCreation{}, x.take(ctx, e)
}

// Update what differs.
func (x *external) Update(ctx context.Context, e *v1alpha1.HourglassExecutor) (managed.ExternalUpdate, error) {
	return managed.ExternalUpdate{}, x.take(ctx, e)
}

// Delete all that is the executor's own and not ending yet.
func (x *external) Delete(ctx context.Context, e *v1alpha1.HourglassExecutor) (managed.ExternalDelete, error) {
	found, err := x.findToDelete(ctx, e)
	if err != nil {
		return managed.ExternalDelete{}, err
	}
	for _, o := range found.Objects() {
		if err := x.delete(ctx, o); err != nil {
			return managed.ExternalDelete{}, err
		}
	}
	return managed.ExternalDelete{}, nil
}

// Disconnect does nothing: the cluster is shared.
func (x *external) Disconnect(context.Context) error { return nil }

// take the steps that lead to what the executor asks for.
func (x *external) take(ctx context.Context, e *v1alpha1.HourglassExecutor) error {
	found, err := x.find(ctx, e)
	if err != nil {
		return err
	}
	want, err := x.want(ctx, e)
	if err != nil {
		return err
	}
	if err := errors.Join(x.mustOwn(ctx, e, found.ExecutorObjects), x.noOtherDeployment(ctx, e)); err != nil {
		return err
	}
	for _, s := range workload.ExecutorSteps(want, found.ExecutorObjects, x.now()) {
		if err := x.step(ctx, e, s); err != nil {
			return err
		}
	}
	return nil
}

func (x *external) step(ctx context.Context, e *v1alpha1.HourglassExecutor, s workload.Step) error {
	switch s.Remedy {
	case workload.RemedyCreate:
		return x.create(ctx, e, s)
	case workload.RemedyDelete:
		return x.delete(ctx, s.Found)
	default:
	}
	err := x.cluster.Patch(ctx, s.Object, client.MergeFromWithOptions(s.Found, client.MergeFromWithOptimisticLock{}))
	if ignoreStale(err) != nil {
		return errors.Wrapf(err, "cannot change %s %s (%s)", s.Kind, s.Object.GetName(), workload.Words(s.Differences))
	}
	if err == nil {
		x.record.Event(e, patchEvent(s))
		x.corrected(e, s)
	}
	return nil
}

// corrected tells and counts what somebody else had changed in an object, now that
// it is as it was.
func (x *external) corrected(e *v1alpha1.HourglassExecutor, s workload.Step) {
	workload.Drift(e, s.Differences, true, x.now())
	for _, d := range workload.Foreign(s.Differences) {
		metrics.Drift(d.Object, d.Field)
	}
	if !workload.Owns(e, s.Found) {
		metrics.Adopted(s.Kind)
	}
}

// create an object. Where its name is taken, the cache is behind, or the object
// is somebody else's, or it has lost the label that the cache selects by: the API
// server tells which.
func (x *external) create(ctx context.Context, e *v1alpha1.HourglassExecutor, s workload.Step) error {
	want, ok := s.Object.DeepCopyObject().(workload.Object)
	found, okToo := s.Object.DeepCopyObject().(workload.Object)
	if !ok || !okToo {
		return errors.Errorf("cannot copy %s %s", s.Kind, s.Object.GetName())
	}
	err := x.cluster.Create(ctx, s.Object)
	if !kerrors.IsAlreadyExists(err) {
		return errors.Wrapf(err, "cannot create %s %s", s.Kind, s.Object.GetName())
	}
	if err := x.cluster.Live.Get(ctx, client.ObjectKeyFromObject(want), found); err != nil {
		return errors.Wrapf(ignoreStale(err), "cannot get the %s that has the executor's name", s.Kind)
	}
	w, f := workload.ExecutorObjects{}.With(want), workload.ExecutorObjects{}.With(found)
	if err := x.mustOwn(ctx, e, f); err != nil {
		return err
	}
	for _, s := range workload.ExecutorSteps(w, f, x.now()) {
		if s.Remedy == workload.RemedyPatch {
			return x.step(ctx, e, s)
		}
	}
	return nil
}

// delete an object as it was seen: not one that took its name since.
func (x *external) delete(ctx context.Context, o client.Object) error {
	if o.GetDeletionTimestamp() != nil {
		return nil
	}
	uid := o.GetUID()
	err := x.cluster.Delete(ctx, o, client.Preconditions{UID: &uid}, client.PropagationPolicy(metav1.DeletePropagationBackground))
	return errors.Wrapf(ignoreStale(err), "cannot delete %s %s", kindOf(o), o.GetName())
}

// patchEvent says why an object was patched.
func patchEvent(s workload.Step) event.Event {
	for _, d := range s.Differences {
		if d.Manager != "" {
			return event.Normal(reasonCorrected, fmt.Sprintf("Corrected %s %s: %s", s.Kind, s.Object.GetName(), workload.Words(s.Differences)))
		}
	}
	if workload.RollsPods(s) {
		return event.Normal(reasonRolling, fmt.Sprintf("Rolling out Deployment %s: %s", s.Object.GetName(), workload.Words(s.Differences)))
	}
	return event.Normal(reasonChanged, fmt.Sprintf("Changed %s %s: %s", s.Kind, s.Object.GetName(), workload.Words(s.Differences)))
}

// mustOwn refuses objects that belong to someone else, unless they may be
// adopted.
func (x *external) mustOwn(ctx context.Context, e *v1alpha1.HourglassExecutor, found workload.ExecutorObjects) error {
	for _, o := range found.Objects() {
		if workload.Owns(e, o) {
			continue
		}
		may, err := options.MayAdopt(ctx, x.live, e)
		if err != nil {
			return err
		}
		if !may {
			return errors.New(workload.OwnedByOther(kindOf(o), o))
		}
	}
	if why := workload.UnadoptableDeployment(e, found.Deployment); why != "" {
		return errors.New(why)
	}
	return nil
}

// kindOf an object, by its Go type: what comes from a cache may not say.
func kindOf(o client.Object) string { return reflect.TypeOf(o).Elem().Name() }

// ignoreStale drops the errors that only say that the cache is behind: the event
// that brings it up to date brings the executor back too.
func ignoreStale(err error) error {
	if kerrors.IsNotFound(err) || kerrors.IsConflict(err) {
		return nil
	}
	return err
}
