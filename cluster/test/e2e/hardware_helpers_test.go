// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"maps"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

// labelTest is the label, and the taint, of nodes that one test has for itself.
const labelTest = "e2e.hourglass.test/namespace"

// A machine is a simulated node, or a pool of them, that no other test uses.
type machine struct {
	t *testing.T
	// ns is the test's namespace, and what its nodes are called.
	ns   string
	made []client.Object
}

// newMachine returns one without nodes. What it makes outlives the Performers of
// its namespace.
func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{t: t}
	t.Cleanup(func() {
		for _, o := range m.made {
			if err := hub.Delete(context.WithoutCancel(t.Context()), o); client.IgnoreNotFound(err) != nil {
				t.Errorf("cannot delete %T %s: %v", o, o.GetName(), err)
			}
		}
	})
	m.ns = namespace(t)
	return m
}

// node makes a node with labels and resources of its own beside the usual ones,
// and awaits that Pods can come.
func (m *machine) node(labels map[string]string, resources map[corev1.ResourceName]string) *corev1.Node {
	m.t.Helper()
	name := m.ns + "-node"
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{
		corev1.LabelArchStable: "amd64", corev1.LabelOSStable: "linux", corev1.LabelHostname: name, labelTest: m.ns,
	}}}
	maps.Copy(n.Labels, labels)
	n.Spec.Taints = []corev1.Taint{{Key: labelTest, Value: m.ns, Effect: corev1.TaintEffectNoSchedule}}
	n.Status.Capacity = corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("16"), corev1.ResourceMemory: resource.MustParse("64Gi"),
		corev1.ResourceEphemeralStorage: resource.MustParse("200Gi"), corev1.ResourcePods: resource.MustParse("110"),
	}
	for r, q := range resources {
		n.Status.Capacity[r] = resource.MustParse(q)
	}
	n.Status.Allocatable = n.Status.Capacity
	create(m.t, n)
	m.made = append(m.made, n)
	eventually(m.t, "node "+name+" takes Pods", func(ctx context.Context) (bool, string) {
		got := &corev1.Node{}
		if err := hub.Get(ctx, client.ObjectKeyFromObject(n), got); err != nil {
			return false, err.Error()
		}
		for _, c := range got.Status.Conditions {
			if c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue && len(got.Spec.Taints) == 1 {
				return true, ""
			}
		}
		return false, "it does not"
	})
	return n
}

// only has a Performer run on the machine's nodes.
func (m *machine) only(p *v1alpha1.Performer) {
	p.Spec.Scheduling = &v1alpha1.SchedulingConfig{
		NodeSelector: v1alpha1.NodeLabels{labelTest: m.ns},
		Tolerations:  []corev1.Toleration{{Key: labelTest, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}},
	}
}

// pool makes a node with so many GPUs, and a HardwarePool of it whose status the
// provider keeps.
func (m *machine) pool(gpus string) {
	m.t.Helper()
	m.node(map[string]string{
		"nvidia.com/gpu.present": "true", "nvidia.com/gpu.product": "NVIDIA-A100-SXM4-80GB", "nvidia.com/gpu.count": gpus,
	}, map[corev1.ResourceName]string{"nvidia.com/gpu": gpus})
	pc := &v1alpha1.ProviderConfig{ObjectMeta: metav1.ObjectMeta{Namespace: m.ns, Name: "inventory"}}
	pc.Spec.Credentials.Source = xpv2.CredentialsSourceInjectedIdentity
	pc.Spec.Inventory = &v1alpha1.Inventory{}
	create(m.t, pc)
	pool := &v1alpha1.HardwarePool{
		ObjectMeta: metav1.ObjectMeta{Name: m.ns},
		Spec: v1alpha1.HardwarePoolSpec{
			ProviderConfigRef: &v1alpha1.PoolTarget{Kind: v1alpha1.ProviderConfigKind, Namespace: m.ns, Name: "inventory"},
			NodeSelector:      v1alpha1.NodeLabels{labelTest: m.ns},
		},
	}
	create(m.t, pool)
	m.made = append(m.made, pool)
}

// awaitFree waits until the pool says how many of its GPUs are free.
func (m *machine) awaitFree(gpus int64) {
	m.t.Helper()
	eventually(m.t, "the pool tells how many GPUs are free", func(ctx context.Context) (bool, string) {
		p := &v1alpha1.HardwarePool{}
		if err := hub.Get(ctx, client.ObjectKey{Name: m.ns}, p); err != nil {
			return false, err.Error()
		}
		return p.Status.ReadyNodes == 1 && p.Status.FreeGPUs != nil && *p.Status.FreeGPUs == gpus, "its hardware is " + p.Status.Hardware
	})
}

// inPool gives a Performer one GPU of the pool, as the composition function does.
func (m *machine) inPool(p *v1alpha1.Performer) {
	m.only(p)
	p.Labels = map[string]string{placement.LabelPool: m.ns}
	p.Spec.ProviderConfigReference = &xpv2.ProviderConfigReference{Kind: v1alpha1.ProviderConfigKind, Name: "inventory"}
	p.Spec.HardwareRequirements = &v1alpha1.HardwareRequirements{GPUType: "a100", GPUCount: new(int32(1))}
}
