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

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/metrics"
	"github.com/crossplane-contrib/provider-hourglass/internal/workload"
)

// Reasons of the events that say what is done to a Performer's Pods.
const (
	reasonResizing   event.Reason = "Resizing"
	reasonStandby    event.Reason = "StartedStandby"
	reasonSwitched   event.Reason = "SwitchedToStandby"
	reasonDraining   event.Reason = "Draining"
	reasonEnded      event.Reason = "EndedPod"
	reasonRolledBack event.Reason = "RolledBack"
	reasonNoFallback event.Reason = "NoFallback"
	reasonViolated   event.Reason = "TEEViolation"
	reasonNoRoom     event.Reason = "NoRoom"
)

// movePods takes the next step towards what is wanted of the Pods.
func (e *external) movePods(ctx context.Context, p *v1alpha1.Performer, want, found workload.Objects, d []workload.Difference) error {
	room, err := e.room(ctx, p, found, d)
	if err != nil {
		return err
	}
	m := workload.NextMove(p, want, found, d, room, e.now())
	if m.Act != workload.ActResize {
		return e.take(ctx, p, want, found, m, d)
	}
	refused, err := e.resize(ctx, p, m)
	if err != nil || refused == "" {
		return err
	}
	metrics.ResizesRefused.Inc()
	return e.movePods(ctx, p, want, found, workload.WithoutResize(d, refused))
}

// take one step.
func (e *external) take(ctx context.Context, p *v1alpha1.Performer, want, found workload.Objects, m workload.Move, d []workload.Difference) error {
	switch m.Act {
	case workload.ActPatch:
		if why := workload.Unadoptable(p, want.Pod, found.Pod); why != "" {
			return errors.New(why)
		}
		tell := patchEvent(p, found.Pod, d, m.Why)
		if m.Strategy == v1alpha1.StrategyRecreate {
			tell = event.Normal(reasonNoRoom, "Going on without a second Pod: "+m.Why)
		}
		return e.patchPod(ctx, p, m, tell, d...)
	case workload.ActDrain:
		if m.Strategy == v1alpha1.StrategyRecreate {
			if err := e.mayReplace(ctx, p, want.Pod, m); err != nil {
				return err
			}
		}
		return e.drain(ctx, p, m)
	case workload.ActStart:
		return e.start(ctx, p, m)
	case workload.ActPromote:
		return e.patchPod(ctx, p, m, event.Normal(reasonSwitched, fmt.Sprintf("Service %s leads to Pod %s now", workload.PodName(p), m.Pod.Name)))
	case workload.ActEnd:
		return e.end(ctx, p, m)
	case workload.ActReplace:
		return e.replacePod(ctx, p, want.Pod, found, m)
	case workload.ActRollBack:
		return e.rollBack(ctx, p, want.Pod, found, m)
	case workload.ActRefuse:
		return errors.New(m.Why)
	case workload.ActNone, workload.ActResize:
	}
	return nil
}

// patchPod changes a Pod as a move says, and tells of it, and of the differences
// that this ends.
func (e *external) patchPod(ctx context.Context, p *v1alpha1.Performer, m workload.Move, tell event.Event, d ...workload.Difference) error {
	err := e.cluster.Patch(ctx, m.Next, client.StrategicMergeFrom(m.Pod, client.MergeFromWithOptimisticLock{}))
	if ignoreStale(err) != nil {
		return errors.Wrapf(err, "cannot change Pod %s in place (%s)", m.Pod.Name, m.Why)
	}
	if err == nil {
		e.record.Event(p, tell)
		countPatch(m, tell)
		e.corrected(p, d)
	}
	return nil
}

// corrected tells and counts what somebody else had changed, now that it is as it
// was.
func (e *external) corrected(p *v1alpha1.Performer, d []workload.Difference) {
	workload.Drift(p, d, true, e.now())
	for _, x := range workload.Foreign(d) {
		metrics.Drift(x.Object, x.Field)
	}
}

// countPatch counts what was done by a patch.
func countPatch(m workload.Move, told event.Event) {
	switch told.Reason {
	case reasonUpgrading:
		metrics.Upgrade(string(m.Strategy), metrics.Started)
	case reasonAdopted:
		metrics.Adopted("Pod")
	}
}

// drain has a Pod leave its Service. It is ended later.
func (e *external) drain(ctx context.Context, p *v1alpha1.Performer, m workload.Move) error {
	why := fmt.Sprintf("Pod %s has left Service %s, to be ended: %s", m.Pod.Name, workload.PodName(p), m.Why)
	err := e.patchPod(ctx, p, m, event.Normal(reasonDraining, why))
	if err == nil {
		metrics.PodsDrained.Inc()
	}
	return err
}

// start a second Pod.
func (e *external) start(ctx context.Context, p *v1alpha1.Performer, m workload.Move) error {
	err := e.cluster.Create(ctx, m.Next)
	if kerrors.IsAlreadyExists(err) {
		return nil // The cache is behind.
	}
	if err != nil {
		return errors.Wrapf(err, "cannot start a second Pod (%s); the one that is there runs on as it is", m.Why)
	}
	metrics.Upgrade(string(m.Strategy), metrics.Started)
	e.record.Event(p, event.Normal(reasonStandby, fmt.Sprintf("Started Pod %s to take over: %s", m.Next.Name, m.Why)))
	return nil
}

// end a Pod that is not needed any more.
func (e *external) end(ctx context.Context, p *v1alpha1.Performer, m workload.Move) error {
	deleted, err := e.delete(ctx, p, m.Pod)
	if err != nil || !deleted {
		return errors.Wrapf(err, "cannot end Pod %s", m.Pod.Name)
	}
	e.record.Event(p, event.Normal(reasonEnded, fmt.Sprintf("Ended Pod %s: %s", m.Pod.Name, m.Why)))
	return nil
}

// resize a Pod. It says in whose words the API server refused that, "" where it did
// not.
func (e *external) resize(ctx context.Context, p *v1alpha1.Performer, m workload.Move) (refused string, err error) {
	err = e.cluster.SubResource("resize").Patch(ctx, m.Next, client.StrategicMergeFrom(m.Pod))
	switch {
	case kerrors.IsInvalid(err), kerrors.IsMethodNotSupported(err), kerrors.IsBadRequest(err), workload.NeverResized(err):
		return err.Error(), nil
	case kerrors.IsForbidden(err):
		// The node is too small, or a quota: a new Pod would fare no better.
		p.Status = workload.NotResized(p, m.Pod, err, e.now())
		return "", errors.Wrapf(err, "cannot resize Pod %s (%s), which runs on as it is", m.Pod.Name, m.Why)
	case kerrors.IsNotFound(err):
		// Either the Pod has gone, which the cache will tell, or there is no such
		// subresource.
		if live := e.cluster.Live.Get(ctx, client.ObjectKeyFromObject(m.Pod), &corev1.Pod{}); live == nil {
			return "the API server has no resize subresource of Pods", nil
		}
		return "", nil
	case ignoreStale(err) != nil:
		return "", errors.Wrapf(err, "cannot resize Pod %s (%s)", m.Pod.Name, m.Why)
	case err == nil:
		metrics.Upgrade(string(m.Strategy), metrics.Started)
		e.record.Event(p, event.Normal(reasonResizing, fmt.Sprintf("Resizing Pod %s, which runs on: %s", m.Pod.Name, m.Why)))
	}
	return "", nil
}
