// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

func wantExecutorLabels() map[string]string {
	return map[string]string{
		"app":                              "hourglass-executor",
		"hourglass.eigenlayer.io/executor": "ex",
		"hourglass.eigenlayer.io/executor-namespace": "ns",
		"app.kubernetes.io/managed-by":               "provider-hourglass",
	}
}

func wantExecutorMeta(name, namespace string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name: name, Namespace: namespace, Labels: wantExecutorLabels(),
		Annotations: map[string]string{"hourglass.eigenlayer.io/owner-uid": executorUID},
	}
}

// wantMinimalObjects are those of the executor with no more than it must have.
func wantMinimalObjects(applied string) ExecutorObjects {
	selector := map[string]string{"app": "hourglass-executor", "hourglass.eigenlayer.io/executor": "ex"}
	o := ExecutorObjects{
		ServiceAccount: &corev1.ServiceAccount{ObjectMeta: wantExecutorMeta("ex", "ns")},
		Role: &rbacv1.Role{
			ObjectMeta: wantExecutorMeta("ex", "default"),
			Rules: []rbacv1.PolicyRule{
				{APIGroups: []string{"hourglass.eigenlayer.io"}, Resources: []string{"performers"}, Verbs: []string{"get", "list", "watch", "create", "update", "patch", "delete"}},
				{APIGroups: []string{"hourglass.eigenlayer.io"}, Resources: []string{"performers/status"}, Verbs: []string{"get"}},
			},
		},
		RoleBinding: &rbacv1.RoleBinding{
			ObjectMeta: wantExecutorMeta("ex", "default"),
			RoleRef:    rbacv1.RoleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "Role", Name: "ex"},
			Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Name: "ex", Namespace: "ns"}},
		},
		ConfigMap: &corev1.ConfigMap{ObjectMeta: wantExecutorMeta("ex-config", "ns"), Data: map[string]string{"config.yaml": `aggregator_endpoint: aggregator.example.com:9090
chains:
  - chain_id: 1
    name: ethereum
    rpc: https://rpc.example.com
    task_mailbox_address: "0xM"
kubernetes:
  namespace: default
log_level: info
operator_keys_path: /etc/hourglass-keys
performer_mode: kubernetes
`}},
		Secret: &corev1.Secret{
			ObjectMeta: wantExecutorMeta("ex-keys", "ns"), Type: corev1.SecretTypeOpaque,
			Data: map[string][]byte{"ecdsa": []byte("0xE"), "bls": []byte("0xB")},
		},
		Service: &corev1.Service{
			ObjectMeta: wantExecutorMeta("ex", "ns"),
			Spec: corev1.ServiceSpec{
				Type: corev1.ServiceTypeClusterIP, Selector: selector,
				Ports: []corev1.ServicePort{{Name: "grpc", Protocol: corev1.ProtocolTCP, Port: 9090, TargetPort: intstr.FromInt32(9090)}},
			},
		},
		Deployment: &appsv1.Deployment{
			ObjectMeta: wantExecutorMeta("ex", "ns"),
			Spec: appsv1.DeploymentSpec{
				Replicas: new(int32(1)),
				Strategy: appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType},
				Selector: &metav1.LabelSelector{MatchLabels: selector},
				Template: corev1.PodTemplateSpec{
					ObjectMeta: metav1.ObjectMeta{Labels: wantExecutorLabels(), Annotations: map[string]string{"hourglass.eigenlayer.io/applied": applied}},
					Spec:       wantExecutorPod(),
				},
			},
		},
	}
	o.Deployment.Annotations["hourglass.eigenlayer.io/signer"] = ecdsaDigest
	return o
}

func wantExecutorPod() corev1.PodSpec {
	return corev1.PodSpec{
		ServiceAccountName: "ex", AutomountServiceAccountToken: new(true), EnableServiceLinks: new(false),
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot: new(true), RunAsUser: new(int64(65532)), RunAsGroup: new(int64(65532)), FSGroup: new(int64(65532)),
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
		Volumes: []corev1.Volume{
			{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "ex-config"}}}},
			{Name: "keys", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "ex-keys", DefaultMode: new(int32(0o440))}}},
		},
		Containers: []corev1.Container{{
			Name: "executor", Image: "hourglass/executor:v1", Args: []string{"--config=/etc/hourglass/config.yaml"},
			Ports: []corev1.ContainerPort{{Name: "grpc", ContainerPort: 9090, Protocol: corev1.ProtocolTCP}},
			VolumeMounts: []corev1.VolumeMount{
				{Name: "config", MountPath: "/etc/hourglass", ReadOnly: true},
				{Name: "keys", MountPath: "/etc/hourglass-keys", ReadOnly: true},
			},
			SecurityContext: &corev1.SecurityContext{AllowPrivilegeEscalation: new(false), Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}},
		}},
	}
}

