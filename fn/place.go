// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/crossplane-contrib/provider-hourglass/fn/input/v1beta1"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

// An outcome is what became of a performer.
type outcome int

// The outcomes.
const (
	// undecided: nobody knows of any pool.
	undecided outcome = iota
	// unpooled: it runs without a pool and is left alone.
	unpooled
	// unplaced: no pool serves it.
	unplaced
	// placed: a pool serves it.
	placed
)

// A verdict is where a performer goes, or why it goes nowhere.
type verdict struct {
	outcome outcome
	binding placement.Binding
	// rejections are all pools, and why each of them does not serve it.
	rejections []placement.Rejection
}

// place gives all performers to pools, together. The verdicts are in the order of
// the performers.
func place(performers []performer, p pools, strategy v1beta1.Strategy) ([]verdict, []placement.Rejection) {
	verdicts := make([]verdict, len(performers))
	var open []int
	for i := range performers {
		if performers[i].seen.unpooled() {
			verdicts[i].outcome = unpooled
			continue
		}
		open = append(open, i)
	}
	if p.pending || len(p.all) == 0 {
		return verdicts, nil
	}
	for again := true; again; {
		open, again = placeTogether(performers, open, p, strategy, verdicts)
	}
	return verdicts, p.fleet.Invalid()
}

// placeTogether gives those performers to pools that are open. Of those that run
// where nothing would be placed now, it decides that they run on, and returns the
// others, which may then find room elsewhere.
func placeTogether(performers []performer, open []int, p pools, strategy v1beta1.Strategy, verdicts []verdict) (others []int, some bool) {
	workloads := make([]placement.Workload, 0, len(open))
	for _, i := range open {
		workloads = append(workloads, performers[i].workload())
	}
	result := p.fleet.Place(workloads, placement.Strategy(strategy))
	for w, i := range open {
		v := verdictOf(result, w)
		if one := &performers[i]; one.runsOn(v) {
			verdicts[i], some = one.runningOn(result.Rejections(w)), true
			continue
		}
		verdicts[i], others = v, append(others, i)
	}
	return others, some
}

// runsOn says whether a performer that runs, and asks for what it was placed for,
// is to be kept from what a verdict says. What its pool is now, and whether it is
// there, is no reason to end what runs: labels come and go as their daemons restart.
func (p *performer) runsOn(v verdict) bool {
	return p.seen != nil && p.settledIn(p.seen.pool) && (v.outcome != placed || v.binding.Pool != p.seen.pool)
}

// runningOn is the verdict on a performer that runs on.
func (p *performer) runningOn(rejections []placement.Rejection) verdict {
	why := "runs on, though there is no pool " + p.seen.pool + " any more"
	for _, r := range rejections {
		if r.Pool == p.seen.pool {
			why = "runs on, though its pool would not serve it now: " + r.Reason
		}
	}
	b := placement.Binding{Pool: p.seen.pool, Why: why}
	if p.target != nil {
		b.Target = *p.target
	}
	return verdict{outcome: placed, binding: b}
}

// workload returns the performer as placement sees it.
func (p *performer) workload() placement.Workload {
	return placement.Workload{
		Name:      p.title(),
		Namespace: p.namespace,
		Demand:    p.demand,
		Target:    p.target,
		Present:   p.seen.present(),
	}
}

// verdictOf returns the verdict on one workload. What its own demand is wrong
// about stands for all pools.
func verdictOf(result *placement.Result, workload int) verdict {
	if b, ok := result.Binding(workload); ok {
		return verdict{outcome: placed, binding: b}
	}
	if err := result.Err(workload); err != nil {
		return verdict{outcome: unplaced, rejections: []placement.Rejection{{Reason: err.Error()}}}
	}
	return verdict{outcome: unplaced, rejections: result.Rejections(workload)}
}
