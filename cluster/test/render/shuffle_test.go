// SPDX-License-Identifier: Apache-2.0

package render

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// shuffles is how often TestShuffled renders with each tool.
const shuffles = 100

// TestShuffled renders an example with the performers of the XR and the pools in
// another order each time: the same is printed, byte by byte.
func TestShuffled(t *testing.T) {
	if *update {
		t.Log("there is nothing to update: what is expected is that of TestExamples")
		return
	}
	s := setUp(t)
	at := slices.IndexFunc(s.examples, func(e example) bool { return e.name == "mixed" })
	if at < 0 {
		t.Fatal("cannot shuffle the example mixed: it is gone")
	}
	e := s.examples[at]
	random := rand.New(rand.NewPCG(1, 2))
	for _, tl := range s.tools {
		t.Run(tl.name, func(t *testing.T) {
			for range shuffles {
				shuffled := e
				shuffled.xr = shuffledXR(t, random, filepath.Join(s.folder, e.xr))
				shuffled.required = shuffledDocuments(t, random, filepath.Join(s.folder, e.required))
				compare(t, filepath.Join(s.folder, e.name, tl.expected), tl.render(t, s.folder, shuffled))
				if t.Failed() {
					return
				}
			}
		})
	}
}

// shuffledXR writes an XR with its performers in another order, and returns the
// path.
func shuffledXR(t *testing.T, random *rand.Rand, path string) string {
	t.Helper()
	xr := struct {
		APIVersion string         `json:"apiVersion"`
		Kind       string         `json:"kind"`
		Metadata   map[string]any `json:"metadata"`
		Spec       struct {
			Performers []any `json:"performers"`
		} `json:"spec"`
	}{}
	if err := yaml.UnmarshalStrict([]byte(contentOf(t, path)), &xr); err != nil {
		t.Fatalf("cannot read the XR: %v", err)
	}
	p := xr.Spec.Performers
	random.Shuffle(len(p), func(i, j int) { p[i], p[j] = p[j], p[i] })
	out, err := yaml.Marshal(xr)
	if err != nil {
		t.Fatalf("cannot write the XR: %v", err)
	}
	return written(t, string(out))
}

// shuffledDocuments writes the documents of a file in another order.
func shuffledDocuments(t *testing.T, random *rand.Rand, path string) string {
	t.Helper()
	docs := strings.Split(strings.TrimSuffix(contentOf(t, path), "\n"), "\n---\n")
	if len(docs) < 2 {
		t.Fatalf("want several documents in %s to shuffle, found %d", path, len(docs))
	}
	random.Shuffle(len(docs), func(i, j int) { docs[i], docs[j] = docs[j], docs[i] })
	return written(t, strings.Join(docs, "\n---\n")+"\n")
}

func contentOf(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("cannot read what is to be shuffled: %v", err)
	}
	return string(content)
}

func written(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "shuffled.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatalf("cannot write what is shuffled: %v", err)
	}
	return path
}
