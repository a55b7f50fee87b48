// SPDX-License-Identifier: Apache-2.0

package placement_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	scheduling "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/hardware"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

// A placeCase is one workload and one pool.
type placeCase struct {
	reason string
	pool   v1alpha1.HardwarePool
	demand placement.Demand
	// refused are words of the sentence that says why the pool does not serve.
	// Where there are none it serves.
	refused []string
	// err says that the demand itself keeps any pool from serving it.
	err bool
	// want is what the binding says; nil where that is another test's concern.
	want *narrowed
	// warned are words of a warning.
	warned string
}

func runPlace(t *testing.T, cases map[string]placeCase) {
	t.Helper()
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			before := asJSON(t, []any{tc.pool, tc.demand})
			r := placement.NewFleet([]v1alpha1.HardwarePool{tc.pool}).Place([]placement.Workload{{Name: "w", Namespace: "ns", Demand: tc.demand}}, placement.Price)
			checkUnmodified(t, before, asJSON(t, []any{tc.pool, tc.demand}))
			b, bound := r.Binding(0)
			if bound != (tc.refused == nil) {
				t.Errorf("\n%s\ngiven to the pool: want %t, got %t; %v %v", tc.reason, tc.refused == nil, bound, r.Err(0), r.Rejections(0))
			}
			if tc.refused != nil {
				checkRefused(t, tc, r)
				return
			}
			if bound {
				checkBinding(t, tc, b)
			}
		})
	}
}

// checkRefused fails unless the error or the rejection says the words.
func checkRefused(t *testing.T, tc placeCase, r *placement.Result) {
	t.Helper()
	err, rejections := r.Err(0), r.Rejections(0)
	said := ""
	if err != nil {
		said = err.Error()
	} else if tc.err {
		t.Errorf("\n%s\nwant an error of the demand's own, got: %v", tc.reason, rejections)
	}
	for _, rejection := range rejections {
		said += rejection.Reason
		if rejection.Pool != tc.pool.Name || rejection.Reason == "" {
			t.Errorf("\n%s\nwant a reason about pool %s, got: %v", tc.reason, tc.pool.Name, rejection)
		}
	}
	if err == nil && len(rejections) != 1 {
		t.Errorf("\n%s\nwant one rejection, got: %v", tc.reason, rejections)
	}
	for _, words := range tc.refused {
		if !strings.Contains(said, words) {
			t.Errorf("\n%s\nwant a reason with %q, got: %s", tc.reason, words, said)
		}
	}
}

func checkBinding(t *testing.T, tc placeCase, b placement.Binding) {
	t.Helper()
	if b.Pool != tc.pool.Name || b.Why == "" {
		t.Errorf("\n%s\nwant pool %s and why, got pool %q and %q", tc.reason, tc.pool.Name, b.Pool, b.Why)
	}
	got := narrow(t, b.Demand)
	if tc.want != nil {
		if diff := cmp.Diff(*tc.want, got); diff != "" {
			t.Errorf("\n%s\nwhat the binding says: -want, +got:\n%s", tc.reason, diff)
		}
	}
	if tc.warned != "" && !strings.Contains(strings.Join(b.Warnings, "\n"), tc.warned) {
		t.Errorf("\n%s\nwant a warning with %q, got: %q", tc.reason, tc.warned, b.Warnings)
	}
	checkAdmitted(t, tc.pool, b)
}

// narrowed is what a binding adds to a demand, and what it keeps of it.
type narrowed struct {
	NodeSelector map[string]string
	Terms        [][]corev1.NodeSelectorRequirement
	Tolerations  []corev1.Toleration
	// RuntimeClass is nil where nothing is said, and "" for explicitly none.
	RuntimeClass *string
	// Devices are the extended resources, which limits and requests agree on.
	Devices map[string]string
	TEEType string
}

func narrow(t *testing.T, d placement.Demand) narrowed {
	t.Helper()
	n := narrowed{}
	if d.Hardware != nil {
		n.TEEType = d.Hardware.TEEType
	}
	for name, q := range d.Resources.Limits {
		if !strings.Contains(string(name), "/") {
			continue
		}
		if n.Devices == nil {
			n.Devices = map[string]string{}
		}
		n.Devices[string(name)] = q.String()
		if r, ok := d.Resources.Requests[name]; !ok || r.Cmp(q) != 0 {
			t.Errorf("the limit of %s is %s and the request %s", name, q.String(), r.String())
		}
	}
	if s := d.Scheduling; s != nil {
		n.NodeSelector, n.Tolerations, n.RuntimeClass = s.NodeSelector, s.Tolerations, s.RuntimeClass
		if s.NodeAffinity != nil && s.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution != nil {
			for _, term := range s.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
				n.Terms = append(n.Terms, term.MatchExpressions)
			}
		}
	}
	return n
}