// wantDockerObjects are those of the minimal executor in docker mode, which needs
// no rights in the cluster, but the socket of the node.
func wantDockerObjects(applied string) ExecutorObjects {
	o := wantMinimalObjects(applied)
	o.ServiceAccount, o.Role, o.RoleBinding = nil, nil, nil
	o.ConfigMap.Data["config.yaml"] = `aggregator_endpoint: aggregator.example.com:9090
chains:
  - chain_id: 1
    name: ethereum
    rpc: https://rpc.example.com
    task_mailbox_address: "0xM"
log_level: info
operator_keys_path: /etc/hourglass-keys
performer_mode: docker
`
	pod := &o.Deployment.Spec.Template.Spec
	pod.ServiceAccountName, pod.AutomountServiceAccountToken = "", new(false)
	pod.SecurityContext = &corev1.PodSecurityContext{SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}}
	pod.Volumes = append(pod.Volumes, corev1.Volume{Name: "docker", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/var/run/docker.sock", Type: new(corev1.HostPathSocket)}}})
	pod.Containers[0].VolumeMounts = append(pod.Containers[0].VolumeMounts, corev1.VolumeMount{Name: "docker", MountPath: "/var/run/docker.sock"})
	return o
}

func TestExecutor(t *testing.T) {
	resources := corev1.ResourceRequirements{
		Limits:   corev1.ResourceList{"memory": resource.MustParse("1Gi")},
		Requests: corev1.ResourceList{"memory": resource.MustParse("512Mi")},
	}
	tolerations := []corev1.Toleration{{Key: "dedicated", Operator: corev1.TolerationOpExists}}
	pullSecrets := []corev1.LocalObjectReference{{Name: "private-registry"}}
	full := executor(withReplicas(3), func(e *v1alpha1.HourglassExecutor) {
		e.Spec.Resources, e.Spec.Tolerations, e.Spec.ImagePullSecrets = resources, tolerations, pullSecrets
		e.Spec.NodeSelector = v1alpha1.NodeLabels{"disk": "ssd"}
		e.Spec.Config.Kubernetes = &v1alpha1.KubernetesConfig{Namespace: "performers"}
	})
	bySecret := executor(func(e *v1alpha1.HourglassExecutor) {
		e.Spec.Config.OperatorKeys = nil
		e.Spec.Config.OperatorKeysSecretRef = &v1alpha1.OperatorKeysSecretReference{Name: "mine"}
	})
	named := executor(func(e *v1alpha1.HourglassExecutor) {
		e.Annotations = map[string]string{"crossplane.io/external-name": "chosen"}
	})
	cases := map[string]struct {
		reason  string
		e       *v1alpha1.HourglassExecutor
		secrets Secrets
		want    func(applied string) ExecutorObjects
	}{
		"Kubernetes": {
			reason: "An executor of the reference's defaults manages Performers in the namespace default, and no more than that.",
			e:      executor(), want: wantMinimalObjects,
		},
		"Docker": {
			reason: "In docker mode there is no right in the cluster, not even a token, but the node's socket.",
			e:      executor(inDocker), want: wantDockerObjects,
		},
		"Full": {
			reason: "Every field of the spec finds its place, and several replicas are replaced one after another.",
			e:      full,
			want: func(applied string) ExecutorObjects {
				o := wantMinimalObjects(applied)
				o.Role.Namespace, o.RoleBinding.Namespace = "performers", "performers"
				o.ConfigMap.Data["config.yaml"] = `aggregator_endpoint: aggregator.example.com:9090
chains:
  - chain_id: 1
    name: ethereum
    rpc: https://rpc.example.com
    task_mailbox_address: "0xM"
kubernetes:
  namespace: performers
log_level: info
operator_keys_path: /etc/hourglass-keys
performer_mode: kubernetes
`
				d := &o.Deployment.Spec
				d.Replicas, d.Strategy.Type = new(int32(3)), appsv1.RollingUpdateDeploymentStrategyType
				d.Template.Spec.NodeSelector, d.Template.Spec.Tolerations = map[string]string{"disk": "ssd"}, tolerations
				d.Template.Spec.ImagePullSecrets, d.Template.Spec.Containers[0].Resources = pullSecrets, resources
				return o
			},
		},
		"KeysFromSecret": {
			reason:  "Keys that a Secret holds are copied into the executor's own, whatever their names.",
			e:       bySecret,
			secrets: Secrets{Keys: map[string][]byte{"ecdsa": []byte("0xE"), "other": []byte("0xO")}},
			want: func(applied string) ExecutorObjects {
				o := wantMinimalObjects(applied)
				o.Secret.Data = map[string][]byte{"ecdsa": []byte("0xE"), "other": []byte("0xO")}
				return o
			},
		},
		"NoKeys": {
			reason: "Without a key there is no signer to tell from others.",
			e:      bySecret,
			want: func(applied string) ExecutorObjects {
				o := wantMinimalObjects(applied)
				o.Secret.Data = map[string][]byte{}
				delete(o.Deployment.Annotations, AnnotationSigner)
				return o
			},
		},
		"ExternalName": {
			reason: "An external name is the name of every object, and the labels stay those of the resource.",
			e:      named,
			want: func(applied string) ExecutorObjects {
				o := wantMinimalObjects(applied)
				for _, x := range []Object{o.ServiceAccount, o.Role, o.RoleBinding, o.Service, o.Deployment} {
					x.SetName("chosen")
				}
				o.ConfigMap.Name, o.Secret.Name = "chosen-config", "chosen-keys"
				o.RoleBinding.RoleRef.Name, o.RoleBinding.Subjects[0].Name = "chosen", "chosen"
				pod := &o.Deployment.Spec.Template.Spec
				pod.ServiceAccountName, pod.Volumes[0].ConfigMap.Name, pod.Volumes[1].Secret.SecretName = "chosen", "chosen-config", "chosen-keys"
				return o
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := Executor(tc.e, tc.secrets)
			if err != nil {
				t.Fatalf("\n%s\nExecutor(...): %v", tc.reason, err)
			}
			record := executorApplied(tc.e, got).String()
			want := tc.want(record)
			want.Deployment.Annotations["hourglass.eigenlayer.io/applied"] = record
			want.Deployment.Annotations["hourglass.eigenlayer.io/rendered"] = templateDigest(want.Deployment.Spec.Template.Spec)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("\n%s\nExecutor(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestExecutorRefusesConfig(t *testing.T) {
	got, err := Executor(executor(extraConfig(`[1]`)), Secrets{})
	if err == nil || err.Error() != "spec.config.extraConfig must be an object" {
		t.Errorf("a configuration that cannot be written makes no objects: got error %v", err)
	}
	if diff := cmp.Diff(ExecutorObjects{}, got); diff != "" {
		t.Errorf("Executor(...): -want, +got:\n%s", diff)
	}
}

// TestExecutorApplied checks which fields roll the Pods when they change, and
// that those that do not shape them are not recorded.
func TestExecutorApplied(t *testing.T) {
	cases := map[string]struct {
		reason string
		change executorModifier
		want   []string
	}{
		"Nothing":         {"The same spec has the same record.", func(*v1alpha1.HourglassExecutor) {}, nil},
		"Image":           {"The image is recorded.", withExecutorImage("x"), []string{"spec.image"}},
		"Replicas":        {"The number of Pods is nothing that a Pod knows of.", withReplicas(2), nil},
		"Key":             {"Keys reach the Pods through files.", withKey("bls", "0xC"), []string{"the operator's keys and RPC URLs"}},
		"LogLevel":        {"So does the configuration.", withLogLevel("debug"), []string{"spec.config"}},
		"DefaultLogLevel": {"A default that is written out changes nothing.", withLogLevel("info"), nil},
		"DefaultMode":     {"A default that is written out changes nothing.", func(e *v1alpha1.HourglassExecutor) { e.Spec.Config.PerformerMode = v1alpha1.PerformerModeKubernetes }, nil},
		"DefaultNamespace": {"A default that is written out changes nothing.", func(e *v1alpha1.HourglassExecutor) {
			e.Spec.Config.Kubernetes = &v1alpha1.KubernetesConfig{Namespace: "default"}
		}, nil},
		"Mode":      {"The mode shapes both.", inDocker, []string{"spec.config", "spec.config.performerMode"}},
		"PlainRPC":  {"An RPC URL without credentials is configuration.", withRPC("https://other.example.com"), []string{"spec.config"}},
		"SecretRPC": {"One with credentials moves from the configuration to the keys.", withRPC("https://rpc.example.com/k"), []string{"spec.config", "the operator's keys and RPC URLs"}},
		"Limits": {"Resources shape the container.", func(e *v1alpha1.HourglassExecutor) {
			e.Spec.Resources.Limits = corev1.ResourceList{"cpu": resource.MustParse("1")}
		}, []string{"spec.resources.limits"}},
		"Requests": {"Resources shape the container.", func(e *v1alpha1.HourglassExecutor) {
			e.Spec.Resources.Requests = corev1.ResourceList{"cpu": resource.MustParse("1")}
		}, []string{"spec.resources.requests"}},
		"NodeSelector": {"The node selector shapes the Pod.", func(e *v1alpha1.HourglassExecutor) { e.Spec.NodeSelector = v1alpha1.NodeLabels{"a": "b"} }, []string{"spec.nodeSelector"}},
		"Tolerations":  {"Tolerations shape the Pod.", func(e *v1alpha1.HourglassExecutor) { e.Spec.Tolerations = []corev1.Toleration{{Key: "a"}} }, []string{"spec.tolerations"}},
		"PullSecrets": {"Pull secrets shape the Pod.", func(e *v1alpha1.HourglassExecutor) {
			e.Spec.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "a"}}
		}, []string{"spec.imagePullSecrets"}},
	}
	before := applied(rendered(t, executor()).Deployment)
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := applied(rendered(t, executor(tc.change)).Deployment).Differences(before)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nDifferences(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestExecutorKeysLookDifferent(t *testing.T) {
	other := executor(func(e *v1alpha1.HourglassExecutor) { e.Name = "other" })
	if a, b := applied(rendered(t, executor()).Deployment)[fieldKeys], applied(rendered(t, other).Deployment)[fieldKeys]; a == b {
		t.Errorf("two executors with equal keys must not have equal records of them: both have %s", a)
	}
}

func TestExecutorIsDeterministic(t *testing.T) {
	e := executor(func(e *v1alpha1.HourglassExecutor) {
		for _, k := range []string{"a", "b", "c", "d", "e", "f"} {
			e.Spec.Config.OperatorKeys[k] = k
			e.Spec.Config.Chains = append(e.Spec.Config.Chains, v1alpha1.ChainConfig{Name: k, RPC: "https://x/" + k, ChainID: 2})
		}
		extraConfig(`{"z":{"b":1,"a":2},"y":[{"d":1,"c":2}]}`)(e)
	})
	before := e.DeepCopy()
	render := func() string {
		raw, err := json.Marshal(rendered(t, e).Objects())
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	first := render()
	for range 100 {
		if diff := cmp.Diff(first, render()); diff != "" {
			t.Fatalf("the same executor must render to the same bytes: -first, +later:\n%s", diff)
		}
	}
	if diff := cmp.Diff(before, e); diff != "" {
		t.Errorf("rendering changed the executor: -want, +got:\n%s", diff)
	}
}

func TestExecutorObjectsList(t *testing.T) {
	o := rendered(t, executor())
	want := []Object{o.ServiceAccount, o.Role, o.RoleBinding, o.ConfigMap, o.Secret, o.Service, o.Deployment}
	if diff := cmp.Diff(want, o.Objects()); diff != "" {
		t.Errorf("Objects(): -want, +got:\n%s", diff)
	}
	if diff := cmp.Diff([]Object(nil), ExecutorObjects{}.Objects()); diff != "" {
		t.Errorf("what is absent must not be listed as a nil: Objects(): -want, +got:\n%s", diff)
	}
}

func TestSignerDigest(t *testing.T) {
	cases := map[string]struct {
		reason string
		keys   map[string]string
		want   string
	}{
		"ECDSA": {"The ECDSA key signs transactions, so it tells signers apart.", map[string]string{"ecdsa": "0xE", "bls": "0xB", "a": "x"}, ecdsaDigest},
		"BLS":   {"Without one it is the BLS key.", map[string]string{"z": "x", "bls": "0xE"}, ecdsaDigest},
		"Spelt": {"White space, case and 0x make no other key.", map[string]string{"ecdsa": " e\n"}, ecdsaDigest},
		"Other": {"Other keys may be passwords, and are not told.", map[string]string{"z": "x"}, ""},
		"Empty": {"A key without a value tells nothing.", map[string]string{"ecdsa": ""}, ""},
		"None":  {"Nor does no key.", nil, ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			d := rendered(t, executor(func(e *v1alpha1.HourglassExecutor) { e.Spec.Config.OperatorKeys = tc.keys })).Deployment
			if diff := cmp.Diff(tc.want, d.Annotations["hourglass.eigenlayer.io/signer"]); diff != "" {
				t.Errorf("\n%s\nthe signer: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
