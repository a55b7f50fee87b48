// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// The rolled template of an executor is the one that is rendered, with the
// annotations that others made.
func rolled(t *testing.T, o *ExecutorObjects, e *v1alpha1.HourglassExecutor) {
	t.Helper()
	others := o.Deployment.Spec.Template.Annotations
	d := rendered(t, e).Deployment
	o.Deployment.Spec.Template = d.Spec.Template
	o.Deployment.Annotations[AnnotationApplied] = d.Annotations[AnnotationApplied]
	o.Deployment.Annotations[AnnotationTemplate] = d.Annotations[AnnotationTemplate]
	for k, v := range others {
		if k != AnnotationApplied {
			o.Deployment.Spec.Template.Annotations[k] = v
		}
	}
}

// reconfigured is when the tests' steps are taken.
const reconfigured = "2026-01-02T03:03:00Z"

// A stepsCase is one call of ExecutorSteps. The executor was in place as it was
// before, then others changed what was found, then its spec changed.
type stepsCase struct {
	reason string
	// before is nil where nothing was there.
	before *v1alpha1.HourglassExecutor
	others func(*ExecutorObjects)
	e      *v1alpha1.HourglassExecutor
	want   []taken
	// change makes of what was found what there is once the steps were taken; nil
	// where nothing changes.
	change func(*ExecutorObjects)
}

func runSteps(t *testing.T, cases map[string]stepsCase) {
	t.Helper()
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var found, want ExecutorObjects
			if tc.before != nil {
				found, want = standing(t, tc.before), standing(t, tc.before)
			}
			if tc.others != nil {
				tc.others(&found)
				tc.others(&want)
			}
			before := want
			steps := ExecutorSteps(rendered(t, tc.e), found, t3)
			if diff := cmp.Diff(tc.want, inShort(t, steps)); diff != "" {
				t.Errorf("\n%s\nExecutorSteps(...): -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(before, found); diff != "" {
				t.Errorf("\n%s\nExecutorSteps(...) changed what was found: -want, +got:\n%s", tc.reason, diff)
			}
			if tc.change != nil {
				tc.change(&want)
			}
			got := after(t, found, steps)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("\n%s\nthe objects after the steps: -want, +got:\n%s", tc.reason, diff)
			}
			if again := inShort(t, ExecutorSteps(rendered(t, tc.e), got, t3)); again != nil {
				t.Errorf("\n%s\nsteps that were taken must not be asked for again: %v", tc.reason, again)
			}
		})
	}
}

