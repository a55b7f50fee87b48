// SPDX-License-Identifier: Apache-2.0

package standin

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// patience is how long who asks for a Service waits for a process, less than a gRPC client waits for a connection.
const patience = 15 * time.Second

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
	address, err := p.await(r.Context(), r.Host)
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
	from, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer from.Close() //nolint:errcheck // The peer has gone.
	if _, err := io.WriteString(from, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	done := make(chan struct{}, 2)
	go copyUntilEnd(to, buffered, done)
	go copyUntilEnd(from, to, done)
	<-done
}

// copyUntilEnd copies until one side has gone: that is all that matters.
func copyUntilEnd(to io.Writer, from io.Reader, done chan<- struct{}) {
	_, _ = io.Copy(to, from)
	done <- struct{}{}
}

// await returns the address of a process that serves a Service when there is one. Who is refused a connection asks again
// later and later, up to minutes.
func (p *proxy) await(ctx context.Context, host string) (address string, err error) {
	_ = wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		address, err = p.resolve(ctx, host)
		return err == nil, nil
	}) // What it waited for tells more.
	return address, err
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
