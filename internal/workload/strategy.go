// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// AnnotationChoice is on a Pod that is to be ended though there seemed to be room
// for a second one: for which spec, and why.
const AnnotationChoice = v1alpha1.Group + "/recreate"

// Room is where a second Pod would find a place.
type Room struct {
	// Pool that has it; "" for none.
	Pool string
	// Why there is none.
	Why string
}

// strategy that a Performer asks for.
func strategy(p *v1alpha1.Performer) v1alpha1.UpgradeStrategy {
	if u := p.Spec.Upgrade; u != nil && u.Strategy != "" {
		return u.Strategy
	}
	return v1alpha1.StrategyAuto
}

// A choice is a strategy, and why it was taken.
type choice struct {
	strategy v1alpha1.UpgradeStrategy
	why      string
}

// String is the choice as AnnotationUpgradeBy holds it.
func (c choice) String() string { return fmt.Sprintf("%s: %s", c.strategy, c.why) }

// choose how to end differences of the Pod that serves.
func choose(p *v1alpha1.Performer, want *corev1.Pod, found Objects, d []Difference, room Room) choice {
	asked := strategy(p)
	forced := RemedyFor(d) == RemedyReplace
	switch {
	case !changesSpec(d):
		return choice{v1alpha1.StrategyInPlace, "nothing that runs changes"}
	case slices.ContainsFunc(d, func(d Difference) bool { return d.Field == fieldNode }):
		return choice{v1alpha1.StrategyRecreate, "the Pod must not stay where it is"}
	case asked == v1alpha1.StrategyInPlace || (asked == v1alpha1.StrategyAuto && !forced):
		return inPlace(d)
	case asked == v1alpha1.StrategyAuto:
		return between(p, want, found, room)
	case asked == v1alpha1.StrategySurge && StandbyName(p, want) == found.Pod.Name:
		return choice{v1alpha1.StrategyRecreate, "the Pod that is there has the name that a second one would have"}
	}
	return choice{asked, "spec.upgrade.strategy says so"}
}

// inPlace says what is changed in the Pod that runs.
func inPlace(d []Difference) choice {
	if RemedyFor(d) == RemedyResize {
		return choice{v1alpha1.StrategyResize, "cpu and memory can be changed in the Pod that runs"}
	}
	return choice{v1alpha1.StrategyInPlace, "the image can be changed in the Pod that runs"}
}

// between Surge and Recreate, by whether there is room. A second Pod that is there
// already takes some of it, and one that drains has left its Service: both stay
// with what was begun.
func between(p *v1alpha1.Performer, want *corev1.Pod, found Objects, room Room) choice {
	live, name := found.Pod, StandbyName(p, want)
	needs := "a new Pod is needed"
	spec, why, _ := strings.Cut(live.Annotations[AnnotationChoice], " ")
	switch {
	case spec == SpecID(p, want):
		return choice{v1alpha1.StrategyRecreate, fmt.Sprintf("%s, and %s", needs, why)}
	case found.Standby != nil && found.Standby.Name == name:
		_, why, _ := strings.Cut(found.Standby.Annotations[AnnotationUpgradeBy], ": ")
		return choice{v1alpha1.StrategySurge, why}
	case live.Labels[LabelRole] == RoleDraining:
		return choice{v1alpha1.StrategyRecreate, needs + ", and the old one has left its Service"}
	case !isReady(live):
		return choice{v1alpha1.StrategyRecreate, needs + ", and the one that is there does not serve"}
	case room.Pool != "" && name != live.Name:
		return choice{v1alpha1.StrategySurge, fmt.Sprintf("%s, and pool %s has room for it beside the old one", needs, room.Pool)}
	}
	return choice{v1alpha1.StrategyRecreate, fmt.Sprintf("%s, and %s", needs, room.Why)}
}

// changesSpec says whether any of the differences is one that the user made, and
// that means something for what runs.
func changesSpec(d []Difference) bool {
	return slices.ContainsFunc(d, func(d Difference) bool {
		return d.Remedy == RemedyReplace || d.Remedy == RemedyResize || (d.isImage() && d.Manager == "")
	})
}

// NeedsRoom says whether it matters for differences of the Pod that serves that
// there is room for a second one.
func NeedsRoom(p *v1alpha1.Performer, found Objects, d []Difference) bool {
	return strategy(p) == v1alpha1.StrategyAuto && found.Pod != nil && isReady(found.Pod) && found.Standby == nil && RemedyFor(d) == RemedyReplace
}
