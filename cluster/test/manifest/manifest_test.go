// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFromMarkdown(t *testing.T) {
	type want struct {
		examples []Example
		err      string
	}

	cases := map[string]struct {
		reason string
		text   string
		want   want
	}{
		"WholeObject": {
			reason: "A yaml block that is an object is an example, with the nearest heading and its text as written.",
			text:   "# Title\n\n## First *one*\n\nSome text.\n\n```yaml\napiVersion: v1\nkind: Pod\nmetadata:\n  name: \"a\" # Quoted.\n```\n",
			want: want{examples: []Example{
				{Heading: "First *one*", Kind: "Pod", Name: "a", YAML: "apiVersion: v1\nkind: Pod\nmetadata:\n  name: \"a\" # Quoted.\n"},
			}},
		},
		"Outline": {
			reason: "An outline shows the fields of a kind and is no example.",
			text:   "## Definition\n```yaml\napiVersion: v1\nkind: Pod\nmetadata:\n  name: string\nspec:\n  # PodSpec\n```\n",
		},
		"Part": {
			reason: "A part of an object is no example.",
			text:   "```yaml\nresources:\n  limits:\n    cpu: 1\n```\n```yaml\n- key: a\n```\n",
		},
		"KindOnly": {
			reason: "An object has an apiVersion.",
			text:   "```yaml\nkind: Pod\nmetadata:\n  name: a\n```\n",
		},
		"SeveralInOneBlock": {
			reason: "A block may hold several objects.",
			text:   "# Two\n```yaml\napiVersion: v1\nkind: Pod\n---\napiVersion: v1\nkind: Service\nmetadata:\n  name: b\n```\n",
			want: want{examples: []Example{
				{Heading: "Two", Kind: "Pod", YAML: "apiVersion: v1\nkind: Pod\n"},
				{Heading: "Two", Kind: "Service", Name: "b", YAML: "apiVersion: v1\nkind: Service\nmetadata:\n  name: b\n"},
			}},
		},
		"OtherLanguages": {
			reason: "Only yaml blocks hold manifests, and their info string may say more than the language.",
			text:   "```json\n{\"apiVersion\":\"v1\",\"kind\":\"Pod\"}\n```\n```\napiVersion: v1\nkind: Pod\n```\n```yaml title=x\napiVersion: v1\nkind: Node\n```\n",
			want:   want{examples: []Example{{Kind: "Node", YAML: "apiVersion: v1\nkind: Node\n"}}},
		},
		"Indented": {
			reason: "A block in a list is indented, and what it holds is not.",
			text:   "1. Apply it:\n   ```yaml\n   apiVersion: v1\n   kind: Pod\n   ```\n",
			want:   want{examples: []Example{{Kind: "Pod", YAML: "apiVersion: v1\nkind: Pod\n"}}},
		},
		"CommentIsNoHeading": {
			reason: "A comment in a block looks like a heading and is none.",
			text:   "## Real\n```bash\n# List\n```\n```yaml\napiVersion: v1\nkind: Pod\n```\n",
			want:   want{examples: []Example{{Heading: "Real", Kind: "Pod", YAML: "apiVersion: v1\nkind: Pod\n"}}},
		},
		"LongFence": {
			reason: "A block ends with a fence that is as long as the one that it began with.",
			text:   "````yaml\napiVersion: v1\nkind: Pod\ndata: |\n  ```\n````\n",
			want:   want{examples: []Example{{Kind: "Pod", YAML: "apiVersion: v1\nkind: Pod\ndata: |\n  ```\n"}}},
		},
		"BadYAML": {
			reason: "An example that nobody can apply is an error that says where it is.",
			text:   "## Broken\n```yaml\napiVersion: v1\n kind: Pod\n```\n",
			want:   want{err: `cannot read the yaml block under "Broken"`},
		},
		"NoEnd": {
			reason: "A block without an end is an error that says where it is.",
			text:   "## Open\n```yaml\napiVersion: v1\n",
			want:   want{err: `cannot find the end of the yaml block under "Open"`},
		},
		"Empty": {
			reason: "A file without blocks has no examples.",
			text:   "",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := FromMarkdown(strings.NewReader(tc.text))
			if diff := cmp.Diff(tc.want.examples, got); diff != "" {
				t.Errorf("\n%s\nFromMarkdown(...): -want, +got:\n%s", tc.reason, diff)
			}
			checkError(t, tc.reason, tc.want.err, err)
		})
	}
}

func TestCommands(t *testing.T) {
	type want struct {
		commands []Command
		err      string
	}

	cases := map[string]struct {
		reason string
		text   string
		want   want
	}{
		"CommentsAndBlankLines": {
			reason: "Each line is a command, and a comment belongs to the one below it.",
			text:   "### List\n```bash\n# All of them\nkubectl get a\n\nkubectl get b # trailing\n```\n",
			want: want{commands: []Command{
				{Heading: "List", Comment: "All of them", Line: "kubectl get a"},
				{Heading: "List", Line: "kubectl get b"},
			}},
		},
		"ContinuedWord": {
			reason: "A backslash at the end of a line joins it with the next as a shell does, without a space.",
			text:   "```bash\nkubectl get a -o custom-columns=\\\nNAME:.metadata.name,\\\nPHASE:.status.phase\n```\n",
			want:   want{commands: []Command{{Line: "kubectl get a -o custom-columns=NAME:.metadata.name,PHASE:.status.phase"}}},
		},
		"ContinuedArguments": {
			reason: "Quotes and what is in them stay as they are.",
			text:   "```sh\nkubectl patch a b --type='merge' \\\n  -p='{\"spec\":{\"image\":\"x # y\"}}'\n```\n",
			want:   want{commands: []Command{{Line: `kubectl patch a b --type='merge'   -p='{"spec":{"image":"x # y"}}'`}}},
		},
		"QuoteOverLines": {
			reason: "A quote that is open at the end of a line goes on in the next one.",
			text:   "```bash\nkubectl patch a b -p '{\n  \"spec\": {}\n}'\nkubectl get a\n```\n",
			want: want{commands: []Command{
				{Line: "kubectl patch a b -p '{\n  \"spec\": {}\n}'"},
				{Line: "kubectl get a"},
			}},
		},
		"Escapes": {
			reason: "An escaped quote opens nothing, a backslash in single quotes is itself, and # inside a word is no comment.",
			text:   "```bash\necho it\\'s \"a \\\" b\" 'c \\' d#e\n```\n",
			want:   want{commands: []Command{{Line: `echo it\'s "a \" b" 'c \' d#e`}}},
		},
		"OtherLanguages": {
			reason: "Only shell blocks hold commands.",
			text:   "```yaml\nkubectl: get\n```\n```console\n$ kubectl get a\n```\n",
		},
		"OpenQuote": {
			reason: "A quote without an end is an error that says where it is.",
			text:   "## Open\n```bash\necho 'a\n```\n",
			want:   want{err: `cannot read the bash block under "Open"`},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := Commands(strings.NewReader(tc.text))
			if diff := cmp.Diff(tc.want.commands, got); diff != "" {
				t.Errorf("\n%s\nCommands(...): -want, +got:\n%s", tc.reason, diff)
			}
			checkError(t, tc.reason, tc.want.err, err)
		})
	}
}

// checkError wants an error that begins with a text, or none for no text.
func checkError(t *testing.T, reason, want string, err error) {
	t.Helper()
	if want == "" && err == nil {
		return
	}
	if want == "" || err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("\n%s\nwant an error that begins with %q, got: %v", reason, want, err)
	}
}
