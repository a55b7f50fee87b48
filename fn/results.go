// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/response"

	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

// Reasons of results that no condition has.
const (
	reasonPlaced  = "Placed"
	reasonNotice  = "PlacementNotice"
	reasonNoPool  = "WithoutPool"
	reasonBadPool = "PoolIgnored"
)

// results adds what is new or wrong to a response. What stays as it is has none:
// each result becomes an event, at every reconcile.
func (r *report) results(rsp *fnv1.RunFunctionResponse) {
	var news, notices, alone, waits []string
	for i, v := range r.verdicts {
		p := r.performers[i]
		switch {
		case v.outcome == unpooled:
			alone = append(alone, "performer "+p.title()+" "+runsAlone)
		case v.outcome == unplaced && p.seen != nil:
			waits = append(waits, "performer "+p.title()+" is left as it is, because no pool serves it: "+brief(v.rejections))
		case v.outcome == unplaced:
			waits = append(waits, "performer "+p.title()+" is not created, because no pool serves it: "+brief(v.rejections))
		case v.outcome == placed && (p.seen == nil || p.seen.pool != v.binding.Pool):
			news = append(news, "performer "+p.title()+" goes to pool "+v.binding.Pool+": "+v.binding.Why)
			for _, w := range v.binding.Warnings {
				notices = append(notices, "performer "+p.title()+": "+w)
			}
		}
	}
	for _, text := range few(news) {
		response.Normal(rsp, text).WithReason(reasonPlaced)
	}
	for _, text := range few(alone) {
		response.Normal(rsp, text).WithReason(reasonNoPool)
	}
	warn(rsp, reasonNotice, notices)
	for _, text := range few(waits) {
		response.Warning(rsp, errors.New(text)).WithReason(reasonUnplaceable).TargetCompositeAndClaim()
	}
	if n := r.with(undecided); n > 0 {
		response.Warning(rsp, errors.New(bounded(count(n)+" waiting: "+r.noPools))).WithReason(reasonNoPools).TargetCompositeAndClaim()
	}
}

// poolWarnings adds what is wrong with the pools of the input to a response.
// HardwarePools tell such things themselves.
func poolWarnings(rsp *fnv1.RunFunctionResponse, p pools, invalid []placement.Rejection) {
	var texts []string
	if len(p.hidden) > 0 {
		texts = append(texts, "pools of the input are used instead of the HardwarePools that have their names: "+strings.Join(p.hidden, ", "))
	}
	for _, i := range invalid {
		if slices.Contains(p.inline, i.Pool) {
			texts = append(texts, "pool "+i.Pool+" of the input serves nothing: "+i.Reason)
		}
	}
	warn(rsp, reasonBadPool, texts)
}

// warn adds warnings to a response.
func warn(rsp *fnv1.RunFunctionResponse, reason string, texts []string) {
	for _, text := range few(texts) {
		response.Warning(rsp, errors.New(text)).WithReason(reason)
	}
}

// few returns the first texts, none too long, and says how many there are besides.
func few(texts []string) []string {
	var out []string
	for i, text := range texts {
		if i == mostResults {
			return append(out, fmt.Sprintf("and %d more like this", len(texts)-i))
		}
		out = append(out, bounded(text))
	}
	return out
}
