// SPDX-License-Identifier: Apache-2.0

// Package render proves that the examples of the composition function render to what stands beside them, with today's
// command line tool of Crossplane and with the one of Crossplane 1.16.
package render

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// targetAnnotation says where a Function is that runs already. Without it Crossplane looks at localhost:9443.
const targetAnnotation = "render.crossplane.io/runtime-development-target"

// functionsAt returns a stream of Functions again, but each in the API version and with the address at which it runs.
func functionsAt(stream []byte, apiVersion string, addresses map[string]string) ([]byte, error) {
	var out bytes.Buffer
	for r := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(stream))); ; {
		document, err := r.Read()
		if errors.Is(err, io.EOF) {
			return out.Bytes(), nil
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read the Functions: %w", err)
		}
		f := unstructured.Unstructured{}
		if err := yaml.Unmarshal(document, &f.Object); err != nil {
			return nil, fmt.Errorf("cannot read a Function: %w", err)
		}
		if len(f.Object) == 0 {
			continue // A comment between two lines of dashes.
		}

		address := addresses[f.GetName()]
		if address == "" {
			return nil, fmt.Errorf("cannot render with Function %q: it does not run", f.GetName())
		}
		f.SetAPIVersion(apiVersion)
		annotations := f.GetAnnotations()
		if annotations == nil {
			annotations = map[string]string{}
		}
		annotations[targetAnnotation] = address
		f.SetAnnotations(annotations)

		changed, err := yaml.Marshal(f.Object)
		if err != nil {
			return nil, fmt.Errorf("cannot write Function %q: %w", f.GetName(), err)
		}
		out.WriteString("---\n")
		out.Write(changed)
	}
}
