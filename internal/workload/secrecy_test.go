// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

// secretive is how many random specs of each kind are looked at.
const secretive = 5000

// word is what every secret of these tests begins with. Nothing else holds it.
const word = "tellnoonewhatisinhere"

// spellings are the word as it is, and in the codes that a careless writer may
// put it in. In base64 it has three, by where it stands, without its ends.
var spellings = func() []string {
	list := []string{word, hex.EncodeToString([]byte(word))}
	for i := range 3 {
		coded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat(" ", i) + word))
		list = append(list, coded[4:len(coded)-4])
	}
	return list
}()

// tells says whether a text gives a secret away.
func tells(text string) bool {
	for _, s := range spellings {
		if strings.Contains(text, s) {
			return true
		}
	}
	return false
}

// A secretKeeper makes specs at random and remembers the secrets that it put in
// them.
type secretKeeper struct {
	*rand.Rand

	secrets []string
}

func (k *secretKeeper) yes() bool { return k.IntN(2) == 0 }

func (k *secretKeeper) of(list ...string) string { return list[k.IntN(len(list))] }

// secret makes one that differs from all others and is no part of any.
func (k *secretKeeper) secret() string {
	s := fmt.Sprintf("%s%dx", word, len(k.secrets))
	k.secrets = append(k.secrets, s)
	return s
}

// rpc is a URL that carries a secret wherever one may stand.
func (k *secretKeeper) rpc() string {
	s := k.secret()
	url := k.of("https", "http", "wss", "ws") + "://"
	host := k.of("rpc.example.com", "10.0.0.1:8545", "[2001:db8::1]:8546", "RPC.example.com:443")
	path := k.of("", "/", "/v3/", "/a%20b/")
	switch k.IntN(9) {
	case 0:
		return url + s + "@" + host + path
	case 1:
		return url + "user:" + s + "@" + host + path
	case 2:
		return url + host + "/v3/" + s
	case 3:
		return url + host + "//" + s + "/"
	case 4:
		return url + host + path + "?apikey=" + s
	case 5:
		return url + host + path + "?a=b&" + s
	case 6:
		return url + host + path + "#" + s
	case 7:
		return url + host + ":" + s // No URL at all.
	}
	return url + host + "/%zz" + s // Nor this.
}

func (k *secretKeeper) resources() corev1.ResourceRequirements {
	r := corev1.ResourceRequirements{}
	if k.yes() {
		r.Limits = corev1.ResourceList{"cpu": *resource.NewQuantity(k.Int64N(8), resource.DecimalSI)}
	}
	if k.yes() {
		r.Requests = corev1.ResourceList{"memory": *resource.NewQuantity(k.Int64N(1<<30), resource.BinarySI)}
	}
	return r
}

func (k *secretKeeper) scheduling() *v1alpha1.SchedulingConfig {
	if k.yes() {
		return nil
	}
	s := &v1alpha1.SchedulingConfig{PriorityClassName: k.of("", "high")}
	if k.yes() {
		s.NodeSelector = v1alpha1.NodeLabels{"disk": k.of("ssd", "nvme")}
	}
	if k.yes() {
		s.Tolerations = []corev1.Toleration{{Key: "nvidia.com/gpu", Operator: corev1.TolerationOpExists}}
	}
	if k.yes() {
		s.RuntimeClass = new(k.of("gvisor", "kata"))
	}
	return s
}

func (k *secretKeeper) meta(name string) metav1.ObjectMeta {
	m := metav1.ObjectMeta{Name: name, Namespace: "ns", UID: types.UID(k.of("uid-1", "uid-2")), Generation: k.Int64N(5)}
	if k.yes() {
		m.Annotations = map[string]string{"crossplane.io/external-name": name}
	}
	if k.IntN(4) == 0 {
		m.DeletionTimestamp = &metav1.Time{Time: t0}
	}
	return m
}

