// SPDX-License-Identifier: Apache-2.0

// Package api proves, against a real API server, what the CRDs accept and what they refuse.
package api

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/crossplane-contrib/provider-hourglass/cluster/local"
)

// server is a client of the API server that all tests share. Like kubectl it has unknown and duplicate fields refused.
var server client.Client

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// run runs the tests with an API server that holds the CRDs.
func run(m *testing.M) (code int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
	defer cancel()

	binaries, err := local.Install(ctx, func(sentence string) { fmt.Fprintln(os.Stderr, sentence) })
	if err != nil {
		return 1, fmt.Errorf("cannot test the CRDs without kube-apiserver and etcd: %w", err)
	}
	root, err := local.Root()
	if err != nil {
		return 1, fmt.Errorf("cannot test the CRDs without the folder that holds them: %w", err)
	}

	stacks, err := stackCRDs(root)
	if err != nil {
		return 1, fmt.Errorf("cannot make CRDs of the definitions: %w", err)
	}

	env := &envtest.Environment{
		BinaryAssetsDirectory: binaries.Envtest,
		CRDs:                  stacks,
		CRDDirectoryPaths:     []string{filepath.Join(root, "package", "provider", "crds")},
		ErrorIfCRDPathMissing: true,
	}
	config, err := env.Start()
	defer func() {
		if stopErr := env.Stop(); stopErr != nil && err == nil {
			code, err = 1, fmt.Errorf("cannot stop the API server: %w", stopErr)
		}
	}()
	if err != nil {
		return 1, fmt.Errorf("cannot start an API server that serves the CRDs: %w", err)
	}

	config.QPS = -1 // Without a limit: the tables are long.
	c, err := client.New(config, client.Options{})
	if err != nil {
		return 1, fmt.Errorf("cannot make a client of the API server: %w", err)
	}
	server = client.WithFieldValidation(c, metav1.FieldValidationStrict)
	return m.Run(), nil
}
