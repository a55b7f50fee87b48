// SPDX-License-Identifier: Apache-2.0

package packages

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/Masterminds/semver/v3"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	pkgmetav1 "github.com/crossplane/crossplane/apis/v2/pkg/meta/v1"

	"github.com/crossplane-contrib/provider-hourglass/cluster/local"
)

func TestPublish(t *testing.T) {
	const icon = "data:image/svg+xml;base64,PHN2Zy8+"
	config := func(deps ...pkgmetav1.Dependency) metadata {
		return metadata{
			TypeMeta:   metav1.TypeMeta{APIVersion: "meta.pkg.crossplane.io/v1", Kind: "Configuration"},
			ObjectMeta: metav1.ObjectMeta{Name: "c", Annotations: map[string]string{iconURI: icon}},
			Spec:       pkgmetav1.MetaSpec{DependsOn: deps},
		}
	}
	const head = "apiVersion: meta.pkg.crossplane.io/v1\nkind: Configuration\nmetadata: {name: c}\n"

	cases := map[string]struct {
		reason  string
		in      string
		version string
		want    metadata
		err     string
	}{
		"Ours": {
			reason:  "Our packages are those of the same version, in the registry that this one is pushed to.",
			in:      head + "spec: {dependsOn: [{apiVersion: pkg.crossplane.io/v1, kind: Provider, package: registry.example.org/hourglass/provider-hourglass, version: '*'}]}",
			version: "v0.1.0",
			want: config(pkgmetav1.Dependency{
				APIVersion: new("pkg.crossplane.io/v1"), Kind: new("Provider"),
				Package: new("127.0.0.1:5000/provider-hourglass"), Version: "^v0.1.0",
			}),
		},
		"Others": {
			reason:  "A package of others stays as it is written, even if its name begins the same.",
			in:      head + "spec: {dependsOn: [{apiVersion: pkg.crossplane.io/v1, kind: Function, package: registry.example.org/hourglass-others/f, version: '>=v1.0.0'}]}",
			version: "v0.1.0",
			want: config(pkgmetav1.Dependency{
				APIVersion: new("pkg.crossplane.io/v1"), Kind: new("Function"),
				Package: new("registry.example.org/hourglass-others/f"), Version: ">=v1.0.0",
			}),
		},
		"None": {
			reason:  "A package may depend on nothing.",
			in:      head + "spec: {}",
			version: "v0.1.0",
			want:    config(),
		},
		"OldForm": {
			reason: "A dependency in the form that Crossplane has deprecated would be published unchanged: it is refused.",
			in:     head + "spec: {dependsOn: [{provider: registry.example.org/hourglass/provider-hourglass, version: '*'}]}",
			err:    "spec.dependsOn[0] must have apiVersion, kind and package",
		},
		"Misspelled": {
			reason: "A field that there is not is refused.",
			in:     head + "spec: {dependencies: []}",
			err:    `error unmarshaling JSON: while decoding JSON: json: unknown field "dependencies"`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := publish([]byte(tc.in), []byte("<svg/>"), Options{Registry: "127.0.0.1:5000", Version: tc.version})
			if (err != nil) != (tc.err != "") || err != nil && err.Error() != tc.err {
				t.Fatalf("\n%s\npublish(...): want error %q, got %v", tc.reason, tc.err, err)
			}
			m := metadata{}
			if err := yaml.UnmarshalStrict(got, &m); err != nil {
				t.Fatalf("\n%s\npublish(...) is no metadata: %v", tc.reason, err)
			}
			if diff := cmp.Diff(tc.want, m); diff != "" {
				t.Errorf("\n%s\npublish(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestPublishRepository(t *testing.T) {
	root, err := local.Root()
	if err != nil {
		t.Fatal(err)
	}
	dep := func(kind, name string) pkgmetav1.Dependency {
		return pkgmetav1.Dependency{APIVersion: new("pkg.crossplane.io/v1"), Kind: &kind, Package: new("reg.example.com/a/" + name), Version: "=v1.2.3-rc.1"}
	}
	crossplane := &pkgmetav1.CrossplaneConstraints{Version: ">=v2.0.0-0"}
	want := map[string]pkgmetav1.MetaSpec{
		"provider":      {Crossplane: crossplane, Capabilities: []string{"safe-start"}},
		"function":      {Crossplane: crossplane, Capabilities: []string{"composition"}, DependsOn: []pkgmetav1.Dependency{dep("Provider", "provider-hourglass")}},
		"configuration": {Crossplane: crossplane, DependsOn: []pkgmetav1.Dependency{dep("Provider", "provider-hourglass"), dep("Function", "function-hourglass")}},
	}
	for _, p := range parts {
		t.Run(p.name, func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join(root, p.root, "crossplane.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			data, err := publish(raw, []byte("<svg/>"), Options{Registry: "reg.example.com/a", Version: "v1.2.3-rc.1"})
			if err != nil {
				t.Fatal(err)
			}
			m := metadata{}
			if err := yaml.UnmarshalStrict(data, &m); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(p.repository(), m.Name); diff != "" {
				t.Errorf("a package has the name of its repository: -want, +got:\n%s", diff)
			}
			if diff := cmp.Diff(want[p.name], m.Spec); diff != "" {
				t.Errorf("publish(...): -want, +got:\n%s", diff)
			}
			for _, a := range []string{"maintainer", "source", "license", "description", "readme", "iconURI"} {
				if m.Annotations["meta.crossplane.io/"+a] == "" {
					t.Errorf("package %s must have the annotation meta.crossplane.io/%s", m.Name, a)
				}
			}
		})
	}
}

func TestConstraint(t *testing.T) {
	cases := map[string]struct {
		reason  string
		version string
		takes   []string
		refuses []string
	}{
		"Release": {
			reason:  "A release goes with compatible releases from its own on.",
			version: "v1.2.3",
			takes:   []string{"v1.2.3", "v1.2.4", "v1.9.0"},
			refuses: []string{"v1.2.2", "v2.0.0", "v1.2.4-1-gabc"},
		},
		"BeforeV1": {
			reason:  "Before v1 the minor version says what is compatible.",
			version: "v0.1.0",
			takes:   []string{"v0.1.0", "v0.1.7"},
			refuses: []string{"v0.0.9", "v0.2.0", "v0.1.0-3-gabc", "v1.0.0"},
		},
		"BetweenReleases": {
			reason:  "A commit between releases goes with itself, not with the release before it.",
			version: "v0.1.0-3-gabc",
			takes:   []string{"v0.1.0-3-gabc"},
			refuses: []string{"v0.1.0", "v0.1.0-10-gabc", "v0.1.0-3-gabd", "v0.1.1"},
		},
		"Unset": {
			reason:  "So does a version that nobody has set.",
			version: "v0.0.0-unset",
			takes:   []string{"v0.0.0-unset"},
			refuses: []string{"v0.0.0"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			// Crossplane reads constraints with this package.
			c, err := semver.NewConstraint(constraint(tc.version))
			if err != nil {
				t.Fatalf("\n%s\nconstraint(%s) is none: %v", tc.reason, tc.version, err)
			}
			for _, v := range tc.takes {
				if !c.Check(semver.MustParse(v)) {
					t.Errorf("\n%s\nconstraint(%s) must take %s", tc.reason, tc.version, v)
				}
			}
			for _, v := range tc.refuses {
				if c.Check(semver.MustParse(v)) {
					t.Errorf("\n%s\nconstraint(%s) must refuse %s", tc.reason, tc.version, v)
				}
			}
		})
	}
}
