// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/structpb"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/response"

	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

// What a person, and the object that tells it, can take in.
const (
	mostResults  = 20   // Of one kind, in one response.
	mostReasons  = 50   // Pools that are listed for one performer in the status.
	longestText  = 1024 // Of a condition or a result.
	briefReasons = 5    // Pools that are listed for one performer in a text.
)

// The condition that says whether all performers have a place, and its reasons.
const (
	conditionPlaced   = "Placed"
	reasonAllPlaced   = "AllPlaced"
	reasonUnplaceable = "Unplaceable"
	reasonNoPools     = "NoPools"
)

// runsAlone says what becomes of a performer that was there before the function.
const runsAlone = "runs without a pool and is left as it is"

// A report is what the function says about its verdicts, in the order of the
// names of performers.
type report struct {
	performers []*performer
	verdicts   []verdict
	// noPools says what to do where no pool is known.
	noPools string
	// before are the placements that the XR's status has, by the performer.
	before map[string]*structpb.Struct
}

func newReport(s *stack, verdicts []verdict, noPools string) *report {
	order := make([]int, len(verdicts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(s.performers[a].title(), s.performers[b].title())
	})
	r := &report{noPools: noPools, before: map[string]*structpb.Struct{}}
	for _, p := range at(s.xr, "status", "placements").GetListValue().GetValues() {
		r.before[textAt(p.GetStructValue(), "performer")] = p.GetStructValue()
	}
	for _, i := range order {
		r.performers = append(r.performers, &s.performers[i])
		r.verdicts = append(r.verdicts, verdicts[i])
	}
	return r
}

// with returns how many performers have an outcome.
func (r *report) with(o outcome) int {
	n := 0
	for _, v := range r.verdicts {
		if v.outcome == o {
			n++
		}
	}
	return n
}

// waiting returns how many performers have no place.
func (r *report) waiting() int { return r.with(unplaced) + r.with(undecided) }

// fatal returns an error that lists all performers that no pool serves, nil where
// there are none.
func (r *report) fatal() error {
	if r.with(unplaced) == 0 {
		return nil
	}
	return errors.New(bounded(r.complaint()))
}

// complaint says which performers no pool serves, and why.
func (r *report) complaint() string {
	var parts []string
	for i, v := range r.verdicts {
		if v.outcome == unplaced {
			parts = append(parts, r.performers[i].title()+": "+brief(v.rejections))
		}
	}
	return fmt.Sprintf("no pool serves %d of %d performers. %s", len(parts), len(r.verdicts), strings.Join(parts, ". "))
}

// condition adds the condition to a response.
func (r *report) condition(rsp *fnv1.RunFunctionResponse) {
	if r.waiting() == 0 {
		text := count(r.with(placed)) + " placed"
		if n := r.with(unpooled); n > 0 {
			text += fmt.Sprintf(", %d running without a pool", n)
		}
		response.ConditionTrue(rsp, conditionPlaced, reasonAllPlaced).TargetCompositeAndClaim().WithMessage(text)
		return
	}
	reason, text := reasonUnplaceable, r.complaint()
	if r.with(undecided) > 0 {
		reason, text = reasonNoPools, fmt.Sprintf("%s waiting: %s", count(r.waiting()), r.noPools)
	}
	response.ConditionFalse(rsp, conditionPlaced, reason).TargetCompositeAndClaim().WithMessage(bounded(text))
}

// count counts performers.
func count(n int) string {
	if n == 1 {
		return "1 performer"
	}
	return fmt.Sprintf("%d performers", n)
}

// brief lists the first rejections.
func brief(rejections []placement.Rejection) string {
	var parts []string
	for i, rejection := range rejections {
		if i == briefReasons {
			parts = append(parts, fmt.Sprintf("and %d more", len(rejections)-i))
			break
		}
		parts = append(parts, sentence(rejection))
	}
	return strings.Join(parts, "; ")
}

// sentence says why one pool does not serve.
func sentence(r placement.Rejection) string {
	if r.Pool == "" {
		return r.Reason
	}
	return r.Pool + ": " + r.Reason
}

// bounded cuts a text where nobody would read on.
func bounded(text string) string {
	if len(text) <= longestText {
		return text
	}
	return strings.ToValidUTF8(text[:longestText-3], "") + "..."
}

// status returns the fields that the function adds to the XR's status.
func (r *report) status() map[string]*structpb.Value {
	var places, waiting []*structpb.Struct
	for i, v := range r.verdicts {
		if v.outcome == placed || v.outcome == unpooled {
			places = append(places, r.placeOf(r.performers[i], v))
		} else {
			waiting = append(waiting, r.waitOf(r.performers[i], v))
		}
	}
	fields := map[string]*structpb.Value{}
	if len(places) > 0 {
		fields["placements"] = list(places)
	}
	if len(waiting) > 0 {
		fields["unplaced"] = list(waiting)
	}
	return fields
}

// placeOf returns a performer's place as the status has it. Of one that stays it
// says why it came.
func (r *report) placeOf(p *performer, v verdict) *structpb.Struct {
	b := v.binding
	if v.outcome == unpooled {
		b.Why = runsAlone
		if p.target != nil {
			b.Target = *p.target
		}
	}
	before := r.before[p.title()]
	if why := textAt(before, "why"); b.Why == placement.WhyStays && textAt(before, "pool") == b.Pool && why != placement.WhyWaits {
		b.Why = cmp.Or(why, b.Why)
	}
	o := object("performer", p.title(), "why", b.Why)
	o.Fields["pool"] = structpb.NewStringValue(b.Pool)
	o.Fields["target"] = structpb.NewStructValue(targetObject(b.Target))
	return o
}

// waitOf returns why a performer has no place, as the status has it.
func (r *report) waitOf(p *performer, v verdict) *structpb.Struct {
	rejections := v.rejections
	if v.outcome == undecided {
		rejections = []placement.Rejection{{Reason: r.noPools}}
	}
	var reasons []*structpb.Struct
	for i, rejection := range rejections {
		if i == mostReasons {
			reasons = append(reasons, object("reason", fmt.Sprintf("and %d more", len(rejections)-i)))
			break
		}
		reasons = append(reasons, object("pool", rejection.Pool, "reason", rejection.Reason))
	}
	o := object("performer", p.title())
	o.Fields["reasons"] = list(reasons)
	return o
}
