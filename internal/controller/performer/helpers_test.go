// SPDX-License-Identifier: Apache-2.0

package performer

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"

	"github.com/crossplane-contrib/provider-hourglass/apis"
	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/controller/options"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
	"github.com/crossplane-contrib/provider-hourglass/internal/target"
	"github.com/crossplane-contrib/provider-hourglass/internal/workload"
)

const (
	testUID   = "3f0c2c1e-0000-4000-8000-000000000001"
	testAVS   = "0x1234567890abcdef1234567890abcdef12345678"
	testImage = "myavs/performer:v1"
)

var (
	errBoom = errors.New("boom")
	// Instants that the tests speak of, a minute apart. Now is the last.
	t0  = time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	now = t0.Add(time.Minute)
)

// ignored is what a fake API server sets by itself.
var ignored = cmp.Options{
	cmpopts.IgnoreFields(metav1.ObjectMeta{}, "ResourceVersion", "ManagedFields"),
	cmpopts.IgnoreTypes(metav1.TypeMeta{}),
	cmpopts.EquateEmpty(),
}

func conflict() error {
	return kerrors.NewConflict(schema.GroupResource{Resource: "pods"}, "performer-a", errBoom)
}

func notFound() error {
	return kerrors.NewNotFound(schema.GroupResource{Resource: "pods"}, "performer-a")
}

func exists() error {
	return kerrors.NewAlreadyExists(schema.GroupResource{Resource: "pods"}, "performer-a")
}

type performerModifier func(*v1alpha1.Performer)

// performer is a Performer with no wishes but its image, and whose Pods do not drain.
func performer(m ...performerModifier) *v1alpha1.Performer {
	p := &v1alpha1.Performer{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.SchemeGroupVersion.String(), Kind: v1alpha1.PerformerKind},
		ObjectMeta: metav1.ObjectMeta{Name: "a", Namespace: "ns", UID: testUID, Generation: 2},
		Spec: v1alpha1.PerformerSpec{
			AVSAddress: testAVS, Image: testImage,
			Upgrade: &v1alpha1.UpgradePolicy{Drain: &metav1.Duration{}},
		},
	}
	for _, f := range m {
		f(p)
	}
	return p
}

func withImage(image string) performerModifier {
	return func(p *v1alpha1.Performer) { p.Spec.Image = image }
}

func withArgs(args ...string) performerModifier {
	return func(p *v1alpha1.Performer) { p.Spec.Config.Args = args }
}

func withPort(port int32) performerModifier {
	return func(p *v1alpha1.Performer) { p.Spec.Config.GRPCPort = port }
}

func withPhase(phase v1alpha1.PerformerPhase) performerModifier {
	return func(p *v1alpha1.Performer) { p.Status.Phase = phase }
}

func deleted(p *v1alpha1.Performer) { p.DeletionTimestamp = &metav1.Time{Time: t0} }

func adopting(p *v1alpha1.Performer) {
	p.Annotations = map[string]string{workload.AnnotationAdopt: "true"}
}

// unplaceable asks for a node with two values of one label.
func unplaceable(p *v1alpha1.Performer) {
	p.Spec.Scheduling = &v1alpha1.SchedulingConfig{NodeSelector: v1alpha1.NodeLabels{"rack": "1"}}
	p.Spec.HardwareRequirements = &v1alpha1.HardwareRequirements{CustomLabels: v1alpha1.NodeLabels{"rack": "2"}}
}

// unplaced is the sentence for that. What it says is up to package placement.
func unplaced(t *testing.T) string {
	t.Helper()
	p := performer(unplaceable)
	_, err := placement.Constrain(placement.Demand{Hardware: p.Spec.HardwareRequirements, Scheduling: p.Spec.Scheduling}, nil)
	if err == nil {
		t.Fatal("the test needs a Performer that cannot be placed")
	}
	return "cannot place the Pod: " + err.Error()
}

// doubtful asks for a node label that no node has.
func doubtful(p *v1alpha1.Performer) {
	p.Spec.Scheduling = &v1alpha1.SchedulingConfig{NodeSelector: v1alpha1.NodeLabels{"nvidia.com/gpu": "1"}}
}

// podFor is a Performer's Pod as the target holds it when it is ready since t0.
func podFor(p *v1alpha1.Performer, m ...func(*corev1.Pod)) *corev1.Pod {
	pod := workload.Pod(p, placement.Constraints{})
	pod.UID = "pod-1"
	pod.Spec.NodeName = "node-1"
	pod.Status = corev1.PodStatus{
		Phase:      corev1.PodRunning,
		Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(t0)}},
		ContainerStatuses: []corev1.ContainerStatus{{
			Name: workload.ContainerName, Image: p.Spec.Image, ContainerID: "containerd://1", Ready: true,
		}},
	}
	for _, f := range m {
		f(pod)
	}
	return pod
}

func serviceFor(p *v1alpha1.Performer, m ...func(*corev1.Service)) *corev1.Service {
	svc := workload.Service(p)
	svc.UID = "service-1"
	for _, f := range m {
		f(svc)
	}
	return svc
}

// foreign takes from an object what says that it is the Performer's.
func foreign[T client.Object](o T) { o.SetAnnotations(nil) }

// unlabeled takes from an object what the cache selects by.
func unlabeled[T client.Object](o T) { o.SetLabels(nil) }

// ending is an object that was deleted and is not gone yet.
func ending[T client.Object](o T) {
	o.SetDeletionTimestamp(&metav1.Time{Time: t0})
	o.SetFinalizers([]string{"example.com/hold"})
}

