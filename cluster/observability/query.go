// SPDX-License-Identifier: Apache-2.0

package observability

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// points is into how many steps the time of a recording is cut.
const points = 120

// NewEngine as Prometheus makes one where nothing is configured.
func NewEngine() *promql.Engine {
	return promql.NewEngine(promql.EngineOpts{
		MaxSamples: 50_000_000, Timeout: 2 * time.Minute, LookbackDelta: 5 * time.Minute,
		EnableAtModifier: true, EnableNegativeOffset: true, Parser: parser.NewParser(parser.Options{}),
	})
}

// step between two values of a series that is drawn.
func (r *Recording) step() time.Duration {
	return max(r.End.Sub(r.Start)/points, time.Second).Truncate(time.Second)
}

// evaluate a panel's queries over the recording: for a time series all of it, for
// other panels its end. What it returns is sorted by target and labels.
func (r *Recording) evaluate(ctx context.Context, engine *promql.Engine, p Panel) ([]line, error) {
	start := r.Start
	if p.Type != "timeseries" {
		start = r.End
	}
	var lines []line
	for _, t := range p.Targets {
		q, err := engine.NewRangeQuery(ctx, r.Store, nil, t.Query(r.Interval, r.step()), start, r.End, r.step())
		if err != nil {
			return nil, fmt.Errorf("cannot parse a query of panel %q: %w", p.Title, err)
		}
		matrix, err := q.Exec(ctx).Matrix()
		if err != nil {
			return nil, fmt.Errorf("cannot run a query of panel %q: %w", p.Title, err)
		}
		slices.SortFunc(matrix, func(a, b promql.Series) int { return labels.Compare(a.Metric, b.Metric) })
		for _, s := range matrix {
			lines = append(lines, line{name: t.Legend(s.Metric.Get), labels: s.Metric, points: slices.Clone(s.Floats)})
		}
		q.Close()
	}
	return lines, nil
}

// line of a panel: a series and what the legend calls it.
type line struct {
	name   string
	labels labels.Labels
	points []promql.FPoint
}
