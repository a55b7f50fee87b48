// SPDX-License-Identifier: Apache-2.0

package observability

import (
	"fmt"
	"maps"
	"time"
)

// alertCase is what was scraped, every minute, and what must fire in the end.
type alertCase struct {
	reason string
	// alert that the case is about. All are evaluated.
	alert  string
	series []string
	// dead leaves out what a provider always has.
	dead bool
	at   time.Duration
	want []string
	// says is what a description must contain.
	says string
}

// degraded is the series of a Performer's reason.
func degraded(reason, values string) string {
	return fmt.Sprintf(`hourglass_performer_degraded{namespace="avs",name="feed",reason=%q,instance="a"} %s`, reason, values)
}

func alertCases() map[string]alertCase {
	all := performerCases()
	maps.Copy(all, countedCases())
	maps.Copy(all, upgradeCases())
	maps.Copy(all, providerCases())
	return all
}

func performerCases() map[string]alertCase {
	const (
		tenMinutes = "PerformerDegraded: Performer avs/feed has been degraded for ten minutes"
		turns      = "1 stale 1 stale 1 stale 1 stale 1 stale 1 stale 1 stale"
	)
	return map[string]alertCase{
		"TEE": {
			reason: "A broken promise is told at once.", alert: "PerformerTEEViolation", at: 0,
			series: []string{degraded("TEEViolation", "1x5")},
			want:   []string{"PerformerTEEViolation: Performer avs/feed runs outside of the TEE that it requires"},
			says:   "kubectl -n avs describe performer feed",
		},
		"TEERestored": {
			reason: "It ends with the condition.", alert: "PerformerTEEViolation", at: 4 * time.Minute,
			series: []string{degraded("TEEViolation", "1 1 1 stale")},
		},
		"UpgradeFailed": {
			reason: "A verdict that stays for a minute is told, and only by its own alert.", alert: "PerformerUpgradeFailed", at: 20 * time.Minute,
			series: []string{degraded("UpgradeFailed", "1x30")},
			want:   []string{"PerformerUpgradeFailed: The upgrade of Performer avs/feed failed"},
			says:   "kubectl -n avs describe performer feed",
		},
		"UpgradeCorrected": {
			reason: "Who sets the old image at once is spared.", alert: "PerformerUpgradeFailed", at: 2 * time.Minute,
			series: []string{degraded("UpgradeFailed", "1 stale")},
		},
		"Resize": {
			reason: "No room came in five minutes.", alert: "PerformerResizeInfeasible", at: 5 * time.Minute,
			series: []string{degraded("ResizeInfeasible", "1x20")},
			want:   []string{"PerformerResizeInfeasible: Performer avs/feed asks for more than its node can give"},
			says:   "kubectl -n avs describe performer feed",
		},
		"ResizeSoon": {
			reason: "Room may still come.", alert: "PerformerResizeInfeasible", at: 4 * time.Minute,
			series: []string{degraded("ResizeInfeasible", "1x20")},
		},
		"Degraded": {
			reason: "Waiting did not help.", alert: "PerformerDegraded", at: 10 * time.Minute,
			series: []string{degraded("SchedulingFailed", "1x20")},
			want:   []string{tenMinutes}, says: "reason is SchedulingFailed.",
		},
		"DegradedSoon": {
			reason: "A node may still come.", alert: "PerformerDegraded", at: 9 * time.Minute,
			series: []string{degraded("SchedulingFailed", "1x20")},
		},
		"DegradedInTurns": {
			reason: "An image that cannot be pulled and a container that crashes may take turns.", alert: "PerformerDegraded", at: 12 * time.Minute,
			series: []string{degraded("ImagePullFailed", turns), degraded("ContainerCrashed", "_ "+turns)},
			want:   []string{tenMinutes}, says: "reason is ImagePullFailed.",
		},
		"Crashes": {
			reason: "A container that crashes again and again runs for moments.", alert: "PerformerDegraded", at: 13 * time.Minute,
			series: []string{degraded("ContainerCrashed", turns)},
			want:   []string{tenMinutes}, says: "Waiting does not help.",
		},
		"Recovered": {
			reason: "What ends by itself is nobody's task.", alert: "PerformerDegraded", at: 12 * time.Minute,
			series: []string{degraded("SchedulingFailed", "1x6 stale")},
		},
		"OtherProvider": {
			reason: "The provider's Pod may be replaced in between.", alert: "PerformerDegraded", at: 10 * time.Minute,
			series: []string{
				degraded("SchedulingFailed", "1x5 stale"),
				`hourglass_performer_degraded{namespace="avs",name="feed",reason="SchedulingFailed",instance="b"} _x6 1x20`,
			},
			want: []string{tenMinutes}, says: "reason is SchedulingFailed.",
		},
		"TwoPerformers": {
			reason: "Each Performer has its own alert.", alert: "PerformerDegraded", at: 15 * time.Minute,
			series: []string{
				degraded("PodRefused", "1x20"),
				`hourglass_performer_degraded{namespace="avs",name="other",reason="ExecutorMissing"} 1x20`,
			},
			want: []string{tenMinutes, "PerformerDegraded: Performer avs/other has been degraded for ten minutes"},
			says: "kubectl -n avs describe performer other",
		},
	}
}

