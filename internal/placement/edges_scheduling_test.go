// SPDX-License-Identifier: Apache-2.0

package placement_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

func TestEdgeNodeSelector(t *testing.T) {
	ssd := newPool("p", labeled("disk", "ssd"))
	alike := newPool("p", declared(a10040, 1), offering("nvidia.com/gpu", "1"))
	alike.Status.Free = []v1alpha1.FreeNodes{{Nodes: 2, GPUProduct: a10040}}
	custom := placement.Demand{Hardware: &v1alpha1.HardwareRequirements{CustomLabels: pairs("disk", "hdd")}}
	runPlace(t, map[string]placeCase{
		"SameAsOurs":     {reason: "What the pool selects too is there once.", pool: ssd, demand: where(placement.Demand{}, selecting("pool", "p")), want: &narrowed{NodeSelector: pairs("pool", "p")}},
		"SameProduct":    {reason: "The product that the pool has is no news.", pool: newPool("p", gpus("Tesla-T4", 1)), demand: where(gpu("t4", 1), selecting(productKey, "Tesla-T4")), want: &narrowed{NodeSelector: pairs("pool", "p", productKey, "Tesla-T4"), Devices: pairs("nvidia.com/gpu", "1")}},
		"Conflicting":    {reason: "Another value is a conflict, and both are named.", pool: ssd, demand: where(placement.Demand{}, selecting("disk", "hdd")), refused: []string{"disk", "ssd", "hdd"}},
		"OtherPool":      {reason: "Who selects another pool's nodes gets that pool only.", pool: ssd, demand: where(placement.Demand{}, selecting("pool", "q")), refused: []string{"pool", "p", "q"}},
		"KeyMissing":     {reason: "A label that the pool does not know of is not there.", pool: ssd, demand: where(placement.Demand{}, selecting("zone", "a")), refused: []string{"zone"}},
		"EmptyMissing":   {reason: "An empty value is not the same as no label.", pool: ssd, demand: where(placement.Demand{}, selecting("zone", "")), refused: []string{"zone"}},
		"CustomConflict": {reason: "Custom labels are required labels.", pool: ssd, demand: custom, refused: []string{"disk", "ssd", "hdd"}},
		"OS":             {reason: "Nodes are Linux.", pool: ssd, demand: where(placement.Demand{}, selecting("kubernetes.io/os", "linux"))},
		"Windows":        {reason: "Nodes are Linux.", pool: ssd, demand: where(placement.Demand{}, selecting("kubernetes.io/os", "windows")), refused: []string{"kubernetes.io/os"}},
		"MixedProduct": {
			reason: "Who selects one of the products gets the nodes with that one.",
			pool:   mixed(), demand: where(gpu("a100", 1), selecting(productKey, a10080)),
			want: &narrowed{NodeSelector: pairs("pool", "mixed", productKey, a10080), Devices: pairs("nvidia.com/gpu", "1")},
		},
		"OneProduct": {
			reason: "What was seen of the nodes is known of them, where they are all alike too.",
			pool:   alike, demand: where(gpu("a100", 1), selecting(productKey, a10040)),
		},
		"OneOtherProduct":   {reason: "What was seen of the nodes is known of them.", pool: alike, demand: where(gpu("", 1), affine(term(label(productKey, corev1.NodeSelectorOpNotIn, a10040)))), refused: []string{productKey}},
		"MixedOtherProduct": {reason: "Who selects a product that no node has gets none.", pool: mixed(), demand: where(gpu("a100", 1), selecting(productKey, "NVIDIA-A100-PCIE-40GB")), refused: []string{"NVIDIA-A100-PCIE-40GB"}},
	})
}

