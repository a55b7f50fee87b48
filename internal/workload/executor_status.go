// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// TypeSingleSigner is true where exactly one Pod may sign with the operator's
// key. Two that do are dangerous to the operator.
const TypeSingleSigner xpv2.ConditionType = "SingleSigner"

// Reasons of an executor's conditions. The first three are those of the API
// reference.
const (
	ReasonDeploymentAvailable xpv2.ConditionReason = "DeploymentAvailable"
	ReasonConfigMapReady      xpv2.ConditionReason = "ConfigMapReady"
	ReasonRollingUpdate       xpv2.ConditionReason = "RollingUpdate"

	ReasonDeploymentMissing     xpv2.ConditionReason = "DeploymentMissing"
	ReasonDeploymentUnavailable xpv2.ConditionReason = "DeploymentUnavailable"
	ReasonHindered              xpv2.ConditionReason = "Hindered"
	ReasonPodsRefused           xpv2.ConditionReason = "PodsRefused"
	ReasonOneSigner             xpv2.ConditionReason = "OneSigner"
	ReasonManyReplicas          xpv2.ConditionReason = "ManyReplicas"
	ReasonKeyInUse              xpv2.ConditionReason = "KeyInUse"
)

// ExecutorFound is what the target cluster tells of an executor: its objects,
// its Pods, and the names of other executors with the same signing key.
type ExecutorFound struct {
	ExecutorObjects

	Pods        []corev1.Pod
	SameSigners []string
}

// Own is what, of all that was found, is an executor's own. Pods belong to whom
// their Deployment belongs to.
func (f ExecutorFound) Own(e *v1alpha1.HourglassExecutor) ExecutorFound {
	if f.Deployment != nil && !Owns(e, f.Deployment) {
		f.Pods = nil
	}
	f.ExecutorObjects = f.OwnedBy(e)
	return f
}

// ExecutorStatus is a HourglassExecutor's status in the light of what was found.
func ExecutorStatus(e *v1alpha1.HourglassExecutor, found ExecutorFound, now time.Time) v1alpha1.HourglassExecutorStatus {
	s := *e.Status.DeepCopy()
	s.Replicas, s.ReadyReplicas = 0, 0
	if d := found.Deployment; d != nil {
		s.Replicas, s.ReadyReplicas = d.Status.Replicas, d.Status.ReadyReplicas
		s.LastConfigUpdate = configUpdated(d)
	}
	s.Phase = executorPhase(e, found.Deployment)
	s.SetConditions(stamped(executorConditions(e, found, now), e.GetGeneration(), now)...)
	s.Conditions = ordered(s.Conditions)
	return s
}

// ExecutorHindered tells in an executor's status what keeps its objects from being
// made, where somebody may look.
func ExecutorHindered(e *v1alpha1.HourglassExecutor, s v1alpha1.HourglassExecutorStatus, message string, now time.Time) v1alpha1.HourglassExecutorStatus {
	cs := []xpv2.Condition{condition(TypeDegraded, true, ReasonHindered, message)}
	if s.ReadyReplicas == 0 {
		cs = append(cs, executorReady(e, false).WithMessage(message), condition(TypeAvailable, false, ReasonHindered, message))
	}
	s.SetConditions(stamped(cs, e.GetGeneration(), now)...)
	s.Conditions = ordered(s.Conditions)
	return s
}

func executorPhase(e *v1alpha1.HourglassExecutor, d *appsv1.Deployment) v1alpha1.ExecutorPhase {
	switch {
	case d != nil && d.Status.ReadyReplicas > 0:
		return v1alpha1.ExecutorRunning
	case meta.WasDeleted(e), d != nil && d.Spec.Replicas != nil && *d.Spec.Replicas == 0:
		return v1alpha1.ExecutorStopped
	}
	return v1alpha1.ExecutorPending
}

func configUpdated(d *appsv1.Deployment) *metav1.Time {
	t, err := time.Parse(time.RFC3339, d.Annotations[AnnotationConfigUpdated])
	if err != nil {
		return nil // Not recorded yet.
	}
	return &metav1.Time{Time: t.UTC()}
}

func executorConditions(e *v1alpha1.HourglassExecutor, found ExecutorFound, now time.Time) []xpv2.Condition {
	d := found.Deployment
	available := d != nil && d.Status.ReadyReplicas > 0
	rolling := rollout(e, d)
	trouble := executorTrouble(e, found, now)

	reason, message := ReasonDeploymentAvailable, fmt.Sprintf("Deployment %s has %d of %d replicas ready", ExecutorName(e), readyReplicas(d), Replicas(e))
	switch {
	case d == nil:
		reason, message = ReasonDeploymentMissing, fmt.Sprintf("Deployment %s does not exist yet", ExecutorName(e))
	case trouble.message != "":
		reason, message = trouble.reason, trouble.message
	case !available:
		reason = ReasonDeploymentUnavailable
	}
	progressing := condition(TypeProgressing, false, ReasonConfigMapReady, "the configuration in ConfigMap "+ConfigMapName(e)+" is the one that runs")
	if rolling != "" {
		progressing = condition(TypeProgressing, true, ReasonRollingUpdate, rolling)
	}
	return []xpv2.Condition{
		executorReady(e, available && trouble.message == "").WithMessage(message),
		progressing,
		condition(TypeDegraded, trouble.message != "", reason, message),
		singleSigner(e, found.SameSigners),
		condition(TypeAvailable, available, reason, message),
	}
}

