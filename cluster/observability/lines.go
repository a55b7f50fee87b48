// SPDX-License-Identifier: Apache-2.0

package observability

import (
	"fmt"
	"image/color"
	"math"
	"slices"

	"github.com/prometheus/prometheus/promql"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// drawLines draws time series over their legend.
func (p Panel) drawLines(c draw.Canvas, lines []line, r *Recording) error {
	pl := p.axes()
	stacked := p.FieldConfig.Defaults.Custom.Stacking.Mode == "normal"
	if stacked {
		lines = stack(lines)
	}
	// What is stacked highest is drawn first, so that the others cover it.
	for i, one := range slices.Backward(lines) {
		for _, piece := range pieces(one.points, r.step().Milliseconds()) {
			l, err := plotter.NewLine(piece)
			if err != nil {
				return fmt.Errorf("cannot draw %q: %w", one.name, err)
			}
			l.Color, l.Width = colorOf(i), vg.Points(1.2)
			if stacked {
				l.FillColor = faint(colorOf(i))
			}
			pl.Add(l)
		}
	}
	pl.Y.Min, pl.Y.Max = 0, max(pl.Y.Max*1.05, 1e-9)
	pl.X.Min, pl.X.Max = float64(r.Start.Unix()), float64(r.End.Unix())
	pl.Draw(draw.Crop(c, 0, 0, drawLegend(c, lines), 0))
	return nil
}

// axes of a plot over time.
func (p Panel) axes() *plot.Plot {
	pl := plot.New()
	pl.BackgroundColor = colorPanel
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = colorFrame, colorFrame
	grid.Horizontal.Width, grid.Vertical.Width = vg.Points(0.5), vg.Points(0.5)
	pl.Add(grid)
	for _, axis := range []*plot.Axis{&pl.X, &pl.Y} {
		style := words(7, plain)
		style.XAlign, style.YAlign = axis.Tick.Label.XAlign, axis.Tick.Label.YAlign
		axis.Tick.Label, axis.Color, axis.Tick.Color = style, colorFrame, colorFrame
		axis.Padding, axis.Tick.Length = 0, 2
	}
	pl.X.Tick.Marker = plot.TimeTicks{Format: "15:04", Time: plot.UTCUnixTime, Ticker: plot.TickerFunc(timeTicks)}
	pl.Y.Tick.Marker = plot.TickerFunc(p.amountTicks)
	return pl
}

// amountTicks at round values of the panel's unit: seconds become minutes and
// hours.
func (p Panel) amountTicks(low, high float64) []plot.Tick {
	unit := p.FieldConfig.Defaults.Unit
	if unit == "s" && high-low > 4 {
		return ticks(low, high, 4, func(v float64) string { return amount(v, unit) }, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400)
	}
	all := plot.DefaultTicks{}.Ticks(low, high)
	for i := range all {
		if all[i].Label != "" {
			all[i].Label = amount(all[i].Value, unit)
		}
	}
	return all
}

// timeTicks at whole minutes or hours. TimeTicks writes the time over the label.
func timeTicks(low, high float64) []plot.Tick {
	return ticks(low, high, 7, func(float64) string { return "time" }, 30, 60, 300, 600, 900, 1800, 3600, 7200, 21600, 86400)
}

// ticks at multiples of the first distance that gives few enough, or the last.
func ticks(low, high float64, most int, label func(float64) string, distances ...float64) []plot.Tick {
	every := distances[len(distances)-1]
	for _, d := range distances {
		if (high-low)/d <= float64(most) {
			every = d
			break
		}
	}
	var all []plot.Tick
	for v := math.Ceil(low/every) * every; v <= high; v += every {
		all = append(all, plot.Tick{Value: v, Label: label(v)})
	}
	return all
}

// stack adds to each line those before it, where they have a value.
func stack(lines []line) []line {
	sums, stacked := map[int64]float64{}, make([]line, 0, len(lines))
	for _, l := range lines {
		points := make([]promql.FPoint, 0, len(l.points))
		for _, p := range l.points {
			sums[p.T] += p.F
			points = append(points, promql.FPoint{T: p.T, F: sums[p.T]})
		}
		stacked = append(stacked, line{name: l.name, labels: l.labels, points: points})
	}
	return stacked
}

// pieces of a line that has gaps, and values that are no numbers.
func pieces(points []promql.FPoint, step int64) []plotter.XYs {
	var all []plotter.XYs
	last := int64(math.MinInt64 / 2)
	for _, p := range points {
		if math.IsNaN(p.F) || math.IsInf(p.F, 0) {
			continue
		}
		if p.T-last > step {
			all = append(all, nil)
		}
		at := len(all) - 1
		all[at] = append(all[at], plotter.XY{X: float64(p.T) / 1000, Y: p.F})
		last = p.T
	}
	return all
}

// drawLegend at the bottom of a canvas and say how high it is.
func drawLegend(c draw.Canvas, lines []line) vg.Length {
	const (
		high   = vg.Length(11)
		swatch = vg.Length(9)
	)
	style := words(7.5, plain)
	type entry struct {
		at    vg.Point
		color color.NRGBA
		name  string
	}
	var entries []entry
	at := vg.Point{X: c.Min.X}
	for i, l := range lines {
		wide := swatch + 3 + style.Width(l.name)
		if at.X > c.Min.X && at.X+wide > c.Max.X {
			at = vg.Point{X: c.Min.X, Y: at.Y + high}
		}
		entries = append(entries, entry{at: at, color: colorOf(i), name: l.name})
		at.X += wide + 10
	}
	for _, e := range entries {
		y := c.Min.Y + at.Y - e.at.Y
		c.FillPolygon(e.color, []vg.Point{{X: e.at.X, Y: y + 2}, {X: e.at.X + swatch, Y: y + 2}, {X: e.at.X + swatch, Y: y + 5}, {X: e.at.X, Y: y + 5}})
		c.FillText(style, vg.Point{X: e.at.X + swatch + 3, Y: y + 1}, e.name)
	}
	return at.Y + high + 4
}
