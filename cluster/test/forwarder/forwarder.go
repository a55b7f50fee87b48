// SPDX-License-Identifier: Apache-2.0

// Package forwarder is a piece of network between a client and a server on loopback that can be cut.
package forwarder

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// dialWithin is how long the server may take to accept a connection.
const dialWithin = 10 * time.Second

// A Forwarder copies bytes between whoever connects and a server, as long as it is not told otherwise.
type Forwarder struct {
	// Address that it listens at, HOST:PORT.
	Address string

	server string

	mu       sync.Mutex
	listener net.Listener  // Nil while it refuses.
	passing  chan struct{} // Closed unless it swallows.
	open     map[*connection]struct{}
	opened   int
}

// New starts a forwarder to a server, HOST:PORT. Refuse ends it.
func New(ctx context.Context, server string) (*Forwarder, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("cannot listen on loopback: %w", err)
	}
	f := &Forwarder{
		Address: l.Addr().String(), server: server,
		listener: l, passing: make(chan struct{}), open: map[*connection]struct{}{},
	}
	close(f.passing)
	go f.serve(l)
	return f, nil
}

// Pass has bytes pass again, at the same address. What was swallowed and not given up arrives now.
func (f *Forwarder) Pass(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.swallows() {
		close(f.passing)
	}
	if f.listener != nil {
		return nil
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", f.Address)
	if err != nil {
		return fmt.Errorf("cannot listen at %s again: %w", f.Address, err)
	}
	f.listener = l
	go f.serve(l)
	return nil
}

// Refuse resets all connections and takes no new ones: nothing listens any more.
func (f *Forwarder) Refuse() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.listener != nil {
		_ = f.listener.Close() // It only listens.
		f.listener = nil
	}
	for c := range f.open {
		c.reset()
	}
	clear(f.open)
}

// Swallow keeps all connections and takes new ones, and lets no byte through either way.
func (f *Forwarder) Swallow() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.swallows() {
		f.passing = make(chan struct{})
	}
}

// Connections are how many are open now, and how many ever were opened.
func (f *Forwarder) Connections() (open, opened int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.open), f.opened
}

func (f *Forwarder) swallows() bool {
	select {
	case <-f.passing:
		return false
	default:
		return true
	}
}

func (f *Forwarder) serve(l net.Listener) {
	for {
		client, err := l.Accept()
		if err != nil {
			return // It was closed.
		}
		go f.forward(l, client)
	}
}

// forward copies both ways until one side has gone.
func (f *Forwarder) forward(l net.Listener, client net.Conn) {
	c := &connection{ends: []net.Conn{client}, ended: make(chan struct{})}
	defer c.reset()
	if !f.add(l, c) {
		return
	}
	defer f.remove(c)
	if !f.await(c) {
		return
	}
	server, err := net.DialTimeout("tcp", f.server, dialWithin) //nolint:noctx // It does not wait long.
	if err != nil || !c.join(server) {
		return // Who asked for it sees a reset, as of a server behind a load balancer.
	}
	go func() {
		_, _ = io.Copy(gated{client, f, c}, server) // That it ends is all that matters.
		c.close()
	}()
	_, _ = io.Copy(gated{server, f, c}, client)
	c.close()
}

// add a connection, unless its listener was closed meanwhile.
func (f *Forwarder) add(l net.Listener, c *connection) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.listener != l {
		return false
	}
	f.open[c] = struct{}{}
	f.opened++
	return true
}

func (f *Forwarder) remove(c *connection) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.open, c)
}

// await returns when bytes of a connection may pass, and says whether it is still there.
func (f *Forwarder) await(c *connection) bool {
	f.mu.Lock()
	passing := f.passing
	f.mu.Unlock()
	select {
	case <-passing:
		return true
	case <-c.ended:
		return false
	}
}

// gated is an end of a connection that is written to only while bytes pass.
type gated struct {
	net.Conn

	forwarder  *Forwarder
	connection *connection
}

func (g gated) Write(b []byte) (int, error) {
	if !g.forwarder.await(g.connection) {
		return 0, net.ErrClosed
	}
	return g.Conn.Write(b)
}

// A connection has one end, and then two.
type connection struct {
	mu    sync.Mutex
	ends  []net.Conn
	ended chan struct{}
}

// join adds the other end, unless the connection has ended, which ends that one too.
func (c *connection) join(end net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.ended:
		_ = end.Close()
		return false
	default:
		c.ends = append(c.ends, end)
		return true
	}
}

// close ends the connection in order, once.
func (c *connection) close() { c.end(func(net.Conn) {}) }

// reset ends the connection so that both sides see that something is wrong, unless it has ended.
func (c *connection) reset() {
	c.end(func(end net.Conn) {
		if tcp, ok := end.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // It ends either way.
		}
	})
}

func (c *connection) end(before func(net.Conn)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.ended:
		return
	default:
	}
	close(c.ended)
	for _, end := range c.ends {
		before(end)
		_ = end.Close() // The peer may have gone.
	}
}
