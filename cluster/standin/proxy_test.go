// SPDX-License-Identifier: Apache-2.0

package standin

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
)

// listening are the ports of Pods by name.
type listening map[string]int

func (l listening) port(pod types.NamespacedName) int { return l[pod.Name] }

// functionObjects are a function's Service and two Pods of it, and a Pod of another.
func functionObjects() []client.Object {
	ours, other := map[string]string{labelFunction: "ours"}, map[string]string{labelFunction: "other"}
	pod := func(name string, labels map[string]string) client.Object {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "system", Name: name, Labels: labels}}
	}
	return []client.Object{
		&corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "system", Name: "ours"}, Spec: corev1.ServiceSpec{Selector: ours}},
		pod("ours-1", ours), pod("ours-2", ours), pod("other-1", other),
	}
}

func TestResolve(t *testing.T) {
	cases := map[string]struct {
		reason  string
		host    string
		ports   listening
		address string
		err     string
	}{
		"Running": {
			reason:  "The Pod of the Service whose process runs is taken.",
			host:    "ours.system:9443",
			ports:   listening{"ours-2": 2, "other-1": 3},
			address: "127.0.0.1:2",
		},
		"Long": {
			reason:  "A Service has longer names too.",
			host:    "ours.system.svc.cluster.local:9443",
			ports:   listening{"ours-1": 1},
			address: "127.0.0.1:1",
		},
		"None": {
			reason: "That no process runs is said.",
			host:   "ours.system:9443",
			ports:  listening{"other-1": 3},
			err:    "no Pod of Service ours runs",
		},
		"Unknown": {
			reason: "That there is no such Service is said.",
			host:   "example.com:443",
			err:    "cannot find the Service that example.com means: services \"example\" not found",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			p := &proxy{client: fake.NewClientBuilder().WithObjects(functionObjects()...).Build(), ports: tc.ports}
			address, err := p.resolve(t.Context(), tc.host)
			if got := words(err); address != tc.address || got != tc.err {
				t.Errorf("\n%s\nresolve(%s): want %q and error %q, got %q and %q", tc.reason, tc.host, tc.address, tc.err, address, got)
			}
		})
	}
}

func words(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestConnect talks through the proxy to a process, as Crossplane does to a function.
func TestConnect(t *testing.T) {
	function := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "I am the function") }))
	defer function.Close()
	port := function.Listener.Addr().(*net.TCPAddr).Port
	relay := httptest.NewServer(&proxy{
		client: fake.NewClientBuilder().WithObjects(functionObjects()...).Build(),
		ports:  listening{"ours-1": port},
	})
	defer relay.Close()

	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", relay.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // The test is over.
	if _, err := io.WriteString(conn, "CONNECT ours.system:9443 HTTP/1.1\r\nHost: ours.system:9443\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	answer, err := http.ReadResponse(r, &http.Request{Method: http.MethodConnect}) //nolint:bodyclose // It has none.
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("the proxy must connect, it says %v, %v", answer, err)
	}
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: ours\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	answer, err = http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // It is only read.
	body, err := io.ReadAll(answer.Body)
	if err != nil || !strings.Contains(string(body), "I am the function") {
		t.Errorf("what the function says must come through, got %q, %v", body, err)
	}
}