func countedCases() map[string]alertCase {
	ended := []string{"TEEViolationCounted: Nodes of TEE Performers lost the TEE's label (Ended)"}
	const counter = `hourglass_tee_violations_total{action="Ended"} `
	return map[string]alertCase{
		"Counted": {
			reason: "The counter went up.", alert: "TEEViolationCounted", at: 22 * time.Minute,
			series: []string{counter + "0x20 1x20"}, want: ended, says: "With action Ended the Pod was ended",
		},
		"CountedFirst": {
			reason: "A counter that begins with 1 is seen, too.", alert: "TEEViolationCounted", at: 23 * time.Minute,
			series: []string{counter + "_x20 1x20"}, want: ended,
		},
		"CountedLongAgo": {
			reason: "After a quarter of an hour it has been told.", alert: "TEEViolationCounted", at: 40 * time.Minute,
			series: []string{counter + "0x5 1x60"},
		},
		"CountedBeforeRestart": {
			reason: "A provider that starts again counts from zero.", alert: "TEEViolationCounted", at: 33 * time.Minute,
			series: []string{counter + "5x30 0x20"},
		},
		"Fight": {
			reason: "The same field is corrected every minute.", alert: "DriftKeepsComing", at: 40 * time.Minute,
			series: []string{`hourglass_drift_corrected_total{kind="Service",field="spec.selector"} 1+1x60`},
			want:   []string{"DriftKeepsComing: Somebody keeps changing spec.selector of Services, and the provider keeps correcting it"},
			says:   "was corrected 10 times in the last ten minutes",
		},
		"FightOverMany": {
			reason: "It is one fight, on however many providers it is counted.", alert: "DriftKeepsComing", at: 40 * time.Minute,
			series: []string{
				`hourglass_drift_corrected_total{kind="Pod",field="metadata.labels",instance="a"} 0+0.2x60`,
				`hourglass_drift_corrected_total{kind="Pod",field="metadata.labels",instance="b"} 0+0.2x60`,
			},
			want: []string{"DriftKeepsComing: Somebody keeps changing metadata.labels of Pods, and the provider keeps correcting it"},
		},
		"DriftOnce": {
			reason: "Who changed a hundred objects once does not fight.", alert: "DriftKeepsComing", at: 14 * time.Minute,
			series: []string{`hourglass_drift_corrected_total{kind="Pod",field="metadata.labels"} 0x5 100x60`},
		},
		"DriftSlowly": {
			reason: "Once in ten minutes is no fight.", alert: "DriftKeepsComing", at: 60 * time.Minute,
			series: []string{`hourglass_drift_corrected_total{kind="Pod",field="metadata.labels"} 0+0.1x90`},
		},
	}
}
