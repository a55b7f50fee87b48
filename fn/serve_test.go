// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"

	"github.com/crossplane/function-sdk-go/logging"
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	fnv1beta1 "github.com/crossplane/function-sdk-go/proto/v1beta1"
)

// trusting serves without TLS.
var trusting = serve{Insecure: true, MaxRecvMessageSize: 16} //nolint:gochecknoglobals // A constant, but for its type.

// start serves until the test ends, and returns the address.
func start(tb testing.TB, server *grpc.Server) string {
	tb.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("cannot listen: %v", err)
	}
	go func() { _ = server.Serve(listener) }()
	tb.Cleanup(server.Stop)
	return listener.Addr().String()
}

// serving starts the function's own server.
func serving(tb testing.TB, c serve) string {
	tb.Helper()
	server, err := c.server(logging.NewNopLogger())
	if err != nil {
		tb.Fatal(err)
	}
	return start(tb, server)
}

// connect connects to a server until the test ends.
func connect(tb testing.TB, address string, c credentials.TransportCredentials) *grpc.ClientConn {
	tb.Helper()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(c))
	if err != nil {
		tb.Fatalf("cannot connect: %v", err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	return conn
}

// dial returns a client of a server without TLS.
func dial(tb testing.TB, address string) fnv1.FunctionRunnerServiceClient {
	tb.Helper()
	return fnv1.NewFunctionRunnerServiceClient(connect(tb, address, insecure.NewCredentials()))
}

// TestLargeRequest sends more than gRPC receives unless it is told to.
func TestLargeRequest(t *testing.T) {
	req := crowd(t, 2500, 2500)
	rsp, err := dial(t, serving(t, trusting)).RunFunction(t.Context(), req)
	if err != nil {
		t.Fatalf("RunFunction(...) of %d bytes: %v", proto.Size(req), err)
	}
	want := []string{"FATAL : the response would have N MiB, but Crossplane receives 4 MiB at most: the XR has 2500 composed resources, 2500 of them performers; make several of it"}
	if diff := cmp.Diff(want, withoutSize(read(rsp).Results)); diff != "" {
		t.Errorf("RunFunction(...): -want, +got:\n%s", diff)
	}
}

// TestManyCalls calls the server a thousand times at once.
func TestManyCalls(t *testing.T) {
	client, req := dial(t, serving(t, trusting)), fleetOf(t, 5)
	want := bytesOf(t, answer(t, req))
	var calls sync.WaitGroup
	for range 1000 {
		calls.Go(func() {
			rsp, err := client.RunFunction(t.Context(), req)
			if err != nil {
				t.Errorf("RunFunction(...): %v", err)
				return
			}
			if got := bytesOf(t, rsp); !bytes.Equal(want, got) {
				t.Errorf("RunFunction(...): want the same bytes as of a single call, got\n%s", got)
			}
		})
	}
	calls.Wait()
}

// TestBeta calls the server as Crossplane 1.16 does.
func TestBeta(t *testing.T) {
	req, old := fleetOf(t, 5), &fnv1beta1.RunFunctionRequest{}
	if err := proto.Unmarshal(bytesOf(t, req), old); err != nil {
		t.Fatal(err)
	}
	conn := connect(t, serving(t, trusting), insecure.NewCredentials())
	rsp, err := fnv1beta1.NewFunctionRunnerServiceClient(conn).RunFunction(t.Context(), old)
	if err != nil {
		t.Fatalf("RunFunction(...): %v", err)
	}
	if want, got := bytesOf(t, answer(t, req)), bytesOf(t, rsp); !bytes.Equal(want, got) {
		t.Errorf("RunFunction(...): want the same as in the newer version:\n%s\ngot:\n%s", want, got)
	}
}

// TestTLS checks that only who has a certificate of the right authority is served.
func TestTLS(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	folder := t.TempDir()
	ours.write(t, folder)
	address := serving(t, serve{TLSCertsDir: folder, MaxRecvMessageSize: 16})
	cases := map[string]struct {
		reason string
		config *tls.Config
		served bool
	}{
		"Ours":   {reason: "Crossplane has a certificate of the authority.", config: &tls.Config{Certificates: []tls.Certificate{ours.pair}}, served: true},
		"Theirs": {reason: "A certificate of another authority is worth nothing.", config: &tls.Config{Certificates: []tls.Certificate{theirs.pair}}},
		"None":   {reason: "Nor is none.", config: &tls.Config{}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			tc.config.MinVersion, tc.config.ServerName, tc.config.RootCAs = tls.VersionTLS12, "function", x509.NewCertPool()
			tc.config.RootCAs.AddCert(ours.pair.Leaf)
			client := fnv1.NewFunctionRunnerServiceClient(connect(t, address, credentials.NewTLS(tc.config)))
			if _, err := client.RunFunction(t.Context(), fleetOf(t, 1)); (err == nil) != tc.served {
				t.Errorf("%s\nRunFunction(...): %v", tc.reason, err)
			}
		})
	}
}

func TestServerRefuses(t *testing.T) {
	cases := map[string]struct {
		reason string
		serve  serve
		want   string
	}{
		"NoCredentials": {reason: "Nobody serves without TLS by accident.", serve: serve{}, want: "there are no certificates to serve with: set --tls-certs-dir, or --insecure to try things out"},
		"NoFiles":       {reason: "Certificates that are not there are told.", serve: serve{TLSCertsDir: t.TempDir()}, want: "cannot set up TLS: cannot load X509 keypair"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if _, err := tc.serve.server(logging.NewNopLogger()); err == nil || !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("%s\nserver(): want %q, got %v", tc.reason, tc.want, err)
			}
		})
	}
}

// An authority signs its own certificate, and uses it.
type authority struct {
	pair tls.Certificate
	key  []byte
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"function"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return authority{pair: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, key: encoded}
}

// write writes the files that a function is mounted.
func (a authority) write(t *testing.T, folder string) {
	t.Helper()
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.pair.Certificate[0]})
	for name, data := range map[string][]byte{
		"tls.crt": certificate, "ca.crt": certificate, "tls.key": pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: a.key}),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
