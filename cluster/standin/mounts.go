// SPDX-License-Identifier: Apache-2.0

package standin

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// tokenSeconds is how long a ServiceAccount's token is good for: longer than a local cluster is used.
const tokenSeconds = 7 * 24 * 3600

// mounts are folders of this machine by the path that a container has them at.
type mounts map[string]string

// mount writes the Secrets that a Pod's container mounts into folders.
func (k *kubelet) mount(ctx context.Context, pod *corev1.Pod, dir string) (mounts, error) {
	secrets := map[string]string{}
	for _, v := range pod.Spec.Volumes {
		if v.Secret != nil {
			secrets[v.Name] = v.Secret.SecretName
		}
	}
	m := mounts{}
	for _, v := range pod.Spec.Containers[0].VolumeMounts {
		name, ok := secrets[v.Name]
		if !ok {
			continue // A volume of another kind, such as the token that the kubeconfig stands for.
		}
		folder := filepath.Join(dir, v.Name)
		if err := k.writeSecret(ctx, client.ObjectKey{Namespace: pod.Namespace, Name: name}, folder); err != nil {
			return nil, err
		}
		m[v.MountPath] = folder
	}
	return m, nil
}

func (k *kubelet) writeSecret(ctx context.Context, key client.ObjectKey, folder string) error {
	s := &corev1.Secret{}
	if err := k.client.Get(ctx, key, s); err != nil {
		return fmt.Errorf("cannot mount Secret %s: %w", key.Name, err)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("cannot mount Secret %s: %w", key.Name, err)
	}
	for name, data := range s.Data {
		if err := os.WriteFile(filepath.Join(folder, filepath.Base(name)), data, 0o600); err != nil {
			return fmt.Errorf("cannot mount Secret %s: %w", key.Name, err)
		}
	}
	return nil
}

// kubeconfig writes one that authenticates as the Pod's ServiceAccount and returns its path. It stands for what a Pod
// finds in /var/run/secrets.
func (k *kubelet) kubeconfig(ctx context.Context, pod *corev1.Pod, dir string) (string, error) {
	sa := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Spec.ServiceAccountName}}
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: new(int64(tokenSeconds))}}
	if err := k.client.SubResource("token").Create(ctx, sa, request); err != nil {
		return "", fmt.Errorf("cannot get a token of ServiceAccount %s: %w", sa.Name, err)
	}
	cfg := clientcmdapi.NewConfig()
	cfg.Clusters["local"] = &clientcmdapi.Cluster{Server: k.api.Host, CertificateAuthorityData: k.api.CAData}
	cfg.AuthInfos["local"] = &clientcmdapi.AuthInfo{Token: request.Status.Token}
	cfg.Contexts["local"] = &clientcmdapi.Context{Cluster: "local", AuthInfo: "local", Namespace: pod.Namespace}
	cfg.CurrentContext = "local"
	path := filepath.Join(dir, "kubeconfig")
	if err := clientcmd.WriteToFile(*cfg, path); err != nil {
		return "", fmt.Errorf("cannot write a kubeconfig: %w", err)
	}
	return path, nil
}

// environment returns what a container's process has in its environment. Paths in what the container mounts become paths
// of this machine.
func environment(pod *corev1.Pod, c corev1.Container, env []string, m mounts) ([]string, error) {
	for _, e := range c.Env {
		value := e.Value
		if e.ValueFrom != nil {
			var err error
			if value, err = field(pod, e); err != nil {
				return nil, err
			}
		}
		if folder, ok := m[strings.TrimSuffix(value, "/")]; ok {
			value = folder
		}
		env = append(env, e.Name+"="+value)
	}
	return env, nil
}

// field returns the field of a Pod that a variable refers to.
func field(pod *corev1.Pod, e corev1.EnvVar) (string, error) {
	path := ""
	if e.ValueFrom.FieldRef != nil {
		path = e.ValueFrom.FieldRef.FieldPath
	}
	if label, ok := strings.CutPrefix(path, "metadata.labels['"); ok {
		return pod.Labels[strings.TrimSuffix(label, "']")], nil
	}
	switch path {
	case "metadata.namespace":
		return pod.Namespace, nil
	case "metadata.name":
		return pod.Name, nil
	case "status.podIP":
		return "127.0.0.1", nil
	}
	return "", fmt.Errorf("cannot set the variable %s: only a Pod's name, namespace, IP and labels can be referred to here", e.Name)
}
