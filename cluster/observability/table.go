// SPDX-License-Identifier: Apache-2.0

package observability

import (
	"fmt"

	"github.com/prometheus/prometheus/model/labels"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// drawNumbers draws the last value of each line large, beside each other.
func (p Panel) drawNumbers(c draw.Canvas, lines []line) {
	wide := (c.Max.X - c.Min.X) / vg.Length(len(lines))
	for i, l := range lines {
		x := c.Min.X + vg.Length(i)*wide
		number, name := words(22, bold), words(8, plain)
		number.Color = colorOf(i)
		last := l.points[len(l.points)-1].F
		c.FillText(number, vg.Point{X: x, Y: (c.Min.Y + c.Max.Y) / 2}, amount(last, p.FieldConfig.Defaults.Unit))
		c.FillText(name, vg.Point{X: x, Y: (c.Min.Y+c.Max.Y)/2 - 14}, l.name)
	}
}

// drawTable draws a line of text for each series, with a column for each label.
func drawTable(c draw.Canvas, lines []line) {
	const high = vg.Length(13)
	var names []string
	lines[0].labels.Range(func(l labels.Label) { names = append(names, l.Name) })
	wide := (c.Max.X - c.Min.X) / vg.Length(len(names))
	y := c.Max.Y - high
	for i, name := range names {
		c.FillText(words(8, bold), vg.Point{X: c.Min.X + vg.Length(i)*wide, Y: y}, name)
	}
	for shown, l := range lines {
		y -= high
		if y < c.Min.Y+high && shown < len(lines)-1 {
			c.FillText(words(8, plain), vg.Point{X: c.Min.X, Y: y}, fmt.Sprintf("and %d more", len(lines)-shown))
			return
		}
		for i, name := range names {
			c.FillText(words(8, plain), vg.Point{X: c.Min.X + vg.Length(i)*wide, Y: y}, l.labels.Get(name))
		}
	}
}
