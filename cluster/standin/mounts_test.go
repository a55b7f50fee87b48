// SPDX-License-Identifier: Apache-2.0

package standin

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestEnvironment(t *testing.T) {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Namespace: "crossplane-system", Name: "function-1", Labels: map[string]string{labelFunction: "function-hourglass"},
	}}
	from := func(path string) *corev1.EnvVarSource {
		return &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: path}}
	}

	type want struct {
		env []string
		err string
	}
	cases := map[string]struct {
		reason string
		vars   []corev1.EnvVar
		mounts mounts
		want   want
	}{
		"Image": {
			reason: "What the image sets stays.",
			want:   want{env: []string{"PATH=/bin"}},
		},
		"Mounted": {
			reason: "The path of a mounted Secret is that of its folder here.",
			vars:   []corev1.EnvVar{{Name: "TLS_SERVER_CERTS_DIR", Value: "/tls/server"}, {Name: "OTHER", Value: "/tls"}},
			mounts: mounts{"/tls/server": "/here/tls"},
			want:   want{env: []string{"PATH=/bin", "TLS_SERVER_CERTS_DIR=/here/tls", "OTHER=/tls"}},
		},
		"Fields": {
			reason: "What Crossplane takes from the Pod is there.",
			vars: []corev1.EnvVar{
				{Name: "NAMESPACE", ValueFrom: from("metadata.namespace")},
				{Name: "NAME", ValueFrom: from("metadata.name")},
				{Name: "IP", ValueFrom: from("status.podIP")},
				{Name: "FUNCTION_NAME", ValueFrom: from("metadata.labels['" + labelFunction + "']")},
			},
			want: want{env: []string{
				"PATH=/bin", "NAMESPACE=crossplane-system", "NAME=function-1", "IP=127.0.0.1", "FUNCTION_NAME=function-hourglass",
			}},
		},
		"Unknown": {
			reason: "What cannot be set is said, since the process would not know why it fails.",
			vars:   []corev1.EnvVar{{Name: "NODE", ValueFrom: from("spec.nodeName")}},
			want:   want{err: "cannot set the variable NODE: only a Pod's name, namespace, IP and labels can be referred to here"},
		},
		"Secret": {
			reason: "So is one that is not of a field.",
			vars:   []corev1.EnvVar{{Name: "TOKEN", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{Key: "token"}}}},
			want:   want{err: "cannot set the variable TOKEN: only a Pod's name, namespace, IP and labels can be referred to here"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			env, err := environment(pod, corev1.Container{Env: tc.vars}, []string{"PATH=/bin"}, tc.mounts)
			got := want{env: env}
			if err != nil {
				got.err = err.Error()
			}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\nenvironment(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