// executor makes one at random with the values that it refers to.
func (k *secretKeeper) executor() (*v1alpha1.HourglassExecutor, Secrets) {
	e := &v1alpha1.HourglassExecutor{ObjectMeta: k.meta("ex"), Spec: v1alpha1.HourglassExecutorSpec{
		Image: k.of("hourglass/executor:v1", "hourglass/executor:v2"), Resources: k.resources(),
	}}
	if k.yes() {
		e.Spec.Replicas = new(1 + k.Int32N(3))
	}
	if k.yes() {
		e.Spec.NodeSelector = v1alpha1.NodeLabels{"disk": "ssd"}
		e.Spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
		e.Spec.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "pull"}}
	}
	c := &e.Spec.Config
	c.AggregatorEndpoint = k.of("aggregator.example.com:9090", "dns:///aggregator:9090")
	c.LogLevel = k.of("", "debug", "error")
	c.PerformerMode = v1alpha1.PerformerMode(k.of("", "kubernetes", "docker"))
	if k.yes() {
		c.Kubernetes = &v1alpha1.KubernetesConfig{Namespace: k.of("", "ns", "performers"), DefaultScheduling: k.scheduling()}
	}
	if k.yes() {
		c.ExtraConfig = &apiextensionsv1.JSON{Raw: []byte(k.of(`{}`, `{"log_level":"trace"}`, `{"chains":[]}`, `{"kubernetes":{"qps":5}}`))}
	}
	s := Secrets{Keys: map[string][]byte{}, RPC: map[string][]byte{}}
	k.keys(c, &s)
	k.chains(c, &s)
	return e, s
}

// keys come from the spec or from a Secret.
func (k *secretKeeper) keys(c *v1alpha1.HourglassExecutorConfig, s *Secrets) {
	names := [][]string{{"ecdsa"}, {"bls"}, {"ecdsa", "bls"}, {"signer", "0.key"}}[k.IntN(4)]
	if k.yes() {
		c.OperatorKeysSecretRef = &v1alpha1.OperatorKeysSecretReference{Name: "operator", Keys: names}
		for _, name := range names {
			s.Keys[name] = []byte(k.secret())
		}
		return
	}
	c.OperatorKeys = map[string]string{}
	for _, name := range names {
		c.OperatorKeys[name] = k.of("", "0x", "-----BEGIN KEY-----\n") + k.secret()
	}
}

// chains have an RPC URL with a secret in it, one without, or one that comes from
// a Secret.
func (k *secretKeeper) chains(c *v1alpha1.HourglassExecutorConfig, s *Secrets) {
	for i := range 1 + k.IntN(4) {
		chain := v1alpha1.ChainConfig{Name: fmt.Sprintf("chain-%d", i), ChainID: 1 + k.Int64N(1e6), TaskMailboxAddress: testAVS}
		switch k.IntN(4) {
		case 0:
			chain.RPC = k.of("https://rpc.example.com", "ws://10.0.0.1:8546/")
		case 1:
			chain.RPCSecretRef = &xpv2.LocalSecretKeySelector{LocalSecretReference: xpv2.LocalSecretReference{Name: "rpc"}, Key: chain.Name}
			s.RPC[chain.Name] = []byte(k.of("", "https://") + k.secret())
		default:
			chain.RPC = k.rpc()
		}
		c.Chains = append(c.Chains, chain)
	}
}

// edit does to an object what others may have done to it.
func (k *secretKeeper) edit(o Object, fields ...string) {
	if k.yes() {
		o.SetManagedFields([]metav1.ManagedFieldsEntry{managedBy("kubectl-edit", k.of(append(fields, `{"f:metadata":{"f:labels":{"f:app":{}}}}`)...))})
	}
	if k.yes() {
		o.GetLabels()["app"] = "other"
	}
	if k.IntN(4) == 0 {
		o.SetAnnotations(nil)
	}
}

