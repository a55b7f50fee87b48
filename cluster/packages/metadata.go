// SPDX-License-Identifier: Apache-2.0

package packages

import (
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/mod/semver"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	pkgmetav1 "github.com/crossplane/crossplane/apis/v2/pkg/meta/v1"
)

const (
	// Placeholder stands in the repository's files for the registry that packages are pushed to.
	Placeholder = "registry.example.org/hourglass"

	// iconURI is the annotation that holds a package's icon. Package files have no other place for one.
	iconURI = "meta.crossplane.io/iconURI"

	// source is where the project lives.
	source = "https://github.com/crossplane-contrib/provider-hourglass"
)

// metadata is a crossplane.yaml of whichever kind: Provider, Function and Configuration have the same fields.
type metadata struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Spec pkgmetav1.MetaSpec `json:"spec"`
}

// publish returns a crossplane.yaml as it is published: with the icon, and depending on the packages of the same version
// in the same registry.
func publish(crossplaneYAML, icon []byte, o Options) ([]byte, error) {
	m := metadata{}
	if err := yaml.UnmarshalStrict(crossplaneYAML, &m); err != nil {
		return nil, err
	}
	if m.Annotations == nil {
		m.Annotations = map[string]string{}
	}
	m.Annotations[iconURI] = "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(icon)
	for i, d := range m.Spec.DependsOn {
		if d.Package == nil {
			return nil, fmt.Errorf("spec.dependsOn[%d] must have apiVersion, kind and package", i)
		}
		if repository, ours := strings.CutPrefix(*d.Package, Placeholder+"/"); ours {
			m.Spec.DependsOn[i].Package = new(o.Registry + "/" + repository)
			m.Spec.DependsOn[i].Version = constraint(o.Version)
		}
	}
	return yaml.Marshal(m)
}

// constraint that a package of this version puts on the others. A release goes with every compatible release that is not
// older. A version between releases goes with its own only: as git describes it, v0.1.0-3-gabc1234 is newer than v0.1.0,
// but semantic versioning says that it is older, and of several such commits any may count as the newest.
func constraint(version string) string {
	if semver.Prerelease(version) != "" {
		return "=" + version
	}
	return "^" + version
}
