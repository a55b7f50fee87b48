// SPDX-License-Identifier: Apache-2.0

package packages

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	apiextensionsv1 "github.com/crossplane/crossplane/apis/v2/apiextensions/v1"
)

// function is the name of the function in the repository's Compositions.
const function = "function-hourglass"

// callFunction returns the objects of a file, whose Compositions call the function by the name that Crossplane gives it
// when it installs the function because a package depends on it.
func callFunction(data []byte, o Options) ([]byte, error) {
	out := &bytes.Buffer{}
	for r := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data))); ; {
		doc, err := r.Read()
		if errors.Is(err, io.EOF) {
			return out.Bytes(), nil
		}
		if err != nil {
			return nil, err
		}
		if doc, err = inComposition(doc, installedName(o.Registry+"/"+function)); err != nil {
			return nil, err
		}
		out.WriteString("---\n")
		out.Write(doc)
	}
}

// inComposition returns an object, which calls the function by its name in a cluster if it is a Composition.
func inComposition(doc []byte, installed string) ([]byte, error) {
	t := metav1.TypeMeta{}
	if err := yaml.Unmarshal(doc, &t); err != nil || t.Kind != apiextensionsv1.CompositionKind {
		return doc, err
	}
	c := &apiextensionsv1.Composition{}
	if err := yaml.UnmarshalStrict(doc, c); err != nil {
		return nil, err
	}
	for i, step := range c.Spec.Pipeline {
		if step.FunctionRef.Name == function {
			c.Spec.Pipeline[i].FunctionRef.Name = installed
		}
	}
	return yaml.Marshal(c)
}

// installedName is the name that Crossplane gives to a package that it installs as a dependency: its path in the
// registry as a DNS label.
func installedName(repository string) string {
	_, path, _ := strings.Cut(repository, "/")
	label := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z' || '0' <= r && r <= '9':
			return r
		case strings.ContainsRune("./-", r):
			return '-'
		default:
			return -1
		}
	}, path[:min(len(path), 63)])
	return strings.Trim(label, "-")
}
