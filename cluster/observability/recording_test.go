// SPDX-License-Identifier: Apache-2.0

package observability

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/value"
)

func TestReadRecording(t *testing.T) {
	cases := map[string]struct {
		reason string
		text   string
		want   []string
		err    string
	}{
		"Series": {
			reason: "Each scrape has its time; a series that is gone ends there and may come back.",
			text:   "# scrape 60\n# TYPE a gauge\na{x=\"1\"} 1\nb 2\n# scrape 120\nb 3\n# scrape 180\na{x=\"1\"} 4\nb 5\n",
			want:   []string{`{__name__="a", x="1"} 1@1m0s ends@2m0s 4@3m0s`, `{__name__="b"} 2@1m0s 3@2m0s 5@3m0s`, "every 1m0s"},
		},
		"Empty":     {reason: "A provider that did not answer had no series.", text: "# scrape 60\na 1\n# scrape 75", want: []string{`{__name__="a"} 1@1m0s ends@1m15s`, "every 15s"}},
		"NoScrape":  {reason: "Samples without a time cannot be drawn.", text: "a 1\n", err: "it begins with \"a 1\""},
		"Time":      {reason: "A time is a whole number of seconds.", text: "# scrape today\na 1\n", err: "cannot read the time of scrape 1"},
		"Backwards": {reason: "Time goes forward.", text: "# scrape 60\na 1\n# scrape 60\na 2\n", err: "there is one at 60000 ms"},
		"Sample":    {reason: "What Prometheus could not scrape is refused.", text: "# scrape 60\na one\n# scrape 120\n", err: "cannot read the scrape at 60: cannot parse the exposition"},
		"One":       {reason: "One scrape is no time.", text: "# scrape 60\na 1\n", err: "it needs two"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			r, err := ReadRecording([]byte(tc.text))
			if (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Fatalf("\n%s\nthe error must say %q: %v", tc.reason, tc.err, err)
			}
			if diff := cmp.Diff(tc.want, describe(r)); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// describe the samples of a recording, sorted by series.
func describe(r *Recording) []string {
	if r == nil {
		return nil
	}
	var all []string
	for key, series := range r.Store.series {
		text := key
		for _, p := range series.Floats {
			at := time.Duration(p.T) * time.Millisecond
			if value.IsStaleNaN(p.F) {
				text += fmt.Sprintf(" ends@%s", at)
			} else {
				text += fmt.Sprintf(" %g@%s", p.F, at)
			}
		}
		all = append(all, text)
	}
	slices.Sort(all)
	return append(all, "every "+r.Interval.String())
}

func TestAmount(t *testing.T) {
	cases := map[string]struct {
		reason string
		value  float64
		unit   string
		want   string
	}{
		"Count":   {reason: "A count has no unit.", value: 16, unit: "none", want: "16"},
		"Rate":    {reason: "ops is in a second.", value: 0.0125, unit: "ops", want: "0.0125/s"},
		"Share":   {reason: "percentunit is a part of one.", value: 0.5, unit: "percentunit", want: "50 %"},
		"Zero":    {reason: "Zero seconds are seconds.", value: 0, unit: "s", want: "0 s"},
		"Micro":   {reason: "Short times have short units.", value: 0.00002, unit: "s", want: "20 µs"},
		"Milli":   {reason: "Short times have short units.", value: 0.25, unit: "s", want: "250 ms"},
		"Minutes": {reason: "Long times have long units.", value: 90, unit: "s", want: "1.5 min"},
		"Hours":   {reason: "Long times have long units.", value: 7200, unit: "s", want: "2 h"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, amount(tc.value, tc.unit)); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
