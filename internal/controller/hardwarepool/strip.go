// SPDX-License-Identifier: Apache-2.0

package hardwarepool

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane-contrib/provider-hourglass/internal/inventory"
)

// stripNode keeps of a Node what says what it is and whether it takes Pods. A
// heartbeat changes nothing of that.
func stripNode(o any) (any, error) {
	n, ok := o.(*corev1.Node)
	if !ok {
		return o, nil
	}
	kept := &corev1.Node{ObjectMeta: identity(&n.ObjectMeta)}
	kept.Labels, kept.DeletionTimestamp = n.Labels, n.DeletionTimestamp
	kept.Spec = corev1.NodeSpec{Taints: n.Spec.Taints, Unschedulable: n.Spec.Unschedulable}
	kept.Status.Allocatable = n.Status.Allocatable
	for i := range kept.Spec.Taints {
		kept.Spec.Taints[i].TimeAdded = nil
	}
	for _, c := range n.Status.Conditions {
		if c.Type == corev1.NodeReady {
			kept.Status.Conditions = []corev1.NodeCondition{{Type: c.Type, Status: c.Status}}
		}
	}
	return kept, nil
}

// stripPod keeps of a Pod what it takes, as if of one container, and of which node.
func stripPod(o any) (any, error) {
	p, ok := o.(*corev1.Pod)
	if !ok {
		return o, nil
	}
	kept := &corev1.Pod{ObjectMeta: identity(&p.ObjectMeta)}
	if r := inventory.Requests(p); r != nil {
		delete(r, corev1.ResourcePods)
		kept.Spec.NodeName = p.Spec.NodeName
		kept.Spec.Containers = []corev1.Container{{Resources: corev1.ResourceRequirements{Requests: r}}}
	}
	return kept, nil
}

// identity is what a cache tells an object and its versions apart by.
func identity(m *metav1.ObjectMeta) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: m.Namespace, Name: m.Name, UID: m.UID, ResourceVersion: m.ResourceVersion}
}