// A world is a target cluster in which the cache may be behind, and in which
// calls may fail. It notes what is sent to the API server; reads of the cache
// are not.
type world struct {
	cache, api client.WithWatch
	fail       map[string]error

	calls  []string
	events []event.Event
}

// newWorld has the API server hold some objects and the cache others. Calls fail
// as said: by verb and kind, "cache" being the verb of a read of the cache.
func newWorld(t *testing.T, cached, live []client.Object, fail map[string]error) *world {
	t.Helper()
	s := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(s), apis.AddToScheme(s)); err != nil {
		t.Fatalf("cannot register the API types: %v", err)
	}
	holding := func(objects []client.Object) client.WithWatch {
		b := fake.NewClientBuilder().WithScheme(s).WithReturnManagedFields().
			WithIndex(&corev1.Pod{}, target.IndexOwner, func(o client.Object) []string {
				return []string{o.GetAnnotations()[workload.AnnotationOwner]}
			})
		for _, o := range objects {
			b = b.WithObjects(o.DeepCopyObject().(client.Object))
		}
		return b.Build()
	}
	return &world{cache: holding(cached), api: holding(live), fail: fail}
}

// external is the client under test, in this world.
func (w *world) external() *external {
	return &external{
		kube:  w.api,
		live:  w.api,
		nodes: &nodes{},
		cluster: &target.Cluster{
			Client: interceptor.NewClient(w.api, interceptor.Funcs{
				Get: func(ctx context.Context, _ client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
					if err := w.fail["cache "+kindOf(o)]; err != nil {
						return err
					}
					return w.cache.Get(ctx, key, o, opts...)
				},
				List: func(ctx context.Context, _ client.WithWatch, l client.ObjectList, opts ...client.ListOption) error {
					if err := w.fail["cache "+kindOf(l)]; err != nil {
						return err
					}
					return w.cache.List(ctx, l, opts...)
				},
				Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
					if err := w.call("create "+kindOf(o), ""); err != nil {
						return err
					}
					return c.Create(ctx, o, opts...)
				},
				Patch: func(ctx context.Context, c client.WithWatch, o client.Object, patch client.Patch, opts ...client.PatchOption) error {
					raw, err := patch.Data(o)
					if err != nil {
						return err
					}
					if err := w.call("patch "+kindOf(o), " "+strings.Join(fieldsOf(raw), " ")); err != nil {
						return err
					}
					return c.Patch(ctx, o, patch, opts...)
				},
				Delete: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
					d := (&client.DeleteOptions{}).ApplyOptions(opts)
					uid := "any"
					if d.Preconditions != nil && d.Preconditions.UID != nil {
						uid = string(*d.Preconditions.UID)
					}
					if err := w.call("delete "+kindOf(o), fmt.Sprintf(" uid=%s %s", uid, *d.PropagationPolicy)); err != nil {
						return err
					}
					return c.Delete(ctx, o, opts...)
				},
			}),
			Live: interceptor.NewClient(w.api, interceptor.Funcs{
				Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
					if err := w.call("get "+kindOf(o), ""); err != nil {
						return err
					}
					return c.Get(ctx, key, o, opts...)
				},
			}),
		},
		record: w,
		now:    func() time.Time { return now },
		again:  func(*v1alpha1.Performer, time.Duration) {},
	}
}

func (w *world) call(name, detail string) error {
	w.calls = append(w.calls, name+detail)
	return w.fail[name]
}

// Event notes what would be recorded.
func (w *world) Event(_ runtime.Object, e event.Event) {
	e.Annotations = nil
	w.events = append(w.events, e)
}

// WithAnnotations changes nothing.
func (w *world) WithAnnotations(...string) event.Recorder { return w }

// objects are the Pods and Services at the API server.
func (w *world) objects(t *testing.T) []client.Object {
	t.Helper()
	pods, services := &corev1.PodList{}, &corev1.ServiceList{}
	for _, l := range []client.ObjectList{pods, services} {
		if err := w.api.List(t.Context(), l); err != nil {
			t.Fatalf("cannot list what the API server holds: %v", err)
		}
	}
	var out []client.Object
	for i := range pods.Items {
		out = append(out, &pods.Items[i])
	}
	for i := range services.Items {
		out = append(out, &services.Items[i])
	}
	return out
}

// fieldsOf lists the fields that a merge patch sets or removes, but for the
// lists, which it does not look into.
func fieldsOf(patch []byte) []string {
	var fields map[string]any
	if err := json.Unmarshal(patch, &fields); err != nil {
		return []string{err.Error()}
	}
	return leaves("", fields)
}

func leaves(path string, fields map[string]any) []string {
	var out []string
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		at := strings.TrimPrefix(path+"."+strings.TrimPrefix(key, v1alpha1.Group+"/"), ".")
		if inner, ok := fields[key].(map[string]any); ok {
			out = append(out, leaves(at, inner)...)
			continue
		}
		out = append(out, at)
	}
	return out
}

func kindOf(o any) string {
	_, kind, _ := strings.Cut(fmt.Sprintf("%T", o), ".")
	return kind
}

func normal(reason event.Reason, message string) event.Event {
	return event.Event{Type: event.TypeNormal, Reason: reason, Message: message}
}

// words is the text of an error, "" for none.
func words(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// newFinalizer is the one that the controller is set up with.
func newFinalizer(kube client.Client) options.Finalizer {
	return options.NewFinalizer(kube, func(o resource.Object) string {
		return workload.PodName(o.(*v1alpha1.Performer))
	})
}
