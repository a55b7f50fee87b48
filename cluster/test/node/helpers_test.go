// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/cluster/node"
	"github.com/crossplane-contrib/provider-hourglass/cluster/test/plane"
)

// namespace makes a namespace for one test, or skips the test where there is no
// node.
func namespace(t *testing.T) string {
	t.Helper()
	if missing != "" {
		t.Skip(missing)
	}
	return hub.Namespace(t)
}

// image pushes one that holds the test's performer, and returns its reference.
func image(t *testing.T, tag string, environment ...string) string {
	t.Helper()
	ref, err := node.Push(t.Context(), "performer", tag, node.Image{Binary: binary("performer"), Environment: environment})
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// newPerformer is a Performer with an image.
func newPerformer(ns, name, image string) *v1alpha1.Performer {
	return plane.NewPerformer(ns, name, func(p *v1alpha1.Performer) { p.Spec.Image = image })
}

// logs are what a Performer has written since its container started last.
func logs(t *testing.T, p *v1alpha1.Performer) string {
	t.Helper()
	out, err := hub.Cluster.Kubectl(t.Context(), "--namespace", p.Namespace, "logs", "performer-"+p.Name)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// health asks for the health of what serves at an endpoint.
func health(t *testing.T, endpoint string) (healthv1.HealthCheckResponse_ServingStatus, error) {
	t.Helper()
	conn, err := grpc.NewClient("dns:///"+endpoint, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatalf("cannot reach %s: %v", endpoint, err)
	}
	defer conn.Close() //nolint:errcheck // The answer is there, or the error.
	r, err := healthv1.NewHealthClient(conn).Check(t.Context(), &healthv1.HealthCheckRequest{})
	return r.GetStatus(), err
}

// awaitServing waits until a Performer says at its endpoint that it serves:
// kube-proxy and the name server learn of it on their own.
func awaitServing(t *testing.T, p *v1alpha1.Performer) {
	t.Helper()
	plane.Eventually(t, p.Status.GRPCEndpoint+" says SERVING", func(context.Context) (bool, string) {
		s, err := health(t, p.Status.GRPCEndpoint)
		if err != nil {
			return false, err.Error()
		}
		return s == healthv1.HealthCheckResponse_SERVING, s.String()
	})
}

// processes counts those of a Pod, by their cgroups.
func processes(t *testing.T, pod types.UID) int {
	t.Helper()
	groups, err := filepath.Glob("/proc/[0-9]*/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, g := range groups {
		// One that has ended since has none.
		if data, err := os.ReadFile(g); err == nil && strings.Contains(string(data), "pod"+string(pod)) {
			n++
		}
	}
	return n
}
