// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"fmt"
	"io"
	"strings"
)

// A Command is a shell command in a Markdown file.
type Command struct {
	// Heading that the command stands under.
	Heading string

	// Comment that stands right above the command, if any.
	Comment string

	// Line is what to give a shell. A command that was continued with backslashes is one line here, and one with a
	// quoted text of several lines still has them.
	Line string
}

// Commands returns the commands of a Markdown file's bash and sh blocks in their order. It does not know here-documents.
func Commands(r io.Reader) ([]Command, error) {
	all, err := blocks(r)
	if err != nil {
		return nil, err
	}

	var commands []Command
	for _, b := range all {
		if b.language != "bash" && b.language != "sh" {
			continue
		}
		p := parser{heading: b.heading}
		if err := p.parse(b.text); err != nil {
			return nil, fmt.Errorf("cannot read the %s block under %q: %w", b.language, b.heading, err)
		}
		commands = append(commands, p.commands...)
	}
	return commands, nil
}

// A parser tells the commands of a block apart.
type parser struct {
	heading  string
	comment  string
	line     strings.Builder
	quote    byte // That is open, or 0.
	commands []Command
}

func (p *parser) parse(text string) error {
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\' && p.quote != '\'' && i+1 < len(text):
			i++
			if text[i] != '\n' {
				p.line.Write([]byte{c, text[i]})
			}
		case p.quote == 0 && c == '\n':
			p.end()
		case p.quote == 0 && c == '#' && p.atWordStart():
			length := strings.IndexByte(text[i:]+"\n", '\n')
			if strings.TrimSpace(p.line.String()) == "" {
				p.comment = strings.TrimSpace(text[i+1 : i+length])
			}
			i += length - 1
		default:
			p.toggle(c)
			p.line.WriteByte(c)
		}
	}
	p.end()
	if p.quote != 0 {
		return fmt.Errorf("cannot find the end of the text in %c", p.quote)
	}
	return nil
}

// toggle opens or closes a quote.
func (p *parser) toggle(c byte) {
	switch {
	case p.quote == c:
		p.quote = 0
	case p.quote == 0 && (c == '\'' || c == '"'):
		p.quote = c
	}
}

// atWordStart says whether the next character begins a word.
func (p *parser) atWordStart() bool {
	line := p.line.String()
	return line == "" || strings.HasSuffix(line, " ") || strings.HasSuffix(line, "\t")
}

// end ends a command. A comment belongs to the line below it.
func (p *parser) end() {
	line := strings.TrimSpace(p.line.String())
	p.line.Reset()
	if line == "" {
		return
	}
	p.commands = append(p.commands, Command{Heading: p.heading, Comment: p.comment, Line: line})
	p.comment = ""
}