func readyReplicas(d *appsv1.Deployment) int32 {
	if d == nil {
		return 0
	}
	return d.Status.ReadyReplicas
}

func executorReady(e *v1alpha1.HourglassExecutor, ready bool) xpv2.Condition {
	last := e.Status.GetCondition(xpv2.TypeReady).Reason
	switch {
	case meta.WasDeleted(e):
		return xpv2.Deleting()
	case ready:
		return xpv2.Available()
	case last == "" || last == xpv2.ReasonCreating:
		return xpv2.Creating()
	}
	return xpv2.Unavailable()
}

// rollout says what a Deployment is still doing; "" where it is done.
func rollout(e *v1alpha1.HourglassExecutor, d *appsv1.Deployment) string {
	switch {
	case d == nil:
		return fmt.Sprintf("Deployment %s is being created", ExecutorName(e))
	case d.Status.ObservedGeneration < d.Generation:
		return fmt.Sprintf("Deployment %s is about to roll out its latest template", d.Name)
	case d.Status.UpdatedReplicas < Replicas(e) || d.Status.Replicas > d.Status.UpdatedReplicas:
		return fmt.Sprintf("Deployment %s has updated %d of %d replicas, %d of the old ones are left",
			d.Name, d.Status.UpdatedReplicas, Replicas(e), d.Status.Replicas-d.Status.UpdatedReplicas)
	case d.Status.ReadyReplicas < d.Status.UpdatedReplicas:
		return fmt.Sprintf("Deployment %s has %d of %d updated replicas ready", d.Name, d.Status.ReadyReplicas, d.Status.UpdatedReplicas)
	}
	return ""
}

// executorTrouble is what the newest Pod that fails says of it, or why no Pod may
// be created.
func executorTrouble(e *v1alpha1.HourglassExecutor, found ExecutorFound, now time.Time) diagnosis {
	pods := slices.SortedFunc(slices.Values(found.Pods), func(a, b corev1.Pod) int {
		if c := b.CreationTimestamp.Compare(a.CreationTimestamp.Time); c != 0 {
			return c
		}
		return cmp.Compare(a.Name, b.Name)
	})
	s := subject{container: ExecutorContainerName, image: e.Spec.Image, asks: executorAsks(e), port: ExecutorPort, now: now}
	for i := range pods {
		if dx := diagnosePod(s, &pods[i]); dx.failing && !Ended(&pods[i]) {
			return dx
		}
	}
	if found.Deployment == nil {
		return diagnosis{}
	}
	for _, c := range found.Deployment.Status.Conditions {
		if c.Type == appsv1.DeploymentReplicaFailure && c.Status == corev1.ConditionTrue {
			return diagnosis{reason: ReasonPodsRefused, message: "no Pod can be created: " + c.Message, failing: true}
		}
	}
	return diagnosis{}
}

func executorAsks(e *v1alpha1.HourglassExecutor) string {
	asks := labels(e.Spec.NodeSelector)
	if len(asks) == 0 {
		return "it asks for no particular node"
	}
	return "it asks for " + strings.Join(asks, ", ")
}

// singleSigner warns where more than one Pod signs with the operator's key.
func singleSigner(e *v1alpha1.HourglassExecutor, others []string) xpv2.Condition {
	switch {
	case len(others) > 0:
		return condition(TypeSingleSigner, false, ReasonKeyInUse,
			fmt.Sprintf("the operator's key is also used by HourglassExecutor %s: two executors that sign with one key are dangerous; give each operator key to one of them", strings.Join(others, ", ")))
	case Replicas(e) > 1:
		return condition(TypeSingleSigner, false, ReasonManyReplicas,
			fmt.Sprintf("%d replicas sign with one operator key, which is dangerous; set spec.replicas to 1", Replicas(e)))
	}
	return condition(TypeSingleSigner, true, ReasonOneSigner, "one Pod at a time signs with the operator's key")
}

// SameSigners names the other executors, among the Deployments of a target, that
// sign with the key of one; in order.
func SameSigners(e *v1alpha1.HourglassExecutor, want *appsv1.Deployment, all []appsv1.Deployment) []string {
	var names []string
	for i := range all {
		d := &all[i]
		if Owns(e, d) || d.Annotations[AnnotationSigner] == "" || d.Annotations[AnnotationSigner] != want.Annotations[AnnotationSigner] {
			continue
		}
		if d.Namespace == want.Namespace && d.Name == want.Name {
			continue // Its own name, to be adopted or refused.
		}
		names = append(names, d.Namespace+"/"+d.Name)
	}
	slices.Sort(names)
	return names
}
