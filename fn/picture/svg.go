// SPDX-License-Identifier: Apache-2.0

// Package picture draws pools and what sits in them.
package picture

import (
	"fmt"
	"html"
	"strings"

	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

// Measures of the picture, in pixels.
const (
	width   = 960
	margin  = 16
	nodeW   = 220
	nodeH   = 64
	titleH  = 44
	slot    = 12
	letters = 28 // of a name that fit on a node
)

// hues are the colors of workloads, one after the other, told apart by most eyes.
var hues = []int{210, 30, 140, 280, 0, 60, 180, 320} //nolint:gochecknoglobals // A constant, but for its type.

// SVG draws each pool as a panel of its nodes, and on each node its GPUs as squares:
// those that are taken in the color of the workload. Names are those of the
// workloads, by their index.
func SVG(pools []placement.PoolView, names []string) string {
	b := &strings.Builder{}
	y := margin
	for _, p := range pools {
		y = panel(b, y, p, names) + margin
	}
	if len(pools) == 0 {
		text(b, margin, y+16, "title", "There are no pools.")
		y += 2 * margin
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img">
<style>
text { font: 12px sans-serif; fill: #222 } .title { font-weight: bold; font-size: 14px } .quiet { fill: #666 }
.pool { fill: #f6f6f4; stroke: #bbb } .node { fill: #fff; stroke: #888 } .free { fill: #fff; stroke: #999 } .other { fill: #ccc; stroke: #999 }
</style>
<rect width="100%%" height="100%%" fill="#fff"/>
%s</svg>
`, width, y, width, y, b.String())
}

// panel draws a pool from y on, and returns where it ends.
func panel(b *strings.Builder, y int, p placement.PoolView, names []string) int {
	perRow := (width - 3*margin) / (nodeW + margin)
	rows := max(1, (len(p.Nodes)+perRow-1)/perRow)
	end := y + titleH + rows*(nodeH+margin)
	if len(p.Elsewhere) > 0 {
		end += margin
	}
	fmt.Fprintf(b, `<rect class="pool" x="%d" y="%d" width="%d" height="%d" rx="6"/>`+"\n", margin, y, width-2*margin, end-y)
	text(b, 2*margin, y+20, "title", p.Pool)
	text(b, 2*margin, y+36, "quiet", describe(p))
	for i, n := range p.Nodes {
		node(b, 2*margin+(i%perRow)*(nodeW+margin), y+titleH+(i/perRow)*(nodeH+margin), n, names)
	}
	if len(p.Elsewhere) > 0 {
		text(b, 2*margin, end-8, "quiet", "also here, on nodes that are not known: "+strings.Join(named(p.Elsewhere, names), ", "))
	}
	return end
}

// describe says what a pool is.
func describe(p placement.PoolView) string {
	parts := []string{p.Target.Kind + " " + p.Target.Name}
	if p.GPU != "" {
		parts = append(parts, "GPU "+p.GPU)
	}
	if p.TEE != "" {
		parts = append(parts, "TEE "+p.TEE)
	}
	return strings.Join(parts, " · ")
}

// node draws nodes that are alike as one.
func node(b *strings.Builder, x, y int, n placement.NodeView, names []string) {
	fmt.Fprintf(b, `<rect class="node" x="%d" y="%d" width="%d" height="%d" rx="4"/>`+"\n", x, y, nodeW, nodeH)
	label := strings.Join(named(n.Workloads, names), ", ")
	class := ""
	switch {
	case label != "":
	case n.Count < 0:
		label, class = "any number of nodes", "quiet"
	case n.Count == 1:
		label, class = "1 node, nothing placed", "quiet"
	default:
		label, class = fmt.Sprintf("%d nodes, nothing placed", n.Count), "quiet"
	}
	text(b, x+8, y+20, class, shortened(label))
	gpus(b, x+8, y+32, n)
}

// gpus draws the GPUs of a node: those of its workloads first, then those that
// somebody else has, then the free ones.
func gpus(b *strings.Builder, x, y int, n placement.NodeView) {
	const most = 16
	fill := make([]string, 0, most)
	for _, w := range n.Workloads {
		for range n.Taken[w] {
			fill = append(fill, fmt.Sprintf(`fill="hsl(%d 60%% 55%%)" stroke="#555"`, hues[w%len(hues)]))
		}
	}
	for range max(0, n.GPUs-n.FreeGPUs-int64(len(fill))) {
		fill = append(fill, `class="other"`)
	}
	for range n.FreeGPUs {
		if len(fill) >= most {
			break
		}
		fill = append(fill, `class="free"`)
	}
	for i, f := range fill[:min(len(fill), most)] {
		fmt.Fprintf(b, `<rect %s x="%d" y="%d" width="%d" height="%d"/>`+"\n", f, x+i*slot, y, slot-2, slot-2)
	}
	if n.GPUs > 0 {
		text(b, x, y+26, "quiet", fmt.Sprintf("%d of %d GPUs free", n.FreeGPUs, n.GPUs))
	}
}

func named(workloads []int, names []string) []string {
	var all []string
	for _, w := range workloads {
		all = append(all, names[w])
	}
	return all
}

func shortened(s string) string {
	if len([]rune(s)) <= letters {
		return s
	}
	return string([]rune(s)[:letters-1]) + "…"
}

func text(b *strings.Builder, x, y int, class, s string) {
	fmt.Fprintf(b, `<text x="%d" y="%d" class="%s">%s</text>`+"\n", x, y, class, html.EscapeString(s))
}
