// SPDX-License-Identifier: Apache-2.0

// Package standin runs, as processes of this machine, what the simulated Pods of Crossplane's packages would run: it takes
// the image from a registry, the ServiceAccount's token, Secrets and environment from the cluster, as a kubelet would. It
// serves that registry, and a proxy through which Crossplane reaches functions by the names of their Services.
package standin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-containerregistry/pkg/registry"
	"k8s.io/client-go/tools/clientcmd"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

// ReadyPath is the path at which the registry answers from the start.
const ReadyPath = "/v2/"

// Options say for which cluster to stand in, and where to listen.
type Options struct {
	// Kubeconfig of an administrator of the cluster.
	Kubeconfig string

	// Namespace whose Pods are run.
	Namespace string

	// Dir holds what the Pods' processes need and write.
	Dir string

	// Registry and Proxy are the addresses to listen at, HOST:PORT.
	Registry, Proxy string
}

// Serve stands in until the context ends, and then ends the processes that it has started.
func Serve(ctx context.Context, o Options) error {
	cfg, err := clientcmd.BuildConfigFromFlags("", o.Kubeconfig)
	if err != nil {
		return fmt.Errorf("cannot read the cluster's kubeconfig: %w", err)
	}
	blobs := filepath.Join(o.Dir, "blobs")
	if err := os.MkdirAll(blobs, 0o750); err != nil {
		return fmt.Errorf("cannot make a folder for Pods: %w", err)
	}
	ctrl.SetLogger(logr.Discard())
	mgr, err := ctrl.NewManager(cfg, ctrl.Options{
		Cache:   cache.Options{DefaultNamespaces: map[string]cache.Config{o.Namespace: {}}},
		Metrics: metricsserver.Options{BindAddress: "0"},
	})
	if err != nil {
		return fmt.Errorf("cannot connect to the cluster: %w", err)
	}
	k := newKubelet(mgr.GetClient(), cfg, o.Dir)
	if err := k.setup(mgr); err != nil {
		return err
	}
	images := registry.New(
		registry.WithBlobHandler(registry.NewDiskBlobHandler(blobs)),
		registry.Logger(log.New(io.Discard, "", 0)))
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	for address, handler := range map[string]http.Handler{o.Registry: images, o.Proxy: &proxy{client: mgr.GetClient(), ports: k}} {
		if err := listen(ctx, cancel, address, handler); err != nil {
			return err
		}
	}
	err = mgr.Start(ctx)
	k.stopAll()
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return err
}

// listen serves at an address until the context ends, which it does itself when serving fails.
func listen(ctx context.Context, cancel context.CancelCauseFunc, address string, h http.Handler) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("cannot listen at %s: %w", address, err)
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	context.AfterFunc(ctx, func() { _ = s.Close() })
	go func() {
		if err := s.Serve(l); ctx.Err() == nil {
			cancel(fmt.Errorf("cannot serve at %s: %w", address, err))
		}
	}()
	return nil
}
