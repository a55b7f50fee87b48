// SPDX-License-Identifier: Apache-2.0

package observability

import (
	"bytes"
	"context"
	"fmt"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// The size of one field of the dashboard's grid, and the room between panels.
const (
	column = 42 * vg.Length(1)
	row    = 23 * vg.Length(1)
	gap    = 3 * vg.Length(1)
	title  = 30 * vg.Length(1)
)

// Render draws the dashboard over the recording as SVG. The same input gives the
// same bytes.
func Render(ctx context.Context, d *Dashboard, r *Recording) ([]byte, error) {
	svg := vgsvg.New(size(d))
	if err := paint(ctx, draw.New(svg), d, r); err != nil {
		return nil, err
	}
	b := &bytes.Buffer{}
	if _, err := svg.WriteTo(b); err != nil {
		return nil, fmt.Errorf("cannot write the drawing: %w", err)
	}
	return portable(b.Bytes()), nil
}

// size of the page.
func size(d *Dashboard) (width, height vg.Length) {
	rows := 0
	for _, p := range d.Panels {
		rows = max(rows, p.GridPos.Y+p.GridPos.H)
	}
	return 24 * column, vg.Length(rows)*row + title
}

// paint the page with all panels.
func paint(ctx context.Context, page draw.Canvas, d *Dashboard, r *Recording) error {
	page.FillPolygon(colorPage, corners(page.Rectangle))
	says := fmt.Sprintf("%s, %s to %s UTC", d.Title, r.Start.UTC().Format("2006-01-02 15:04"), r.End.UTC().Format("15:04"))
	page.FillText(words(14, bold), vg.Point{X: 3 * gap, Y: page.Max.Y - 20}, says)
	engine := NewEngine()
	for _, p := range d.Panels {
		lines, err := r.evaluate(ctx, engine, p)
		if err != nil {
			return err
		}
		if err := p.draw(place(page, p.GridPos), lines, r); err != nil {
			return fmt.Errorf("cannot draw panel %q: %w", p.Title, err)
		}
	}
	return nil
}

// place of a panel on the page. The grid counts down, the page counts up.
func place(page draw.Canvas, g GridPos) draw.Canvas {
	left, top := vg.Length(g.X)*column, page.Max.Y-title-vg.Length(g.Y)*row
	return draw.Canvas{Canvas: page.Canvas, Rectangle: vg.Rectangle{
		Min: vg.Point{X: left + gap, Y: top - vg.Length(g.H)*row + gap},
		Max: vg.Point{X: left + vg.Length(g.W)*column - gap, Y: top - gap},
	}}
}

// draw the panel in its place.
func (p Panel) draw(c draw.Canvas, lines []line, r *Recording) error {
	if p.Type == "row" {
		c.FillText(words(11, bold), vg.Point{X: c.Min.X + 2*gap, Y: c.Min.Y + 2*gap}, p.Title)
		return nil
	}
	c.FillPolygon(colorPanel, corners(c.Rectangle))
	c.StrokeLines(draw.LineStyle{Color: colorFrame, Width: 1}, append(corners(c.Rectangle), c.Min))
	c.FillText(words(9, bold), vg.Point{X: c.Min.X + 3*gap, Y: c.Max.Y - 14}, p.Title)
	inside := draw.Crop(c, 3*gap, -3*gap, 2*gap, -20)
	if len(lines) == 0 {
		inside.FillText(words(8, plain), vg.Point{X: inside.Min.X, Y: inside.Max.Y - 12}, "nothing")
		return nil
	}
	switch p.Type {
	case "timeseries":
		return p.drawLines(inside, lines, r)
	case "stat":
		p.drawNumbers(inside, lines)
	case "table":
		drawTable(inside, lines)
	default:
		return fmt.Errorf("cannot draw a panel of type %q: only timeseries, stat, table and row", p.Type)
	}
	return nil
}

// portable names fonts that other machines have: nothing is embedded.
func portable(svg []byte) []byte {
	return bytes.ReplaceAll(svg, []byte("font-family:Liberation Sans;"), []byte("font-family:Liberation Sans,Arial,Helvetica,sans-serif;"))
}
