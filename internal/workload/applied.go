// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// FieldImage is the one spec field that can change on a Pod that runs.
const FieldImage = "spec.image"

// Applied records which spec fields shaped a Pod: from field path to a digest
// of the value. Fields at their zero value are left out, so that a field this
// version does not know yet reads as unset.
type Applied map[string]string

// AppliedBy is the record of a Performer's spec.
func AppliedBy(p *v1alpha1.Performer) Applied {
	s := p.Spec
	a := Applied{}
	a.add(FieldImage, s.Image)
	a.add("spec.imagePullPolicy", s.ImagePullPolicy)
	a.add("spec.imagePullSecrets", s.ImagePullSecrets)
	a.add("spec.resources.limits", s.Resources.Limits)
	a.add("spec.resources.requests", s.Resources.Requests)
	a.add("spec.resources.claims", s.Resources.Claims)
	a.add("spec.config.grpcPort", Port(p))
	a.add("spec.config.environment", s.Config.Environment)
	a.add("spec.config.environmentFrom", byName(s.Config.EnvironmentFrom))
	a.add("spec.config.args", s.Config.Args)
	a.add("spec.config.command", s.Config.Command)
	a.add("spec.config.serviceAccountName", s.Config.ServiceAccountName)
	if sc := s.Scheduling; sc != nil {
		a.add("spec.scheduling.nodeSelector", sc.NodeSelector)
		a.add("spec.scheduling.nodeAffinity", sc.NodeAffinity)
		a.add("spec.scheduling.affinity", sc.Affinity)
		a.add("spec.scheduling.tolerations", sc.Tolerations)
		a.add("spec.scheduling.runtimeClass", sc.RuntimeClass)
		a.add("spec.scheduling.priorityClassName", sc.PriorityClassName)
	}
	if hw := s.HardwareRequirements; hw != nil {
		a.add("spec.hardwareRequirements.gpuType", hw.GPUType)
		a.add("spec.hardwareRequirements.gpuCount", hw.GPUCount)
		a.add("spec.hardwareRequirements.teeRequired", hw.TEERequired)
		a.add("spec.hardwareRequirements.teeType", hw.TEEType)
		a.add("spec.hardwareRequirements.customLabels", hw.CustomLabels)
	}
	return a
}

// performerFields are the paths that this version knows. A record may hold others,
// of a newer version: what is not known is no reason to touch a Pod.
var performerFields = []string{ //nolint:gochecknoglobals // A constant list.
	FieldImage, "spec.imagePullPolicy", "spec.imagePullSecrets",
	"spec.resources.limits", "spec.resources.requests", "spec.resources.claims",
	"spec.config.grpcPort", "spec.config.environment", "spec.config.environmentFrom", "spec.config.args", "spec.config.command", "spec.config.serviceAccountName",
	"spec.scheduling.nodeSelector", "spec.scheduling.nodeAffinity", "spec.scheduling.affinity", "spec.scheduling.tolerations",
	"spec.scheduling.runtimeClass", "spec.scheduling.priorityClassName",
	"spec.hardwareRequirements.gpuType", "spec.hardwareRequirements.gpuCount", "spec.hardwareRequirements.teeRequired",
	"spec.hardwareRequirements.teeType", "spec.hardwareRequirements.customLabels",
}

// only keeps the paths that are listed.
func (a Applied) only(paths []string) Applied {
	out := Applied{}
	for _, p := range paths {
		if d, ok := a[p]; ok {
			out[p] = d
		}
	}
	return out
}

// renewed is a record with what this version knows replaced by another.
func (a Applied) renewed(by Applied) Applied {
	out := Applied{}
	for path, digest := range a {
		if !slices.Contains(performerFields, path) {
			out[path] = digest
		}
	}
	maps.Copy(out, by)
	return out
}

// add records a value, unless it is nil, empty or zero.
func (a Applied) add(path string, value any) {
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Map, reflect.Slice:
		if v.Len() == 0 {
			return
		}
	default:
		if v.IsZero() {
			return
		}
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return // API types always marshal: they came from JSON.
	}
	sum := sha256.Sum256(raw)
	a[path] = hex.EncodeToString(sum[:8])
}

// String is the record as it is kept in AnnotationApplied: a JSON object with
// its keys in order.
func (a Applied) String() string {
	raw, err := json.Marshal(a)
	if err != nil {
		return "{}" // A map of strings always marshals.
	}
	return string(raw)
}

// ParseApplied reads AnnotationApplied. A record that is missing or cannot be
// read is nil.
func ParseApplied(s string) Applied {
	var a Applied
	if err := json.Unmarshal([]byte(s), &a); err != nil {
		return nil
	}
	return a
}

// renderedDigest tells rendered Pods apart, but for their image: where a spec is
// written in other words and means the same, it stays the same.
func renderedDigest(spec corev1.PodSpec) string {
	spec = *spec.DeepCopy()
	spec.Containers[0].Image = ""
	a := Applied{}
	a.add("spec", spec)
	return a["spec"]
}

// Differences lists the paths of the fields in which two records differ, in
// order.
func (a Applied) Differences(b Applied) []string {
	var paths []string
	for path, digest := range a {
		if b[path] != digest {
			paths = append(paths, path)
		}
	}
	for path := range b {
		if _, ok := a[path]; !ok {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}
