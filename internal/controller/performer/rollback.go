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

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/metrics"
	"github.com/crossplane-contrib/provider-hourglass/internal/workload"
)

// rollBack undoes an upgrade: on the same Pod where that can be, else with a Pod
// like the one before. What runs in place of what is wanted is kept as a
// PodTemplate, should its Pod be lost.
func (e *external) rollBack(ctx context.Context, p *v1alpha1.Performer, want *corev1.Pod, found workload.Objects, m workload.Move) error {
	tell := event.Warning(reasonRolledBack, errors.Errorf("Took back the upgrade of Pod %s: %s", m.Pod.Name, m.Why))
	if m.Next != nil {
		if err := e.keep(ctx, p, m.Next, found.Service); err != nil {
			return err
		}
		err := e.patchPod(ctx, p, m, tell)
		if err == nil {
			metrics.Upgrade(string(m.Strategy), metrics.RolledBack)
		}
		return err
	}
	t, err := e.kept(ctx, p)
	if err != nil {
		return err
	}
	if t == nil {
		return errors.Errorf("cannot take back the upgrade of Pod %s (%s): PodTemplate %s, which had what ran before, is gone; change the spec", m.Pod.Name, m.Why, workload.PodName(p))
	}
	before := t.DeepCopy()
	workload.SetFailure(t, p, want, m.Why)
	if err := e.cluster.Patch(ctx, t, client.MergeFrom(before)); err != nil {
		return errors.Wrapf(err, "cannot note in PodTemplate %s that the upgrade failed", t.Name)
	}
	deleted, err := e.delete(ctx, p, m.Pod)
	if err != nil || !deleted {
		return errors.Wrapf(err, "cannot end Pod %s, to go back to what ran before", m.Pod.Name)
	}
	metrics.Upgrade(string(m.Strategy), metrics.RolledBack)
	e.record.Event(p, tell)
	return nil
}

// keep what a Pod runs, so that it can be gone back to. Who may not write
// PodTemplates is told, and upgrades without.
func (e *external) keep(ctx context.Context, p *v1alpha1.Performer, pod *corev1.Pod, svc *corev1.Service) error {
	if svc == nil {
		return nil // It would stay behind: it goes with the Service.
	}
	t := workload.LastGood(p, pod, svc)
	err := e.cluster.Create(ctx, t)
	if kerrors.IsAlreadyExists(err) {
		var before *corev1.PodTemplate
		if before, err = e.kept(ctx, p); err != nil || before == nil {
			return err
		}
		t.ResourceVersion, t.UID = before.ResourceVersion, before.UID
		err = e.cluster.Patch(ctx, t, client.MergeFrom(before))
	}
	if kerrors.IsForbidden(err) {
		e.record.Event(p, event.Warning(reasonNoFallback, errors.Wrap(err, "an upgrade that fails cannot be taken back")))
		return nil
	}
	return errors.Wrapf(err, "cannot keep what Pod %s runs as PodTemplate %s", pod.Name, t.Name)
}

// kept is what ran before, nil where nothing of the Performer's was kept.
func (e *external) kept(ctx context.Context, p *v1alpha1.Performer) (*corev1.PodTemplate, error) {
	t := &corev1.PodTemplate{}
	err := e.cluster.Live.Get(ctx, client.ObjectKey{Namespace: p.GetNamespace(), Name: workload.PodName(p)}, t)
	if kerrors.IsNotFound(err) || kerrors.IsForbidden(err) || (err == nil && !workload.Owns(p, t)) {
		return nil, nil //nolint:nilnil // There being none is no error.
	}
	return t, errors.Wrap(resource.IgnoreNotFound(err), "cannot get the PodTemplate of what ran before")
}

// successor is the Pod to create in place of one that was ended for an upgrade or
// is lost: what is wanted, or what ran before where that failed.
func (e *external) successor(ctx context.Context, p *v1alpha1.Performer, want *corev1.Pod) (*corev1.Pod, error) {
	upgrading := p.Status.Phase == v1alpha1.PerformerUpgrading
	if !upgrading && p.Status.FailedUpgrade == nil {
		return want, nil
	}
	t, err := e.kept(ctx, p)
	if err != nil {
		return nil, err
	}
	if pod := workload.Fallback(p, want, t, workload.UpgradeStart(p, e.now())); pod != nil {
		return pod, nil
	}
	if upgrading {
		workload.MarkUpgrade(want, fmt.Sprintf("%s: a new Pod is needed", v1alpha1.StrategyRecreate), workload.UpgradeStart(p, e.now()))
		if t != nil {
			want.Annotations[workload.AnnotationFallback] = "true"
		}
	}
	return want, nil
}
