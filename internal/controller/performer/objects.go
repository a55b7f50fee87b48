// SPDX-License-Identifier: Apache-2.0

package performer

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/metrics"
	"github.com/crossplane-contrib/provider-hourglass/internal/target"
	"github.com/crossplane-contrib/provider-hourglass/internal/workload"
)

// Reasons of the events that say what is done to a Performer's objects and why.
const (
	reasonHardware  event.Reason = "HardwareRequirements"
	reasonUpgrading event.Reason = "UpgradingInPlace"
	reasonChanged   event.Reason = "ChangedInPlace"
	reasonReplacing event.Reason = "ReplacingPod"
	reasonCorrected event.Reason = "CorrectingDrift"
	reasonAdopted   event.Reason = "AdoptedObject"
)

// find reads the Performer's objects from the cache. One that is only to be
// observed may be somebody else's, which the cache does not hold.
func (e *external) find(ctx context.Context, p *v1alpha1.Performer) (workload.Objects, error) {
	found, err := find(ctx, e.cluster, p)
	if err != nil {
		return found, err
	}
	if found, err = e.withOwned(ctx, p, found); err != nil || found.Pod != nil {
		return found, err
	}
	if onlyObserves(p) {
		return find(ctx, e.cluster.Live, p)
	}
	found.Pod, err = e.named(ctx, p)
	return found, err
}

// named reads the Pod that the Performer's status names, where that is not the one
// that a create would collide with: one that has lost the label that the cache
// selects by must not be left behind, nor doubled.
func (e *external) named(ctx context.Context, p *v1alpha1.Performer) (*corev1.Pod, error) {
	name := p.Status.PodName
	if name == "" || name == workload.PodName(p) {
		return nil, nil //nolint:nilnil // There being none is no error.
	}
	pod := &corev1.Pod{}
	err := e.cluster.Live.Get(ctx, client.ObjectKey{Namespace: p.GetNamespace(), Name: name}, pod)
	if kerrors.IsNotFound(err) || (err == nil && !workload.Owns(p, pod)) {
		return nil, nil //nolint:nilnil // As above.
	}
	return pod, errors.Wrapf(err, "cannot get Pod %s, which served last", name)
}

// findToDelete reads what is the Performer's own. Where the cache has nothing of
// that, the API server is asked: what lost the label that the cache selects by
// must not be left behind.
func (e *external) findToDelete(ctx context.Context, p *v1alpha1.Performer) (workload.Objects, error) {
	found, err := find(ctx, e.cluster, p)
	if err != nil {
		return found, err
	}
	found, err = e.withOwned(ctx, p, ownedBy(p, found))
	if err != nil || found.Pod != nil || found.Service != nil {
		return found, err
	}
	found, err = find(ctx, e.cluster.Live, p)
	if found = ownedBy(p, found); err == nil && found.Pod == nil {
		found.Pod, err = e.named(ctx, p)
	}
	return found, err
}

func find(ctx context.Context, from client.Reader, p *v1alpha1.Performer) (workload.Objects, error) {
	key := client.ObjectKey{Namespace: p.GetNamespace(), Name: workload.PodName(p)}
	pod, svc := &corev1.Pod{}, &corev1.Service{}

	podErr := from.Get(ctx, key, pod)
	if resource.IgnoreNotFound(podErr) != nil {
		return workload.Objects{}, errors.Wrap(podErr, "cannot get the Pod")
	}
	svcErr := from.Get(ctx, key, svc)
	if resource.IgnoreNotFound(svcErr) != nil {
		return workload.Objects{}, errors.Wrap(svcErr, "cannot get the Service")
	}
	var found workload.Objects
	if podErr == nil {
		found.Pod = pod
	}
	if svcErr == nil {
		found.Service = svc
	}
	return found, nil
}

// withOwned adds the Pods of the Performer that have other names, from the cache.
func (e *external) withOwned(ctx context.Context, p *v1alpha1.Performer, found workload.Objects) (workload.Objects, error) {
	l := &corev1.PodList{}
	if err := e.cluster.List(ctx, l, client.InNamespace(p.GetNamespace()), client.MatchingFields{target.IndexOwner: string(p.GetUID())}); err != nil {
		return found, errors.Wrap(err, "cannot list the Performer's Pods")
	}
	pods := found.Pods()
	for i := range l.Items {
		if name := l.Items[i].GetName(); name != workload.PodName(p) && workload.IsNameOf(p, name) {
			pods = append(pods, &l.Items[i])
		}
	}
	return found.WithPods(pods), nil
}