// found is what the target cluster may hold of an executor: its objects as an
// earlier spec had them and as others changed them, some of them missing.
func (k *secretKeeper) found(t *testing.T) ExecutorFound {
	t.Helper()
	o, err := Executor(k.executor())
	if err != nil {
		t.Fatalf("Executor(...): %v", err)
	}
	k.editContent(o)
	for _, x := range o.Objects() {
		k.edit(x, `{"f:data":{"f:ecdsa":{},"f:config.yaml":{}}}`, `{"f:rules":{}}`, `{"f:subjects":{}}`, `{"f:spec":{"f:selector":{},"f:replicas":{},"f:template":{"f:spec":{}}}}`)
	}
	for _, drop := range []func(){
		func() { o.ServiceAccount = nil }, func() { o.Role = nil }, func() { o.RoleBinding = nil }, func() { o.ConfigMap = nil },
		func() { o.Secret = nil }, func() { o.Service = nil }, func() { o.Deployment = nil },
	} {
		if k.IntN(8) == 0 {
			drop()
		}
	}
	f := ExecutorFound{ExecutorObjects: o}
	for range k.IntN(3) {
		f.Pods = append(f.Pods, *k.pod(ExecutorContainerName))
	}
	if k.yes() {
		f.SameSigners = []string{"ns/other"}
	}
	return f
}

func (k *secretKeeper) editContent(o ExecutorObjects) {
	if k.yes() {
		o.Secret.Data["ecdsa"] = []byte(k.secret())
	}
	if k.yes() {
		o.ConfigMap.Data["config.yaml"] = "edited"
	}
	d := o.Deployment
	if k.yes() {
		d.Spec.Template.Spec.Containers[0].Args = []string{"--edited"}
	}
	if k.yes() {
		d.Spec.Replicas = new(k.Int32N(4))
	}
	d.Annotations[AnnotationConfigUpdated] = k.of("", "2026-01-02T03:00:00Z")
	d.Status = appsv1.DeploymentStatus{
		ObservedGeneration: k.Int64N(3), Replicas: k.Int32N(4), UpdatedReplicas: k.Int32N(4), ReadyReplicas: k.Int32N(4),
	}
	if k.yes() {
		d.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue, Message: "quota"}}
	}
}

// pod is one in any state. What its container last said holds a secret.
func (k *secretKeeper) pod(container string) *corev1.Pod {
	said := &corev1.ContainerStateTerminated{ExitCode: 1, Reason: "Error", Message: k.secret()}
	cs := corev1.ContainerStatus{Name: container, RestartCount: k.Int32N(3), LastTerminationState: corev1.ContainerState{Terminated: said}}
	switch k.IntN(4) {
	case 0:
		cs.State.Waiting = &corev1.ContainerStateWaiting{Reason: k.of("CrashLoopBackOff", "ImagePullBackOff", "CreateContainerConfigError", ""), Message: "words of the kubelet"}
	case 1:
		cs.State.Terminated = said
	}
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "pod", Labels: map[string]string{}, Annotations: map[string]string{}},
		Spec:       corev1.PodSpec{NodeName: k.of("", "node-1"), Containers: []corev1.Container{{Name: container}}},
		Status: corev1.PodStatus{
			Phase: corev1.PodPhase(k.of("Pending", "Running", "Failed")), ContainerStatuses: []corev1.ContainerStatus{cs},
			Conditions: []corev1.PodCondition{
				{Type: corev1.PodScheduled, Status: corev1.ConditionStatus(k.of("True", "False")), Message: "0/3 nodes"},
				{Type: corev1.PodReady, Status: corev1.ConditionStatus(k.of("True", "False")), Message: "not yet"},
			},
		},
	}
	if k.IntN(4) == 0 {
		pod.DeletionTimestamp = &metav1.Time{Time: t1}
	}
	return pod
}

// performer makes one at random.
func (k *secretKeeper) performer() *v1alpha1.Performer {
	p := &v1alpha1.Performer{ObjectMeta: k.meta("a"), Spec: v1alpha1.PerformerSpec{
		AVSAddress: testAVS, Image: k.of("myavs/performer:v1", "myavs/performer:v2"), Version: k.of("", "v1"), ExecutorRef: k.of("", "ex"),
		Resources: k.resources(), Scheduling: k.scheduling(),
	}}
	if k.yes() {
		p.Spec.HardwareRequirements = &v1alpha1.HardwareRequirements{GPUType: k.of("", "nvidia-a100"), TEEType: k.of("", "sgx")}
	}
	c := &p.Spec.Config
	c.GRPCPort = k.Int32N(2) * 8080
	c.ServiceAccountName = k.of("", "sa")
	for i := range k.IntN(4) {
		if c.Environment == nil {
			c.Environment = map[string]string{}
		}
		c.Environment[fmt.Sprintf("TOKEN_%d", i)] = k.of("", "Bearer ") + k.secret()
	}
	for i := range k.IntN(3) {
		c.EnvironmentFrom = append(c.EnvironmentFrom, v1alpha1.EnvironmentVariable{
			Name:      fmt.Sprintf("KEY_%d", i),
			ValueFrom: v1alpha1.EnvironmentSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "keys"}, Key: k.of("a", "b")}},
		})
	}
	p.Status.Phase = v1alpha1.PerformerPhase(k.of("", "Running", "Upgrading"))
	p.Status.FailedPods = k.Int32N(3)
	return p
}

