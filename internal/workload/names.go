// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"fmt"
	"strings"

	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// Labels that every object of a Performer carries. The first three are those
// of the operator whose API this is.
const (
	LabelApp       = "app"
	LabelPerformer = v1alpha1.Group + "/performer"
	LabelAVS       = v1alpha1.Group + "/avs"
	LabelManagedBy = "app.kubernetes.io/managed-by"

	// AppPerformer is the value of LabelApp on the objects of a Performer.
	AppPerformer = "hourglass-performer"
	// ManagedBy is the value of LabelManagedBy, and the field manager of all
	// that this provider writes.
	ManagedBy = "provider-hourglass"
)

// Annotations that this provider keeps on the objects it owns.
const (
	// AnnotationOwner holds the UID of the Performer that owns an object.
	AnnotationOwner = v1alpha1.Group + "/owner-uid"
	// AnnotationApplied holds the record of the spec fields that shaped a Pod.
	AnnotationApplied = v1alpha1.Group + "/applied"
	// AnnotationRendered holds a digest of the Pod as it was rendered.
	AnnotationRendered = v1alpha1.Group + "/rendered"
	// AnnotationAdoptedImage holds the image of a Pod that was taken over, which
	// stays until the Performer's image changes.
	AnnotationAdoptedImage = v1alpha1.Group + "/adopted-image"
	// AnnotationVersion holds the Performer's spec.version.
	AnnotationVersion = v1alpha1.Group + "/version"
)

// AnnotationAdopt on a Performer lets it take over, without a restart, objects
// under its names that it did not create.
const AnnotationAdopt = v1alpha1.Group + "/adopt"

// ContainerName is the name of a performer's container.
const ContainerName = "performer"

// PodName is the name of a Performer's Pod, and of its Service: its external
// name where it has one.
func PodName(p *v1alpha1.Performer) string {
	if name := meta.GetExternalName(p); name != "" {
		return name
	}
	return "performer-" + p.GetName()
}

// Endpoint is the DNS name and port that a Performer serves gRPC on, in its
// target cluster with the default cluster domain.
func Endpoint(p *v1alpha1.Performer) string {
	return fmt.Sprintf("%s:%d", Host(p), Port(p))
}

// Host is the DNS name of a Performer's Service.
func Host(p *v1alpha1.Performer) string {
	return fmt.Sprintf("%s.%s.svc.cluster.local", PodName(p), p.GetNamespace())
}

// Port is the port that a Performer serves gRPC on.
func Port(p *v1alpha1.Performer) int32 {
	if p.Spec.Config.GRPCPort == 0 {
		return v1alpha1.DefaultGRPCPort
	}
	return p.Spec.Config.GRPCPort
}

// Labels of the objects of a Performer. The AVS address is in lower case, so
// that one AVS has one label value however its address was written.
func Labels(p *v1alpha1.Performer) map[string]string {
	return map[string]string{
		LabelApp:       AppPerformer,
		LabelPerformer: p.GetName(),
		LabelAVS:       strings.ToLower(p.Spec.AVSAddress),
		LabelManagedBy: ManagedBy,
	}
}
