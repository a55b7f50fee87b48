// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// A Remedy is what ends a difference.
type Remedy string

// The remedies, from the gentlest.
const (
	// RemedyPatch changes the object in place; nothing that runs notices, but
	// for a container whose image changed.
	RemedyPatch Remedy = "Patch"
	// RemedyResize gives a Pod that runs more or less cpu and memory.
	RemedyResize Remedy = "Resize"
	// RemedyCreate creates what is missing.
	RemedyCreate Remedy = "Create"
	// RemedyDelete deletes what is not wanted any more.
	RemedyDelete Remedy = "Delete"
	// RemedyReplace ends the Pod, so that a new one can take its name.
	RemedyReplace Remedy = "Replace"
)

// Objects holds a Performer's objects: those that are wanted, or those found in
// the target cluster, where nil means absent.
type Objects struct {
	// Pod that serves, or is the nearest to it.
	Pod *corev1.Pod
	// Standby is a second Pod that is to take over from it.
	Standby *corev1.Pod
	// Leaving are Pods that are not needed any more.
	Leaving []*corev1.Pod
	Service *corev1.Service

	// LostTEE says in what the node that the Pod is on is not the TEE any more that
	// is asked for; "" where it is, or where none is.
	LostTEE string
}

// Pods are all of the Pods.
func (o Objects) Pods() []*corev1.Pod {
	var all []*corev1.Pod
	for _, pod := range append([]*corev1.Pod{o.Pod, o.Standby}, o.Leaving...) {
		if pod != nil {
			all = append(all, pod)
		}
	}
	return all
}

// A Difference is one field in which what is found is not what is wanted. It
// holds no value that may be secret.
type Difference struct {
	// Object is the kind of the object that differs.
	Object string
	// Field is the path of the field: in the Performer where the user changed
	// it, in the object where someone else did.
	Field string
	// Manager is the field manager that changed the object, if it was not this
	// provider.
	Manager string
	// From and To are what it was and what it was changed to, in words that hold no
	// secret; "" where somebody else did not change it.
	From, To string
	// Note says more, where there is more to say.
	Note string
	// Remedy is what ends the difference.
	Remedy Remedy
}

// fieldPodImage is the image's path in the Pod.
const fieldPodImage = "spec.containers[performer].image"

// Paths of what says that a Pod has ended, and where it is.
const (
	fieldPodPhase = "status.phase"
	fieldNode     = "spec.nodeName"
)

// isImage says whether a Pod differs in its image.
func (d Difference) isImage() bool {
	return d.Field == FieldImage || d.Field == fieldPodImage
}

// ChangesImage says whether any of the differences is in a Pod's image.
func ChangesImage(d []Difference) bool { return slices.ContainsFunc(d, Difference.isImage) }

// String is the difference in words.
func (d Difference) String() string {
	switch {
	case d.Remedy == RemedyDelete:
		return fmt.Sprintf("the %s is no longer wanted", d.Object)
	case d.Field == "":
		return fmt.Sprintf("the %s is missing", d.Object)
	case d.Manager != "" && d.From == "":
		return fmt.Sprintf("%s %s was changed by %q", d.Object, d.Field, d.Manager)
	case d.Manager != "":
		return fmt.Sprintf("%s %s was changed by %q from %s to %s", d.Object, d.Field, d.Manager, d.From, d.To)
	}
	if d.Note != "" {
		return d.Field + " (" + d.Note + ")"
	}
	return d.Field
}

// Differences lists, Pod first, in which fields the objects found differ from
// those wanted. What is not wanted is not compared, and neither is a Pod that
// is ending: what takes its place will be as wanted.
func Differences(p *v1alpha1.Performer, want, found Objects, now time.Time) []Difference {
	var d []Difference
	if found.Pod != nil && found.Pod.DeletionTimestamp == nil && !waitsToBeReplaced(p, found.Pod, now) {
		d = append(d, podDifferences(p, want.Pod, found.Pod)...)
		if found.Pod.Labels[LabelRole] == RoleDraining || (found.Standby != nil && found.Standby.Name == StandbyName(p, want.Pod)) {
			d = WithoutResize(d, "the API server refused that") // It was asked before this was begun.
		}
		d = append(d, teeDifference(p, found)...)
	}
	if want.Service == nil {
		return d
	}
	if found.Service == nil {
		return append(d, Difference{Object: "Service", Remedy: RemedyCreate})
	}
	return append(d, serviceDifferences(want.Service, found.Service)...)
}

// RemedyFor is the strongest remedy that a Pod's differences ask for.
func RemedyFor(d []Difference) Remedy {
	for _, r := range []Remedy{RemedyReplace, RemedyResize} {
		if slices.ContainsFunc(d, func(d Difference) bool { return d.Remedy == r }) {
			return r
		}
	}
	return RemedyPatch
}

// Words joins differences into one sentence.
func Words(d []Difference) string {
	words := make([]string, len(d))
	for i := range d {
		words[i] = d[i].String()
	}
	return strings.Join(words, ", ")
}

// waitsToBeReplaced says whether a Pod has ended, as those before it did, and its
// successor is not due yet.
func waitsToBeReplaced(p *v1alpha1.Performer, pod *corev1.Pod, now time.Time) bool {
	return Ended(pod) && now.Before(pod.CreationTimestamp.Add(ReplaceWait(p)))
}

