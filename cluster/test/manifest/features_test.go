// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestFeatures looks for the tests and the files that docs/features.md names.
func TestFeatures(t *testing.T) {
	root := filepath.Join("..", "..", "..")
	page := read(t, filepath.Join(root, "docs", "features.md"))
	var sources strings.Builder
	for _, suite := range []string{"e2e", "node"} {
		files, err := filepath.Glob(filepath.Join(root, "cluster", "test", suite, "*_test.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("cannot find the tests of %s: %v", suite, err)
		}
		for _, f := range files {
			sources.WriteString(read(t, f))
		}
	}
	tests := regexp.MustCompile("`(Test[A-Za-z]+)`").FindAllStringSubmatch(page, -1)
	links := regexp.MustCompile(`\]\(([^)#]+)\)`).FindAllStringSubmatch(page, -1)
	if len(tests) == 0 || len(links) == 0 {
		t.Fatal("docs/features.md must name tests and link to examples")
	}
	for _, m := range tests {
		if !strings.Contains(sources.String(), "func "+m[1]+"(") {
			t.Errorf("docs/features.md names %s, which is no test of cluster/test/e2e or cluster/test/node", m[1])
		}
	}
	for _, m := range links {
		if _, err := os.Stat(filepath.Join(root, "docs", m[1])); err != nil {
			t.Errorf("docs/features.md links to a file that is not there: %v", err)
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
