// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// A block is a fenced block of a Markdown file.
type block struct {
	heading  string
	language string
	text     string
}

// blocks returns the fenced blocks of a Markdown file, each with the heading that it stands under.
func blocks(r io.Reader) ([]block, error) {
	var all []block
	var open *block
	var heading, fence, indent string

	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<20) // A line of an example can be long.
	for s.Scan() {
		line := s.Text()
		trimmed := strings.TrimSpace(line)
		switch {
		case open != nil && strings.HasPrefix(trimmed, fence) && strings.Trim(trimmed, "`") == "":
			all = append(all, *open)
			open = nil
		case open != nil:
			open.text += strings.TrimPrefix(line, indent) + "\n"
		case strings.HasPrefix(trimmed, "```"):
			info := strings.TrimLeft(trimmed, "`")
			fence = strings.TrimSuffix(trimmed, info)
			indent = line[:len(line)-len(strings.TrimLeft(line, " "))]
			language, _, _ := strings.Cut(strings.TrimSpace(info), " ")
			open = &block{heading: heading, language: language}
		case strings.HasPrefix(line, "#"):
			heading = strings.TrimSpace(strings.TrimLeft(line, "#"))
		}
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("cannot read the Markdown: %w", err)
	}
	if open != nil {
		return nil, fmt.Errorf("cannot find the end of the %s block under %q", open.language, heading)
	}
	return all, nil
}
