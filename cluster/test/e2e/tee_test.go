// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/cluster/test/plane"
)

// labelSGX proves that a node can make enclaves.
const labelSGX = "intel.feature.node.kubernetes.io/sgx"

// inEnclave makes a Performer that runs on a node with SGX of its own.
func inEnclave(t *testing.T, policy v1alpha1.TEEViolationPolicy) (*v1alpha1.Performer, *corev1.Node) {
	t.Helper()
	m := newMachine(t)
	node := m.node(map[string]string{labelSGX: "true"}, map[corev1.ResourceName]string{
		"sgx.intel.com/enclave": "20", "sgx.intel.com/epc": "512Mi", "sgx.intel.com/provision": "20",
	})
	p := newPerformer(m.ns, "a", m.only, upgrades(t, "", "", "0s"), func(p *v1alpha1.Performer) {
		p.Spec.HardwareRequirements = &v1alpha1.HardwareRequirements{TEEType: "sgx", TEEViolationPolicy: policy}
	})
	create(t, p)
	awaitRunning(t, p)
	return p, node
}

func violated(q *v1alpha1.Performer, node *corev1.Node) bool {
	return plane.Condition(q, "Degraded", "True", "TEEViolation", node.Name, "sgx")
}

// TestTEEViolationReport takes the label that proves the TEE from the node of a
// Performer that is only to tell of it.
func TestTEEViolationReport(t *testing.T) {
	t.Parallel()
	for name, policy := range map[string]v1alpha1.TEEViolationPolicy{"default": "", "report": v1alpha1.TEEViolationReport} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, node := inEnclave(t, policy)
			before, m := podOf(t, p), newMeter(t)

			change(t, node, func(n *corev1.Node) { delete(n.Labels, labelSGX) })
			await(t, p, "says which node has lost what", func(q *v1alpha1.Performer) bool { return violated(q, node) && running(q) })
			m.await(t, 1, "hourglass_tee_violations_total", `action="Reported"`)
			awaitReconciled(t, p)
			if diff := cmp.Diff(untouched(before), untouched(podOf(t, p))); diff != "" {
				t.Errorf("the Pod must not be touched: -before, +after:\n%s", diff)
			}
			change(t, node, func(n *corev1.Node) { n.Labels[labelSGX] = "true" })
			await(t, p, "says that all is well", func(q *v1alpha1.Performer) bool {
				return running(q) && q.Status.GetCondition("Degraded").Status == corev1.ConditionFalse
			})
			if diff := cmp.Diff(untouched(before), untouched(podOf(t, p))); diff != "" {
				t.Errorf("the Pod must not be touched: -before, +after:\n%s", diff)
			}
		})
	}
}

// TestTEEViolationOtherLabels changes of a node with a TEE what proves nothing,
// and leaves it one of two labels that do.
func TestTEEViolationOtherLabels(t *testing.T) {
	t.Parallel()
	const other = "feature.node.kubernetes.io/cpu-security.sgx.enabled"
	p, node := inEnclave(t, v1alpha1.TEEViolationEnd)
	before, performers := podOf(t, p), recordPerformers(t, p.Namespace)
	change(t, node, func(n *corev1.Node) { n.Labels[other], n.Labels["e2e.hourglass.test/any"] = "true", "yes" })
	change(t, node, func(n *corev1.Node) { delete(n.Labels, labelSGX); delete(n.Labels, "e2e.hourglass.test/any") })
	awaitReconciled(t, p)
	if s, is := performers.Find(func(s plane.Sight[*v1alpha1.Performer]) bool { return violated(s.Object, node) }); is {
		t.Errorf("one label that proves the TEE is enough: %s", describe(s.Object))
	}
	if diff := cmp.Diff(untouched(before), untouched(podOf(t, p))); diff != "" {
		t.Errorf("the Pod must not be touched: -before, +after:\n%s", diff)
	}
}

// TestTEEViolationEnd takes the label from the node of a Performer that must not
// run without the TEE.
func TestTEEViolationEnd(t *testing.T) {
	t.Parallel()
	p, node := inEnclave(t, v1alpha1.TEEViolationEnd)
	before, m := podOf(t, p), newMeter(t)

	change(t, node, func(n *corev1.Node) { delete(n.Labels, labelSGX) })
	await(t, p, "waits with a new Pod for a node with the TEE", func(q *v1alpha1.Performer) bool {
		pod := podOf(t, p)
		return q.Status.Phase == v1alpha1.PerformerPending && !q.Status.Ready && pod != nil && pod.UID != before.UID && pod.Spec.NodeName == ""
	})
	findEvent(t, p, "", "sgx.*"+node.Name+"|"+node.Name+".*sgx")
	m.await(t, 1, "hourglass_tee_violations_total", `action="Ended"`)
	waits := podOf(t, p)

	change(t, node, func(n *corev1.Node) { n.Labels[labelSGX] = "true" })
	await(t, p, "runs on the node that has the TEE again", func(q *v1alpha1.Performer) bool {
		return running(q) && q.Status.NodeName == node.Name && q.Status.GetCondition("Degraded").Status == corev1.ConditionFalse
	})
	if diff := cmp.Diff(waits.UID, podOf(t, p).UID); diff != "" {
		t.Errorf("the Pod that waited must be the one that runs: -want, +got:\n%s", diff)
	}
}
