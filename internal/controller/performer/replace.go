// SPDX-License-Identifier: Apache-2.0

package performer

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/metrics"
	"github.com/crossplane-contrib/provider-hourglass/internal/workload"
)

// replacePod ends a Pod that cannot be changed in place, so that a new one can be
// created. One that runs is only ended for a new one that the API server would
// take, and what it runs is kept, should the new one not become ready.
func (e *external) replacePod(ctx context.Context, p *v1alpha1.Performer, want *corev1.Pod, found workload.Objects, m workload.Move) error {
	if workload.Ended(m.Pod) && may(p, xpv2.ManagementActionCreate) {
		return e.replaceEnded(ctx, p, m.Pod)
	}
	if err := e.mayReplace(ctx, p, want, m); err != nil {
		return err
	}
	if workload.IsGood(m.Pod) {
		if err := e.keep(ctx, p, m.Pod, found.Service); err != nil {
			return err
		}
	}
	deleted, err := e.delete(ctx, p, m.Pod)
	if err != nil || !deleted {
		return errors.Wrap(err, "cannot end the Pod to replace it")
	}
	if found.LostTEE != "" {
		metrics.TEEViolation(metrics.Ended)
	}
	metrics.Upgrade(string(m.Strategy), metrics.Started)
	e.record.Event(p, event.Normal(reasonReplacing, fmt.Sprintf("Replacing Pod %s, which cannot be changed in place: %s", m.Pod.Name, m.Why)))
	return nil
}

// mayReplace says why a Pod cannot be replaced, before anything is done to it.
func (e *external) mayReplace(ctx context.Context, p *v1alpha1.Performer, want *corev1.Pod, m workload.Move) error {
	if !may(p, xpv2.ManagementActionCreate) {
		return errors.Errorf("cannot replace Pod %s (%s): managementPolicies do not allow Create", m.Pod.Name, m.Why)
	}
	return errors.Wrapf(e.rehearse(ctx, want), "cannot replace Pod %s (%s), which runs on as it is", m.Pod.Name, m.Why)
}

// replaceEnded removes a Pod that has ended, and counts those that did so before
// they were ready.
func (e *external) replaceEnded(ctx context.Context, p *v1alpha1.Performer, found *corev1.Pod) error {
	deleted, err := e.delete(ctx, p, found)
	if err != nil || !deleted {
		return errors.Wrap(err, "cannot remove the Pod that has ended")
	}
	p.Status.FailedPods++
	e.record.Event(p, event.Warning(reasonReplacing, errors.Errorf("Replacing Pod %s, which ended: %s %s", found.Name, found.Status.Reason, found.Status.Message)))
	return nil
}

// rehearse asks the API server whether it would take a Pod, under another name.
// A quota that has no room for both Pods may have room for one after the other.
func (e *external) rehearse(ctx context.Context, want *corev1.Pod) error {
	pod := want.DeepCopy()
	pod.GenerateName, pod.Name = pod.Name+"-", ""
	err := e.cluster.Create(ctx, pod, client.DryRunAll)
	if kerrors.IsForbidden(err) && strings.Contains(err.Error(), "exceeded quota") {
		return nil
	}
	return err //nolint:wrapcheck // The caller says what could not be done.
}
