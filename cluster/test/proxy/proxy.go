// SPDX-License-Identifier: Apache-2.0

// Package proxy stands between a provider and an API server, counts what goes
// through, and can stop the provider between two of its writes.
package proxy

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// A Request is one that went through.
type Request struct {
	// Verb is the Kubernetes verb: get, list, watch, create, update, patch or
	// delete.
	Verb string
	// Path of the URL.
	Path string
}

// String is the verb and the path.
func (r Request) String() string { return r.Verb + " " + r.Path }

// Writes says whether a request changes something of the provider's business:
// leases and events, which it writes on the side, do not count.
func (r Request) Writes() bool {
	if slices.Contains([]string{"get", "list", "watch"}, r.Verb) {
		return false
	}
	return !strings.Contains(r.Path, "/leases/") && !strings.HasSuffix(r.Path, "/leases") && !strings.Contains(r.Path, "/events")
}

// A Proxy in front of an API server, on loopback.
type Proxy struct {
	server   *http.Server
	listener net.Listener

	mu        sync.Mutex
	requests  []Request
	committed func(writes int)
	writes    int
}

// New starts a proxy in front of the API server that cfg leads to. Whoever goes
// through it acts as cfg says.
func New(ctx context.Context, cfg *rest.Config) (*Proxy, error) {
	target, err := url.Parse(cfg.Host)
	if err != nil {
		return nil, fmt.Errorf("cannot parse the API server's address: %w", err)
	}
	transport, err := rest.TransportFor(cfg)
	if err != nil {
		return nil, fmt.Errorf("cannot reach the API server: %w", err)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("cannot listen on loopback: %w", err)
	}
	p := &Proxy{listener: l}
	rp := &httputil.ReverseProxy{
		Transport:      transport,
		FlushInterval:  -1,
		Rewrite:        func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ModifyResponse: p.answered,
		ErrorHandler:   func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	p.server = &http.Server{Handler: rp, ReadHeaderTimeout: time.Minute}
	go p.server.Serve(l) //nolint:errcheck // It ends with Close.
	return p, nil
}

// Close stops the proxy.
func (p *Proxy) Close() error {
	return p.server.Close()
}

// WriteKubeconfig writes a kubeconfig that leads through the proxy.
func (p *Proxy) WriteKubeconfig(path string) error {
	c := clientcmdapi.NewConfig()
	c.Clusters["proxy"] = &clientcmdapi.Cluster{Server: "http://" + p.listener.Addr().String()}
	c.Contexts["proxy"] = &clientcmdapi.Context{Cluster: "proxy"}
	c.CurrentContext = "proxy"
	return clientcmd.WriteToFile(*c, path)
}

// Requests that went through since the last Reset.
func (p *Proxy) Requests() []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.requests)
}

// Reset forgets what went through. From now on, committed is called whenever
// the API server has carried out a write and before the provider learns of it,
// with the number of writes since the Reset; nil calls nothing.
func (p *Proxy) Reset(committed func(writes int)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests, p.writes, p.committed = nil, 0, committed
}

// answered notes a request whose answer is on its way back.
func (p *Proxy) answered(resp *http.Response) error {
	r := Request{Verb: verb(resp.Request), Path: resp.Request.URL.Path}
	p.mu.Lock()
	p.requests = append(p.requests, r)
	call, n := p.committed, 0
	if r.Writes() {
		p.writes++
		n = p.writes
	}
	p.mu.Unlock()
	if n > 0 && call != nil {
		call(n)
	}
	return nil
}

func verb(r *http.Request) string {
	switch r.Method {
	case http.MethodPost:
		return "create"
	case http.MethodPut:
		return "update"
	case http.MethodPatch:
		return "patch"
	case http.MethodDelete:
		return "delete"
	}
	if r.URL.Query().Get("watch") != "" {
		return "watch"
	}
	return "get"
}
