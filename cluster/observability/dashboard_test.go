// SPDX-License-Identifier: Apache-2.0

package observability

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDashboardTravels sees that the dashboard has nothing that only exists in one
// Grafana: it finds its data source by a variable.
func TestDashboardTravels(t *testing.T) {
	d := dashboard(t)
	type passport struct {
		ID     *int
		UID    string
		Schema int
	}
	if diff := cmp.Diff(passport{Schema: 42}, passport{ID: d.ID, UID: d.UID, Schema: d.SchemaVersion}); diff != "" {
		t.Errorf("the dashboard must have no identity and the newest schema: -want, +got:\n%s", diff)
	}
	if !slices.ContainsFunc(d.Templating.List, func(v Variable) bool { return v.Name == "datasource" && v.Type == "datasource" }) {
		t.Error("the dashboard must have a variable called datasource of that type")
	}
	want := &Datasource{Type: "prometheus", UID: "${datasource}"}
	for _, v := range d.Templating.List {
		if diff := cmp.Diff(want, v.Datasource); v.Type != "datasource" && diff != "" {
			t.Errorf("the data source of variable %s: -want, +got:\n%s", v.Name, diff)
		}
	}
	for _, p := range d.Panels {
		if p.Type == "row" {
			continue
		}
		for _, target := range append(p.Targets, Target{Datasource: p.Datasource}) {
			if diff := cmp.Diff(want, target.Datasource); diff != "" {
				t.Errorf("the data source of panel %q and its queries: -want, +got:\n%s", p.Title, diff)
			}
		}
	}
}

// TestPanelsCanBeRead sees that each panel says what it shows, and in which unit.
func TestPanelsCanBeRead(t *testing.T) {
	titles, ids := map[string]bool{}, map[int]bool{}
	for _, p := range dashboard(t).Panels {
		if p.Title == "" || titles[p.Title] || p.ID == 0 || ids[p.ID] {
			t.Errorf("panel %d %q must have a title and a number of its own", p.ID, p.Title)
		}
		titles[p.Title], ids[p.ID] = true, true
		if p.Type == "row" {
			continue
		}
		if p.Description == "" || p.FieldConfig.Defaults.Unit == "" || len(p.Targets) == 0 {
			t.Errorf("panel %q must have a description, a unit and a query", p.Title)
		}
		for _, target := range p.Targets {
			if target.LegendFormat == "" || target.RefID == "" {
				t.Errorf("panel %q must have a legend and a name for the query %s", p.Title, target.Expr)
			}
		}
	}
}

// TestPanelsLieBesideEachOther sees that no panel covers another or leaves the grid.
func TestPanelsLieBesideEachOther(t *testing.T) {
	panels := dashboard(t).Panels
	for i, a := range panels {
		g := a.GridPos
		if g.X < 0 || g.W < 1 || g.H < 1 || g.X+g.W > 24 {
			t.Errorf("panel %q leaves the grid of 24 columns: %+v", a.Title, g)
		}
		for _, b := range panels[i+1:] {
			h := b.GridPos
			if g.X < h.X+h.W && h.X < g.X+g.W && g.Y < h.Y+h.H && h.Y < g.Y+g.H {
				t.Errorf("panel %q covers panel %q", a.Title, b.Title)
			}
		}
	}
}