// foundPerformer is what the target cluster may hold of a Performer.
func (k *secretKeeper) foundPerformer() Objects {
	p := k.performer()
	o := Objects{Service: Service(p), Pod: Pod(p, placement.Constraints{})}
	state := k.pod(ContainerName)
	o.Pod.Status, o.Pod.DeletionTimestamp, o.Pod.Spec.NodeName = state.Status, state.DeletionTimestamp, state.Spec.NodeName
	if k.yes() {
		o.Pod.Spec.Containers[0].Image = "edited"
	}
	if k.yes() {
		o.Pod.Spec.Containers[0].Env = append(o.Pod.Spec.Containers[0].Env, corev1.EnvVar{Name: "EDITED", Value: k.secret()})
	}
	if k.yes() {
		o.Service.Spec.Selector = nil
	}
	for _, x := range []Object{o.Pod, o.Service} {
		k.edit(x, `{"f:spec":{"f:containers":{"k:{\"name\":\"performer\"}":{"f:image":{},"f:env":{}}}}}`, `{"f:spec":{"f:selector":{}}}`)
	}
	if k.IntN(8) == 0 {
		o.Pod = nil
	}
	if k.IntN(8) == 0 {
		o.Service = nil
	}
	return o
}

// A listener fails the test where it hears a secret.
type listener struct {
	t    *testing.T
	seed uint64
	n    uint64
}

// listen calls a test for each of many seeds. Where it fails, it says which.
func listen(t *testing.T, f func(listener, *secretKeeper)) {
	t.Helper()
	seed := rand.Uint64()
	for n := range uint64(secretive) {
		f(listener{t: t, seed: seed, n: n}, &secretKeeper{Rand: rand.New(rand.NewPCG(seed, n))})
		if t.Failed() {
			t.Fatalf("spec %d of seed %d gives a secret away, or keeps it from who needs it", n, seed)
		}
	}
}

// hear any value: text as it is, everything else as JSON.
func (l listener) hear(where string, x any) {
	l.t.Helper()
	text, ok := x.(string)
	if !ok {
		raw, err := json.Marshal(x)
		if err != nil {
			l.t.Fatalf("cannot read the %s: %v", where, err)
		}
		text = string(raw)
	}
	if tells(text) {
		l.t.Errorf("a secret is in the %s:\n%s", where, text)
	}
}

// hearSteps hears what steps write and what is said of them.
func (l listener) hearSteps(where string, steps []Step) {
	l.t.Helper()
	l.hear(where+"'s differences in words", Words(DifferencesOf(steps)))
	for _, s := range steps {
		l.hear(where+"'s differences", s.Differences)
		if s.Object == nil {
			continue
		}
		l.hear("labels of the "+s.Kind, s.Object.GetLabels())
		l.hear("annotations of the "+s.Kind, s.Object.GetAnnotations())
		if s.Kind != "Secret" {
			l.hear(s.Kind, s.Object)
		}
	}
}

