// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

// table prints where each performer goes, and of those that go nowhere why no
// pool takes them.
func (p *planned) table(out io.Writer) error {
	if len(p.names) == 0 {
		_, err := fmt.Fprintln(out, "The files have no performers.")
		return err //nolint:wrapcheck // It says what could not be written.
	}
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	_, _ = fmt.Fprintln(w, "PERFORMER\tPOOL\tTARGET\tWHY") // Flush tells of what could not be written.
	waiting := 0
	for i, name := range p.names {
		b, ok := p.result.Binding(i)
		if !ok {
			waiting++
			_, _ = fmt.Fprintf(w, "%s\t-\t-\t%s\n", name, p.waits(i))
			continue
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s %s\t%s\n", name, b.Pool, b.Target.Kind, b.Target.Name, b.Why)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("cannot print the table: %w", err)
	}
	for i, name := range p.names {
		if rejections := p.result.Rejections(i); len(rejections) > 0 {
			p.rejected(w, i, name, rejections)
		}
	}
	_, _ = fmt.Fprintf(w, "\n%d of %d performers placed on %d pools.\n", len(p.names)-waiting, len(p.names), p.pools)
	if err := w.Flush(); err != nil {
		return fmt.Errorf("cannot print the table: %w", err)
	}
	return nil
}

// waits says in short why a performer goes nowhere.
func (p *planned) waits(i int) string {
	if err := p.result.Err(i); err != nil {
		return err.Error()
	}
	if p.pools == 0 {
		return "there are no pools"
	}
	return "no pool takes it, see below"
}

// rejected prints the pools that do not take a performer.
func (p *planned) rejected(w io.Writer, i int, name string, rejections []placement.Rejection) {
	if _, ok := p.result.Binding(i); ok {
		_, _ = fmt.Fprintf(w, "\n%s could not have gone to:\n", name)
	} else {
		_, _ = fmt.Fprintf(w, "\n%s is taken by no pool:\n", name)
	}
	for _, r := range rejections {
		_, _ = fmt.Fprintf(w, "  %s\t%s\n", r.Pool, r.Reason)
	}
}
