// SPDX-License-Identifier: Apache-2.0

package node

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHierarchies(t *testing.T) {
	cases := map[string]struct {
		reason    string
		mountinfo string
		want      []string
	}{
		"Two": {
			reason: "Version 2 is one hierarchy, wherever it is mounted and whatever it is called.",
			mountinfo: "24 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n" +
				"35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 none rw\n",
			want: []string{"/sys/fs/cgroup"},
		},
		"One": {
			reason: "Version 1 has one for each controller, and may have version 2 beside them.",
			mountinfo: "35 24 0:30 / /sys/fs/cgroup rw - tmpfs none rw\n" +
				"36 35 0:31 / /sys/fs/cgroup/cpu rw - cgroup none rw,cpu\n" +
				"37 35 0:32 / /sys/fs/cgroup/unified rw - cgroup2 none rw\n",
			want: []string{"/sys/fs/cgroup/cpu", "/sys/fs/cgroup/unified"},
		},
		"None": {
			reason:    "What only has the word in its path is none.",
			mountinfo: "35 24 0:30 / /mnt/cgroup rw - tmpfs cgroup rw\n",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, hierarchies(tc.mountinfo)); diff != "" {
				t.Errorf("%s\nhierarchies(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// Only what a program left that was killed may go: another one may be running.
func TestRemoveOrphans(t *testing.T) {
	root := t.TempDir()
	running := cgroupPrefix + strconv.Itoa(os.Getpid())
	for _, folder := range []string{
		filepath.Join(cgroupPrefix+"0", "kubepods", "besteffort"), // There is never a process 0.
		filepath.Join(running, "kubepods"),
		"kubepods",
	} {
		if err := os.MkdirAll(filepath.Join(root, folder), 0o750); err != nil {
			t.Fatal(err)
		}
	}
	cgroup{roots: []string{root}}.removeOrphans()
	left, err := filepath.Glob(filepath.Join(root, "*"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{filepath.Join(root, running), filepath.Join(root, "kubepods")}, left); diff != "" {
		t.Errorf("removeOrphans(): -want, +got:\n%s", diff)
	}
}