func TestExecutorStepsOfTheSpec(t *testing.T) {
	debug, docker := executor(withLogLevel("debug")), executor(inDocker)
	newKey, newBLS := executor(withKey("ecdsa", "0xN")), executor(withKey("bls", "0xN"))
	newImage := executor(withExecutorImage("hourglass/executor:v2"))
	newRPC := executor(withRPC("https://rpc.example.com/k2"))
	noted := func(o *ExecutorObjects) { o.Deployment.Annotations[AnnotationConfigUpdated] = reconfigured }
	create := func(kind, name string) taken {
		return taken{kind, RemedyCreate, name, "the " + kind + " is missing"}
	}
	runSteps(t, map[string]stepsCase{
		"NothingFound": {
			reason: "What the Pods use is made before the Deployment that starts them, which notes when.",
			e:      executor(),
			want: []taken{
				create("ServiceAccount", "ns/ex"), create("Role", "default/ex"), create("RoleBinding", "default/ex"),
				create("ConfigMap", "ns/ex-config"), create("Secret", "ns/ex-keys"), create("Service", "ns/ex"), create("Deployment", "ns/ex"),
			},
			change: func(o *ExecutorObjects) {
				*o = rendered(t, executor())
				noted(o)
			},
		},
		"NothingFoundDocker": {
			reason: "In docker mode there are no rights to make.",
			e:      docker,
			want:   []taken{create("ConfigMap", "ns/ex-config"), create("Secret", "ns/ex-keys"), create("Service", "ns/ex"), create("Deployment", "ns/ex")},
			change: func(o *ExecutorObjects) {
				*o = rendered(t, docker)
				noted(o)
			},
		},
		"HalfFound": {
			reason: "A create that was cut off goes on where it ended.",
			before: executor(), e: executor(),
			others: func(o *ExecutorObjects) { o.Secret, o.Service, o.Deployment = nil, nil, nil },
			want:   []taken{create("Secret", "ns/ex-keys"), create("Service", "ns/ex"), create("Deployment", "ns/ex")},
			change: func(o *ExecutorObjects) {
				made := rendered(t, executor())
				o.Secret, o.Service, o.Deployment = made.Secret, made.Service, made.Deployment
				noted(o)
			},
		},
		"AllWell": {reason: "Where all is well there is nothing to do.", before: executor(), e: executor()},
		"WrittenDefaults": {
			reason: "Defaults that are written out are no change.",
			before: executor(), e: executor(withReplicas(1), withLogLevel("info")),
		},
		"Config": {
			reason: "A change of the configuration rolls the Pods, and is noted.",
			before: executor(), e: debug,
			want: []taken{{"ConfigMap", RemedyPatch, "ns/ex-config", "data"}, {"Deployment", RemedyPatch, "ns/ex", "spec.config"}},
			change: func(o *ExecutorObjects) {
				o.ConfigMap.Data = rendered(t, debug).ConfigMap.Data
				rolled(t, o, debug)
				noted(o)
			},
		},
		"SigningKey": {
			reason: "A new signing key rolls the Pods, and the digest that tells signers apart is a new one.",
			before: executor(), e: newKey,
			want: []taken{
				{"Secret", RemedyPatch, "ns/ex-keys", "data"},
				{"Deployment", RemedyPatch, "ns/ex", "metadata.annotations[hourglass.eigenlayer.io/signer], the operator's keys and RPC URLs"},
			},
			change: func(o *ExecutorObjects) {
				o.Secret.Data["ecdsa"] = []byte("0xN")
				rolled(t, o, newKey)
				noted(o)
				o.Deployment.Annotations[AnnotationSigner] = rendered(t, newKey).Deployment.Annotations[AnnotationSigner]
			},
		},
		"OtherKey": {
			reason: "A new key that is not the signing one rolls the Pods too.",
			before: executor(), e: newBLS,
			want: []taken{{"Secret", RemedyPatch, "ns/ex-keys", "data"}, {"Deployment", RemedyPatch, "ns/ex", "the operator's keys and RPC URLs"}},
			change: func(o *ExecutorObjects) {
				o.Secret.Data["bls"] = []byte("0xN")
				rolled(t, o, newBLS)
				noted(o)
			},
		},
		"RPCCredentials": {
			reason: "New credentials of an RPC URL change the Secret, and leave the ConfigMap as it is.",
			before: executor(withRPC("https://rpc.example.com/k1")), e: newRPC,
			want: []taken{{"Secret", RemedyPatch, "ns/ex-keys", "data"}, {"Deployment", RemedyPatch, "ns/ex", "the operator's keys and RPC URLs"}},
			change: func(o *ExecutorObjects) {
				o.Secret.Data["rpc-ethereum"] = []byte("https://rpc.example.com/k2")
				rolled(t, o, newRPC)
				noted(o)
			},
		},
		"MoreReplicas": {
			reason: "More replicas need no new Pods in place of the old one, and are replaced one by one from then on.",
			before: executor(), e: executor(withReplicas(3)),
			want: []taken{{"Deployment", RemedyPatch, "ns/ex", "spec.replicas, spec.strategy"}},
			change: func(o *ExecutorObjects) {
				o.Deployment.Spec.Replicas, o.Deployment.Spec.Strategy.Type = new(int32(3)), appsv1.RollingUpdateDeploymentStrategyType
			},
		},
		"OneReplica": {
			reason: "With one replica there are never two Pods at once again, and no parameters of another strategy.",
			before: executor(withReplicas(3)), e: executor(),
			others: func(o *ExecutorObjects) {
				o.Deployment.Spec.Strategy.RollingUpdate = &appsv1.RollingUpdateDeployment{}
			},
			want: []taken{{"Deployment", RemedyPatch, "ns/ex", "spec.replicas, spec.strategy"}},
			change: func(o *ExecutorObjects) {
				o.Deployment.Spec.Replicas, o.Deployment.Spec.Strategy = new(int32(1)), appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType}
			},
		},
		"StrategyKept": {
			reason: "Parameters that others gave the strategy stay where the strategy does.",
			before: executor(withReplicas(3)), e: executor(withReplicas(2)),
			others: func(o *ExecutorObjects) {
				o.Deployment.Spec.Strategy.RollingUpdate = &appsv1.RollingUpdateDeployment{}
			},
			want:   []taken{{"Deployment", RemedyPatch, "ns/ex", "spec.replicas"}},
			change: func(o *ExecutorObjects) { o.Deployment.Spec.Replicas = new(int32(2)) },
		},
		"Image": {
			reason: "A new image rolls the Pods, and is no change of the configuration.",
			before: executor(), e: newImage,
			want:   []taken{{"Deployment", RemedyPatch, "ns/ex", "spec.image"}},
			change: func(o *ExecutorObjects) { rolled(t, o, newImage) },
		},
		"ToDocker": {
			reason: "What the old Pods use goes once the Deployment no longer starts any.",
			before: executor(), e: docker,
			want: []taken{
				{"ConfigMap", RemedyPatch, "ns/ex-config", "data"},
				{"Deployment", RemedyPatch, "ns/ex", "spec.config, spec.config.performerMode"},
				{"ServiceAccount", RemedyDelete, "ns/ex", "the ServiceAccount is no longer wanted"},
				{"Role", RemedyDelete, "default/ex", "the Role is no longer wanted"},
				{"RoleBinding", RemedyDelete, "default/ex", "the RoleBinding is no longer wanted"},
			},
			change: func(o *ExecutorObjects) {
				o.ServiceAccount, o.Role, o.RoleBinding = nil, nil, nil
				o.ConfigMap.Data = rendered(t, docker).ConfigMap.Data
				rolled(t, o, docker)
				noted(o)
			},
		},
		"ToKubernetes": {
			reason: "The rights are there before the Pods that use them.",
			before: docker, e: executor(),
			want: []taken{
				create("ServiceAccount", "ns/ex"), create("Role", "default/ex"), create("RoleBinding", "default/ex"),
				{"ConfigMap", RemedyPatch, "ns/ex-config", "data"},
				{"Deployment", RemedyPatch, "ns/ex", "spec.config, spec.config.performerMode"},
			},
			change: func(o *ExecutorObjects) {
				made := rendered(t, executor())
				o.ServiceAccount, o.Role, o.RoleBinding = made.ServiceAccount, made.Role, made.RoleBinding
				o.ConfigMap.Data = made.ConfigMap.Data
				rolled(t, o, executor())
				noted(o)
			},
		},
		"RestartKept": {
			reason: "The annotation of a restart that others asked for outlives a rollout, which would otherwise undo it.",
			before: executor(), e: newImage,
			others: func(o *ExecutorObjects) {
				o.Deployment.Spec.Template.Annotations["kubectl.kubernetes.io/restartedAt"] = "2026-01-02T03:01:00Z"
			},
			want:   []taken{{"Deployment", RemedyPatch, "ns/ex", "spec.image"}},
			change: func(o *ExecutorObjects) { rolled(t, o, newImage) },
		},
	})
}

