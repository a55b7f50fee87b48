// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"maps"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// An Object is any API object.
type Object interface {
	metav1.Object
	runtime.Object
}

// A Step puts one object right.
type Step struct {
	// Kind of the object.
	Kind string
	// Remedy is RemedyCreate, RemedyPatch or RemedyDelete.
	Remedy Remedy
	// Found is the object as it is; nil where it is to be created.
	Found Object
	// Object as it should be; nil where it is to be deleted.
	Object Object
	// Differences that the step ends.
	Differences []Difference
}

// ExecutorSteps lead from the objects found to those wanted, in the order in
// which they are to be taken: what the Deployment's Pods use comes before it,
// what they no longer use after it. There are none where all is well.
func ExecutorSteps(want, found ExecutorObjects, now time.Time) []Step {
	s := steps{}
	add(&s, "ServiceAccount", want.ServiceAccount, found.ServiceAccount, func(w, f *corev1.ServiceAccount) ([]Difference, *corev1.ServiceAccount) {
		return metadataDrift("ServiceAccount", w, f), f.DeepCopy()
	})
	add(&s, "Role", want.Role, found.Role, func(w, f *rbacv1.Role) ([]Difference, *rbacv1.Role) {
		p := f.DeepCopy()
		p.Rules = w.Rules
		return contentDifferences("Role", "rules", w, f, equality.Semantic.DeepEqual(w.Rules, f.Rules)), p
	})
	add(&s, "RoleBinding", want.RoleBinding, found.RoleBinding, func(w, f *rbacv1.RoleBinding) ([]Difference, *rbacv1.RoleBinding) {
		if w.RoleRef != f.RoleRef {
			// What a binding refers to cannot be changed: it goes, and comes back.
			s.drop = append(s.drop, Step{Kind: "RoleBinding", Remedy: RemedyDelete, Found: f, Differences: []Difference{{
				Object: "RoleBinding", Field: "roleRef", Remedy: RemedyPatch, Manager: managerBelow(f, fieldpath.MakePathOrDie("roleRef")),
				From: shown(w.RoleRef), To: shown(f.RoleRef),
			}}})
			return nil, f
		}
		p := f.DeepCopy()
		p.Subjects = w.Subjects
		return contentDifferences("RoleBinding", "subjects", w, f, equality.Semantic.DeepEqual(w.Subjects, f.Subjects)), p
	})
	add(&s, "ConfigMap", want.ConfigMap, found.ConfigMap, func(w, f *corev1.ConfigMap) ([]Difference, *corev1.ConfigMap) {
		p := f.DeepCopy()
		p.Data = w.Data
		return contentDifferences("ConfigMap", "data", w, f, equality.Semantic.DeepEqual(w.Data, f.Data)), p
	})
	add(&s, "Secret", want.Secret, found.Secret, func(w, f *corev1.Secret) ([]Difference, *corev1.Secret) {
		p := f.DeepCopy()
		p.Data = w.Data
		return contentDifferences("Secret", "data", w, f, equality.Semantic.DeepEqual(w.Data, f.Data)), p
	})
	add(&s, "Service", want.Service, found.Service, func(w, f *corev1.Service) ([]Difference, *corev1.Service) {
		return serviceDifferences(w, f), PatchedService(w, f)
	})
	if want.Deployment != nil && found.Deployment == nil {
		want.Deployment.Annotations[AnnotationConfigUpdated] = now.UTC().Format(time.RFC3339)
	}
	add(&s, "Deployment", want.Deployment, found.Deployment, func(w, f *appsv1.Deployment) ([]Difference, *appsv1.Deployment) {
		d := deploymentDifferences(w, f)
		return d, patchedDeployment(w, f, d, now)
	})
	for _, o := range found.Strays {
		s.drop = append(s.drop, Step{
			Kind: "RBAC object", Remedy: RemedyDelete, Found: o,
			Differences: []Difference{{Object: "RBAC object " + o.GetName(), Field: "metadata.namespace", Remedy: RemedyDelete}},
		})
	}
	return append(s.keep, s.drop...)
}

// steps gathers what is to be made or changed apart from what is to go.
type steps struct{ keep, drop []Step }

