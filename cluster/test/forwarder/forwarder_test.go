// SPDX-License-Identifier: Apache-2.0

package forwarder

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// TestForwarder sends words through a forwarder to a server that says them again, and cuts it in both ways.
func TestForwarder(t *testing.T) {
	f, err := New(t.Context(), echo(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Refuse)

	first := dial(t, f)
	if got, err := first.say("one"); got != "one" || err != nil {
		t.Errorf("bytes must pass at first: got %q, %v", got, err)
	}
	f.Swallow()
	second := dial(t, f)
	for name, c := range map[string]*talk{"an established connection": first, "a new connection": second} {
		if got, err := c.say("swallowed"); got != "" || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s must stay open and silent: got %q, %v", name, got, err)
		}
	}
	if open, opened := f.Connections(); open != 2 || opened != 2 {
		t.Errorf("want 2 connections of 2, got %d of %d", open, opened)
	}
	if err := f.Pass(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]*talk{"an established connection": first, "a new connection": second} {
		if got, err := c.hear(); got != "swallowed" || err != nil {
			t.Errorf("what %s said must arrive: got %q, %v", name, got, err)
		}
	}

	f.Refuse()
	if _, err := first.say("two"); err == nil || errors.Is(err, io.EOF) || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("connections must be reset, got %v", err)
	}
	if c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", f.Address); err == nil {
		t.Errorf("nothing must listen, but %s does", c.RemoteAddr())
	}
	if err := f.Pass(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := dial(t, f).say("three"); got != "three" || err != nil {
		t.Errorf("bytes must pass again: got %q, %v", got, err)
	}
	if open, opened := f.Connections(); open != 1 || opened != 3 {
		t.Errorf("want 1 connection of 3, got %d of %d", open, opened)
	}
}

// echo is the address of a server that says again what it hears.
func echo(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go io.Copy(c, c) //nolint:errcheck // It ends with the connection.
		}
	}()
	return l.Addr().String()
}

// A talk is a connection, line by line.
type talk struct {
	net.Conn

	lines *bufio.Reader
}

func dial(t *testing.T, f *Forwarder) *talk {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", f.Address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return &talk{Conn: c, lines: bufio.NewReader(c)}
}

// say a word, and hear what is answered soon.
func (c *talk) say(word string) (string, error) {
	if _, err := io.WriteString(c, word+"\n"); err != nil {
		return "", err
	}
	return c.hear()
}

func (c *talk) hear() (string, error) {
	if err := c.SetReadDeadline(time.Now().Add(300 * time.Millisecond)); err != nil {
		return "", err
	}
	line, err := c.lines.ReadString('\n')
	if err != nil {
		return "", err
	}
	return line[:len(line)-1], nil
}