func TestExecutorStepsOfOthers(t *testing.T) {
	const kubectl = "kubectl-edit"
	template := func(fields string) string { return `{"f:spec":{"f:template":{"f:spec":` + fields + `}}}` }
	inContainer := func(fields string) string {
		return template(`{"f:containers":{"k:{\"name\":\"executor\"}":` + fields + `}}`)
	}
	restart := `{"f:spec":{"f:template":{"f:metadata":{"f:annotations":{".":{},"f:kubectl.kubernetes.io/restartedAt":{}}}}}}`
	by := func(o metav1.Object, manager, fields string) {
		o.SetManagedFields([]metav1.ManagedFieldsEntry{managedBy(ManagedBy, `{"f:spec":{"f:template":{"f:spec":{}}}}`), managedBy(manager, fields)})
	}
	// As the rolled template is the rendered one, all that others did to it is
	// undone.
	undone := func(o *ExecutorObjects) { rolled(t, o, executor()) }
	older := func(o *ExecutorObjects) {
		o.Deployment.Annotations[AnnotationTemplate] = "older"
		pod := &o.Deployment.Spec.Template.Spec
		pod.EnableServiceLinks, pod.SecurityContext = nil, nil
		pod.Containers[0].Args = []string{"--config", "/etc/hourglass/config.yaml"}
	}
	drift := func(kind, name, words string) []taken {
		return []taken{{kind, RemedyPatch, name, words}}
	}
	runSteps(t, map[string]stepsCase{
		"Defaulted": {
			reason: "What the API server adds is no difference.",
			before: executor(), e: executor(),
			others: func(o *ExecutorObjects) {
				o.Deployment.Spec.RevisionHistoryLimit = new(int32(10))
				pod := &o.Deployment.Spec.Template.Spec
				pod.RestartPolicy, pod.DNSPolicy, pod.SchedulerName = corev1.RestartPolicyAlways, corev1.DNSClusterFirst, "default-scheduler"
				pod.DeprecatedServiceAccount = "ex"
				pod.Containers[0].ImagePullPolicy, pod.Containers[0].TerminationMessagePath = corev1.PullIfNotPresent, "/dev/termination-log"
				pod.Volumes[0].ConfigMap.DefaultMode = new(int32(0o644))
				o.Service.Spec.ClusterIP, o.Service.Spec.SessionAffinity = "10.0.0.1", corev1.ServiceAffinityNone
			},
		},
		"OlderVersion": {
			reason: "A template that an older version of this provider rendered is no reason to restart a signer.",
			before: executor(), e: executor(), others: older,
		},
		"OlderVersionThenImage": {
			reason: "It is renewed when the Pods roll anyway.",
			before: executor(), e: executor(withExecutorImage("x")), others: older,
			want:   drift("Deployment", "ns/ex", "spec.image"),
			change: func(o *ExecutorObjects) { rolled(t, o, executor(withExecutorImage("x"))) },
		},
		"OlderVersionAndOthers": {
			reason: "Nor is it one where others manage other fields.",
			before: executor(), e: executor(),
			others: func(o *ExecutorObjects) {
				older(o)
				by(o.Deployment, "kube-controller-manager", `{"f:metadata":{"f:annotations":{"f:deployment.kubernetes.io/revision":{}}},"f:status":{"f:replicas":{}}}`)
			},
		},
		"Restarted": {
			reason: "A restart that others asked for is theirs to ask for.",
			before: executor(), e: executor(),
			others: func(o *ExecutorObjects) {
				o.Deployment.Spec.Template.Annotations["kubectl.kubernetes.io/restartedAt"] = "2026-01-02T03:01:00Z"
				by(o.Deployment, "kubectl-rollout", restart)
			},
		},
		"OlderVersionRestarted": {
			reason: "Even where an older version rendered the rest of the template.",
			before: executor(), e: executor(),
			others: func(o *ExecutorObjects) {
				older(o)
				o.Deployment.Spec.Template.Annotations["kubectl.kubernetes.io/restartedAt"] = "2026-01-02T03:01:00Z"
				by(o.Deployment, "kubectl-rollout", restart)
			},
		},
		"ImageByAnother": {
			reason: "An image that another set is named with who did it, and undone.",
			before: executor(), e: executor(),
			others: func(o *ExecutorObjects) {
				o.Deployment.Spec.Template.Spec.Containers[0].Image = "other"
				by(o.Deployment, kubectl, inContainer(`{"f:image":{}}`))
			},
			want:   drift("Deployment", "ns/ex", `Deployment spec.template.spec.containers[name="executor"].image was changed by "kubectl-edit" from "hourglass/executor:v1" to "other"`),
			change: undone,
		},
		"ArgsByAnother": {
			reason: "A list that is set as a whole is named with the item that differs.",
			before: executor(), e: executor(),
			others: func(o *ExecutorObjects) {
				o.Deployment.Spec.Template.Spec.Containers[0].Args = []string{"--config=/tmp/c"}
				by(o.Deployment, kubectl, inContainer(`{"f:args":{}}`))
			},
			want:   drift("Deployment", "ns/ex", `Deployment spec.template.spec.containers[name="executor"].args[0] was changed by "kubectl-edit" from (not shown) to (not shown)`),
			change: undone,
		},
		"SidecarByAnother": {
			reason: "A second container could read the keys, so the list must be as long as it was.",
			before: executor(), e: executor(),
			others: func(o *ExecutorObjects) {
				pod := &o.Deployment.Spec.Template.Spec
				pod.Containers = append(pod.Containers, corev1.Container{Name: "spy"})
				by(o.Deployment, kubectl, template(`{"f:containers":{"k:{\"name\":\"spy\"}":{".":{},"f:name":{}}}}`))
			},
			want:   drift("Deployment", "ns/ex", `Deployment spec.template.spec.containers[name="spy"] was changed by "kubectl-edit" from nothing to (not shown)`),
			change: undone,
		},
		"InitContainerByAnother": {
			reason: "So could one that runs before, and a variable or a command can do as much.",
			before: executor(), e: executor(),
			others: func(o *ExecutorObjects) {
				pod := &o.Deployment.Spec.Template.Spec
				pod.InitContainers = []corev1.Container{{Name: "spy"}}
				pod.Containers[0].Env = []corev1.EnvVar{{Name: "LD_PRELOAD", Value: "x"}}
				by(o.Deployment, kubectl, template(`{"f:containers":{"k:{\"name\":\"executor\"}":{"f:env":{"k:{\"name\":\"LD_PRELOAD\"}":{"f:name":{}}}}},"f:initContainers":{"k:{\"name\":\"spy\"}":{"f:name":{}}}}`))
			},
			want:   drift("Deployment", "ns/ex", `Deployment spec.template.spec.containers[name="executor"].env[name="LD_PRELOAD"].name was changed by "kubectl-edit" from (not shown) to (not shown)`),
			change: undone,
		},
		"MountRemoved": {
			reason: "What somebody removed has no manager left, and is missed all the same.",
			before: executor(), e: executor(),
			others: func(o *ExecutorObjects) {
				c := &o.Deployment.Spec.Template.Spec.Containers[0]
				c.VolumeMounts = c.VolumeMounts[:1]
			},
			want:   drift("Deployment", "ns/ex", `spec.template.spec.containers[name="executor"].volumeMounts`),
			change: undone,
		},
		"LostRecord": {
			reason: "A Deployment whose record is lost gets it back, and its Pods go on.",
			before: executor(), e: executor(),
			others: func(o *ExecutorObjects) { o.Deployment.Annotations[AnnotationApplied] = "" },
			want:   drift("Deployment", "ns/ex", "metadata.annotations[hourglass.eigenlayer.io/applied]"),
			change: func(o *ExecutorObjects) {
				o.Deployment.Annotations[AnnotationApplied] = rendered(t, executor()).Deployment.Annotations[AnnotationApplied]
			},
		},
		"Ending": {
			reason: "What is ending is not changed any more.",
			before: executor(), e: executor(withExecutorImage("x")),
			others: func(o *ExecutorObjects) { o.Deployment.DeletionTimestamp = &metav1.Time{Time: t0} },
		},
		"AccountByAnother": {
			reason: "Another service account is undone.",
			before: executor(), e: executor(),
			others: func(o *ExecutorObjects) {
				o.Deployment.Spec.Template.Spec.ServiceAccountName = "admin"
				by(o.Deployment, kubectl, template(`{"f:serviceAccountName":{}}`))
			},
			want:   drift("Deployment", "ns/ex", `Deployment spec.template.spec.serviceAccountName was changed by "kubectl-edit" from "ex" to "admin"`),
			change: undone,
		},
		"ScaledByAnother": {
			reason: "Two signers are undone at once, without a restart of the first.",
			before: executor(), e: executor(),
			others: func(o *ExecutorObjects) {
				o.Deployment.Spec.Replicas = new(int32(2))
				by(o.Deployment, "kubectl-scale", `{"f:spec":{"f:replicas":{}}}`)
			},
			want:   drift("Deployment", "ns/ex", `Deployment spec.replicas was changed by "kubectl-scale" from 1 to 2`),
			change: func(o *ExecutorObjects) { o.Deployment.Spec.Replicas = new(int32(1)) },
		},
		"ConfigByAnother": {
			reason: "A configuration that another edited is put right. Pods that run did not read it.",
			before: executor(), e: executor(),
			others: func(o *ExecutorObjects) {
				o.ConfigMap.Data["config.yaml"], o.ConfigMap.Data["more"] = "x", "y"
				by(o.ConfigMap, kubectl, `{"f:data":{"f:config.yaml":{},"f:more":{}}}`)
			},
			want:   drift("ConfigMap", "ns/ex-config", `ConfigMap data was changed by "kubectl-edit" from (not shown) to (not shown)`),
			change: func(o *ExecutorObjects) { o.ConfigMap.Data = rendered(t, executor()).ConfigMap.Data },
		},
		"KeysByAnother": {
			reason: "So are the keys, and no value is told.",
			before: executor(), e: executor(),
			others: func(o *ExecutorObjects) {
				o.Secret.Data["ecdsa"] = []byte("stolen")
				by(o.Secret, kubectl, `{"f:data":{"f:ecdsa":{}}}`)
			},
			want:   drift("Secret", "ns/ex-keys", `Secret data was changed by "kubectl-edit" from (not shown) to (not shown)`),
			change: func(o *ExecutorObjects) { o.Secret.Data["ecdsa"] = []byte("0xE") },
		},
		"RightsByAnother": {
			reason: "Rights never grow.",
			before: executor(), e: executor(),
			others: func(o *ExecutorObjects) {
				o.Role.Rules[0].Resources = []string{"*"}
				by(o.Role, kubectl, `{"f:rules":{}}`)
			},
			want:   drift("Role", "default/ex", `Role rules was changed by "kubectl-edit" from (not shown) to (not shown)`),
			change: func(o *ExecutorObjects) { o.Role.Rules = rendered(t, executor()).Role.Rules },
		},
		"SubjectsByAnother": {
			reason: "And nobody else gets them.",
			before: executor(), e: executor(),
			others: func(o *ExecutorObjects) {
				o.RoleBinding.Subjects[0].Name = "someone"
				by(o.RoleBinding, kubectl, `{"f:subjects":{}}`)
			},
			want: drift("RoleBinding", "default/ex", `RoleBinding subjects was changed by "kubectl-edit" from (not shown) to (not shown)`),
			change: func(o *ExecutorObjects) {
				o.RoleBinding.Subjects = rendered(t, executor()).RoleBinding.Subjects
			},
		},
		"ServiceByAnother": {
			reason: "The Service leads to the executor.",
			before: executor(), e: executor(),
			others: func(o *ExecutorObjects) {
				o.Service.Spec.Selector = map[string]string{"app": "x"}
				by(o.Service, kubectl, `{"f:spec":{"f:selector":{}}}`)
			},
			want: drift("Service", "ns/ex", `Service spec.selector was changed by "kubectl-edit" from {"app":"hourglass-executor","hourglass.eigenlayer.io/executor":"ex"} to {"app":"x"}`),
			change: func(o *ExecutorObjects) {
				o.Service.Spec.Selector = rendered(t, executor()).Service.Spec.Selector
			},
		},
		"LabelByAnother": {
			reason: "A label of ours is put back, and those of others stay.",
			before: executor(), e: executor(),
			others: func(o *ExecutorObjects) {
				for _, x := range o.Objects() {
					x.GetLabels()["app"] = "x"
				}
			},
			want: []taken{
				{"ServiceAccount", RemedyPatch, "ns/ex", "metadata.labels[app]"},
				{"Role", RemedyPatch, "default/ex", "metadata.labels[app]"},
				{"RoleBinding", RemedyPatch, "default/ex", "metadata.labels[app]"},
				{"ConfigMap", RemedyPatch, "ns/ex-config", "metadata.labels[app]"},
				{"Secret", RemedyPatch, "ns/ex-keys", "metadata.labels[app]"},
				{"Service", RemedyPatch, "ns/ex", "metadata.labels[app]"},
				{"Deployment", RemedyPatch, "ns/ex", "metadata.labels[app]"},
			},
			change: func(o *ExecutorObjects) {
				for _, x := range o.Objects() {
					x.GetLabels()["app"] = "hourglass-executor"
				}
			},
		},
		"SignerByAnother": {
			reason: "The digest that tells signers apart is put back without a restart.",
			before: executor(), e: executor(),
			others: func(o *ExecutorObjects) { delete(o.Deployment.Annotations, AnnotationSigner) },
			want:   drift("Deployment", "ns/ex", "metadata.annotations[hourglass.eigenlayer.io/signer]"),
			change: func(o *ExecutorObjects) { o.Deployment.Annotations[AnnotationSigner] = ecdsaDigest },
		},
		"DeploymentDeleted": {
			reason: "A Deployment that another deleted is made again.",
			before: executor(), e: executor(),
			others: func(o *ExecutorObjects) { o.Deployment = nil },
			want:   []taken{{"Deployment", RemedyCreate, "ns/ex", "the Deployment is missing"}},
			change: func(o *ExecutorObjects) {
				o.Deployment = rendered(t, executor()).Deployment
				o.Deployment.Annotations[AnnotationConfigUpdated] = reconfigured
			},
		},
	})
}

