// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// Paths of a Deployment's fields whose change rolls no Pod.
const (
	fieldReplicas = "spec.replicas"
	fieldStrategy = "spec.strategy"
)

// contentDifferences compares metadata, and notes where the content differs.
func contentDifferences(kind, field string, want, found metav1.Object, same bool) []Difference {
	d := metadataDrift(kind, want, found)
	if same {
		return d
	}
	return append(d, hidden(kind, field, managerBelow(found, fieldpath.MakePathOrDie(field))))
}

// deploymentDifferences between one that is wanted and one that was found. Its
// Pods are to roll only where the spec, the configuration or the keys changed,
// or where someone else changed their template.
func deploymentDifferences(want, found *appsv1.Deployment) []Difference {
	d := metadataDrift("Deployment", want, found)
	if want.Annotations[AnnotationSigner] != found.Annotations[AnnotationSigner] {
		d = append(d, Difference{Object: "Deployment", Field: "metadata.annotations[" + AnnotationSigner + "]", Remedy: RemedyPatch})
	}
	if found.Spec.Replicas == nil || *want.Spec.Replicas != *found.Spec.Replicas {
		d = append(d, drift("Deployment", fieldReplicas, managerOf(found, fieldpath.MakePathOrDie("spec", "replicas")), want.Spec.Replicas, found.Spec.Replicas))
	}
	if want.Spec.Strategy.Type != found.Spec.Strategy.Type {
		d = append(d, drift("Deployment", fieldStrategy, managerBelow(found, fieldpath.MakePathOrDie("spec", "strategy")), string(want.Spec.Strategy.Type), string(found.Spec.Strategy.Type)))
	}
	record := ParseApplied(found.Annotations[AnnotationApplied])
	if record == nil {
		// One that was made by someone else, or has lost its record, is taken to be
		// what the spec says.
		return append(d, Difference{Object: "Deployment", Field: "metadata.annotations[" + AnnotationApplied + "]", Remedy: RemedyPatch})
	}
	changed := ParseApplied(want.Annotations[AnnotationApplied]).Differences(record.only(executorFields))
	for _, path := range changed {
		d = append(d, Difference{Object: "Deployment", Field: path, Remedy: RemedyPatch})
	}
	if len(changed) > 0 {
		return d
	}
	return append(d, templateDrift(want, found)...)
}

// templateDrift finds what someone else changed in the Pods' template: something
// that this version rendered otherwise, or something added to it. What another
// version of this provider rendered is no reason to restart a signer.
func templateDrift(want, found *appsv1.Deployment) []Difference {
	base := fieldpath.MakePathOrDie("spec", "template", "spec")
	path, manager := addition(found, base, &want.Spec.Template.Spec, &found.Spec.Template.Spec)
	if path == nil && want.Annotations[AnnotationTemplate] == found.Annotations[AnnotationTemplate] {
		below, err := uncovered(&want.Spec.Template.Spec, &found.Spec.Template.Spec)
		if err == nil && below != nil {
			path = slices.Concat(base, below)
			manager = managerBelow(found, path)
		}
	}
	if path == nil {
		return nil
	}
	field := strings.TrimPrefix(path.String(), ".")
	return []Difference{{
		Object: "Deployment", Field: field, Manager: manager, Remedy: RemedyPatch,
		From: shownIn(&want.Spec.Template.Spec, path[len(base):]), To: shownIn(&found.Spec.Template.Spec, path[len(base):]),
	}}
}

// rollsPods says whether differences of a Deployment are in its Pods.
func rollsPods(d []Difference) bool {
	return slices.ContainsFunc(d, func(d Difference) bool {
		return !strings.HasPrefix(d.Field, "metadata.") && d.Field != fieldReplicas && d.Field != fieldStrategy
	})
}

// reconfigures says whether differences of a Deployment come from the
// configuration file or the keys.
func reconfigures(d []Difference) bool {
	return slices.ContainsFunc(d, func(d Difference) bool { return d.Field == fieldConfig || d.Field == fieldKeys })
}
