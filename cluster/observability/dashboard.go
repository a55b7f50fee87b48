// SPDX-License-Identifier: Apache-2.0

package observability

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Dashboard is as much of Grafana's JSON as is drawn and checked here.
type Dashboard struct {
	ID            *int    `json:"id"`
	UID           string  `json:"uid"`
	Title         string  `json:"title"`
	SchemaVersion int     `json:"schemaVersion"`
	Panels        []Panel `json:"panels"`
	Templating    struct {
		List []Variable `json:"list"`
	} `json:"templating"`
}

// Variable of a dashboard, which its user chooses.
type Variable struct {
	Name       string      `json:"name"`
	Type       string      `json:"type"`
	Datasource *Datasource `json:"datasource"`
}

// Panel of a dashboard.
type Panel struct {
	ID          int         `json:"id"`
	Type        string      `json:"type"`
	Title       string      `json:"title"`
	Description string      `json:"description"`
	Datasource  *Datasource `json:"datasource"`
	GridPos     GridPos     `json:"gridPos"`
	Targets     []Target    `json:"targets"`
	FieldConfig struct {
		Defaults struct {
			Unit   string `json:"unit"`
			Custom struct {
				Stacking struct {
					Mode string `json:"mode"`
				} `json:"stacking"`
			} `json:"custom"`
		} `json:"defaults"`
	} `json:"fieldConfig"`
}

// GridPos is where a panel stands: the grid has 24 columns.
type GridPos struct {
	X int `json:"x"`
	Y int `json:"y"`
	W int `json:"w"`
	H int `json:"h"`
}

// Datasource that a panel, a query or a variable asks.
type Datasource struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

// Target is a query of a panel.
type Target struct {
	Datasource   *Datasource `json:"datasource"`
	Expr         string      `json:"expr"`
	LegendFormat string      `json:"legendFormat"`
	Instant      bool        `json:"instant"`
	RefID        string      `json:"refId"`
}

// ReadDashboard from Grafana's JSON.
func ReadDashboard(text []byte) (*Dashboard, error) {
	d := &Dashboard{}
	if err := json.Unmarshal(text, d); err != nil {
		return nil, fmt.Errorf("cannot understand the dashboard: %w", err)
	}
	return d, nil
}

// Query is the target's expression with values for Grafana's variables: all
// namespaces, and the rate interval that Grafana would choose for such scrapes.
func (t Target) Query(scrape, step time.Duration) string {
	rate := fmt.Sprintf("%ds", int(max(4*scrape, step+scrape).Seconds()))
	return strings.NewReplacer("$__rate_interval", rate, "$namespace", ".*").Replace(t.Expr)
}

var legendLabel = regexp.MustCompile(`{{\s*(\w+)\s*}}`)

// Legend of a series with the labels that get knows.
func (t Target) Legend(get func(string) string) string {
	return legendLabel.ReplaceAllStringFunc(t.LegendFormat, func(s string) string {
		return get(legendLabel.FindStringSubmatch(s)[1])
	})
}