// TestExecutorsKeepSecrets makes executors at random, with a secret wherever one
// may be, and looks for it in all that this package makes of them. The Secret
// must have every one of them.
func TestExecutorsKeepSecrets(t *testing.T) {
	listen(t, func(l listener, k *secretKeeper) {
		e, secrets := k.executor()
		given := k.secrets
		want, err := Executor(e, secrets)
		if err != nil {
			l.t.Fatalf("Executor(...): %v", err)
		}
		held := strings.Builder{}
		for _, v := range want.Secret.Data {
			held.Write(v)
			held.WriteString("\n")
		}
		for _, s := range given {
			if !strings.Contains(held.String(), s) {
				l.t.Errorf("%s is not in the executor's Secret: %s", s, held.String())
			}
		}
		container := want.Deployment.Spec.Template.Spec.Containers[0]
		l.hear("arguments", container.Args)
		l.hear("environment", container.Env)

		found := k.found(t)
		l.hearSteps("create", ExecutorSteps(want, ExecutorObjects{}, t3))
		l.hearSteps("update", ExecutorSteps(want, found.ExecutorObjects, t3))
		for _, x := range found.Objects() {
			l.hear("sentence for what is another's", OwnedByOther("object", x))
		}
		l.hear("status of one that is missing", ExecutorStatus(e, ExecutorFound{}, t3))
		e.Status = ExecutorStatus(e, found, t3)
		l.hear("status", e.Status)
		l.hear("status after that", ExecutorStatus(e, k.found(t), t3))
		words := Words(DifferencesOf(ExecutorSteps(want, found.ExecutorObjects, t3)))
		l.hear("status of one that is hindered", ExecutorHindered(e, ExecutorStatus(e, found.Own(e), t3), words, t3))
		l.hear("endpoint", ExecutorEndpoint(e))
		if ref := e.Spec.Config.OperatorKeysSecretRef; ref != nil {
			_, err := OperatorKeys(v1alpha1.OperatorKeysSecretReference{Name: ref.Name, Keys: []string{"ecdsa", "missing"}}, secrets.Keys)
			l.hear("error for a key that is missing", err.Error())
		}
	})
}

// TestPerformersKeepSecrets does the same for performers. A value in the spec's
// environment is in the Pod's, and nowhere else; one from a Secret is in neither.
func TestPerformersKeepSecrets(t *testing.T) {
	listen(t, func(l listener, k *secretKeeper) {
		p := k.performer()
		want := Objects{Pod: Pod(p, placement.Constraints{}), Service: Service(p)}
		for _, v := range want.Pod.Spec.Containers[0].Env {
			if literal, ok := p.Spec.Config.Environment[v.Name]; v.Value != literal || ok == (v.ValueFrom != nil) {
				l.t.Errorf("variable %s must be %q as in the spec, or come from where the spec says, got %+v", v.Name, literal, v)
			}
		}
		if diff := len(p.Spec.Config.Environment) + len(p.Spec.Config.EnvironmentFrom) - len(want.Pod.Spec.Containers[0].Env); diff != 0 {
			l.t.Errorf("the Pod's environment lacks %d variables", diff)
		}
		l.hear("Service", want.Service)
		l.hear("Pod beside its environment", withoutEnv(want.Pod))

		found := k.foundPerformer()
		d := Differences(p, want, found, t3)
		l.hear("differences", d)
		l.hear("differences in words", Words(d))
		if found.Pod != nil {
			patched := withoutEnv(PatchedPod(want.Pod, found.Pod, d, t3))
			patched.Status = corev1.PodStatus{} // It is the kubelet's.
			l.hear("patched Pod beside its environment", patched)
			l.hear("sentence for a Pod that cannot be adopted", Unadoptable(p, want.Pod, found.Pod))
			l.hear("sentence for a Pod that is another's", OwnedByOther("Pod", found.Pod))
		}
		if found.Service != nil {
			l.hear("patched Service", PatchedService(want.Service, found.Service))
		}
		l.hear("status of one that is missing", Status(p, Objects{}, nil, t3))
		p.Status = Status(p, found, d, t3)
		l.hear("status", p.Status)
		l.hear("status after that", Status(p, k.foundPerformer(), d, t3))
		l.hear("status of one that is hindered", Hindered(p, p.Status, ReasonPodRefused, Words(d), t3))
		l.hear("endpoint", Endpoint(p)+Host(p)+Asks(p))
	})
}

// withoutEnv is a Pod but for the environment of its containers.
func withoutEnv(pod *corev1.Pod) *corev1.Pod {
	pod = pod.DeepCopy()
	for i := range pod.Spec.Containers {
		pod.Spec.Containers[i].Env = nil
	}
	return pod
}
