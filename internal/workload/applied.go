// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"reflect"
	"slices"

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

// ParseApplied reads AnnotationApplied. A record that cannot be read is nil,
// which differs from every spec.
func ParseApplied(s string) Applied {
	var a Applied
	if err := json.Unmarshal([]byte(s), &a); err != nil {
		return nil
	}
	return a
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
