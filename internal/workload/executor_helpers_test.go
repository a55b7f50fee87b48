// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"maps"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

const (
	executorUID   = "3f0c2c1e-0000-4000-8000-00000000000e"
	executorImage = "hourglass/executor:v1"

	// ecdsaDigest is that of the key in the executor's spec.
	ecdsaDigest = "3f79bb7b435b05321651daefd374cdc681dc06faa65e374e38337b88ca046dea"
)

type executorModifier func(*v1alpha1.HourglassExecutor)

// executor is a HourglassExecutor with no more than it must have.
func executor(m ...executorModifier) *v1alpha1.HourglassExecutor {
	e := &v1alpha1.HourglassExecutor{
		ObjectMeta: metav1.ObjectMeta{Name: "ex", Namespace: "ns", UID: executorUID, Generation: 2},
		Spec: v1alpha1.HourglassExecutorSpec{
			Image: executorImage,
			Config: v1alpha1.HourglassExecutorConfig{
				AggregatorEndpoint: "aggregator.example.com:9090",
				OperatorKeys:       map[string]string{"ecdsa": "0xE", "bls": "0xB"},
				Chains:             []v1alpha1.ChainConfig{{Name: "ethereum", RPC: "https://rpc.example.com", ChainID: 1, TaskMailboxAddress: "0xM"}},
			},
		},
	}
	for _, f := range m {
		f(e)
	}
	return e
}

func inDocker(e *v1alpha1.HourglassExecutor) {
	e.Spec.Config.PerformerMode = v1alpha1.PerformerModeDocker
}

func withReplicas(n int32) executorModifier {
	return func(e *v1alpha1.HourglassExecutor) { e.Spec.Replicas = &n }
}

func withKey(name, value string) executorModifier {
	return func(e *v1alpha1.HourglassExecutor) { e.Spec.Config.OperatorKeys[name] = value }
}

func withLogLevel(l string) executorModifier {
	return func(e *v1alpha1.HourglassExecutor) { e.Spec.Config.LogLevel = l }
}

func withExecutorImage(image string) executorModifier {
	return func(e *v1alpha1.HourglassExecutor) { e.Spec.Image = image }
}

func deletedExecutor(e *v1alpha1.HourglassExecutor) {
	e.DeletionTimestamp = &metav1.Time{Time: t0}
}

// rendered are the objects of an executor.
func rendered(t *testing.T, e *v1alpha1.HourglassExecutor) ExecutorObjects {
	t.Helper()
	o, err := Executor(e, Secrets{})
	if err != nil {
		t.Fatalf("Executor(...): %v", err)
	}
	return o
}

// standing are the objects of an executor as the cluster holds them since t0,
// with what others add to objects that they do not own.
func standing(t *testing.T, e *v1alpha1.HourglassExecutor) ExecutorObjects {
	t.Helper()
	o := rendered(t, e)
	for _, x := range o.Objects() {
		labels := maps.Clone(x.GetLabels())
		labels["team"] = "avs"
		x.SetLabels(labels)
		x.GetAnnotations()["example.com/note"] = "kept"
	}
	o.Deployment.Annotations[AnnotationConfigUpdated] = "2026-01-02T03:00:00Z"
	o.Deployment.Annotations["deployment.kubernetes.io/revision"] = "3"
	return o
}

// after are the objects found once the steps were taken.
func after(t *testing.T, found ExecutorObjects, steps []Step) ExecutorObjects {
	t.Helper()
	for _, s := range steps {
		putKind(t, &found, s.Kind, s.Object)
	}
	return found
}

// putKind sets the object of a kind, or drops it where there is none to set.
func putKind(t *testing.T, o *ExecutorObjects, kind string, x Object) {
	t.Helper()
	switch kind {
	case "ServiceAccount":
		put(&o.ServiceAccount, x)
	case "Role":
		put(&o.Role, x)
	case "RoleBinding":
		put(&o.RoleBinding, x)
	case "ConfigMap":
		put(&o.ConfigMap, x)
	case "Secret":
		put(&o.Secret, x)
	case "Service":
		put(&o.Service, x)
	case "Deployment":
		put(&o.Deployment, x)
	default:
		t.Fatalf("a step of an unknown kind: %s", kind)
	}
}

// put sets a field to an object, or to nil.
func put[T any](field **T, x Object) {
	*field = nil
	if found, ok := any(x).(*T); ok {
		*field = found
	}
}

// A taken step is a step in short: kind, remedy, name and the fields in which
// its object differed.
type taken struct {
	Kind   string
	Remedy Remedy
	Name   string
	Words  string
}

func inShort(t *testing.T, steps []Step) []taken {
	t.Helper()
	var out []taken
	for _, s := range steps {
		o := s.Object
		if s.Remedy == RemedyDelete {
			o = s.Found
		}
		m, err := meta.Accessor(o)
		if err != nil {
			t.Fatalf("a %s step for a %s has no object: %v", s.Remedy, s.Kind, err)
		}
		out = append(out, taken{Kind: s.Kind, Remedy: s.Remedy, Name: m.GetNamespace() + "/" + m.GetName(), Words: Words(s.Differences)})
	}
	return out
}

// applied is the record of what shaped a Deployment's Pods.
func applied(d *appsv1.Deployment) Applied { return ParseApplied(d.Annotations[AnnotationApplied]) }