func TestEdgeNodeAffinity(t *testing.T) {
	const memory = "nvidia.com/gpu.memory"
	t4 := newPool("p", gpus("Tesla-T4", 1), labeled("zone", "a", memory, "16384"))
	zone := func(v string) []corev1.NodeSelectorRequirement {
		return term(label("zone", corev1.NodeSelectorOpIn, v))
	}
	preferred := v1alpha1.SchedulingConfig{NodeAffinity: &corev1.NodeAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{
		{Weight: 1, Preference: corev1.NodeSelectorTerm{MatchExpressions: zone("b")}},
	}}}
	both := affine(zone("a"))
	both.Affinity = &corev1.Affinity{NodeAffinity: affine(zone("b")).NodeAffinity}
	product := pairs("pool", "p", productKey, "Tesla-T4")
	one := pairs("nvidia.com/gpu", "1")
	runPlace(t, map[string]placeCase{
		"NoTerms":      {reason: "No terms match no node.", pool: t4, demand: where(gpu("t4", 1), affine()), refused: []string{"nodeAffinity"}},
		"EmptyTerm":    {reason: "An empty term matches no node, and must not become one that does.", pool: t4, demand: where(gpu("t4", 1), affine(term())), refused: []string{"nodeAffinity"}},
		"EmptyAndGood": {reason: "An empty term beside another is nothing.", pool: t4, demand: where(gpu("t4", 1), affine(term(), zone("a")))},
		"EmptyAndBad":  {reason: "An empty term does not help one that does not match.", pool: t4, demand: where(gpu("t4", 1), affine(term(), zone("b"))), refused: []string{"zone"}},
		"SecondTerm":   {reason: "One of the terms is enough, and both are kept.", pool: t4, demand: where(gpu("t4", 1), affine(zone("b"), zone("a"))), want: &narrowed{NodeSelector: product, Devices: one, Terms: [][]corev1.NodeSelectorRequirement{zone("b"), zone("a")}}},
		"NeitherTerm":  {reason: "One of the terms must match.", pool: t4, demand: where(gpu("t4", 1), affine(zone("b"), zone("c"))), refused: []string{"zone"}},
		"NotInOurs":    {reason: "Who excludes the only pool gets none.", pool: t4, demand: where(gpu("t4", 1), affine(term(label("pool", corev1.NodeSelectorOpNotIn, "p")))), refused: []string{"pool"}},
		"NotInProduct": {reason: "Who excludes the pool's product gets none of it.", pool: t4, demand: where(gpu("t4", 1), affine(term(label(productKey, corev1.NodeSelectorOpNotIn, "Tesla-T4")))), refused: []string{productKey}},
		"NotInMixed": {
			reason: "Who excludes one of the products gets the others.", pool: mixed(), demand: where(gpu("a100-80gb", 1), affine(term(label(productKey, corev1.NodeSelectorOpNotIn, a10080)))),
			want: &narrowed{NodeSelector: pairs("pool", "mixed", productKey, a100PCI), Devices: one, Terms: [][]corev1.NodeSelectorRequirement{term(label(productKey, corev1.NodeSelectorOpNotIn, a10080))}},
		},
		"Gt":            {reason: "A number is compared.", pool: t4, demand: where(gpu("t4", 1), affine(term(label(memory, corev1.NodeSelectorOpGt, "16000"))))},
		"GtTooMuch":     {reason: "A number is compared.", pool: t4, demand: where(gpu("t4", 1), affine(term(label(memory, corev1.NodeSelectorOpGt, "40000")))), refused: []string{memory, "16384", "40000"}},
		"GtUnknown":     {reason: "A label that is not there is no number.", pool: newPool("p", gpus("Tesla-T4", 1)), demand: where(gpu("t4", 1), affine(term(label(memory, corev1.NodeSelectorOpGt, "1")))), refused: []string{memory}},
		"Lt":            {reason: "A number is compared.", pool: t4, demand: where(gpu("t4", 1), affine(term(label(memory, corev1.NodeSelectorOpLt, "16384")))), refused: []string{memory}},
		"DoesNotExist":  {reason: "A label that the pool does not know of is not there.", pool: t4, demand: where(gpu("t4", 1), affine(term(label("spot", corev1.NodeSelectorOpDoesNotExist))))},
		"NotInUnknown":  {reason: "A label that is not there has no value to exclude.", pool: t4, demand: where(gpu("t4", 1), affine(term(label("spot", corev1.NodeSelectorOpNotIn, "true"))))},
		"ExistsUnknown": {reason: "A label that the pool does not know of is not there.", pool: t4, demand: where(gpu("t4", 1), affine(term(label("spot", corev1.NodeSelectorOpExists)))), refused: []string{"spot"}},
		"PreferredOnly": {reason: "What is preferred is not required.", pool: t4, demand: where(gpu("t4", 1), preferred), want: &narrowed{NodeSelector: product, Devices: one}},
		"BothPlaces":    {reason: "What is required in two places must both hold.", pool: t4, demand: where(gpu("t4", 1), both), refused: []string{"zone"}},
	})
	r := placement.NewFleet([]v1alpha1.HardwarePool{t4}).Place([]placement.Workload{{Name: "w", Demand: where(gpu("t4", 1), preferred)}}, placement.Price)
	b, _ := r.Binding(0)
	if b.Demand.Scheduling == nil {
		t.Fatal("want the preferred terms kept, got no scheduling")
	}
	if diff := cmp.Diff(preferred.NodeAffinity, b.Demand.Scheduling.NodeAffinity); diff != "" {
		t.Errorf("preferred terms are kept: -want, +got:\n%s", diff)
	}
}

