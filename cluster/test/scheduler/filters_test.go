// SPDX-License-Identifier: Apache-2.0

package scheduler

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	scheduling "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
)

// expected is what the scheduler should do with the Pod, from the same helpers
// that it uses. TestAgreement shows that it does, so that TestManyMore can do
// without it.
func (d decision) expected() verdict {
	pod := d.pod.DeepCopy()
	need, err := admit(pod)
	if err != nil {
		return verdict{why: err.Error()}
	}
	var all []string
	for _, node := range d.nodes {
		why := d.keptOff(pod, need, node)
		if why == "" {
			return verdict{node: node.Name}
		}
		all = append(all, node.Name+" "+why)
	}
	return verdict{why: strings.Join(all, "; ")}
}

// admit does to the Pod what the API server does, and returns what it needs.
func admit(pod *corev1.Pod) (corev1.ResourceList, error) {
	container := pod.Spec.Containers[0].Resources
	need := corev1.ResourceList{}
	maps.Copy(need, container.Limits)
	maps.Copy(need, container.Requests)
	need[corev1.ResourcePods] = resource.MustParse("1")
	if pod.Spec.RuntimeClassName == nil {
		return need, nil
	}
	i := slices.IndexFunc(classes, func(c nodev1.RuntimeClass) bool { return c.Name == *pod.Spec.RuntimeClassName })
	if i < 0 {
		return nil, fmt.Errorf("there is no RuntimeClass %s", *pod.Spec.RuntimeClassName)
	}
	if o := classes[i].Overhead; o != nil {
		add(need, o.PodFixed, 1)
	}
	s := classes[i].Scheduling
	if s == nil {
		return need, nil
	}
	if pod.Spec.NodeSelector == nil {
		pod.Spec.NodeSelector = map[string]string{}
	}
	for key, value := range s.NodeSelector {
		if old, ok := pod.Spec.NodeSelector[key]; ok && old != value {
			return nil, fmt.Errorf("node label %s is to be both %s and %s", key, old, value)
		}
		pod.Spec.NodeSelector[key] = value
	}
	pod.Spec.Tolerations = append(pod.Spec.Tolerations, s.Tolerations...)
	return need, nil
}

// add adds quantities to others, or takes them away.
func add(to, quantities corev1.ResourceList, sign int64) {
	for name, q := range quantities {
		sum := to[name].DeepCopy()
		q = q.DeepCopy()
		q.Mul(sign)
		sum.Add(q)
		to[name] = sum
	}
}

// keptOff says what keeps the Pod off a node, and nothing where it may run there.
func (d decision) keptOff(pod *corev1.Pod, need corev1.ResourceList, node *corev1.Node) string {
	taints := slices.Clone(node.Spec.Taints)
	if node.Spec.Unschedulable {
		taints = append(taints, corev1.Taint{Key: corev1.TaintNodeUnschedulable, Effect: corev1.TaintEffectNoSchedule})
	}
	blocks := func(t *corev1.Taint) bool { return t.Effect != corev1.TaintEffectPreferNoSchedule }
	if ok, err := nodeaffinity.GetRequiredNodeAffinity(pod).Match(node); err != nil || !ok {
		return "is not selected"
	}
	if taint, untolerated := scheduling.FindMatchingUntoleratedTaint(logr.Discard(), taints, pod.Spec.Tolerations, blocks, false); untolerated {
		return "has " + taint.ToString()
	}
	free := node.Status.Allocatable.DeepCopy()
	for _, filler := range d.fillers {
		if filler.Spec.NodeName == node.Name {
			add(free, filler.Spec.Containers[0].Resources.Requests, -1)
			add(free, quantities("pods", "1"), -1)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(need)) {
		wanted, left := need[name], free[name]
		if wanted.Sign() > 0 && left.Cmp(wanted) < 0 {
			return "lacks " + string(name)
		}
	}
	return ""
}
