// SPDX-License-Identifier: Apache-2.0

package workload

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// Service renders the Service in front of a Performer's Pod.
func Service(p *v1alpha1.Performer) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Name:        PodName(p),
			Namespace:   p.GetNamespace(),
			Labels:      Labels(p),
			Annotations: map[string]string{AnnotationOwner: string(p.GetUID())},
		},
		Spec: corev1.ServiceSpec{
			Type:     corev1.ServiceTypeClusterIP,
			Selector: map[string]string{LabelApp: AppPerformer, LabelPerformer: p.GetName()},
			Ports: []corev1.ServicePort{{
				Name:       "grpc",
				Protocol:   corev1.ProtocolTCP,
				Port:       Port(p),
				TargetPort: intstr.FromInt32(Port(p)),
			}},
		},
	}
}
