// SPDX-License-Identifier: Apache-2.0

// Command performer is the least that a performer can be: it serves the gRPC health service, and nothing else. The tests
// with a real node run it.
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"github.com/alecthomas/kong"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
)

// flags of the command.
type flags struct {
	Port    int    `default:"9090"  help:"Where the health service is served."`
	Release string `default:"v0"    env:"RELEASE"                              help:"What to call itself."`
	Crash   bool   `default:"false" env:"CRASH"                                help:"End with an error instead of serving."`
}

func main() {
	f := flags{}
	k := kong.Parse(&f, kong.Name("performer"), kong.Description("A performer that serves its health."))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	k.FatalIfErrorf(f.run(ctx))
}

// run serves until ctx ends.
func (f flags) run(ctx context.Context) error {
	fmt.Println("performer", f.Release, "starts")
	if f.Crash {
		return fmt.Errorf("performer %s crashes as it was told to", f.Release)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort("", strconv.Itoa(f.Port)))
	if err != nil {
		return fmt.Errorf("cannot serve: %w", err)
	}
	s := grpc.NewServer()
	healthv1.RegisterHealthServer(s, health.NewServer())
	context.AfterFunc(ctx, s.GracefulStop)
	return s.Serve(listener)
}
