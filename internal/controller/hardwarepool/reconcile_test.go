// SPDX-License-Identifier: Apache-2.0

package hardwarepool

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis"
	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/inventory"
	"github.com/crossplane-contrib/provider-hourglass/internal/target"
)

var east = target.Ref{Kind: v1alpha1.ClusterProviderConfigKind, Name: "east"} //nolint:gochecknoglobals // A constant, but for its type.

// newPool of the cluster east.
func newPool(name, label, value string, change func(*v1alpha1.HardwarePool)) *v1alpha1.HardwarePool {
	p := &v1alpha1.HardwarePool{ObjectMeta: metav1.ObjectMeta{Name: name}}
	p.Spec.ProviderConfigRef = &v1alpha1.PoolTarget{Kind: east.Kind, Name: east.Name}
	p.Spec.NodeSelector = v1alpha1.NodeLabels{label: value}
	change(p)
	return p
}

func asDeclared(*v1alpha1.HardwarePool) {}

func asFound(p *v1alpha1.HardwarePool) {
	p.Labels = map[string]string{v1alpha1.LabelDiscovered: "true"}
}

// newNode takes Pods and has four GPUs.
func newNode(name, label, value string) corev1.Node {
	return corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{label: value}},
		Status: corev1.NodeStatus{
			Allocatable: corev1.ResourceList{"nvidia.com/gpu": resource.MustParse("4")},
			Conditions:  []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}},
		},
	}
}

// A pool as a test sees it.
type seen struct {
	Nodes  int32
	Free   int64
	Reason xpv2.ConditionReason
}

// bench is a reconciler on a control plane that counts writes.
type bench struct {
	*reconciler

	writes int
}

func newBench(t *testing.T, pools ...*v1alpha1.HardwarePool) *bench {
	t.Helper()
	s := runtime.NewScheme()
	if err := apis.AddToScheme(s); err != nil {
		t.Fatal(err)
	}
	pc := &v1alpha1.ClusterProviderConfig{ObjectMeta: metav1.ObjectMeta{Name: east.Name}}
	build := fake.NewClientBuilder().WithScheme(s).WithObjects(pc).WithStatusSubresource(&v1alpha1.HardwarePool{})
	for _, p := range pools {
		build = build.WithObjects(p)
	}
	b := &bench{}
	kube := build.WithInterceptorFuncs(interceptor.Funcs{
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			b.writes++
			return c.Create(ctx, o, opts...)
		},
		Delete: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
			b.writes++
			return c.Delete(ctx, o, opts...)
		},
		SubResourceUpdate: func(ctx context.Context, c client.Client, sub string, o client.Object, opts ...client.SubResourceUpdateOption) error {
			b.writes++
			return c.SubResource(sub).Update(ctx, o, opts...)
		},
	}).Build()
	b.reconciler = &reconciler{kube: kube, record: event.NewNopRecorder(), surveys: newSurveys(), pace: newPace()}
	return b
}

// pools are those of the cluster east.
func (b *bench) pools(t *testing.T) []v1alpha1.HardwarePool {
	t.Helper()
	pools, err := b.poolsOf(t.Context(), east)
	if err != nil {
		t.Fatal(err)
	}
	return pools
}

func (b *bench) seen(t *testing.T) map[string]seen {
	t.Helper()
	all := map[string]seen{}
	for _, p := range b.pools(t) {
		s := seen{Nodes: p.Status.Nodes, Reason: p.Status.GetCondition(v1alpha1.TypeTargetReachable).Reason}
		if p.Status.FreeGPUs != nil {
			s.Free = *p.Status.FreeGPUs
		}
		all[p.Name] = s
	}
	return all
}

