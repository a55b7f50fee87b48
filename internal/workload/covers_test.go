// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func TestUncovered(t *testing.T) {
	type containers = []corev1.Container
	pod := func(c ...corev1.Container) *corev1.PodSpec { return &corev1.PodSpec{Containers: c} }
	limits := func(q string) corev1.Container {
		return corev1.Container{Name: "a", Resources: corev1.ResourceRequirements{Limits: corev1.ResourceList{"cpu": resource.MustParse(q)}}}
	}
	tolerating := func(keys ...string) *corev1.PodSpec {
		s := &corev1.PodSpec{}
		for _, k := range keys {
			s.Tolerations = append(s.Tolerations, corev1.Toleration{Key: k})
		}
		return s
	}
	cases := map[string]struct {
		reason      string
		want, found any
		path        string
	}{
		"Same":          {"What is the same is covered.", wantPodSpec(), wantPodSpec(), ""},
		"Nothing":       {"Nothing is wanted, so anything covers it.", &corev1.PodSpec{}, &corev1.PodSpec{HostNetwork: true, NodeSelector: map[string]string{"a": "b"}}, ""},
		"More":          {"Found may have more than is wanted, but for lists.", pod(corev1.Container{Name: "a"}), &corev1.PodSpec{NodeName: "n", Containers: containers{{Name: "a", Image: "i", Env: []corev1.EnvVar{{Name: "E"}}}}}, ""},
		"MoreInMap":     {"A map may have more keys.", &corev1.PodSpec{NodeSelector: map[string]string{"a": "b"}}, &corev1.PodSpec{NodeSelector: map[string]string{"a": "b", "c": "d"}}, ""},
		"LessInMap":     {"But not fewer.", &corev1.PodSpec{NodeSelector: map[string]string{"a": "b", "c": "d"}}, &corev1.PodSpec{NodeSelector: map[string]string{"a": "b"}}, ".nodeSelector.c"},
		"NoMap":         {"And it must be there.", &corev1.PodSpec{NodeSelector: map[string]string{"a": "b"}}, &corev1.PodSpec{}, ".nodeSelector.a"},
		"OtherValue":    {"A value that differs is named.", &corev1.PodSpec{PriorityClassName: "a"}, &corev1.PodSpec{PriorityClassName: "b"}, ".priorityClassName"},
		"NoValue":       {"So is one that is missing.", &corev1.PodSpec{PriorityClassName: "a"}, &corev1.PodSpec{}, ".priorityClassName"},
		"WantedFalse":   {"A false that is wanted is not the same as nothing.", &corev1.PodSpec{EnableServiceLinks: new(false)}, &corev1.PodSpec{}, ".enableServiceLinks"},
		"FirstByName":   {"Of several the first by name is told, so that it is the same each time.", &corev1.PodSpec{SchedulerName: "a", Hostname: "a", NodeName: "a"}, &corev1.PodSpec{}, ".hostname"},
		"ByItemName":    {"Items of lists are called by their names.", pod(corev1.Container{Name: "a", Image: "x"}), pod(corev1.Container{Name: "a", Image: "y"}), `.containers[name="a"].image`},
		"OtherItem":     {"An item of another name is another.", pod(corev1.Container{Name: "a"}), pod(corev1.Container{Name: "b"}), `.containers[name="a"].name`},
		"Longer":        {"A list that is longer differs as a whole.", pod(corev1.Container{Name: "a"}), pod(corev1.Container{Name: "a"}, corev1.Container{Name: "b"}), ".containers"},
		"Shorter":       {"So does one that is shorter.", tolerating("a", "b"), tolerating("a"), ".tolerations"},
		"NoList":        {"Or one that is missing.", tolerating("a"), &corev1.PodSpec{}, ".tolerations"},
		"ByIndex":       {"Items without a name are called by their place.", tolerating("a", "b"), tolerating("a", "c"), ".tolerations[1].key"},
		"PlainItems":    {"So are plain values.", pod(corev1.Container{Name: "a", Args: []string{"1", "2"}}), pod(corev1.Container{Name: "a", Args: []string{"1", "3"}}), `.containers[name="a"].args[1]`},
		"SameQuantity":  {"A quantity is the same in other words.", pod(limits("1000m")), pod(limits("1")), ""},
		"OtherQuantity": {"And differs in others.", pod(limits("1")), pod(limits("2")), `.containers[name="a"].resources.limits.cpu`},
		"Ports":         {"Numbers and names of ports are values like others.", &corev1.ServicePort{TargetPort: intstr.FromInt32(1)}, &corev1.ServicePort{TargetPort: intstr.FromString("x")}, ".targetPort"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := uncovered(tc.want, tc.found)
			if err != nil {
				t.Fatalf("\n%s\nuncovered(...): %v", tc.reason, err)
			}
			if diff := cmp.Diff(tc.path, got.String()); diff != "" {
				t.Errorf("\n%s\nuncovered(...): -want, +got:\n%s", tc.reason, diff)
			}
			if (got == nil) != (tc.path == "") {
				t.Errorf("\n%s\nuncovered(...): a path that is empty must be nil", tc.reason)
			}
		})
	}
}

func wantPodSpec() *corev1.PodSpec {
	pod := wantExecutorPod()
	return &pod
}

func TestUncoveredOfNoStruct(t *testing.T) {
	for name, pair := range map[string][2]any{"Want": {1, &corev1.PodSpec{}}, "Found": {&corev1.PodSpec{}, 1}} {
		if path, err := uncovered(pair[0], pair[1]); err == nil || path != nil {
			t.Errorf("%s: what is no pointer to a struct cannot be compared: got path %v, error %v", name, path, err)
		}
	}
}
