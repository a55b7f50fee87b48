// SPDX-License-Identifier: Apache-2.0

// Package manifest finds the examples of a Markdown file, so that tests can do what its readers do: apply the manifests
// and run the commands, exactly as they are written.
package manifest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// placeholder is the name of the objects that only show a kind's outline.
const placeholder = "string"

// An Example is a manifest in a Markdown file.
type Example struct {
	// Heading that the manifest stands under.
	Heading string

	// Kind of the object.
	Kind string

	// Name of the object.
	Name string

	// YAML of the object, as it is written.
	YAML string
}

// FromMarkdown returns the manifests of a Markdown file in their order: the yaml blocks that are whole objects. Parts of
// objects are left out, and so are outlines, whose name is "string".
func FromMarkdown(r io.Reader) ([]Example, error) {
	all, err := blocks(r)
	if err != nil {
		return nil, err
	}

	var examples []Example
	for _, b := range all {
		if b.language != "yaml" && b.language != "yml" {
			continue
		}
		found, err := fromBlock(b)
		if err != nil {
			return nil, fmt.Errorf("cannot read the %s block under %q: %w", b.language, b.heading, err)
		}
		examples = append(examples, found...)
	}
	return examples, nil
}

// fromBlock returns the manifests of a block, which may hold several with --- between them.
func fromBlock(b block) ([]Example, error) {
	var examples []Example
	documents := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(b.text)))
	for {
		text, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return examples, nil
		}
		if err != nil {
			return nil, err
		}
		var document any
		if err := yaml.Unmarshal(text, &document); err != nil {
			return nil, err
		}
		object, _ := document.(map[string]any) // A list is no object.
		metadata, _ := object["metadata"].(map[string]any)

		apiVersion, _ := object["apiVersion"].(string)
		e := Example{Heading: b.heading, YAML: string(text)}
		e.Kind, _ = object["kind"].(string)
		e.Name, _ = metadata["name"].(string)
		if apiVersion != "" && e.Kind != "" && e.Name != placeholder {
			examples = append(examples, e)
		}
	}
}
