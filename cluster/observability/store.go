// SPDX-License-Identifier: Apache-2.0

package observability

import (
	"context"
	"fmt"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
)

// Store keeps samples in memory for Prometheus' engine.
type Store struct {
	series map[string]*promql.Series
}

// NewStore without samples.
func NewStore() *Store {
	return &Store{series: map[string]*promql.Series{}}
}

// Add a sample of a series, at a time in milliseconds that is later than that of
// the series' last one.
func (s *Store) Add(metric labels.Labels, at int64, value float64) error {
	key := metric.String()
	series := s.series[key]
	if series == nil {
		series = &promql.Series{Metric: metric}
		s.series[key] = series
	}
	if n := len(series.Floats); n > 0 && series.Floats[n-1].T >= at {
		return fmt.Errorf("cannot add a sample of %s at %d ms: there is one at %d ms", key, at, series.Floats[n-1].T)
	}
	series.Floats = append(series.Floats, promql.FPoint{T: at, F: value})
	return nil
}

// Querier of all samples, whatever their time: the engine passes over what is
// outside of a query.
func (s *Store) Querier(_, _ int64) (storage.Querier, error) {
	return querier{store: s}, nil
}

type querier struct{ store *Store }

// Select the series that match, sorted by their labels.
func (q querier) Select(_ context.Context, _ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	set := &seriesSet{}
	for _, series := range q.store.series {
		if matches(series.Metric, matchers) {
			set.series = append(set.series, *series)
		}
	}
	slices.SortFunc(set.series, func(a, b promql.Series) int { return labels.Compare(a.Metric, b.Metric) })
	return set
}

func matches(metric labels.Labels, matchers []*labels.Matcher) bool {
	for _, m := range matchers {
		if !m.Matches(metric.Get(m.Name)) {
			return false
		}
	}
	return true
}

// LabelValues are asked for by nothing that the engine evaluates.
func (querier) LabelValues(context.Context, string, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

// LabelNames are asked for by nothing that the engine evaluates.
func (querier) LabelNames(context.Context, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

// Close nothing: it is all in memory.
func (querier) Close() error { return nil }

// seriesSet goes from one series to the next.
type seriesSet struct {
	series []promql.Series
	next   int
}

func (s *seriesSet) Next() bool {
	s.next++
	return s.next <= len(s.series)
}

func (s *seriesSet) At() storage.Series { return promql.NewStorageSeries(s.series[s.next-1]) }

func (*seriesSet) Err() error { return nil }

func (*seriesSet) Warnings() annotations.Annotations { return nil }
