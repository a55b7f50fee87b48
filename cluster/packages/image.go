// SPDX-License-Identifier: Apache-2.0

package packages

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// user that runs in an image, as in distroless images: it is nobody on a node, and not root.
const user = "65532"

// epoch is the time of all that is built, so that an image depends on the source alone.
var epoch = time.Unix(0, 0).UTC()

// image builds the image of what a part runs and returns its file, which container engines can load.
func (p part) image(ctx context.Context, o Options, arch string) (string, error) {
	binary, err := p.binary(ctx, o, arch)
	if err != nil {
		return "", err
	}
	img, err := p.assemble(o, arch, binary)
	if err != nil {
		return "", fmt.Errorf("cannot make the image of the %s: %w", p.name, err)
	}
	tag, err := name.NewTag("localhost/"+p.repository()+":"+o.Version+"-"+arch, name.StrictValidation)
	if err != nil {
		return "", fmt.Errorf("cannot name the image of the %s: %w", p.name, err)
	}
	file := o.path("images", p.name+"-"+arch+".tar")
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		return "", fmt.Errorf("cannot make the folder of the images: %w", err)
	}
	if err := tarball.WriteToFile(file, tag, img); err != nil {
		return "", fmt.Errorf("cannot write the image of the %s: %w", p.name, err)
	}
	return file, nil
}

// assemble an image of one layer around a binary.
func (p part) assemble(o Options, arch, binary string) (v1.Image, error) {
	layer, err := p.layer(binary)
	if err != nil {
		return nil, err
	}
	created := v1.Time{Time: epoch}
	img, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{
		Architecture: arch,
		OS:           "linux",
		Created:      created,
		RootFS:       v1.RootFS{Type: "layers"},
		Config: v1.Config{
			User:       user + ":" + user,
			Entrypoint: []string{"/" + p.name},
			WorkingDir: "/",
			Labels: map[string]string{
				"org.opencontainers.image.title":    p.title,
				"org.opencontainers.image.version":  o.Version,
				"org.opencontainers.image.licenses": "Apache-2.0",
				"org.opencontainers.image.source":   source,
			},
		},
	})
	if err != nil {
		return nil, err
	}
	return mutate.Append(img, mutate.Addendum{
		Layer:   layer,
		History: v1.History{Created: created, CreatedBy: "provider-hourglass cluster/packages", Comment: "a static binary and the certificates that it trusts"},
	})
}
