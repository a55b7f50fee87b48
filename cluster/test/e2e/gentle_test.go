// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// TestRunningPodIsLeftAlone does what must not touch a Pod that runs.
func TestRunningPodIsLeftAlone(t *testing.T) {
	ns := namespace(t)
	cases := map[string]struct {
		reason string
		do     func(*v1alpha1.Performer)
		until  func(*testing.T, *v1alpha1.Performer) bool
	}{
		"unplaceable": {
			reason: "A spec that asks for hardware nobody knows cannot be placed.",
			do: func(p *v1alpha1.Performer) {
				p.Spec.HardwareRequirements = &v1alpha1.HardwareRequirements{GPUType: "rtx9999"}
			},
			until: func(_ *testing.T, p *v1alpha1.Performer) bool {
				c := p.Status.GetCondition(xpv2.TypeSynced)
				return c.Status == corev1.ConditionFalse && containsAll(c.Message, []string{"rtx9999"})
			},
		},
		"refused": {
			reason: "A new Pod that the API server would refuse does not replace one that runs.",
			do:     func(p *v1alpha1.Performer) { p.Spec.Scheduling = &v1alpha1.SchedulingConfig{PriorityClassName: "nope"} },
			until: func(_ *testing.T, p *v1alpha1.Performer) bool {
				c := p.Status.GetCondition(xpv2.TypeSynced)
				return c.Status == corev1.ConditionFalse && containsAll(c.Message, []string{"runs on as it is", "nope"})
			},
		},
		"otherwords": {
			reason: "A spec that means the same in other words changes nothing.",
			do: func(p *v1alpha1.Performer) {
				p.Spec.HardwareRequirements = &v1alpha1.HardwareRequirements{TEERequired: new(false), GPUCount: new(int32(0))}
			},
			until: func(t *testing.T, p *v1alpha1.Performer) bool {
				t.Helper()
				return containsAll(podOf(t, p).Annotations["hourglass.eigenlayer.io/applied"], []string{"teeRequired"})
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			p := newPerformer(ns, name)
			create(t, p)
			p = awaitRunning(t, p)
			before := podOf(t, p)
			change(t, p, tc.do)
			await(t, p, "is seen to have changed", func(p *v1alpha1.Performer) bool { return tc.until(t, p) })
			after := podOf(t, p)
			if diff := cmp.Diff(before.UID, after.UID); diff != "" || after.DeletionTimestamp != nil {
				t.Errorf("%s: -before, +after:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(before.Status.ContainerStatuses, after.Status.ContainerStatuses); diff != "" {
				t.Errorf("%s: -before, +after:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestRecordLostOrNewer(t *testing.T) {
	p := newPerformer(namespace(t), "a")
	create(t, p)
	p = awaitRunning(t, p)
	before := podOf(t, p)
	for name, record := range map[string]string{"lost": "", "newer": `{"spec.config.newField":"1","spec.image":"` + "0" + `"}`} {
		change(t, podOf(t, p), func(pod *corev1.Pod) { pod.Annotations["hourglass.eigenlayer.io/applied"] = record })
		eventually(t, "the "+name+" record is renewed", func(context.Context) (bool, string) {
			got := podOf(t, p).Annotations["hourglass.eigenlayer.io/applied"]
			return containsAll(got, []string{"spec.config.grpcPort"}), got
		})
	}
	if diff := cmp.Diff(identity(before), identity(podOf(t, p))); diff != "" {
		t.Errorf("a record is no reason to move a Pod: -before, +after:\n%s", diff)
	}
}

func TestExternalNameIsNotMoved(t *testing.T) {
	p := newPerformer(namespace(t), "a")
	create(t, p)
	p = awaitRunning(t, p)
	change(t, p, func(p *v1alpha1.Performer) { p.Annotations["crossplane.io/external-name"] = "other" })
	awaitNotSynced(t, p, "performer-a", "external-name")
	err := hub.Get(t.Context(), client.ObjectKey{Namespace: p.Namespace, Name: "other"}, &corev1.Pod{})
	if client.IgnoreNotFound(err) != nil || err == nil {
		t.Errorf("there must never be a second Pod: %v", err)
	}
	change(t, p, func(p *v1alpha1.Performer) { p.Annotations["crossplane.io/external-name"] = "performer-a" })
	await(t, p, "is synced again", func(p *v1alpha1.Performer) bool {
		return p.Status.GetCondition(xpv2.TypeSynced).Status == corev1.ConditionTrue
	})
}

func TestAdoption(t *testing.T) {
	ns := namespace(t)
	adopt := func(p *v1alpha1.Performer) {
		p.Annotations = map[string]string{"hourglass.eigenlayer.io/adopt": "true"}
	}
	foreign := func(name, image string) *corev1.Pod {
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "performer-" + name},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "performer", Image: image}}},
		}
		create(t, pod)
		return pod
	}
	t.Run("OtherImage", func(t *testing.T) {
		pod := foreign("a", "myavs/performer:v1.0.1")
		p := newPerformer(ns, "a", adopt)
		create(t, p)
		p = awaitRunning(t, p)
		change(t, p, func(p *v1alpha1.Performer) { p.Spec.Version = "v1" })
		eventually(t, "the Performer was reconciled once more", func(context.Context) (bool, string) {
			return podOf(t, p).Annotations["hourglass.eigenlayer.io/version"] == "v1", "it was not"
		})
		got := podOf(t, p)
		if got.UID != pod.UID || got.Spec.Containers[0].Image != "myavs/performer:v1.0.1" || got.Status.ContainerStatuses[0].RestartCount != 0 {
			t.Errorf("to adopt is not to restart, not even with another image: %+v", got.Status.ContainerStatuses)
		}
		change(t, p, func(p *v1alpha1.Performer) { p.Spec.Image = "myavs/performer:v2" })
		await(t, p, "runs the image that was asked for since", func(q *v1alpha1.Performer) bool {
			return running(q) && podOf(t, p).Status.ContainerStatuses[0].Image == "myavs/performer:v2"
		})
	})
	t.Run("TEE", func(t *testing.T) {
		foreign("b", "myavs/performer:v1")
		p := newPerformer(ns, "b", adopt, func(p *v1alpha1.Performer) {
			p.Spec.HardwareRequirements = &v1alpha1.HardwareRequirements{TEEType: "sgx"}
		})
		create(t, p)
		awaitNotSynced(t, p, "cannot be taken over", "TEE")
		if podOf(t, p).Annotations["hourglass.eigenlayer.io/owner-uid"] != "" {
			t.Error("a Pod that is in no TEE does not come into one by adoption")
		}
	})
}

func TestReplaceNeedsCreate(t *testing.T) {
	p := newPerformer(namespace(t), "a")
	create(t, p)
	p = awaitRunning(t, p)
	before := podOf(t, p)
	change(t, p, func(p *v1alpha1.Performer) {
		p.Spec.ManagementPolicies = xpv2.ManagementPolicies{"Observe", "Update"}
		p.Spec.Config.Args = []string{"--x"}
	})
	awaitNotSynced(t, p, "managementPolicies do not allow Create")
	if diff := cmp.Diff(identity(before), identity(podOf(t, p))); diff != "" {
		t.Errorf("a Pod that may not be made anew is not ended: -before, +after:\n%s", diff)
	}
	change(t, p, func(p *v1alpha1.Performer) { p.Spec.ManagementPolicies = xpv2.ManagementPolicies{"*"} })
	awaitRunning(t, p)
}

func TestProviderConfigRefStays(t *testing.T) {
	ns := namespace(t)
	p, e := newPerformer(ns, "a"), newExecutor(ns, "x")
	create(t, p)
	create(t, e)
	for name, o := range map[string]client.Object{"Performer": p, "HourglassExecutor": e} {
		patch := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"providerConfigRef":{"kind":"ProviderConfig","name":"other"}}}`))
		if err := hub.Patch(t.Context(), o, patch); err == nil || !containsAll(err.Error(), []string{"providerConfigRef must stay as it is"}) {
			t.Errorf("a %s must not be moved to another cluster while it runs in this one: %v", name, err)
		}
	}
}
