// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/crossplane-contrib/provider-hourglass/cluster/local"
)

var update = flag.Bool("update", false, "Write what was rendered into the expected files.")

// A tool is a version of Crossplane's command line tool.
type tool struct {
	name     string
	binary   string
	args     func(e example) []string
	expected string // The file beside the example that says what the tool prints.
}

// A setup is what rendering needs: the examples, functions that run, and tools.
type setup struct {
	folder    string
	examples  []example
	functions []function
	tools     []tool
}

func setUp(t *testing.T) setup {
	t.Helper()
	root, err := local.Root()
	if err != nil {
		t.Fatal(err)
	}
	s := setup{folder: filepath.Join(root, "examples", "composition")}
	if s.examples, err = examplesIn(os.DirFS(s.folder)); err != nil {
		t.Fatalf("cannot render what is in %s: %v", s.folder, err)
	}
	progress := func(sentence string) { fmt.Fprintln(os.Stderr, sentence) }
	binaries, err := local.InstallCrossplane(t.Context(), progress)
	if err != nil {
		t.Fatalf("cannot render without Crossplane: %v", err)
	}
	patchAndTransform, err := local.InstallPatchAndTransform(t.Context(), progress)
	if err != nil {
		t.Fatalf("cannot render without the other function: %v", err)
	}
	s.functions = []function{
		serve(t, "function-hourglass", build(t, root)),
		serve(t, "function-patch-and-transform", patchAndTransform),
	}
	addresses := map[string]string{}
	for _, f := range s.functions {
		addresses[f.name] = f.address
	}
	s.tools = toolsFor(t, binaries, s.folder, addresses)
	return s
}

// TestExamples renders every example with both tools.
func TestExamples(t *testing.T) {
	s := setUp(t)
	for _, e := range s.examples {
		for _, tl := range s.tools {
			if f := slices.IndexFunc(s.functions, function.hasEnded); f >= 0 {
				t.Fatalf("cannot render the rest: %s has ended", s.functions[f].name)
			}
			t.Run(e.name+"/"+tl.name, func(t *testing.T) {
				got := tl.render(t, s.folder, e)
				compare(t, filepath.Join(s.folder, e.name, tl.expected), got)
			})
		}
	}
}

// toolsFor returns both tools and tells each, in its own words, at which addresses the functions listen.
func toolsFor(t *testing.T, b local.CrossplaneBinaries, folder string, addresses map[string]string) []tool {
	t.Helper()
	functions := writeFunctions(t, folder, "pkg.crossplane.io/v1", addresses)
	betaFunctions := writeFunctions(t, folder, "pkg.crossplane.io/v1beta1", addresses)
	return []tool{
		{
			name:     "Render",
			binary:   b.CLI,
			args:     func(e example) []string { return e.command(functions, b.Core) },
			expected: expectedFile,
		},
		{
			name:     "BetaRender",
			binary:   b.BetaCLI,
			args:     func(e example) []string { return e.betaCommand(betaFunctions) },
			expected: expectedBetaFile,
		},
	}
}

// writeFunctions writes the examples' Functions, as an API version and at their addresses, to a file and returns its path.
func writeFunctions(t *testing.T, folder, apiVersion string, addresses map[string]string) string {
	t.Helper()
	stream, err := os.ReadFile(filepath.Join(folder, "functions.yaml"))
	if err != nil {
		t.Fatalf("cannot read the examples' Functions: %v", err)
	}
	changed, err := functionsAt(stream, apiVersion, addresses)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "functions.yaml")
	if err := os.WriteFile(path, changed, 0o600); err != nil {
		t.Fatalf("cannot write the examples' Functions: %v", err)
	}
	return path
}

// render returns what the tool prints for the example, in an order that is always the same.
func (tl tool) render(t *testing.T, folder string, e example) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), tl.binary, tl.args(e)...)
	cmd.Dir = folder
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("cannot render: %v\n%s\n%s%s", err, cmd, out, &stderr)
	}
	return inOrder(string(out))
}

// compare compares what was rendered with a file, or updates the file.
func compare(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatalf("cannot update what is expected: %v", err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("cannot read what is expected, make render UPDATE=1 writes it: %v", err)
	}
	if diff := cmp.Diff(lines(string(want)), lines(got)); diff != "" {
		t.Errorf("%s: -want, +got:\n%s\nIf this is how it should be, write it down with: make render UPDATE=1", file, diff)
	}
}

// lines parts a text where cmp can show best how two of them differ.
func lines(text string) []string { return strings.Split(text, "\n") }
