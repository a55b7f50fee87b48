// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// Annotations of what runs on because an upgrade failed: which spec failed, and
// why.
const (
	AnnotationFailedSpec    = v1alpha1.Group + "/failed-spec"
	AnnotationFailedMessage = v1alpha1.Group + "/failed-message"
)

// ReasonUpgradeFailed is the reason of Degraded while what ran before an upgrade
// runs on.
const ReasonUpgradeFailed xpv2.ConditionReason = "UpgradeFailed"

// DefaultDeadline is how long an upgraded performer may take to become ready, from
// the time when its image was pulled.
const DefaultDeadline = 5 * time.Minute

// pullTries is how often an image may fail to be pulled before an upgrade to it
// has failed.
const pullTries = 3

// hopeless are the waiting reasons that never end by themselves.
var hopeless = []string{"InvalidImageName", "ErrImageNeverPull"} //nolint:gochecknoglobals // A constant list.

func deadline(p *v1alpha1.Performer) time.Duration {
	if u := p.Spec.Upgrade; u != nil && u.Deadline != nil {
		return u.Deadline.Duration
	}
	return DefaultDeadline
}

// SpecID identifies what a Performer asks for, so that what failed is known again
// until somebody changes anything in the spec.
func SpecID(p *v1alpha1.Performer, want *corev1.Pod) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s", p.GetGeneration(), want.Annotations[AnnotationApplied]))
	return hex.EncodeToString(sum[:8])
}

// failed says whether a Pod runs because an upgrade to what is wanted failed.
func failed(p *v1alpha1.Performer, want, found *corev1.Pod) bool {
	return found.Annotations[AnnotationFailedSpec] == SpecID(p, want)
}

// upgradeFailure says in a sentence why an upgrade is to be taken back, "" where it
// is not; and how long it has left, 0 where nothing limits that.
func upgradeFailure(p *v1alpha1.Performer, found Objects, now time.Time) (why string, left time.Duration) {
	pod, u := underway(p, found), progress(p, found, now)
	if pod != nil && pod == found.Standby && Ended(pod) {
		return fmt.Sprintf("Pod %s ended before it was ready: %s %s", pod.Name, pod.Status.Reason, pod.Status.Message), 0
	}
	if pod == nil || u == nil || !canGoBack(pod) || Ended(pod) || (isReady(pod) && !isSwapping(pod)) {
		return "", 0
	}
	dx := diagnosePod(performerSubject(p, pod, now), pod)
	switch {
	case slices.Contains(hopeless, u.Waiting):
		return dx.message, 0
	case u.PullFailures >= pullTries:
		return fmt.Sprintf("%s, %d times", dx.message, u.PullFailures), 0
	case u.Pulled != nil:
		left = u.Pulled.Add(deadline(p)).Sub(now)
	case pod.Labels[LabelRole] == RoleStandby && pod.Spec.NodeName == "":
		left = pod.CreationTimestamp.Add(deadline(p)).Sub(now)
	default:
		return "", 0
	}
	if left > 0 {
		return "", left
	}
	return fmt.Sprintf("with image %s it was not ready within %s: %s", Image(pod), deadline(p), dx.message), 0
}

// attempts says whether the upgrade that is under way is to what is wanted now, and
// not to what was wanted before.
func attempts(p *v1alpha1.Performer, want *corev1.Pod, found Objects) bool {
	if found.Standby != nil {
		return found.Standby.Name == StandbyName(p, want)
	}
	record := ParseApplied(found.Pod.Annotations[AnnotationApplied])
	return len(ParseApplied(want.Annotations[AnnotationApplied]).Differences(record.only(performerFields))) == 0
}

// canGoBack says whether there is something to go back to.
func canGoBack(pod *corev1.Pod) bool {
	return pod.Labels[LabelRole] == RoleStandby || pod.Annotations[AnnotationLastGoodImage] != "" || pod.Annotations[AnnotationFallback] != ""
}

// rolledBack is a Pod with the image that was ready before its upgrade.
func rolledBack(p *v1alpha1.Performer, want, found *corev1.Pod, why string, now time.Time) *corev1.Pod {
	pod := withFailure(found.DeepCopy(), SpecID(p, want), why)
	image := found.Annotations[AnnotationLastGoodImage]
	performerContainer(pod).Image = image
	record := ParseApplied(found.Annotations[AnnotationApplied])
	if record == nil {
		record = Applied{}
	}
	record.add(FieldImage, image)
	pod.Annotations[AnnotationApplied] = record.String()
	MarkUpgrade(pod, strategyRollBack, now)
	pod.Annotations[AnnotationUpgradeFrom] = containerStatus(found, ContainerName).ContainerID
	delete(pod.Annotations, AnnotationLastGoodImage)
	return pod
}

