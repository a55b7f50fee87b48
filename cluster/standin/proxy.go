// SPDX-License-Identifier: Apache-2.0

package standin

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// ports knows where the Pods' processes listen.
type ports interface {
	// port returns where a Pod's process listens, or 0.
	port(pod types.NamespacedName) int
}

// A proxy connects who asks for SERVICE.NAMESPACE:PORT with the process of a Pod of that Service. Only what is between
// processes of this machine goes through it.
type proxy struct {
	client client.Client
	ports  ports
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		http.Error(w, "this proxy only connects", http.StatusMethodNotAllowed)
		return
	}
	address, err := p.resolve(r.Context(), r.Host)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	to, err := (&net.Dialer{}).DialContext(r.Context(), "tcp", address)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer to.Close() //nolint:errcheck // The peer has gone.
	w.WriteHeader(http.StatusOK)
	from, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer from.Close() //nolint:errcheck // The peer has gone.
	join(from, to)
}

// join copies both ways until one side has ended.
func join(a, b net.Conn) {
	done := make(chan struct{}, 2)
	for _, c := range [][2]net.Conn{{a, b}, {b, a}} {
		go func() {
			_, _ = io.Copy(c[0], c[1]) // Its end is all that matters.
			done <- struct{}{}
		}()
	}
	<-done
}

// resolve returns the address of a process that serves a Service.
func (p *proxy) resolve(ctx context.Context, host string) (string, error) {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		return "", err
	}
	service, namespace, _ := strings.Cut(name, ".")
	namespace, _, _ = strings.Cut(namespace, ".")
	s := &corev1.Service{}
	if err := p.client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: service}, s); err != nil {
		return "", fmt.Errorf("cannot find the Service that %s means: %w", name, err)
	}
	pods := &corev1.PodList{}
	if err := p.client.List(ctx, pods, client.InNamespace(namespace), client.MatchingLabels(s.Spec.Selector)); err != nil {
		return "", fmt.Errorf("cannot list the Pods of Service %s: %w", service, err)
	}
	for _, pod := range pods.Items {
		if port := p.ports.port(client.ObjectKeyFromObject(&pod)); port != 0 {
			return fmt.Sprintf("127.0.0.1:%d", port), nil
		}
	}
	return "", fmt.Errorf("no Pod of Service %s runs", service)
}
