// SPDX-License-Identifier: Apache-2.0

package observability

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/promql/parser"
)

// labeler follows which labels an expression's result has, and writes down those
// that are used and not there.
type labeler struct {
	metrics  table
	problems []string
}

func (l *labeler) need(there []string, where string, wanted ...string) {
	for _, w := range wanted {
		if !slices.Contains(there, w) {
			l.problems = append(l.problems, fmt.Sprintf("%s has no label %s, only %v", where, w, there))
		}
	}
}

// labels of the result, sorted.
func (l *labeler) labels(e parser.Expr) []string {
	switch e := e.(type) {
	case *parser.VectorSelector:
		return l.selector(e)
	case *parser.MatrixSelector:
		return l.labels(e.VectorSelector)
	case *parser.ParenExpr:
		return l.labels(e.Expr)
	case *parser.AggregateExpr:
		l.need(l.labels(e.Expr), e.Expr.String(), e.Grouping...)
		if e.Without {
			l.problems = append(l.problems, "write by and not without in "+e.String()+": labels of the target would stay")
		}
		return slices.Sorted(slices.Values(e.Grouping))
	case *parser.Call:
		return l.call(e)
	case *parser.BinaryExpr:
		return l.binary(e)
	case *parser.NumberLiteral, *parser.StringLiteral:
		return nil
	}
	l.problems = append(l.problems, fmt.Sprintf("the test cannot follow the labels of %s", e))
	return nil
}

func (l *labeler) selector(e *parser.VectorSelector) []string {
	_, m, known := l.metrics.series(e.Name)
	if !known {
		l.problems = append(l.problems, "the table has no metric "+e.Name)
	}
	for _, matcher := range e.LabelMatchers {
		if matcher.Name != "__name__" {
			l.need(m.labels, e.Name, matcher.Name)
		}
	}
	return slices.Sorted(slices.Values(m.labels))
}

func (l *labeler) call(e *parser.Call) []string {
	var found []string
	for _, arg := range e.Args {
		found = append(found, l.labels(arg)...)
	}
	switch e.Func.Name {
	case "absent":
		return nil
	case "histogram_quantile":
		l.need(found, e.Args[1].String(), "le")
		return slices.DeleteFunc(found, func(s string) bool { return s == "le" })
	case "label_replace":
		l.need(found, e.Args[0].String(), e.Args[3].(*parser.StringLiteral).Val)
		found = append(found, e.Args[1].(*parser.StringLiteral).Val)
	}
	return slices.Sorted(slices.Values(found))
}

func (l *labeler) binary(e *parser.BinaryExpr) []string {
	left, right := l.labels(e.LHS), l.labels(e.RHS)
	switch {
	case e.VectorMatching == nil:
		return append(left, right...)
	case e.VectorMatching.On:
		l.need(left, e.LHS.String(), e.VectorMatching.MatchingLabels...)
		l.need(right, e.RHS.String(), e.VectorMatching.MatchingLabels...)
		if !e.Op.IsSetOperator() {
			return e.VectorMatching.MatchingLabels
		}
	case e.Op == parser.LOR:
		return slices.DeleteFunc(left, func(s string) bool { return !slices.Contains(right, s) })
	case !slices.Equal(left, right):
		l.problems = append(l.problems, fmt.Sprintf("the sides of %s have the labels %v and %v", e, left, right))
	}
	return left
}

// check an expression and the labels that a text beside it uses.
func (t table) check(expr string, uses ...string) []string {
	e, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		return []string{fmt.Sprintf("cannot parse %s: %v", expr, err)}
	}
	l := &labeler{metrics: t}
	l.need(l.labels(e), expr, uses...)
	return l.problems
}

func TestLabeler(t *testing.T) {
	metrics := table{
		"a_total":   {kind: "counter", labels: []string{"x", "y"}},
		"b_seconds": {kind: "histogram", labels: []string{"x"}},
	}
	cases := map[string]struct {
		reason string
		expr   string
		uses   []string
		want   string
	}{
		"Right":     {reason: "What is there may be used.", expr: `sum by (x) (rate(a_total{y="1"}[5m]))`, uses: []string{"x"}},
		"Quantile":  {reason: "A quantile has the labels of its buckets without le.", expr: `histogram_quantile(0.9, sum by (x, le) (rate(b_seconds_bucket[5m])))`, uses: []string{"x"}},
		"Replaced":  {reason: "label_replace adds a label.", expr: `label_replace(a_total, "z", "$1", "x", "(.+)")`, uses: []string{"z"}},
		"Both":      {reason: "or has the labels that both sides have.", expr: `sum by (x) (a_total) or vector(0)`, uses: []string{"x"}, want: "has no label x"},
		"Syntax":    {reason: "What Prometheus cannot parse is told.", expr: `sum by (x) rate(a_total)`, want: "cannot parse"},
		"Metric":    {reason: "A metric that is not in the table is told.", expr: `c_total`, want: "the table has no metric c_total"},
		"Bare":      {reason: "A histogram has no series of its own name.", expr: `b_seconds`, want: "the table has no metric b_seconds"},
		"Suffix":    {reason: "A counter has no buckets.", expr: `a_total_bucket`, want: "the table has no metric a_total_bucket"},
		"Matcher":   {reason: "A selector may only use labels of the metric.", expr: `a_total{z="1"}`, want: "a_total has no label z"},
		"Grouping":  {reason: "So may by.", expr: `sum by (z) (a_total)`, want: "a_total has no label z"},
		"Gone":      {reason: "What was summed away cannot be grouped by.", expr: `sum by (y) (sum by (x) (a_total))`, want: "has no label y"},
		"Legend":    {reason: "Nor can it stand in a legend.", expr: `sum by (x) (a_total)`, uses: []string{"y"}, want: "has no label y"},
		"Buckets":   {reason: "A quantile needs le.", expr: `histogram_quantile(0.9, sum by (x) (b_seconds_bucket))`, want: "has no label le"},
		"On":        {reason: "Labels to match on must be on both sides.", expr: `sum by (x) (a_total) and on (y) a_total`, want: "has no label y"},
		"Different": {reason: "Sides with different labels never match.", expr: `sum by (x) (a_total) / sum by (y) (a_total)`, want: "have the labels [x] and [y]"},
		"Without":   {reason: "without would keep instance and pod.", expr: `sum without (x) (a_total)`, want: "write by and not without"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := strings.Join(metrics.check(tc.expr, tc.uses...), "\n")
			if !strings.Contains(got, tc.want) || (tc.want == "") != (got == "") {
				t.Errorf("\n%s\nproblems of %s: -want, +got:\n%s", tc.reason, tc.expr, cmp.Diff(tc.want, got))
			}
		})
	}
}