func TestEdgeTolerations(t *testing.T) {
	const key = "nvidia.com/gpu"
	equal := tolerate(key, corev1.TolerationOpEqual, "true")
	anyEffect := corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists}
	everything := corev1.Toleration{Operator: corev1.TolerationOpExists}
	noExecute := corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute}
	avs := tolerate("dedicated", corev1.TolerationOpEqual, "avs")
	t4 := func(taints ...corev1.Taint) v1alpha1.HardwarePool {
		return newPool("p", gpus("Tesla-T4", 1), tainted(taints...))
	}
	present := taint(key, "present")
	one := gpu("t4", 1)
	nobody := placement.Demand{}
	want := func(tolerations ...corev1.Toleration) *narrowed {
		return &narrowed{NodeSelector: pairs("pool", "p", productKey, "Tesla-T4"), Devices: pairs(key, "1"), Tolerations: tolerations}
	}
	runPlace(t, map[string]placeCase{
		"EqualTrueAgainstPresent": {reason: "The user's value is another, so the pool's taint is tolerated beside.", pool: t4(present), demand: where(one, tolerating(equal)), want: want(equal, anyGPUTaint)},
		"EqualTrueIsNotEnough":    {reason: "The user's value is another, and nothing is added for who asks for no GPU.", pool: t4(present), demand: where(nobody, tolerating(equal)), refused: []string{key, "present"}},
		"NoEffectTolerates":       {reason: "No effect is all of them.", pool: t4(present), demand: where(nobody, tolerating(anyEffect)), want: &narrowed{NodeSelector: pairs("pool", "p"), Tolerations: []corev1.Toleration{anyEffect}}},
		"Duplicate":               {reason: "What the user tolerates is not tolerated twice.", pool: t4(present), demand: where(one, tolerating(anyGPUTaint)), want: want(anyGPUTaint)},
		"TaintTwice":              {reason: "A taint that is listed twice is tolerated once.", pool: t4(present, present), demand: one, want: want(anyGPUTaint)},
		"TwoEffects":              {reason: "A taint with two effects needs both tolerated.", pool: t4(present, taint(key, "present", corev1.TaintEffectNoExecute)), demand: one, want: want(anyGPUTaint, noExecute)},
		"TwoEffectsOneTolerated":  {reason: "A taint with two effects needs both tolerated.", pool: t4(present, taint(key, "present", corev1.TaintEffectNoExecute)), demand: where(nobody, tolerating(anyGPUTaint)), refused: []string{key, "NoExecute"}},
		"TwoTaintsOneTolerated":   {reason: "The one that is not tolerated is named.", pool: t4(taint("dedicated", "avs"), present), demand: where(nobody, tolerating(avs)), refused: []string{key}},
		"TwoTaintsOneAdded":       {reason: "The other is added for who asks for the GPU.", pool: t4(taint("dedicated", "avs"), present), demand: where(one, tolerating(avs)), want: want(avs, anyGPUTaint)},
		"PreferNoSchedule":        {reason: "What is only preferred keeps nobody away, and needs no toleration.", pool: t4(taint(key, "present", corev1.TaintEffectPreferNoSchedule)), demand: one, want: want()},
		"PreferNoScheduleOthers":  {reason: "What is only preferred keeps nobody away.", pool: t4(taint(key, "present", corev1.TaintEffectPreferNoSchedule)), demand: nobody, want: &narrowed{NodeSelector: pairs("pool", "p")}},
		"StartupTaint":            {reason: "A taint that goes when the node is ready is never tolerated.", pool: t4(taint("startup-taint.cluster-autoscaler.kubernetes.io/x", "")), demand: one, want: want()},
		"EverythingKept":          {reason: "A toleration of everything is kept where the user wrote it.", pool: t4(), demand: where(one, tolerating(everything)), want: want(everything)},
		"EverythingTolerates":     {reason: "A toleration of everything tolerates everything.", pool: t4(present, taint("dedicated", "avs")), demand: where(nobody, tolerating(everything)), want: &narrowed{NodeSelector: pairs("pool", "p"), Tolerations: []corev1.Toleration{everything}}},
		"OtherKey":                {reason: "AKS's taint is tolerated with its value.", pool: t4(taint("sku", "gpu")), demand: one, want: want(tolerate("sku", corev1.TolerationOpEqual, "gpu"))},
		"WrongEffect":             {reason: "A toleration of another effect is none.", pool: t4(present), demand: where(nobody, tolerating(noExecute)), refused: []string{key}},
		"Unsupported":             {reason: "A comparison that the target may not know tolerates nothing.", pool: t4(taint("tier", "5")), demand: where(nobody, tolerating(corev1.Toleration{Key: "tier", Operator: "Gt", Value: "1"})), refused: []string{"tier"}},
	})
}

