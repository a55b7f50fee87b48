// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"
)

// TypeDrifted is the type of the condition that names what somebody else changed
// last in the objects of a managed resource. One that nobody else ever changed has
// no such condition.
const TypeDrifted xpv2.ConditionType = "Drifted"

// Reasons of TypeDrifted.
const (
	// ReasonCorrected: what was changed is as it was again.
	ReasonCorrected xpv2.ConditionReason = "Corrected"
	// ReasonNotCorrected: it is not, or not yet.
	ReasonNotCorrected xpv2.ConditionReason = "NotCorrected"
)

// notShown takes the place of a value that may be secret.
const notShown = "(not shown)"

// longestShown is how much of a value is shown, in bytes.
const longestShown = 200

// shown is a value in words: as JSON, where it is more than a string.
func shown(v any) string {
	if s, ok := v.(string); ok {
		return fmt.Sprintf("%q", s)
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return notShown // API types always marshal.
	}
	if len(raw) > longestShown {
		return string(raw[:longestShown]) + "..."
	}
	return string(raw)
}

// mayBeSecret are the fields of a Pod's spec below which values may be secret.
var mayBeSecret = []string{"env", "args", "command"} //nolint:gochecknoglobals // A constant list.

// shownIn is what a path leads to in an API struct, in words, unless it may be
// secret.
func shownIn(o any, path fieldpath.Path) string {
	for _, e := range path {
		if e.FieldName != nil && slices.Contains(mayBeSecret, *e.FieldName) {
			return notShown
		}
	}
	v, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return notShown // API structs always convert.
	}
	switch v := valueAt(path, v).(type) {
	case nil:
		return "nothing"
	case map[string]any, []any:
		return notShown // There may be a container in it, with its environment.
	default:
		return shown(v)
	}
}

// drift is a difference in a field whose value is no secret, of which the manager
// is known who set it, or "".
func drift(kind, field, manager string, was, is any) Difference {
	d := Difference{Object: kind, Field: field, Manager: manager, Remedy: RemedyPatch}
	if manager != "" {
		d.From, d.To = shown(was), shown(is)
	}
	return d
}

// hidden is a difference in a field whose value may be secret.
func hidden(kind, field, manager string) Difference {
	d := drift(kind, field, manager, nil, nil)
	if manager != "" {
		d.From, d.To = notShown, notShown
	}
	return d
}

// Foreign are the differences that somebody else made.
func Foreign(d []Difference) []Difference {
	return slices.DeleteFunc(slices.Clone(d), func(x Difference) bool { return x.Manager == "" })
}

// Drift tells in conditions what somebody else changed: that it was corrected, or
// that it is not. Without such a difference, what was told before stays, as
// corrected.
func Drift(mg resource.Conditioned, d []Difference, corrected bool, now time.Time) {
	c := mg.GetCondition(TypeDrifted)
	c.LastTransitionTime = metav1.NewTime(now)
	if theirs := Foreign(d); len(theirs) > 0 {
		c = condition(TypeDrifted, !corrected, ReasonNotCorrected, Words(theirs))
		c.LastTransitionTime = metav1.NewTime(now)
	} else if c.Reason != ReasonNotCorrected {
		return
	} else {
		corrected = true
	}
	if corrected {
		c = condition(TypeDrifted, false, ReasonCorrected, c.Message)
		c.LastTransitionTime = metav1.NewTime(now)
	}
	mg.SetConditions(c)
}
