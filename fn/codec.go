// SPDX-License-Identifier: Apache-2.0

package main

import (
	"reflect"

	corev1 "k8s.io/api/core/v1"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/fn/input/v1beta1"
	"github.com/crossplane-contrib/provider-hourglass/fn/typed"
)

// codec reads and writes everything that has a type. It knows what the markers of
// the types say of values, because the types themselves do not.
var codec = typed.New(typed.Enums{
	reflect.TypeFor[v1beta1.Placement](): {
		"apiVersion":  {v1beta1.SchemeGroupVersion.String()},
		"kind":        {v1beta1.Kind},
		"strategy":    {string(v1beta1.StrategyPrice), string(v1beta1.StrategyLeastWaste), string(v1beta1.StrategySpread)},
		"unplaceable": {string(v1beta1.UnplaceableWait), string(v1beta1.UnplaceableFatal)},
	},
	reflect.TypeFor[v1alpha1.PoolTarget](): {
		"kind": {v1alpha1.ClusterProviderConfigKind, v1alpha1.ProviderConfigKind},
	},
	reflect.TypeFor[v1alpha1.PoolGPU](): {
		"sharing": {"none", "time-slicing", "mps"},
	},
	reflect.TypeFor[v1alpha1.PoolTEE](): {
		"type": {"sgx", "sev", "sev-snp", "tdx"},
		"mode": {string(v1alpha1.TEEModeProcess), string(v1alpha1.TEEModePodVM), string(v1alpha1.TEEModeNodeVM)},
	},
	reflect.TypeFor[xpv2.ManagedResourceSpec](): {
		"managementPolicies": {
			string(xpv2.ManagementActionObserve), string(xpv2.ManagementActionCreate), string(xpv2.ManagementActionUpdate),
			string(xpv2.ManagementActionDelete), string(xpv2.ManagementActionLateInitialize), string(xpv2.ManagementActionAll),
		},
	},
	reflect.TypeFor[v1alpha1.PerformerSpec](): {
		"imagePullPolicy": {string(corev1.PullAlways), string(corev1.PullIfNotPresent), string(corev1.PullNever)},
		"imagePolicy":     {string(v1alpha1.ImagePin)},
	},
	reflect.TypeFor[v1alpha1.UpgradePolicy](): {
		"strategy": {string(v1alpha1.StrategyAuto), string(v1alpha1.StrategyInPlace), string(v1alpha1.StrategyRecreate), string(v1alpha1.StrategySurge)},
	},
	reflect.TypeFor[v1alpha1.HardwareRequirements](): {
		"teeViolationPolicy": {string(v1alpha1.TEEViolationReport), string(v1alpha1.TEEViolationEnd)},
	},
	reflect.TypeFor[v1alpha1.HourglassExecutorConfig](): {
		"performerMode": {string(v1alpha1.PerformerModeDocker), string(v1alpha1.PerformerModeKubernetes)},
		"logLevel":      {"debug", "info", "warn", "error"},
	},
})
