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
	var workloads []placement.Workload
	var of []int
	for i := range performers {
		if performers[i].seen.unpooled() {
			verdicts[i].outcome = unpooled
			continue
		}
		workloads = append(workloads, performers[i].workload())
		of = append(of, i)
	}
	if p.pending || len(p.all) == 0 {
		return verdicts, nil
	}
	result := p.fleet.Place(workloads, placement.Strategy(strategy))
	for w, i := range of {
		verdicts[i] = verdictOf(result, w)
	}
	return verdicts, p.fleet.Invalid()
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
