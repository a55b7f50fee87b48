// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// originalPerformer is one as it was written for the operator whose API this is.
const originalPerformer = `
apiVersion: hourglass.eigenlayer.io/v1alpha1
kind: Performer
metadata:
  name: a
  labels: {app: model}
spec:
  avsAddress: "` + avs + `"
  image: myavs/performer:v1
  imagePullPolicy: IfNotPresent
  version: v1.0.0
  config:
    environment: {LOG_LEVEL: info}
    environmentFrom:
    - name: API_TOKEN
      valueFrom: {secretKeyRef: {name: avs-api, key: token}}
  resources:
    requests: {cpu: 100m, memory: 64Mi}
  scheduling:
    nodeSelector: {kubernetes.io/hostname: cpu-0}
    affinity:
      nodeAffinity:
        requiredDuringSchedulingIgnoredDuringExecution:
          nodeSelectorTerms:
          - matchExpressions: [{key: kubernetes.io/arch, operator: In, values: [amd64]}]
`

// original are the Pod and the Service of a Performer, as the original operator
// makes them.
func original(ns, name string) (*corev1.Pod, *corev1.Service) {
	labels := map[string]string{
		"app": "hourglass-performer", "hourglass.eigenlayer.io/performer": name, "hourglass.eigenlayer.io/avs": avs,
	}
	made := metav1.ObjectMeta{Namespace: ns, Name: "performer-" + name, Labels: labels}
	pod := &corev1.Pod{ObjectMeta: *made.DeepCopy(), Spec: corev1.PodSpec{
		NodeSelector: map[string]string{corev1.LabelHostname: "cpu-0"},
		Containers: []corev1.Container{{
			Name: "performer", Image: imageV1, Env: []corev1.EnvVar{{Name: "LOG_LEVEL", Value: "info"}},
			Ports:     []corev1.ContainerPort{{Name: "grpc", ContainerPort: 9090, Protocol: corev1.ProtocolTCP}},
			Resources: corev1.ResourceRequirements{Requests: amount("100m", "64Mi")},
		}},
	}}
	svc := &corev1.Service{ObjectMeta: made, Spec: corev1.ServiceSpec{
		Selector: map[string]string{"app": "hourglass-performer", "hourglass.eigenlayer.io/performer": name},
		Ports:    []corev1.ServicePort{{Name: "grpc", Port: 9090, TargetPort: intstr.FromInt32(9090), Protocol: corev1.ProtocolTCP}},
	}}
	return pod, svc
}

// TestNamespaceAdoption moves a namespace from the original operator to this
// provider: its objects are taken over as they run.
func TestNamespaceAdoption(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	pod, svc := original(ns, "a")
	create(t, pod)
	create(t, svc)
	p := newPerformer(ns, "a")
	awaitServes(t, p)
	before, m := podOf(t, p), newMeter(t)

	apply(t, ns, originalPerformer)
	awaitNotSynced(t, p, ns+"/performer-a exists and belongs to ", "e2e.test", `hourglass.eigenlayer.io/adopt: "true"`)
	if diff := cmp.Diff("", podOf(t, p).Annotations[annotationOwner]+serviceOf(t, p).Annotations[annotationOwner]); diff != "" {
		t.Errorf("nothing is taken over silently: owner: -want, +got:\n%s", diff)
	}

	change(t, object(t, "", ns, &corev1.Namespace{}), func(n *corev1.Namespace) { n.Annotations = map[string]string{annotationAdopt: "true"} })
	got := awaitRunning(t, p)
	after, service := podOf(t, p), serviceOf(t, p)
	if diff := cmp.Diff(untouched(before), untouched(after)); diff != "" {
		t.Errorf("to adopt is not to restart: -before, +after:\n%s", diff)
	}
	if diff := cmp.Diff([]any{svc.UID, svc.Spec.ClusterIP, svc.Spec.Selector}, []any{service.UID, service.Spec.ClusterIP, service.Spec.Selector}); diff != "" {
		t.Errorf("the Service must be the same: -before, +after:\n%s", diff)
	}
	if diff := cmp.Diff([]string{string(got.UID), string(got.UID)}, []string{after.Annotations[annotationOwner], service.Annotations[annotationOwner]}); diff != "" {
		t.Errorf("owners of Pod and Service: -want, +got:\n%s", diff)
	}
	if diff := cmp.Diff("performer-a."+ns+".svc.cluster.local:9090", got.Status.GRPCEndpoint); diff != "" {
		t.Errorf("the port is the default one: -want, +got:\n%s", diff)
	}
	for _, kind := range []string{"Pod", "Service"} {
		awaitEvent(t, got, "AdoptedObject", kind+" performer-a")
		m.await(t, 1, "hourglass_objects_adopted_total", `kind="`+kind+`"`)
	}
	expectOwn(t, got)
}

// awaitServes waits until the Service that stands before a Pod leads to it.
func awaitServes(t *testing.T, p *v1alpha1.Performer) {
	t.Helper()
	eventually(t, "the original Pod serves", servedBy(t, p, "performer-"+p.Name))
}

// expectOwn upgrades and deletes a Performer with objects that were taken over, as
// any other.
func expectOwn(t *testing.T, p *v1alpha1.Performer) {
	t.Helper()
	uid := podOf(t, p).UID
	change(t, p, newImage)
	await(t, p, "is upgraded in place", func(q *v1alpha1.Performer) bool { return runsImage(t, q, imageV2) && podOf(t, p).UID == uid })
	change(t, p, upgrades(t, "", "", "0s"))
	deleteIt(t, p)
	awaitGone(t, p)
	awaitGone(t, &corev1.Pod{ObjectMeta: objectMeta(p)})
	awaitGone(t, &corev1.Service{ObjectMeta: objectMeta(p)})
}

// TestNamespaceAdoptionOfSomeonesOnly has a namespace whose annotation is for all
// of it. Also then nothing is taken from a Performer that is there.
func TestNamespaceAdoptionOfSomeonesOnly(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	change(t, object(t, "", ns, &corev1.Namespace{}), func(n *corev1.Namespace) { n.Annotations = map[string]string{annotationAdopt: "true"} })
	p := newPerformer(ns, "a")
	create(t, p)
	p = awaitRunning(t, p)
	thief := newPerformer(ns, "b", func(p *v1alpha1.Performer) {
		p.Annotations = map[string]string{"crossplane.io/external-name": "performer-a"}
	})
	create(t, thief)
	awaitNotSynced(t, thief, "performer-a")
	pod := object(t, ns, "performer-a", &corev1.Pod{})
	if diff := cmp.Diff(string(p.UID), pod.Annotations[annotationOwner]); diff != "" {
		t.Errorf("owner of the Pod: -want, +got:\n%s", diff)
	}
	if err := hub.Get(t.Context(), client.ObjectKeyFromObject(pod), pod); err != nil || pod.DeletionTimestamp != nil {
		t.Errorf("the Pod must run on: %v", err)
	}
}