func TestTell(t *testing.T) {
	const gke = "cloud.google.com/gke-nodepool"
	ok := v1alpha1.ReasonReachable
	cases := map[string]struct {
		reason string
		pools  []*v1alpha1.HardwarePool
		nodes  []corev1.Node
		used   map[string]corev1.ResourceList
		want   map[string]seen
		writes int
	}{
		"Found": {
			reason: "Nodes that no pool has become one, that tells what is free.",
			nodes:  []corev1.Node{newNode("a", gke, "gpu"), newNode("b", gke, "gpu")},
			used:   map[string]corev1.ResourceList{"a": {"nvidia.com/gpu": resource.MustParse("3")}},
			want:   map[string]seen{"east-gpu": {Nodes: 2, Free: 5, Reason: ok}},
			writes: 2,
		},
		"Declared": {
			reason: "Those that one has do not, and the pool that somebody declared tells it.",
			pools:  []*v1alpha1.HardwarePool{newPool("mine", gke, "gpu", asDeclared)},
			nodes:  []corev1.Node{newNode("a", gke, "gpu")},
			want:   map[string]seen{"mine": {Nodes: 1, Free: 4, Reason: ok}},
			writes: 1,
		},
		"DeclaredLater": {
			reason: "A pool that was found goes when somebody declares one of the same nodes.",
			pools:  []*v1alpha1.HardwarePool{newPool("east-gpu", gke, "gpu", asFound), newPool("mine", gke, "gpu", asDeclared)},
			nodes:  []corev1.Node{newNode("a", gke, "gpu")},
			want:   map[string]seen{"mine": {Nodes: 1, Free: 4, Reason: ok}},
			writes: 2,
		},
		"NodesGone": {
			reason: "A pool that was found goes with its nodes. One that is declared stays, with none.",
			pools:  []*v1alpha1.HardwarePool{newPool("east-gpu", gke, "gpu", asFound), newPool("mine", gke, "other", asDeclared)},
			want:   map[string]seen{"mine": {Reason: ok}},
			writes: 2,
		},
		"Priced": {
			reason: "So does one that was found, once somebody has declared more of it.",
			pools: []*v1alpha1.HardwarePool{newPool("east-gpu", gke, "gpu", func(p *v1alpha1.HardwarePool) {
				asFound(p)
				p.Spec.MaxNodes = new(int32(3))
			})},
			want:   map[string]seen{"east-gpu": {Reason: ok}},
			writes: 1,
		},
		"Labeled": {
			reason: "And one that somebody has labeled, for a poolSelector: it would come back without.",
			pools: []*v1alpha1.HardwarePool{newPool("east-gpu", gke, "gpu", func(p *v1alpha1.HardwarePool) {
				asFound(p)
				p.Labels["team"] = "red"
			})},
			want:   map[string]seen{"east-gpu": {Reason: ok}},
			writes: 1,
		},
		"Narrowed": {
			reason: "And one whose selector somebody has changed. Beside it the nodes that it leaves out are found again, where they are a pool.",
			pools: []*v1alpha1.HardwarePool{newPool("east-gpu", gke, "gpu", func(p *v1alpha1.HardwarePool) {
				asFound(p)
				p.Generation = 2
				p.Spec.NodeSelector["zone"] = "a"
			})},
			nodes:  []corev1.Node{newNode("a", gke, "other")},
			want:   map[string]seen{"east-gpu": {Reason: ok}, "east-other": {Nodes: 1, Free: 4, Reason: ok}},
			writes: 3,
		},
		"NameTaken": {
			reason: "A name that another pool has is left to it.",
			pools:  []*v1alpha1.HardwarePool{newPool("east-gpu", gke, "other", asDeclared)},
			nodes:  []corev1.Node{newNode("a", gke, "gpu")},
			want: map[string]seen{
				"east-gpu": {Reason: ok},
				inventory.Name("east", east.String(), inventory.Find{Name: "gpu", Selector: map[string]string{gke: "gpu"}}, func(string) bool { return true }): {Nodes: 1, Free: 4, Reason: ok},
			},
			writes: 3,
		},
		"OtherTarget": {
			reason: "Pools of other clusters are none of this one's business.",
			pools:  []*v1alpha1.HardwarePool{newPool("theirs", gke, "gpu", func(p *v1alpha1.HardwarePool) { p.Spec.ProviderConfigRef.Name = "west" })},
			want:   map[string]seen{},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, tc.pools...)
			for round, writes := range []int{tc.writes, tc.writes} {
				if err := b.tell(t.Context(), east, v1alpha1.Inventory{}, b.pools(t), &inventory.Cluster{Nodes: tc.nodes, Used: tc.used}); err != nil {
					t.Fatalf("\n%s\ntell(...): %v", tc.reason, err)
				}
				if diff := cmp.Diff(tc.want, b.seen(t)); diff != "" {
					t.Errorf("\n%s\npools after round %d: -want, +got:\n%s", tc.reason, round, diff)
				}
				if b.writes != writes {
					t.Errorf("\n%s\nthe second time nothing is new: after round %d want %d writes, got %d", tc.reason, round, writes, b.writes)
				}
			}
		})
	}
}