// TestEdgeTolerationsNeverAdded checks what is tolerated in no case, unless the
// user says so: what marks a node that is not ready, and everything.
func TestEdgeTolerationsNeverAdded(t *testing.T) {
	for _, key := range []string{kataKey, "startup-taint.cluster-autoscaler.kubernetes.io/gpu", "node.kubernetes.io/not-ready", "node.kubernetes.io/unschedulable", "node.cloudprovider.kubernetes.io/uninitialized", "node.cilium.io/agent-not-ready", "ToBeDeletedByClusterAutoscaler"} {
		for _, effect := range []corev1.TaintEffect{corev1.TaintEffectNoSchedule, corev1.TaintEffectNoExecute} {
			for _, c := range []struct {
				option poolOption
				demand placement.Demand
			}{{gpus("Tesla-T4", 1), gpu("t4", 1)}, {hosting("tdx"), tee("tdx")}, {enclaves("1Gi"), tee("")}} {
				p := newPool("p", c.option, tainted(taint(key, "", effect)))
				b, _ := placement.NewFleet([]v1alpha1.HardwarePool{p}).Place([]placement.Workload{{Name: "w", Demand: c.demand}}, placement.Price).Binding(0)
				if b.Demand.Scheduling == nil {
					continue
				}
				if diff := cmp.Diff([]corev1.Toleration(nil), b.Demand.Scheduling.Tolerations); diff != "" {
					t.Errorf("taint %s:%s must never be tolerated: -want, +got:\n%s", key, effect, diff)
				}
			}
		}
	}
}
