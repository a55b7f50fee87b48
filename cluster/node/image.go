// SPDX-License-Identifier: Apache-2.0

package node

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"runtime"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// An Image holds one static binary.
type Image struct {
	// Binary is the path of the file that becomes the entrypoint.
	Binary string

	// Environment of the entrypoint, as NAME=value.
	Environment []string
}

// quiet keeps the registry from telling of every request.
var quiet = log.New(io.Discard, "", 0)

// serveImages serves a registry on loopback, which is empty, until ctx ends.
func serveImages(ctx context.Context) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", Registry)
	if err != nil {
		return fmt.Errorf("cannot serve images: %w", err)
	}
	server := &http.Server{Handler: registry.New(registry.Logger(quiet)), ReadHeaderTimeout: time.Minute}
	context.AfterFunc(ctx, func() { _ = server.Close() }) // Nobody is left to be told.
	go server.Serve(l)                                    //nolint:errcheck // It ends by being closed.
	return nil
}

// Push makes an image and pushes it to the node's registry as NAME:TAG. It returns the reference to pull it by.
func Push(ctx context.Context, name, tag string, i Image) (string, error) {
	reference := Registry + "/" + name + ":" + tag
	img, err := i.build()
	if err != nil {
		return "", fmt.Errorf("cannot make the image %s: %w", reference, err)
	}
	if err := push(ctx, "http://"+Registry+"/v2/"+name, tag, img); err != nil {
		return "", fmt.Errorf("cannot push the image %s: %w", reference, err)
	}
	return reference, nil
}

// push uploads what an image consists of, and then what it consists in.
func push(ctx context.Context, repository, tag string, img v1.Image) error {
	layers, err := img.Layers()
	if err != nil {
		return err
	}
	config, err := partial.ConfigLayer(img)
	if err != nil {
		return err
	}
	for _, blob := range append(layers, config) {
		digest, err := blob.Digest()
		if err != nil {
			return err
		}
		content, err := blob.Compressed()
		if err != nil {
			return err
		}
		if err := upload(ctx, http.MethodPost, repository+"/blobs/uploads/?digest="+digest.String(), "application/octet-stream", content); err != nil {
			return err
		}
	}
	manifest, err := img.RawManifest()
	if err != nil {
		return err
	}
	kind, err := img.MediaType()
	if err != nil {
		return err
	}
	return upload(ctx, http.MethodPut, repository+"/manifests/"+tag, string(kind), bytes.NewReader(manifest))
}

func upload(ctx context.Context, method, url, kind string, content io.Reader) error {
	req, err := http.NewRequestWithContext(ctx, method, url, content)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", kind)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // Nothing is read from it.
	if resp.StatusCode != http.StatusCreated {
		return fmt.Errorf("%s %s: %s", method, url, resp.Status)
	}
	return nil
}

// entrypoint is the path of the binary in an image.
const entrypoint = "/entrypoint"

// build packs the binary as the only file of the only layer. The same binary yields the same bytes.
func (i Image) build() (v1.Image, error) {
	binary, err := os.ReadFile(i.Binary)
	if err != nil {
		return nil, err
	}
	b := &bytes.Buffer{}
	w := tar.NewWriter(b)
	if err := w.WriteHeader(&tar.Header{Name: entrypoint[1:], Mode: 0o555, Size: int64(len(binary))}); err != nil {
		return nil, err
	}
	if _, err := w.Write(binary); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil },
		tarball.WithCompressionLevel(gzip.BestSpeed))
	if err != nil {
		return nil, err
	}
	return i.configure(layer)
}

// configure makes an image of a layer.
func (i Image) configure(layer v1.Layer) (v1.Image, error) {
	img, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return nil, err
	}
	file, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	file.OS, file.Architecture = "linux", runtime.GOARCH
	file.Config = v1.Config{Entrypoint: []string{entrypoint}, Env: i.Environment}
	return mutate.ConfigFile(img, file)
}
