// SPDX-License-Identifier: Apache-2.0

package observability

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/model/value"
)

// scrapeLine begins a scrape in a recording; its time in seconds follows.
const scrapeLine = "# scrape "

// Recording of what Prometheus would have scraped.
type Recording struct {
	Store      *Store
	Start, End time.Time
	// Interval is the median of the times between scrapes.
	Interval time.Duration
}

// ReadRecording reads scrapes in the text format. Each begins with a line
// "# scrape SECONDS". A series that a scrape has and the next one has not ends
// there, as it does in Prometheus.
func ReadRecording(text []byte) (*Recording, error) {
	parts := bytes.Split(append([]byte("\n"), text...), []byte("\n"+scrapeLine))
	if len(bytes.TrimSpace(parts[0])) > 0 {
		return nil, fmt.Errorf("cannot read the recording: it begins with %.40q and not with %q", bytes.TrimSpace(parts[0]), scrapeLine)
	}
	r, before, times := &Recording{Store: NewStore()}, map[string]labels.Labels{}, []int64{}
	for _, part := range parts[1:] {
		head, body, _ := bytes.Cut(part, []byte("\n"))
		at, err := strconv.ParseInt(strings.TrimSpace(string(head)), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("cannot read the time of scrape %d: %w", len(times)+1, err)
		}
		if before, err = r.scrape(append(body, '\n'), at*1000, before); err != nil {
			return nil, fmt.Errorf("cannot read the scrape at %d: %w", at, err)
		}
		times = append(times, at)
	}
	if len(times) < 2 {
		return nil, fmt.Errorf("cannot use a recording of %d scrapes: it needs two", len(times))
	}
	r.Start, r.End, r.Interval = time.Unix(times[0], 0), time.Unix(times[len(times)-1], 0), interval(times)
	return r, nil
}

// scrape adds one exposition and says which series it had.
func (r *Recording) scrape(body []byte, at int64, before map[string]labels.Labels) (map[string]labels.Labels, error) {
	now := map[string]labels.Labels{}
	p := textparse.NewPromParser(body, labels.NewSymbolTable(), false)
	for {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("cannot parse the exposition: %w", err)
		}
		if entry != textparse.EntrySeries {
			continue
		}
		var metric labels.Labels
		p.Labels(&metric)
		_, _, v := p.Series()
		if err := r.Store.Add(metric, at, v); err != nil {
			return nil, err
		}
		now[metric.String()] = metric
	}
	for key, metric := range before {
		if _, there := now[key]; there {
			continue
		}
		if err := r.Store.Add(metric, at, math.Float64frombits(value.StaleNaN)); err != nil {
			return nil, err
		}
	}
	return now, nil
}

func interval(times []int64) time.Duration {
	var between []int64
	for i := range times[1:] {
		between = append(between, times[i+1]-times[i])
	}
	slices.Sort(between)
	return time.Duration(between[len(between)/2]) * time.Second
}
