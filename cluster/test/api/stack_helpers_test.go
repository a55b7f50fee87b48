// SPDX-License-Identifier: Apache-2.0

package api

import (
	"fmt"
	"os"
	"path/filepath"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"

	"github.com/crossplane/crossplane-runtime/v2/pkg/xcrd"
	xpextv1 "github.com/crossplane/crossplane/apis/v2/apiextensions/v1"
)

// stackCRDs returns the CRDs that Crossplane makes of the Configuration's definitions.
func stackCRDs(root string) ([]*apiextensionsv1.CustomResourceDefinition, error) {
	files, err := filepath.Glob(filepath.Join(root, "package", "configuration", "definitions", "*.yaml"))
	if err != nil {
		return nil, err
	}
	var crds []*apiextensionsv1.CustomResourceDefinition
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		xrd := &xpextv1.CompositeResourceDefinition{}
		if err := yaml.UnmarshalStrict(data, xrd); err != nil {
			return nil, fmt.Errorf("cannot read %s: %w", file, err)
		}
		xrd.SetUID("of-the-definition") // The CRDs are owned by the object that Crossplane has read.
		crd, err := xcrd.ForCompositeResource(xrd)
		if err != nil {
			return nil, err
		}
		crds = append(crds, crd)
		if xrd.Spec.ClaimNames == nil {
			continue
		}
		claim, err := xcrd.ForCompositeResourceClaim(xrd)
		if err != nil {
			return nil, err
		}
		crds = append(crds, claim)
	}
	return crds, nil
}
