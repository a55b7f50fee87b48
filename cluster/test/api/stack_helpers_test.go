// SPDX-License-Identifier: Apache-2.0

package api

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/crossplane/crossplane-runtime/v2/pkg/xcrd"
	xpextv1 "github.com/crossplane/crossplane/apis/v2/apiextensions/v1"
)

// stackCRDs returns the CRDs that Crossplane makes of the Configuration's definitions.
func stackCRDs(root string) ([]*apiextensionsv1.CustomResourceDefinition, error) {
	files, err := filepath.Glob(filepath.Join(root, "package", "configuration", "definitions", "*.yaml"))
	if err != nil {
		return nil, err
	}
	var crds []*apiextensionsv1.CustomResourceDefinition
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		xrd := &xpextv1.CompositeResourceDefinition{}
		if err := yaml.UnmarshalStrict(data, xrd); err != nil {
			return nil, fmt.Errorf("cannot read %s: %w", file, err)
		}
		xrd.SetUID("of-the-definition") // The CRDs are owned by the object that Crossplane has read.
		crd, err := xcrd.ForCompositeResource(xrd)
		if err != nil {
			return nil, err
		}
		crds = append(crds, crd)
		if xrd.Spec.ClaimNames == nil {
			continue
		}
		claim, err := xcrd.ForCompositeResourceClaim(xrd)
		if err != nil {
			return nil, err
		}
		crds = append(crds, claim)
	}
	return crds, nil
}

// A part is a Performer or a HourglassExecutor as a stack has it.
type part struct {
	stack *unstructured.Unstructured
	path  string // Of the object's spec in the stack.
}

// inStacks returns an object as a part of a stack, once for each kind of stack. What a stack has in another way is in
// none: the names of its Performers, which it makes, and how it is managed.
func inStacks(u *unstructured.Unstructured) []part {
	spec, _ := u.Object["spec"].(map[string]any)
	if spec == nil || spec["managementPolicies"] != nil || spec["writeConnectionSecretToRef"] != nil {
		return nil
	}
	var name, path string
	var fields map[string]any
	switch u.GetKind() {
	case "Performer":
		if u.GetName() != "valid" {
			return nil
		}
		name, path = "stack", "spec.performers[0]"
		fields = map[string]any{"performers": []any{changed(spec, map[string]any{"name": u.GetName()})}}
	case "HourglassExecutor":
		if len(u.GetName()) > 63 {
			return nil // Crossplane says of a stack, in its own words, that this is too long.
		}
		name, path = u.GetName(), "spec.executor"
		fields = map[string]any{"executor": spec}
	default:
		return nil
	}
	return []part{
		{stack: stack("HourglassStack", name, fields), path: path},
		{stack: stack("HourglassStackClaim", name, fields), path: path},
	}
}

// specPath matches the path of an object's spec where a refusal names it.
var specPath = regexp.MustCompile(`(^|")spec\b`)

// named returns phrases that name fields of an object, but as fields of the stack.
func (p part) named(phrases []string) []string {
	var all []string
	for _, phrase := range phrases {
		all = append(all, specPath.ReplaceAllString(phrase, "${1}"+p.path))
	}
	return all
}

// stack returns a stack of a kind. It shares nothing with another.
func stack(kind, name string, spec map[string]any) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "platform.hourglass.eigenlayer.io/v1alpha1",
		"kind":       kind,
		"metadata":   map[string]any{"name": name},
		"spec":       runtime.DeepCopyJSON(spec),
	}}
	if kind != "XHourglassStack" {
		u.SetNamespace("default")
	}
	return u
}

// checkAcceptedEverywhere wants an object to be accepted, and accepted where it is a part of a stack.
func checkAcceptedEverywhere(t *testing.T, reason string, u *unstructured.Unstructured) {
	t.Helper()
	for _, p := range inStacks(u) {
		checkAccepted(t, reason, p.stack)
	}
	checkAccepted(t, reason, u)
}

// contentOf returns the content of a file.
func contentOf(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