// withFailure notes on a Pod which spec it runs on in place of, and why.
func withFailure(pod *corev1.Pod, spec, why string) *corev1.Pod {
	setAnnotation(pod, AnnotationFailedSpec, spec)
	setAnnotation(pod, AnnotationFailedMessage, why)
	return pod
}

// failedUpgrade is the upgrade in whose place a Pod runs; nil for none. What the
// Pod says is remembered for as long as there is no Pod.
func failedUpgrade(p *v1alpha1.Performer, pod *corev1.Pod) *v1alpha1.FailedUpgrade {
	if pod == nil || pod.DeletionTimestamp != nil {
		return p.Status.FailedUpgrade.DeepCopy()
	}
	if pod.Annotations[AnnotationFailedSpec] == "" {
		return nil
	}
	return &v1alpha1.FailedUpgrade{Spec: pod.Annotations[AnnotationFailedSpec], Message: pod.Annotations[AnnotationFailedMessage]}
}

// LastGood is a PodTemplate of what a Pod runs, from which Fallback makes one that
// runs the same. It goes with the Service. What others have added to the Pod at
// admission, they will add again.
func LastGood(p *v1alpha1.Performer, pod *corev1.Pod, svc *corev1.Service) *corev1.PodTemplate {
	t := &corev1.PodTemplate{
		ObjectMeta: metav1.ObjectMeta{
			Name: PodName(p), Namespace: p.GetNamespace(), Labels: Labels(p),
			Annotations: map[string]string{AnnotationOwner: string(p.GetUID())},
			OwnerReferences: []metav1.OwnerReference{
				{APIVersion: "v1", Kind: "Service", Name: svc.GetName(), UID: svc.GetUID()},
			},
		},
		Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{}},
			Spec:       essential(pod.Spec),
		},
	}
	for _, key := range []string{AnnotationApplied, AnnotationRendered, AnnotationVersion} {
		if v := pod.Annotations[key]; v != "" {
			t.Template.Annotations[key] = v
		}
	}
	if pod.Annotations[AnnotationFailedSpec] != "" {
		setTemplateFailure(t, pod.Annotations[AnnotationFailedSpec], pod.Annotations[AnnotationFailedMessage])
	}
	return t
}

// essential is what this provider renders of a Pod's spec.
func essential(spec corev1.PodSpec) corev1.PodSpec {
	spec = *spec.DeepCopy()
	out := corev1.PodSpec{
		RestartPolicy: spec.RestartPolicy, NodeSelector: spec.NodeSelector, Affinity: spec.Affinity, Tolerations: spec.Tolerations,
		RuntimeClassName: spec.RuntimeClassName, PriorityClassName: spec.PriorityClassName, ImagePullSecrets: spec.ImagePullSecrets,
		EnableServiceLinks: spec.EnableServiceLinks, SecurityContext: spec.SecurityContext,
		ServiceAccountName: spec.ServiceAccountName, AutomountServiceAccountToken: spec.AutomountServiceAccountToken,
		TerminationGracePeriodSeconds: spec.TerminationGracePeriodSeconds,
	}
	for _, c := range spec.Containers {
		if c.Name != ContainerName {
			continue
		}
		c.VolumeMounts = nil // This provider mounts nothing; a token is mounted at admission.
		out.Containers = append(out.Containers, c)
	}
	return out
}

// SetFailure notes in a PodTemplate that an upgrade from it failed, so that the
// next Pod is made of it.
func SetFailure(t *corev1.PodTemplate, p *v1alpha1.Performer, want *corev1.Pod, why string) {
	setTemplateFailure(t, SpecID(p, want), why)
}

func setTemplateFailure(t *corev1.PodTemplate, spec, why string) {
	t.Annotations[AnnotationFailedSpec] = spec
	t.Annotations[AnnotationFailedMessage] = why
}

// Fallback is the Pod that is made in place of one that is wanted but failed; nil
// where a template is not for that.
func Fallback(p *v1alpha1.Performer, want *corev1.Pod, t *corev1.PodTemplate, now time.Time) *corev1.Pod {
	if t == nil || !Owns(p, t) || t.Annotations[AnnotationFailedSpec] != SpecID(p, want) || len(t.Template.Spec.Containers) != 1 {
		return nil
	}
	pod := want.DeepCopy()
	pod.Spec = *t.Template.Spec.DeepCopy()
	for _, key := range []string{AnnotationApplied, AnnotationRendered, AnnotationVersion} {
		delete(pod.Annotations, key)
		if v := t.Template.Annotations[key]; v != "" {
			pod.Annotations[key] = v
		}
	}
	MarkUpgrade(pod, strategyRollBack, now)
	return withFailure(pod, t.Annotations[AnnotationFailedSpec], t.Annotations[AnnotationFailedMessage])
}

// failedWords tell of an upgrade that was taken back.
func failedWords(f *v1alpha1.FailedUpgrade) string {
	return "what ran before runs on, until the spec is changed, because the upgrade failed: " + strings.TrimSuffix(f.Message, ".")
}
