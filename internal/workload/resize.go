// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// Reasons of conditions that tell how a resize goes.
const (
	ReasonResizeDeferred   xpv2.ConditionReason = "ResizeDeferred"
	ReasonResizeInfeasible xpv2.ConditionReason = "ResizeInfeasible"
)

// resizable are the resources that a running Pod can be given more or less of
// (KEP-1287). GPUs are none of them: devices are allotted when a container starts.
var resizable = []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} //nolint:gochecknoglobals // A constant list.

// fieldResources is the part of a spec that a resize can change.
const fieldResources = "spec.resources."

// resizeRemedy is what ends a difference in requests or in limits alone: nothing but
// a new record where the Pod has them already, a resize where only cpu and memory
// differ, else a new Pod. What the API server does not let be resized, such as what
// changes the quality of service, it says itself.
func resizeRemedy(field string, want, found *corev1.Pod) Remedy {
	c := performerContainer(found)
	if c == nil {
		return RemedyReplace
	}
	remedy := RemedyPatch
	w, f := resourcesAt(field, defaulted(want.Spec.Containers[0].Resources), c.Resources)
	for _, name := range names(w, f) {
		wanted, isWanted := w[name]
		there, isThere := f[name]
		switch {
		case isWanted && isThere && wanted.Cmp(there) == 0:
		case slices.Contains(resizable, name):
			remedy = RemedyResize
		default:
			return RemedyReplace
		}
	}
	return remedy
}

// resourcesAt are the requests or the limits of two containers.
func resourcesAt(field string, a, b corev1.ResourceRequirements) (corev1.ResourceList, corev1.ResourceList) {
	if field == fieldResources+"limits" {
		return a.Limits, b.Limits
	}
	return a.Requests, b.Requests
}

// defaulted has requests where there are only limits, as the API server fills
// them in.
func defaulted(r corev1.ResourceRequirements) corev1.ResourceRequirements {
	out := corev1.ResourceRequirements{Limits: r.Limits, Requests: maps.Clone(r.Limits)}
	if out.Requests == nil {
		out.Requests = corev1.ResourceList{}
	}
	maps.Copy(out.Requests, r.Requests)
	return out
}

func names(a, b corev1.ResourceList) []corev1.ResourceName {
	all := maps.Clone(a)
	if all == nil {
		all = corev1.ResourceList{}
	}
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}

// resized is a Pod with cpu and memory as wanted where they differ.
func resized(want, found *corev1.Pod, d []Difference) *corev1.Pod {
	pod := found.DeepCopy()
	c := performerContainer(pod)
	w := defaulted(want.Spec.Containers[0].Resources)
	if slices.ContainsFunc(d, func(d Difference) bool { return d.Field == fieldResources+"limits" }) {
		c.Resources.Limits = withResizable(c.Resources.Limits, w.Limits)
	}
	c.Resources.Requests = withResizable(c.Resources.Requests, w.Requests)
	return pod
}

// withResizable is a list with cpu and memory of another.
func withResizable(l, of corev1.ResourceList) corev1.ResourceList {
	l = maps.Clone(l)
	if l == nil {
		l = corev1.ResourceList{}
	}
	for _, name := range resizable {
		delete(l, name)
		if q, ok := of[name]; ok {
			l[name] = q
		}
	}
	return l
}

// resizeWords are the resources that a resize changes, in words.
func resizeWords(next, found *corev1.Pod) string {
	var words []string
	n, f := performerContainer(next).Resources, performerContainer(found).Resources
	for _, part := range []struct {
		name string
		n, f corev1.ResourceList
	}{{"requests", n.Requests, f.Requests}, {"limits", n.Limits, f.Limits}} {
		for _, name := range resizable {
			from, to := amount(part.f, name), amount(part.n, name)
			if from != to {
				words = append(words, fmt.Sprintf("%s of %s from %s to %s", part.name, name, from, to))
			}
		}
	}
	return strings.Join(words, ", ")
}

func amount(l corev1.ResourceList, name corev1.ResourceName) string {
	q, ok := l[name]
	if !ok {
		return "none"
	}
	return q.String()
}

// WithoutResize are differences that only a new Pod ends, since the API server
// does not resize this one.
func WithoutResize(d []Difference, why string) []Difference {
	out := slices.Clone(d)
	for i := range out {
		if out[i].Remedy == RemedyResize {
			out[i].Remedy, out[i].Note = RemedyReplace, "which could not be resized: "+why
		}
	}
	return out
}

// NeverResized says whether an error of the API server means that a Pod cannot be
// resized at all: its node's platform cannot, or who asks has no right to. An API
// server also forbids what is too much for the node, or for a quota.
func NeverResized(err error) bool {
	return kerrors.IsForbidden(err) && (kerrors.HasStatusCause(err, causePlatform) || strings.Contains(err.Error(), `"pods/resize"`))
}

// causePlatform is the cause that an API server names where a node cannot resize
// (plugin/pkg/admission/podresize of Kubernetes 1.37).
const causePlatform metav1.CauseType = "UnsupportedPlatform"

// NotResized tells in a Performer's status that its Pod goes on as it was, because
// the API server let it have no more.
func NotResized(p *v1alpha1.Performer, pod *corev1.Pod, err error, now time.Time) v1alpha1.PerformerStatus {
	s := *p.Status.DeepCopy()
	c := condition(TypeDegraded, true, ReasonResizeInfeasible, fmt.Sprintf("Pod %s cannot be resized on node %s and goes on as it was: %s", pod.Name, pod.Spec.NodeName, err))
	s.SetConditions(stamped([]xpv2.Condition{c}, p.GetGeneration(), now)...)
	s.Conditions = ordered(s.Conditions)
	return s
}

// resizeTrouble is what keeps a resize from being done, in a reason and a
// sentence: both "" for nothing.
func resizeTrouble(pod *corev1.Pod) (xpv2.ConditionReason, string) {
	c := podCondition(pod, corev1.PodResizePending)
	if c == nil || c.Status != corev1.ConditionTrue {
		return "", ""
	}
	if c.Reason == corev1.PodReasonInfeasible {
		return ReasonResizeInfeasible, fmt.Sprintf("Pod %s cannot be resized on node %s and goes on as it was: %s; ask for less, or let spec.upgrade.strategy be Recreate", pod.Name, pod.Spec.NodeName, c.Message)
	}
	return ReasonResizeDeferred, fmt.Sprintf("Pod %s goes on as it was until node %s has room for what it asks for now: %s", pod.Name, pod.Spec.NodeName, c.Message)
}

// performerContainer is the container that a Pod is there for; nil where it has
// none of that name.
func performerContainer(pod *corev1.Pod) *corev1.Container {
	for i := range pod.Spec.Containers {
		if pod.Spec.Containers[i].Name == ContainerName {
			return &pod.Spec.Containers[i]
		}
	}
	return nil
}