// add the step, if any, for one kind of object. Patched says in what two objects
// differ and how the one found would be right.
func add[T any, P interface {
	*T
	Object
}](s *steps, kind string, want, found P, patched func(w, f P) ([]Difference, P)) {
	switch {
	case want == nil && found == nil:
	case want == nil:
		s.drop = append(s.drop, Step{
			Kind: kind, Remedy: RemedyDelete, Found: found,
			Differences: []Difference{{Object: kind, Field: "metadata.name", Remedy: RemedyDelete}},
		})
	case found != nil && found.GetDeletionTimestamp() != nil:
		// It is ending: what takes its place will be as wanted.
	case found == nil:
		s.keep = append(s.keep, Step{
			Kind: kind, Remedy: RemedyCreate, Object: want,
			Differences: []Difference{{Object: kind, Remedy: RemedyCreate}},
		})
	default:
		d, p := patched(want, found)
		if len(d) == 0 {
			return
		}
		patchMetadata(want, p)
		s.keep = append(s.keep, Step{Kind: kind, Remedy: RemedyPatch, Found: found, Object: p, Differences: d})
	}
}

// patchedDeployment is the Deployment found with replicas and strategy as
// wanted, and with the template as wanted where that is what differs.
func patchedDeployment(want, found *appsv1.Deployment, d []Difference, now time.Time) *appsv1.Deployment {
	p := found.DeepCopy()
	p.Spec.Replicas = want.Spec.Replicas
	if p.Spec.Strategy.Type != want.Spec.Strategy.Type {
		p.Spec.Strategy = want.Spec.Strategy
	}
	if want.Annotations[AnnotationSigner] == "" {
		delete(p.Annotations, AnnotationSigner)
	}
	if rollsPods(d) {
		annotations := maps.Clone(found.Spec.Template.Annotations)
		p.Spec.Template = *want.Spec.Template.DeepCopy()
		if annotations == nil {
			annotations = map[string]string{}
		}
		// Others may roll the Pods by an annotation, as kubectl rollout does.
		maps.Copy(annotations, want.Spec.Template.Annotations)
		p.Spec.Template.Annotations = annotations
	}
	if reconfigures(d) {
		if p.Annotations == nil {
			p.Annotations = map[string]string{}
		}
		p.Annotations[AnnotationConfigUpdated] = now.UTC().Format(time.RFC3339)
	}
	return p
}

// DifferencesOf are those that steps end.
func DifferencesOf(s []Step) []Difference {
	var d []Difference
	for _, x := range s {
		d = append(d, x.Differences...)
	}
	return d
}

// Objects lists those that are there, in the order of the fields.
func (o ExecutorObjects) Objects() []Object {
	var out []Object
	if o.ServiceAccount != nil {
		out = append(out, o.ServiceAccount)
	}
	if o.Role != nil {
		out = append(out, o.Role)
	}
	if o.RoleBinding != nil {
		out = append(out, o.RoleBinding)
	}
	if o.ConfigMap != nil {
		out = append(out, o.ConfigMap)
	}
	if o.Secret != nil {
		out = append(out, o.Secret)
	}
	if o.Service != nil {
		out = append(out, o.Service)
	}
	if o.Deployment != nil {
		out = append(out, o.Deployment)
	}
	return append(out, o.Strays...)
}

// With are the objects with one more in the field of its kind.
func (o ExecutorObjects) With(x Object) ExecutorObjects {
	switch x := x.(type) {
	case *corev1.ServiceAccount:
		o.ServiceAccount = x
	case *rbacv1.Role:
		o.Role = x
	case *rbacv1.RoleBinding:
		o.RoleBinding = x
	case *corev1.ConfigMap:
		o.ConfigMap = x
	case *corev1.Secret:
		o.Secret = x
	case *corev1.Service:
		o.Service = x
	case *appsv1.Deployment:
		o.Deployment = x
	}
	return o
}

// OwnedBy is what, of the objects, is an executor's own.
func (o ExecutorObjects) OwnedBy(e *v1alpha1.HourglassExecutor) ExecutorObjects {
	own(e, &o.ServiceAccount)
	own(e, &o.Role)
	own(e, &o.RoleBinding)
	own(e, &o.ConfigMap)
	own(e, &o.Secret)
	own(e, &o.Service)
	own(e, &o.Deployment)
	o.Strays = slices.DeleteFunc(slices.Clone(o.Strays), func(x Object) bool { return !Owns(e, x) })
	return o
}

// own drops an object that is not an executor's own.
func own[T any, P interface {
	*T
	Object
}](e *v1alpha1.HourglassExecutor, o *P) {
	if *o != nil && !Owns(e, *o) {
		*o = nil
	}
}

// RollsPods says whether a step rolls an executor's Pods.
func RollsPods(s Step) bool { return s.Kind == "Deployment" && rollsPods(s.Differences) }
