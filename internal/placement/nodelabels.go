// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"

	"github.com/crossplane-contrib/provider-hourglass/internal/hardware"
)

// nodeLabels are labels that a node must have, and which field asks for each.
type nodeLabels struct {
	values  map[string]string
	askedBy map[string]string
}

// requiredLabels returns the labels of the node selector and the custom labels,
// and those of the hardware that are the same under every labeling scheme.
func requiredLabels(d Demand, grant gpuGrant, tee teePlan) (nodeLabels, error) {
	l := nodeLabels{}
	if d.Scheduling != nil {
		if err := l.requireAll(d.Scheduling.NodeSelector, pathNodeSelector); err != nil {
			return l, err
		}
	}
	custom := hardwareOf(d).CustomLabels
	for _, key := range sortedKeys(custom) {
		if hardware.IsResource(key) {
			return l, fmt.Errorf("%s[%s]: is a resource, not a node label; put it in spec.resources.limits", pathCustomLabels, key)
		}
	}
	if err := l.requireAll(custom, pathCustomLabels); err != nil {
		return l, err
	}
	if grant.gpu != nil && grant.gpu.ARM64Only() {
		if err := l.require(hardware.LabelArch, hardware.ArchARM64, pathGPUType); err != nil {
			return l, err
		}
	}
	if tee.mode == inPodVM && grant.count > 0 {
		return l, l.require(hardware.LabelConfidentialGPUReady, "true", tee.path)
	}
	return l, nil
}

// withClass returns the labels together with those that the RuntimeClass selects
// nodes by. Where they contradict each other the API server would refuse the Pod,
// so that is an error.
func (l *nodeLabels) withClass(class *nodev1.RuntimeClass) (nodeLabels, error) {
	all := nodeLabels{values: maps.Clone(l.values), askedBy: maps.Clone(l.askedBy)}
	if class == nil || class.Scheduling == nil {
		return all, nil
	}
	return all, all.requireAll(class.Scheduling.NodeSelector, fmt.Sprintf("RuntimeClass %q", class.Name))
}

func (l *nodeLabels) requireAll(labels map[string]string, by string) error {
	for _, key := range sortedKeys(labels) {
		if err := l.require(key, labels[key], by); err != nil {
			return err
		}
	}
	return nil
}

// require adds a label. It is an error if another value was asked for before.
func (l *nodeLabels) require(key, value, by string) error {
	if old, ok := l.values[key]; ok && old != value {
		return fmt.Errorf("%s: conflict: node label %s is %q here, but %s needs %q", l.askedBy[key], key, old, by, value)
	}
	if l.values == nil {
		l.values, l.askedBy = map[string]string{}, map[string]string{}
	}
	if _, ok := l.values[key]; !ok {
		l.values[key], l.askedBy[key] = value, by
	}
	return nil
}

// requirements returns the labels as node label requirements.
func (l *nodeLabels) requirements() []corev1.NodeSelectorRequirement {
	var reqs []corev1.NodeSelectorRequirement
	for _, key := range sortedKeys(l.values) {
		reqs = append(reqs, corev1.NodeSelectorRequirement{Key: key, Operator: corev1.NodeSelectorOpIn, Values: []string{l.values[key]}})
	}
	return reqs
}
