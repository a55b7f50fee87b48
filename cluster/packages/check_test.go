// SPDX-License-Identifier: Apache-2.0

package packages

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCheckAll(t *testing.T) {
	with := func(change func(*Options)) Options {
		o := Options{Registry: "registry.example.org/hourglass", Version: "v0.1.0", Arch: []string{"amd64"}}
		change(&o)
		return o
	}
	cases := map[string]struct {
		reason string
		o      Options
		want   string // What the error begins with. None when empty.
	}{
		"Release": {
			reason: "A release is built.",
			o:      with(func(*Options) {}),
		},
		"BetweenReleases": {
			reason: "So is a version as git describes a commit between releases, with changes that are not committed.",
			o:      with(func(o *Options) { o.Version = "v0.1.0-3-gabc1234-dirty" }),
		},
		"Loopback": {
			reason: "A registry may be on this machine, on a port, with no path.",
			o:      with(func(o *Options) { o.Registry = "127.0.0.1:5000" }),
		},
		"NoVersion": {
			reason: "Without a version it is said what one looks like.",
			o:      with(func(o *Options) { o.Version = "" }),
			want:   `VERSION is "" but must be a semantic version with a v, such as v0.1.0 or v0.1.0-3-gabc1234`,
		},
		"NoV": {
			reason: "One spelling of a version is enough.",
			o:      with(func(o *Options) { o.Version = "0.1.0" }),
			want:   `VERSION is "0.1.0" but must be`,
		},
		"ShortVersion": {
			reason: "Crossplane takes no short version as that of a package.",
			o:      with(func(o *Options) { o.Version = "v1.2" }),
			want:   `VERSION is "v1.2" but must be`,
		},
		"BuildMetadata": {
			reason: "A tag can have no plus sign.",
			o:      with(func(o *Options) { o.Version = "v1.2.3+dirty" }),
			want:   `VERSION is "v1.2.3+dirty" but must have no build metadata: `,
		},
		"UnknownArch": {
			reason: "Nobody has seen this project on other architectures.",
			o:      with(func(o *Options) { o.Arch = []string{"amd64", "s390x"} }),
			want:   `ARCH has "s390x" but must be some of amd64, arm64`,
		},
		"NoRegistry": {
			reason: "Without a registry it is said what to name.",
			o:      with(func(o *Options) { o.Registry = "" }),
			want:   "REGISTRY is missing: name the registry and the path in it that the packages go to, such as registry.example.org/hourglass",
		},
		"Scheme": {
			reason: "A registry is no URL.",
			o:      with(func(o *Options) { o.Registry = "https://registry.example.org/hourglass" }),
			want:   `REGISTRY is "https://registry.example.org/hourglass" but must have no scheme, such as registry.example.org/hourglass`,
		},
		"NoHost": {
			reason: "A path alone would mean some registry by default.",
			o:      with(func(o *Options) { o.Registry = "hourglass" }),
			want:   `REGISTRY is "hourglass" but must be a registry's host and a path in it, such as registry.example.org/hourglass: `,
		},
		"Slash": {
			reason: "Nothing follows the path.",
			o:      with(func(o *Options) { o.Registry = "registry.example.org/hourglass/" }),
			want:   `REGISTRY is "registry.example.org/hourglass/" but must have one slash at a time and none at the end, such as `,
		},
		"UpperCase": {
			reason: "A repository's name has small letters only.",
			o:      with(func(o *Options) { o.Registry = "registry.example.org/Hourglass" }),
			want:   `REGISTRY is "registry.example.org/Hourglass" but must be`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			err := tc.o.checkAll()
			if (err != nil) != (tc.want != "") || err != nil && !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("\n%s\ncheckAll(): want an error that begins with %q, got %v", tc.reason, tc.want, err)
			}
		})
	}
}

func TestBadOptionsBuildNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	o := Options{Root: t.TempDir(), Dir: dir, Version: "1", CLI: "false"}
	const want = `VERSION is "1" but must be a semantic version with a v, such as v0.1.0 or v0.1.0-3-gabc1234`
	if _, err := Build(t.Context(), o); err == nil || err.Error() != want {
		t.Errorf("Build(...): want %q, got %v", want, err)
	}
	if _, err := Images(t.Context(), o); err == nil || err.Error() != want {
		t.Errorf("Images(...): want %q, got %v", want, err)
	}
	made, err := filepath.Glob(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string(nil), made); diff != "" {
		t.Errorf("what cannot be built must leave nothing: -want, +got:\n%s", diff)
	}
}