// TestUnreachable has a target cease to answer, and then to have an inventory.
func TestUnreachable(t *testing.T) {
	const gke = "cloud.google.com/gke-nodepool"
	byHand := newPool("by-hand", gke, "hand", func(p *v1alpha1.HardwarePool) { p.Status.Nodes = 7 })
	b := newBench(t, newPool("mine", gke, "mine", asDeclared))
	if err := b.tell(t.Context(), east, v1alpha1.Inventory{}, b.pools(t), &inventory.Cluster{Nodes: []corev1.Node{newNode("a", gke, "gpu"), newNode("b", gke, "mine")}}); err != nil {
		t.Fatal(err)
	}
	if err := b.kube.Create(t.Context(), byHand); err != nil {
		t.Fatal(err)
	}
	byHand.Status.Nodes = 7
	if err := b.kube.Status().Update(t.Context(), byHand); err != nil {
		t.Fatal(err)
	}
	before := b.writes
	for range 2 {
		pools := slices.DeleteFunc(b.pools(t), func(p v1alpha1.HardwarePool) bool { return p.Name == "by-hand" })
		if result, err := b.unreachable(t.Context(), pools, &target.Trouble{Reason: v1alpha1.ReasonUnreachable}); err != nil || result.RequeueAfter != 0 {
			t.Fatalf("unreachable(...): %v, %v: its changes are told, nobody needs to look", result, err)
		}
	}
	want := map[string]seen{"east-gpu": {Nodes: 1, Free: 4, Reason: v1alpha1.ReasonUnreachable}, "mine": {Nodes: 1, Free: 4, Reason: v1alpha1.ReasonUnreachable}, "by-hand": {Nodes: 7}}
	if diff := cmp.Diff(want, b.seen(t)); diff != "" {
		t.Errorf("what was seen last stays, and is said to be that: -want, +got:\n%s", diff)
	}
	if b.writes-before != 2 {
		t.Errorf("it is said once: want 2 writes, got %d", b.writes-before)
	}
	if result, err := b.unreachable(t.Context(), nil, errors.New("no such Secret")); err != nil || result.RequeueAfter != lookAgain {
		t.Errorf("credentials may come without a word: got %v, %v", result, err)
	}
	forbidden := kerrors.NewForbidden(schema.GroupResource{Resource: "nodes"}, "", errors.New("no"))
	if result, err := b.forbidden(t.Context(), east, b.pools(t)[1:], forbidden); err != nil || result.RequeueAfter != askAgain {
		t.Errorf("a right may be given without a word: got %v, %v", result, err)
	}
	c := b.pools(t)[1].Status.GetCondition(v1alpha1.TypeTargetReachable)
	if diff := cmp.Diff("Forbidden: nodes is forbidden: no", string(c.Reason)+": "+c.Message); diff != "" {
		t.Errorf("what is forbidden is told in the target's words: -want, +got:\n%s", diff)
	}
	if err := b.forget(t.Context(), b.pools(t)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]seen{"mine": {}, "by-hand": {Nodes: 7}}, b.seen(t)); diff != "" {
		t.Errorf("what nobody keeps up any more is taken back, and nothing else: -want, +got:\n%s", diff)
	}
}
