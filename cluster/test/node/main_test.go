// SPDX-License-Identifier: Apache-2.0

// Package node tests the provider with a node that is not simulated: kubelet
// and containerd run the Performers' containers on this machine.
package node

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/crossplane-contrib/provider-hourglass/cluster/local"
	"github.com/crossplane-contrib/provider-hourglass/cluster/node"
	"github.com/crossplane-contrib/provider-hourglass/cluster/test/plane"
)

// setupWithin bounds the start of the control plane and the node; the first
// build of their binaries takes minutes.
const setupWithin = 40 * time.Minute

var (
	// hub is the control plane that all tests share.
	hub *plane.Hub

	// missing says why there is none.
	missing string
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if missing = node.Missing(); missing != "" {
		say("skipped: " + missing)
		return m.Run()
	}
	ctx, cancel := context.WithTimeout(context.Background(), setupWithin)
	defer cancel()
	code, err := node.Isolate(
		func() error { return prepare(ctx) },
		func() int { return inside(ctx, m) },
	)
	if err != nil {
		fmt.Fprintln(os.Stderr, "cannot run a node:", err)
		return 1
	}
	return code
}

func say(sentence string) { fmt.Println(sentence) }

// commands of ours that the tests run.
var commands = []string{"cmd/provider", "cluster/images/pause", "cluster/images/performer"}

// prepare fills Go's caches while there is a network: what is built from them
// inside ends with the node.
func prepare(ctx context.Context) error {
	if _, err := install(ctx); err != nil {
		return err
	}
	if _, err := local.InstallCrossplane(ctx, say); err != nil {
		return err
	}
	return plane.Compile(ctx, append(commands, "fn")...)
}

func install(ctx context.Context) (node.Binaries, error) {
	b := node.Binaries{Pause: binary("pause")}
	var err error
	if b.Control, err = local.Install(ctx, say); err != nil {
		return b, err
	}
	b.Node, err = local.InstallNode(ctx, say)
	return b, err
}

// binaries is the folder that our commands are built into.
var binaries = filepath.Join(node.Dir, "bin")

func binary(name string) string { return filepath.Join(binaries, name) }

// inside runs the tests where the node is.
func inside(ctx context.Context, m *testing.M) int {
	if err := start(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "cannot start the control plane and its node:", err)
		return 1
	}
	code := m.Run()
	if code != 0 {
		fmt.Fprintln(os.Stderr, "the end of the provider's log:\n"+hub.Provider.Tail())
		fmt.Fprintln(os.Stderr, "the ends of the node's logs:\n"+node.Logs())
	}
	return code
}

func start(ctx context.Context) error {
	b, err := install(ctx)
	if err != nil {
		return err
	}
	for _, command := range commands {
		if _, err := plane.Build(ctx, binaries, command); err != nil {
			return err
		}
	}
	say("starting a control plane and a real node")
	cluster, err := node.Start(ctx, b, say)
	if err != nil {
		return err
	}
	if hub, err = plane.New(cluster); err != nil {
		return err
	}
	if err := hub.Define(ctx); err != nil {
		return err
	}
	return hub.StartProvider(ctx, binary("provider"), cluster.Kubeconfig)
}
