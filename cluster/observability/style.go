// SPDX-License-Identifier: Apache-2.0

package observability

import (
	"fmt"
	"image/color"
	"math"
	"strconv"

	stdfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

const (
	plain = stdfont.WeightNormal
	bold  = stdfont.WeightBold
)

var (
	colorPage  = color.NRGBA{R: 0xf4, G: 0xf5, B: 0xf5, A: 0xff}
	colorPanel = color.NRGBA{R: 0xff, G: 0xff, B: 0xff, A: 0xff}
	colorFrame = color.NRGBA{R: 0xd8, G: 0xd9, B: 0xda, A: 0xff}
	colorText  = color.NRGBA{R: 0x24, G: 0x29, B: 0x2e, A: 0xff}

	// colorsLine begins with those that can be told apart by who sees no red or no
	// green (Okabe and Ito). Few panels have more lines.
	colorsLine = []color.NRGBA{
		{R: 0x00, G: 0x72, B: 0xb2, A: 0xff},
		{R: 0xe6, G: 0x9f, B: 0x00, A: 0xff},
		{R: 0x00, G: 0x9e, B: 0x73, A: 0xff},
		{R: 0xd5, G: 0x5e, B: 0x00, A: 0xff},
		{R: 0xcc, G: 0x79, B: 0xa7, A: 0xff},
		{R: 0x56, G: 0xb4, B: 0xe9, A: 0xff},
		{R: 0x7f, G: 0x7f, B: 0x7f, A: 0xff},
		{R: 0x6a, G: 0x3d, B: 0x9a, A: 0xff},
		{R: 0x8c, G: 0x6d, B: 0x31, A: 0xff},
		{R: 0xb2, G: 0x22, B: 0x22, A: 0xff},
		{R: 0xbc, G: 0xbd, B: 0x22, A: 0xff},
		{R: 0x24, G: 0x29, B: 0x2e, A: 0xff},
	}
)

// colorOf the line at a place in the legend.
func colorOf(i int) color.NRGBA { return colorsLine[i%len(colorsLine)] }

// faint is the color of an area below a line. It covers what is behind it.
func faint(c color.NRGBA) color.NRGBA {
	pale := func(part uint8) uint8 { return part/2 + 0x7f }
	return color.NRGBA{R: pale(c.R), G: pale(c.G), B: pale(c.B), A: 0xff}
}

// words in a size and a weight.
func words(size vg.Length, weight stdfont.Weight) text.Style {
	return text.Style{
		Color: colorText, Handler: plot.DefaultTextHandler,
		Font: font.Font{Typeface: "Liberation", Variant: "Sans", Weight: weight, Size: size},
	}
}

// corners of a rectangle, one after the other.
func corners(r vg.Rectangle) []vg.Point {
	return []vg.Point{r.Min, {X: r.Max.X, Y: r.Min.Y}, r.Max, {X: r.Min.X, Y: r.Max.Y}}
}

// amount writes a value in the unit of a panel.
func amount(v float64, unit string) string {
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', 3, 64) }
	switch {
	case unit == "ops":
		return number(v) + "/s"
	case unit == "percentunit":
		return number(100*v) + " %"
	case unit != "s":
		return strconv.FormatFloat(math.Round(100*v)/100, 'f', -1, 64)
	case v >= 3600:
		return number(v/3600) + " h"
	case v >= 60:
		return number(v/60) + " min"
	case v >= 1 || v == 0:
		return number(v) + " s"
	case v >= 1e-3:
		return number(1e3*v) + " ms"
	}
	return fmt.Sprintf("%s µs", number(1e6*v))
}