func TestRollsPods(t *testing.T) {
	steps := func(e *v1alpha1.HourglassExecutor) map[string]bool {
		out := map[string]bool{}
		for _, s := range ExecutorSteps(rendered(t, e), standing(t, executor()), t3) {
			out[s.Kind] = RollsPods(s)
		}
		return out
	}
	cases := map[string]struct {
		reason string
		e      *v1alpha1.HourglassExecutor
		want   map[string]bool
	}{
		"Config":   {"The Deployment rolls, not the ConfigMap.", executor(withLogLevel("debug")), map[string]bool{"ConfigMap": false, "Deployment": true}},
		"Replicas": {"More replicas roll nothing.", executor(withReplicas(2)), map[string]bool{"Deployment": false}},
		"Image":    {"A new image does.", executor(withExecutorImage("x")), map[string]bool{"Deployment": true}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, steps(tc.e)); diff != "" {
				t.Errorf("\n%s\nRollsPods(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestDifferencesOf(t *testing.T) {
	got := DifferencesOf(ExecutorSteps(rendered(t, executor(withReplicas(2), withLogLevel("debug"))), standing(t, executor()), t3))
	want := []Difference{
		{Object: "ConfigMap", Field: "data", Remedy: RemedyPatch},
		{Object: "Deployment", Field: "spec.replicas", Remedy: RemedyPatch},
		{Object: "Deployment", Field: "spec.strategy", Remedy: RemedyPatch},
		{Object: "Deployment", Field: "spec.config", Remedy: RemedyPatch},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("DifferencesOf(...): -want, +got:\n%s", diff)
	}
	if diff := cmp.Diff([]Difference(nil), DifferencesOf(nil)); diff != "" {
		t.Errorf("DifferencesOf(nil): -want, +got:\n%s", diff)
	}
}

func TestOwnedBy(t *testing.T) {
	e := executor()
	found := standing(t, e)
	found.Role.Annotations[AnnotationOwner] = "someone"
	found.Secret.Annotations = nil
	found.Service = nil
	want := found
	want.Role, want.Secret = nil, nil
	if diff := cmp.Diff(want, found.OwnedBy(e)); diff != "" {
		t.Errorf("only what the executor owns is its own to delete: OwnedBy(...): -want, +got:\n%s", diff)
	}
	if found.Role == nil || found.Secret == nil {
		t.Errorf("OwnedBy(...) changed what was found")
	}
}

func TestStrays(t *testing.T) {
	e := executor()
	mine, others := standing(t, e).Role, standing(t, e).RoleBinding
	mine.Namespace, others.Namespace = "left", "left"
	others.Annotations[AnnotationOwner] = "someone"
	found := standing(t, e)
	found.Strays = []Object{mine, others}
	want := standing(t, e)
	want.Strays = []Object{mine}
	owned := found.OwnedBy(e)
	if diff := cmp.Diff(want, owned); diff != "" {
		t.Errorf("rights of somebody else are no strays of the executor's: OwnedBy(...): -want, +got:\n%s", diff)
	}
	steps := inShort(t, ExecutorSteps(rendered(t, executor(withReplicas(2))), owned, t3))
	if diff := cmp.Diff([]taken{
		{"Deployment", RemedyPatch, "ns/ex", "spec.replicas, spec.strategy"},
		{"RBAC object", RemedyDelete, "left/ex", "the RBAC object ex is no longer wanted"},
	}, steps); diff != "" {
		t.Errorf("rights in a namespace that the performers left go last: ExecutorSteps(...): -want, +got:\n%s", diff)
	}
}

func TestRoleRefGoesAndComesBack(t *testing.T) {
	found := standing(t, executor())
	found.RoleBinding.RoleRef.Name = "cluster-admin"
	want := []taken{{"RoleBinding", RemedyDelete, "default/ex", "RoleBinding.roleRef"}}
	got := inShort(t, ExecutorSteps(rendered(t, executor()), found, t3))
	for i := range got {
		got[i].Words = "RoleBinding." + got[i].Words
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what a binding refers to cannot be changed: it is deleted, and made anew: ExecutorSteps(...): -want, +got:\n%s", diff)
	}
	found.RoleBinding = nil
	steps := inShort(t, ExecutorSteps(rendered(t, executor()), found, t3))
	if diff := cmp.Diff([]taken{{"RoleBinding", RemedyCreate, "default/ex", "the RoleBinding is missing"}}, steps); diff != "" {
		t.Errorf("ExecutorSteps(...): -want, +got:\n%s", diff)
	}
}

func TestUnadoptableDeployment(t *testing.T) {
	cases := map[string]struct {
		reason string
		change func(*appsv1.Deployment)
		want   string
	}{
		"Own":   {"Its own needs no adoption.", func(*appsv1.Deployment) {}, ""},
		"Alike": {"One that selects the same Pods can be taken over.", func(d *appsv1.Deployment) { d.Annotations = nil }, ""},
		"OtherSelector": {
			"A selector cannot be changed.", func(d *appsv1.Deployment) {
				d.Annotations, d.Spec.Selector.MatchLabels = nil, map[string]string{"a": "b"}
			},
			"Deployment ns/ex cannot be taken over: its selector is not that of this executor, and cannot be changed; delete it, and a new one will be made",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			d := rendered(t, executor()).Deployment
			tc.change(d)
			if diff := cmp.Diff(tc.want, UnadoptableDeployment(executor(), d)); diff != "" {
				t.Errorf("\n%s\nUnadoptableDeployment(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
