// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"google.golang.org/grpc"

	"github.com/crossplane/function-sdk-go"
	"github.com/crossplane/function-sdk-go/logging"
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	fnv1beta1 "github.com/crossplane/function-sdk-go/proto/v1beta1"

	"github.com/crossplane-contrib/provider-hourglass/internal/version"
)

// callsAtOnce is how many calls of one client are received at once. Crossplane has
// one connection to a function; its further calls wait on its own side, where a
// request is not yet in this process's memory several times over. More calls at
// once would not be answered earlier: answering is all computation.
const callsAtOnce = 32

// What a call makes is garbage as soon as it is answered, many times what stays. So
// garbage may grow to so many percent of what stays before it is collected, but not
// beyond what a few calls of the largest size need. The environment variables GOGC
// and GOMEMLIMIT say otherwise.
const (
	garbagePercent = 400
	memoryLimit    = 512 << 20
)

// serve is the command that serves the function.
type serve struct {
	Debug bool `help:"Log at debug level." short:"d"`

	Network     string `default:"tcp"   help:"The network to listen on."`
	Address     string `default:":9443" help:"The address to listen at."`
	TLSCertsDir string `env:"TLS_SERVER_CERTS_DIR" help:"The folder with the server's certificate (tls.crt, tls.key) and the certificate authority that clients must have (ca.crt)."`
	Insecure    bool   `help:"Serve without TLS. This is for trying things out: Crossplane itself always uses TLS."`

	// A request holds more than the response that is limited: what is observed, and
	// pools. What is larger than the limit fails without a sentence of ours.
	MaxRecvMessageSize int `default:"16" help:"How large a request may be, in MiB."`
}

// Run serves until it is asked to stop, and then answers what it has received.
func (c *serve) Run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	letGarbageGrow()
	log, err := function.NewLogger(c.Debug)
	if err != nil {
		return fmt.Errorf("cannot create a logger: %w", err)
	}
	server, err := c.server(log)
	if err != nil {
		return err
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, c.Network, c.Address)
	if err != nil {
		return fmt.Errorf("cannot listen at %s: %w", c.Address, err)
	}
	context.AfterFunc(ctx, server.GracefulStop)
	log.Info("Serving", "version", version.Version, "address", listener.Addr().String())
	if err := server.Serve(listener); err != nil {
		return fmt.Errorf("cannot serve: %w", err)
	}
	return nil
}

// letGarbageGrow tells the garbage collector, where the environment does not.
func letGarbageGrow() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}

// server returns a server of the function, in both versions of its protocol. The
// SDK's own cannot be told how many calls to take at once.
func (c *serve) server(log logging.Logger) (*grpc.Server, error) {
	o := &function.ServeOptions{}
	for _, option := range []function.ServeOption{function.MTLSCertificates(c.TLSCertsDir), function.Insecure(c.Insecure)} {
		if err := option(o); err != nil {
			return nil, fmt.Errorf("cannot set up TLS: %w", err)
		}
	}
	if o.Credentials == nil {
		return nil, errors.New("there are no certificates to serve with: set --tls-certs-dir, or --insecure to try things out")
	}
	server := grpc.NewServer(
		grpc.Creds(o.Credentials),
		grpc.MaxConcurrentStreams(callsAtOnce),
		grpc.MaxRecvMsgSize(c.MaxRecvMessageSize<<20),
	)
	f := &Function{log: log}
	fnv1.RegisterFunctionRunnerServiceServer(server, f)
	fnv1beta1.RegisterFunctionRunnerServiceServer(server, function.ServeBeta(f))
	return server, nil
}