func podDifferences(p *v1alpha1.Performer, want, found *corev1.Pod) []Difference {
	if Ended(found) {
		return []Difference{{Object: "Pod", Field: fieldPodPhase, Remedy: RemedyReplace}}
	}
	if !Owns(p, found) {
		// An adopted Pod runs on as it is: it is taken to be what the spec says.
		return []Difference{{Object: "Pod", Field: "metadata.annotations[" + AnnotationOwner + "]", Remedy: RemedyPatch}}
	}
	if failed(p, want, found) {
		// It runs in place of what is wanted, which is not tried again.
		return metadataDrift("Pod", want, found)
	}
	d := specDifferences(want, found)
	if len(d) == 0 && found.Annotations[AnnotationFailedSpec] != "" {
		// What runs in place of what failed is wanted now.
		d = append(d, Difference{Object: "Pod", Field: "metadata.annotations[" + AnnotationFailedSpec + "]", Remedy: RemedyPatch})
	}
	if !slices.ContainsFunc(d, Difference.isImage) {
		d = append(d, imageDrift(want, found)...)
	}
	if !slices.ContainsFunc(d, Difference.isImage) {
		d = append(d, pinDifference(p, found)...)
	}
	return append(d, metadataDrift("Pod", want, found)...)
}

// specDifferences are the changes that the user made to the spec since the Pod
// was made. Where they come to the same Pod, or where the record of what made it
// is lost, only the record is renewed.
func specDifferences(want, found *corev1.Pod) []Difference {
	record := ParseApplied(found.Annotations[AnnotationApplied])
	if record == nil {
		return []Difference{{Object: "Pod", Field: "metadata.annotations[" + AnnotationApplied + "]", Remedy: RemedyPatch}}
	}
	same := want.Annotations[AnnotationRendered] == found.Annotations[AnnotationRendered]
	var d []Difference
	for _, path := range ParseApplied(want.Annotations[AnnotationApplied]).Differences(record.only(performerFields)) {
		r := RemedyReplace
		switch {
		case path == FieldImage || same:
			r = RemedyPatch
		case strings.HasPrefix(path, fieldResources):
			r = resizeRemedy(path, want, found)
		}
		d = append(d, Difference{Object: "Pod", Field: path, Remedy: r})
	}
	return d
}

// imageDrift finds an image that someone else set on the Pod. An image that no
// other manager set was changed by a webhook at admission, such as one that
// pins digests or rewrites registries: that is how the cluster wants it. So is
// the image that a Pod had when it was taken over.
func imageDrift(want, found *corev1.Pod) []Difference {
	image := Image(found)
	if image == want.Spec.Containers[0].Image || image == found.Annotations[AnnotationAdoptedImage] {
		return nil
	}
	path := fieldpath.MakePathOrDie("spec", "containers", fieldpath.KeyByFields("name", ContainerName), "image")
	m := managerOf(found, path)
	if m == "" {
		return nil
	}
	return []Difference{drift("Pod", fieldPodImage, m, want.Spec.Containers[0].Image, image)}
}

// Image is the image that a Pod's performer container should run.
func Image(pod *corev1.Pod) string {
	for _, c := range pod.Spec.Containers {
		if c.Name == ContainerName {
			return c.Image
		}
	}
	return ""
}

// metadataDrift compares the labels and annotations that this provider sets,
// but for those that record an upgrade.
func metadataDrift(kind string, want, found metav1.Object) []Difference {
	var d []Difference
	for _, key := range slices.Sorted(maps.Keys(want.GetLabels())) {
		if found.GetLabels()[key] != want.GetLabels()[key] {
			m := managerOf(found, fieldpath.MakePathOrDie("metadata", "labels", key))
			d = append(d, drift(kind, "metadata.labels["+key+"]", m, want.GetLabels()[key], found.GetLabels()[key]))
		}
	}
	for _, key := range []string{AnnotationOwner, AnnotationVersion} {
		if found.GetAnnotations()[key] != want.GetAnnotations()[key] {
			m := managerOf(found, fieldpath.MakePathOrDie("metadata", "annotations", key))
			d = append(d, drift(kind, "metadata.annotations["+key+"]", m, want.GetAnnotations()[key], found.GetAnnotations()[key]))
		}
	}
	return d
}

func serviceDifferences(want, found *corev1.Service) []Difference {
	d := metadataDrift("Service", want, found)
	add := func(field string, same bool, was, is any, path ...any) {
		if !same {
			d = append(d, drift("Service", field, managerOf(found, fieldpath.MakePathOrDie(path...)), was, is))
		}
	}
	port := want.Spec.Ports[0]
	add("spec.type", want.Spec.Type == found.Spec.Type, string(want.Spec.Type), string(found.Spec.Type), "spec", "type")
	add("spec.selector", equality.Semantic.DeepEqual(want.Spec.Selector, found.Spec.Selector), want.Spec.Selector, found.Spec.Selector, "spec", "selector")
	add("spec.ports", len(found.Spec.Ports) == 1 && samePort(port, found.Spec.Ports[0]), want.Spec.Ports, found.Spec.Ports, "spec", "ports",
		fieldpath.KeyByFields("port", int64(port.Port), "protocol", string(port.Protocol)))
	return d
}

// samePort ignores what the API server chooses: the node port.
func samePort(a, b corev1.ServicePort) bool {
	b.NodePort = a.NodePort
	return equality.Semantic.DeepEqual(a, b)
}