// asJSON shows a value with all that it refers to.
func asJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// checkAdmitted fails unless the Pod that comes of a binding could run on a node of
// the pool, as far as labels and taints go.
func checkAdmitted(t *testing.T, p v1alpha1.HardwarePool, b placement.Binding) {
	t.Helper()
	d := b.Demand
	d.Pool = b.Pool
	classes := classesOf(p)
	var tolerations []corev1.Toleration
	c, err := placement.Constrain(d, classes)
	if err != nil {
		t.Errorf("given to pool %s, but no Pod comes of it: %v", b.Pool, err)
		return
	}
	pod := &corev1.Pod{Spec: corev1.PodSpec{NodeSelector: maps.Clone(c.NodeSelector), Affinity: c.Affinity}}
	if pod.Spec.NodeSelector == nil {
		pod.Spec.NodeSelector = map[string]string{}
	}
	for _, class := range classes {
		if c.RuntimeClassName != nil && class.Name == *c.RuntimeClassName {
			maps.Copy(pod.Spec.NodeSelector, class.Scheduling.NodeSelector)
			tolerations = class.Scheduling.Tolerations
		}
	}
	if !slices.ContainsFunc(nodesIn(p), func(n *corev1.Node) bool { return matched(t, pod, n) }) {
		t.Errorf("given to pool %s, but the Pod's selector %v and affinity %s do not match the labels %v", b.Pool, pod.Spec.NodeSelector, asJSON(t, c.Affinity), nodesIn(p)[0].Labels)
	}
	if taint, untolerated := scheduling.FindMatchingUntoleratedTaint(logr.Discard(), p.Spec.Taints, slices.Concat(c.Tolerations, tolerations), blocks, false); untolerated {
		t.Errorf("given to pool %s, but the Pod does not tolerate %s", b.Pool, taint.ToString())
	}
}

// blocks says whether a taint keeps Pods away when a node is ready.
func blocks(t *corev1.Taint) bool {
	return t.Effect != corev1.TaintEffectPreferNoSchedule && t.Key != kataKey && !strings.HasPrefix(t.Key, "startup-taint.") && !strings.HasPrefix(t.Key, "node.")
}

// classesOf are the RuntimeClasses of a pool's cluster, those of Kata Containers
// where it lists none.
func classesOf(p v1alpha1.HardwarePool) []nodev1.RuntimeClass {
	listed := p.Spec.RuntimeClasses
	if listed == nil {
		listed = katas()
	}
	all := []nodev1.RuntimeClass{}
	for _, c := range listed {
		all = append(all, nodev1.RuntimeClass{
			ObjectMeta: metav1.ObjectMeta{Name: c.Name}, Handler: c.Handler, Scheduling: &nodev1.Scheduling{NodeSelector: c.NodeSelector, Tolerations: c.Tolerations},
		})
	}
	return all
}

func matched(t *testing.T, pod *corev1.Pod, n *corev1.Node) bool {
	t.Helper()
	ok, err := nodeaffinity.GetRequiredNodeAffinity(pod).Match(n)
	if err != nil {
		t.Errorf("the Pod's affinity is not valid: %v", err)
	}
	return ok
}

// nodesIn returns a node of the pool for each GPU product that it has.
func nodesIn(p v1alpha1.HardwarePool) []*corev1.Node {
	all := []*corev1.Node{nodeIn(p, "")}
	for _, f := range p.Status.Free {
		if f.GPUProduct != "" {
			all = append(all, nodeIn(p, f.GPUProduct))
		}
	}
	return all
}

// nodeIn returns a node of the pool, with the labels that its facts imply.
func nodeIn(p v1alpha1.HardwarePool, product string) *corev1.Node {
	labels := map[string]string{corev1.LabelOSStable: "linux", archKey: "amd64"}
	if p.Spec.GPU != nil {
		if g, err := hardware.ParseGPU(p.Spec.GPU.Product); err == nil && g.ARM64Only() {
			labels[archKey] = "arm64"
		}
	}
	if p.Spec.TEE != nil {
		proof := hardware.HostLabels(hardware.TEE(p.Spec.TEE.Type))
		if p.Spec.TEE.Mode == v1alpha1.TEEModeNodeVM || proof == nil {
			proof = hardware.GuestLabels(hardware.TEE(p.Spec.TEE.Type))
		}
		labels[proof[0][0].Key] = proof[0][0].Values[0]
	}
	if product != "" {
		labels[productKey] = product
	}
	if p.Spec.Labels["karpenter.k8s.aws/instance-gpu-name"] == "t4g" {
		labels[archKey] = "arm64"
	}
	if p.Spec.Architecture != "" {
		labels[archKey] = p.Spec.Architecture
	}
	maps.Copy(labels, p.Spec.Labels)
	maps.Copy(labels, p.Spec.NodeSelector)
	return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: p.Name + "-0", Labels: labels}}
}

// checkUnmodified fails if what was passed in is not what it was.
func checkUnmodified(t *testing.T, before, after string) {
	t.Helper()
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("what was passed in was modified: -before, +after:\n%s", diff)
	}
}