// createPod creates the Pod. Where its name is taken, the cache is behind, or
// the Pod is somebody else's, or it has lost the label that the cache selects
// by: the API server tells which.
func (e *external) createPod(ctx context.Context, p *v1alpha1.Performer, want *corev1.Pod) error {
	err := e.cluster.Create(ctx, want)
	if !kerrors.IsAlreadyExists(err) {
		return errors.Wrap(err, "cannot create the Pod")
	}
	found := &corev1.Pod{}
	if err := e.cluster.Live.Get(ctx, client.ObjectKeyFromObject(want), found); err != nil {
		return errors.Wrap(resource.IgnoreNotFound(err), "cannot get the Pod that has the Performer's name")
	}
	if err := e.mustOwn(ctx, p, workload.Objects{Pod: found}); err != nil {
		return err
	}
	if workload.Owns(p, found) && !may(p, xpv2.ManagementActionUpdate) {
		return nil
	}
	there := workload.Objects{Pod: found}
	d, _ := split(workload.Differences(p, workload.Objects{Pod: want}, there, e.now()))
	return e.movePods(ctx, p, workload.Objects{Pod: want}, there, d)
}

// createService creates the Service, with the same care.
func (e *external) createService(ctx context.Context, p *v1alpha1.Performer, want *corev1.Service) error {
	err := e.cluster.Create(ctx, want)
	if !kerrors.IsAlreadyExists(err) {
		return errors.Wrap(err, "cannot create the Service")
	}
	found := &corev1.Service{}
	if err := e.cluster.Live.Get(ctx, client.ObjectKeyFromObject(want), found); err != nil {
		return errors.Wrap(resource.IgnoreNotFound(err), "cannot get the Service that has the Performer's name")
	}
	if err := e.mustOwn(ctx, p, workload.Objects{Service: found}); err != nil {
		return err
	}
	_, d := split(workload.Differences(p, workload.Objects{Service: want}, workload.Objects{Service: found}, e.now()))
	return e.updateService(ctx, p, want, found, d)
}

// patchEvent says why an object was patched.
func patchEvent(p *v1alpha1.Performer, found client.Object, d []workload.Difference, why string) event.Event {
	if !workload.Owns(p, found) {
		return event.Normal(reasonAdopted, fmt.Sprintf("Took over %s %s as it runs", d[0].Object, found.GetName()))
	}
	for _, x := range d {
		if x.Manager != "" {
			return event.Normal(reasonCorrected, fmt.Sprintf("Corrected %s %s: %s", x.Object, found.GetName(), workload.Words(d)))
		}
	}
	if !workload.ChangesImage(d) {
		return event.Normal(reasonChanged, fmt.Sprintf("Changed %s %s, and nothing that runs: %s", d[0].Object, found.GetName(), workload.Words(d)))
	}
	return event.Normal(reasonUpgrading, fmt.Sprintf("Changed %s %s in place: %s", d[0].Object, found.GetName(), why))
}

func (e *external) updateService(ctx context.Context, p *v1alpha1.Performer, want, found *corev1.Service, d []workload.Difference) error {
	if len(d) == 0 {
		return nil
	}
	patched := workload.PatchedService(want, found)
	err := e.cluster.Patch(ctx, patched, client.StrategicMergeFrom(found, client.MergeFromWithOptimisticLock{}))
	if ignoreStale(err) != nil {
		return errors.Wrapf(err, "cannot change Service %s (%s)", found.Name, workload.Words(d))
	}
	if err == nil {
		if !workload.Owns(p, found) {
			metrics.Adopted("Service")
		}
		e.record.Event(p, patchEvent(p, found, d, workload.Words(d)))
		e.corrected(p, d)
	}
	return nil
}

// ignoreStale drops the errors that only say that the cache is behind: the event
// that brings it up to date brings the Performer back too.
func ignoreStale(err error) error {
	if kerrors.IsNotFound(err) || kerrors.IsConflict(err) {
		return nil
	}
	return err //nolint:wrapcheck // The caller wraps it.
}
