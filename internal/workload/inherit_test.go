// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

func TestInherit(t *testing.T) {
	type scheduling = v1alpha1.SchedulingConfig
	gpu := corev1.Toleration{Key: "nvidia.com/gpu", Operator: corev1.TolerationOpExists}
	spot := corev1.Toleration{Key: "spot", Operator: corev1.TolerationOpEqual, Value: "true"}
	notSpot := corev1.Toleration{Key: "spot", Operator: corev1.TolerationOpEqual, Value: "false"}
	weighted := func(weight int32) *corev1.NodeAffinity {
		return &corev1.NodeAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{{Weight: weight}}}
	}
	full := func(word string, weight int32, ts ...corev1.Toleration) *scheduling {
		return &scheduling{
			NodeSelector: v1alpha1.NodeLabels{"by": word, word: "yes"}, NodeAffinity: weighted(weight), Affinity: &corev1.Affinity{NodeAffinity: weighted(weight + 1)},
			Tolerations: ts, RuntimeClass: &word, PriorityClassName: word,
		}
	}
	inherited := full("own", 1, spot, gpu)
	inherited.NodeSelector = v1alpha1.NodeLabels{"by": "own", "own": "yes", "default": "yes"}
	noClass := &scheduling{RuntimeClass: new("")}
	cases := map[string]struct {
		reason   string
		defaults *scheduling
		own      *scheduling
		want     *scheduling
	}{
		"NoDefaults":     {"Without defaults a performer stays as it is.", nil, full("own", 1, spot), full("own", 1, spot)},
		"NoneAtAll":      {"Nothing on either side is nothing.", nil, nil, nil},
		"EmptyDefaults":  {"Empty defaults add nothing.", &scheduling{}, full("own", 1, spot), full("own", 1, spot)},
		"NoOwn":          {"A performer without scheduling gets the defaults.", full("default", 1, gpu), nil, full("default", 1, gpu)},
		"EmptyOwn":       {"So does one whose scheduling says nothing.", full("default", 1, gpu), &scheduling{}, full("default", 1, gpu)},
		"Both":           {"Maps merge with the performer's keys winning, lists unite, and single values are the performer's.", full("default", 3, gpu), full("own", 1, spot), inherited},
		"SameToleration": {"A toleration that both have is there once.", &scheduling{Tolerations: []corev1.Toleration{gpu, spot}}, &scheduling{Tolerations: []corev1.Toleration{spot}}, &scheduling{Tolerations: []corev1.Toleration{spot, gpu}}},
		"OtherValue":     {"One with another value is another.", &scheduling{Tolerations: []corev1.Toleration{spot}}, &scheduling{Tolerations: []corev1.Toleration{notSpot}}, &scheduling{Tolerations: []corev1.Toleration{notSpot, spot}}},
		"NoClass":        {"An empty runtime class is a choice, and refuses the default's.", &scheduling{RuntimeClass: new("gvisor")}, noClass, noClass},
		"EmptySelector":  {"An empty map refuses nothing.", &scheduling{NodeSelector: v1alpha1.NodeLabels{"a": "b"}}, &scheduling{NodeSelector: v1alpha1.NodeLabels{}}, &scheduling{NodeSelector: v1alpha1.NodeLabels{"a": "b"}}},
		"OnlyClass":      {"Each field is filled by itself.", &scheduling{RuntimeClass: new("gvisor"), PriorityClassName: "low"}, &scheduling{PriorityClassName: "high"}, &scheduling{RuntimeClass: new("gvisor"), PriorityClassName: "high"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			e := executor(func(e *v1alpha1.HourglassExecutor) {
				e.Spec.Config.Kubernetes = &v1alpha1.KubernetesConfig{DefaultScheduling: tc.defaults}
			})
			p := performer(func(p *v1alpha1.Performer) { p.Spec.Scheduling = tc.own })
			executorBefore, performerBefore := e.DeepCopy(), p.DeepCopy()
			got := Inherit(p, e)
			want := p.DeepCopy()
			want.Spec.Scheduling = tc.want
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("\n%s\nInherit(...): -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(performerBefore, p); diff != "" {
				t.Errorf("\n%s\nInherit(...) changed the performer: -want, +got:\n%s", tc.reason, diff)
			}
			if tc.defaults != nil {
				scribble(got.Spec.Scheduling)
			}
			if diff := cmp.Diff(executorBefore, e); diff != "" {
				t.Errorf("\n%s\nInherit(...), or a change of its result, changed the executor: -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(performerBefore, p); diff != "" {
				t.Errorf("\n%s\na change of the result of Inherit(...) changed the performer: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// scribble writes into everything that scheduling refers to.
func scribble(s *v1alpha1.SchedulingConfig) {
	if s.NodeSelector != nil {
		s.NodeSelector["scribbled"] = "yes"
	}
	if s.NodeAffinity != nil {
		s.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution[0].Weight = 99
	}
	if s.Affinity != nil {
		s.Affinity.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution[0].Weight = 99
	}
	for i := range s.Tolerations {
		s.Tolerations[i].Value = "scribbled"
	}
	if s.RuntimeClass != nil {
		*s.RuntimeClass = "scribbled"
	}
}

func TestInheritWithoutKubernetes(t *testing.T) {
	p := performer()
	if diff := cmp.Diff(performer(), Inherit(p, executor())); diff != "" {
		t.Errorf("an executor that says nothing of Kubernetes has no defaults: Inherit(...): -want, +got:\n%s", diff)
	}
}
