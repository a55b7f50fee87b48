// SPDX-License-Identifier: Apache-2.0

package observability

import (
	"fmt"
	"time"
)

// upgrades with one result.
func upgrades(result, values string) string {
	return fmt.Sprintf(`hourglass_upgrades_total{strategy="InPlace",result=%q} %s`, result, values)
}

// slow upgrades: how many were ready within 300, 600 and 1200 seconds.
func slow(in300, in600, in1200 string) []string {
	const bucket = `hourglass_upgrade_duration_seconds_bucket{strategy="Recreate",le=%q} %s`
	return []string{
		fmt.Sprintf(bucket, "300", in300), fmt.Sprintf(bucket, "600", in600), fmt.Sprintf(bucket, "1200", in1200), fmt.Sprintf(bucket, "+Inf", in1200),
		`hourglass_upgrade_duration_seconds_count{strategy="Recreate"} ` + in1200,
	}
}

func upgradeCases() map[string]alertCase {
	return map[string]alertCase{
		"RollBacks": {
			reason: "Four of ten upgrades were rolled back.", alert: "UpgradesRollBack", at: 30 * time.Minute,
			series: []string{upgrades("RolledBack", "0x10 1 2 3 4x60"), upgrades("Succeeded", "0x10 1 2 3 4 5 6x60")},
			want:   []string{"UpgradesRollBack: More than a fifth of the upgrades are rolled back"},
			says:   "4 upgrades were rolled back",
		},
		"RollBackOnce": {
			reason: "One bad image is told by the Performer's own alert.", alert: "UpgradesRollBack", at: 30 * time.Minute,
			series: []string{upgrades("RolledBack", "0x10 1x60"), upgrades("Succeeded", "0x60")},
		},
		"RollBacksAmongMany": {
			reason: "Four of forty have no common cause.", alert: "UpgradesRollBack", at: 30 * time.Minute,
			series: []string{upgrades("RolledBack", "0x10 1 2 3 4x60"), upgrades("Succeeded", "0x10 12 24 36x60")},
		},
		"RollBacksOver": {
			reason: "After an hour it is over.", alert: "UpgradesRollBack", at: 90 * time.Minute,
			series: []string{upgrades("RolledBack", "0x10 1 2 3 4x120"), upgrades("Succeeded", "0x120")},
		},
		"Slow": {
			reason: "Most of them took longer than ten minutes.", alert: "UpgradesSlow", at: 30 * time.Minute,
			series: slow("0x60", "0x10 1x60", "0x10 6x60"),
			want:   []string{"UpgradesSlow: Upgrades with strategy Recreate take longer than ten minutes"},
			says:   "takes longer than 19m",
		},
		"SlowOnce": {
			reason: "Of two upgrades a quantile says little.", alert: "UpgradesSlow", at: 30 * time.Minute,
			series: slow("0x60", "0x60", "0x10 2x60"),
		},
		"Fast": {
			reason: "All were ready within five minutes.", alert: "UpgradesSlow", at: 30 * time.Minute,
			series: slow("0x10 6x60", "0x10 6x60", "0x10 6x60"),
		},
	}
}

// synced resources of a kind, and how many exist.
func synced(gvk, exist, synced string) []string {
	return []string{
		fmt.Sprintf(`crossplane_managed_resource_exists{gvk=%q,instance="a"} %s`, gvk, exist),
		fmt.Sprintf(`crossplane_managed_resource_synced{gvk=%q,instance="a"} %s`, gvk, synced),
	}
}

// reconciles of a controller that end with an error, and others.
func reconciles(controller, errors, others string) []string {
	return []string{
		fmt.Sprintf(`controller_runtime_reconcile_errors_total{controller=%q} %s`, controller, errors),
		fmt.Sprintf(`controller_runtime_reconcile_total{controller=%q,result="error"} %s`, controller, errors),
		fmt.Sprintf(`controller_runtime_reconcile_total{controller=%q,result="success"} %s`, controller, others),
	}
}

func providerCases() map[string]alertCase {
	const (
		performers = "hourglass.eigenlayer.io/v1alpha1, Kind=Performer"
		executors  = "managed/hourglassexecutor.hourglass.eigenlayer.io"
	)
	return map[string]alertCase{
		"NotSynced": {
			reason: "One of five has not been Synced for a quarter of an hour.", alert: "ResourcesNotSynced", at: 15 * time.Minute,
			series: synced(performers, "5x30", "4x30"),
			want:   []string{"ResourcesNotSynced: 1 of hourglass.eigenlayer.io/v1alpha1, Kind=Performer are not Synced"},
		},
		"NotSyncedYet": {
			reason: "A step is tried again, at the latest every minute.", alert: "ResourcesNotSynced", at: 14 * time.Minute,
			series: synced(performers, "5x30", "4x30"),
		},
		"OthersNotSynced": {
			reason: "Other providers have the same metric.", alert: "ResourcesNotSynced", at: 25 * time.Minute,
			series: synced("example.org/v1, Kind=Bucket", "5x30", "4x30"),
		},
		"Errors": {
			reason: "Half of the reconciles fail.", alert: "ReconcileErrors", at: 30 * time.Minute,
			series: reconciles(executors, "0+5x60", "0+5x60"),
			want:   []string{"ReconcileErrors: More than a tenth of the reconciles of " + executors + " fail"},
			says:   "Controller " + executors,
		},
		"PoolErrors": {
			reason: "The controller of HardwarePools has a name of its own form.", alert: "ReconcileErrors", at: 30 * time.Minute,
			series: reconciles("inventory/hardwarepool", "0+5x60", "0+5x60"),
			want:   []string{"ReconcileErrors: More than a tenth of the reconciles of inventory/hardwarepool fail"},
		},
		"FewErrors": {
			reason: "Two writers that meet are no trouble.", alert: "ReconcileErrors", at: 30 * time.Minute,
			series: reconciles(executors, "0+1x60", "0+50x60"),
		},
		"OthersErrors": {
			reason: "Every controller has these metrics.", alert: "ReconcileErrors", at: 30 * time.Minute,
			series: reconciles("managed/bucket.example.org", "0+5x60", "0+5x60"),
		},
		"Absent": {
			reason: "Nothing was scraped for ten minutes.", alert: "ProviderAbsent", at: 10 * time.Minute, dead: true,
			series: []string{`up{job="others"} 1x30`},
			want:   []string{"ProviderAbsent: provider-hourglass is not there, or its metrics are not scraped"},
		},
		"AbsentSoon": {
			reason: "A new Pod of the provider takes a few minutes.", alert: "ProviderAbsent", at: 9 * time.Minute, dead: true,
		},
		"AbsentOthers": {
			reason: "Another provider does not stand in for this one.", alert: "ProviderAbsent", at: 10 * time.Minute, dead: true,
			series: []string{`controller_runtime_reconcile_total{controller="managed/bucket.example.org",result="success"} 0+1x30`},
			want:   []string{"ProviderAbsent: provider-hourglass is not there, or its metrics are not scraped"},
		},
	}
}
