// SPDX-License-Identifier: Apache-2.0

package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const cgroupPrefix = "hourglass-node-"

// A cgroup is where all containers of a node are. Unlike everything else it would outlive them, so it is removed.
type cgroup struct {
	name  string
	roots []string
}

// makeCgroups makes a cgroup in every hierarchy of the machine, and removes those of programs that were killed.
func makeCgroups() (cgroup, error) {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return cgroup{}, err
	}
	g := cgroup{name: cgroupPrefix + strconv.Itoa(os.Getpid()), roots: hierarchies(string(mounts))}
	if len(g.roots) == 0 {
		return cgroup{}, errors.New("cannot limit containers: no cgroups are mounted")
	}
	g.removeOrphans()
	for _, root := range g.roots {
		if err := delegate(root); err != nil {
			return cgroup{}, err
		}
		if err := os.Mkdir(filepath.Join(root, g.name), 0o755); err != nil { //nolint:gosec // It is as all others are.
			g.remove()
			return cgroup{}, fmt.Errorf("cannot make a cgroup: %w", err)
		}
	}
	return g, nil
}

// hierarchies returns where cgroups are mounted.
func hierarchies(mountinfo string) []string {
	var roots []string
	for line := range strings.Lines(mountinfo) {
		before, after, _ := strings.Cut(line, " - ")
		mount, kind := strings.Fields(before), strings.Fields(after)
		if len(mount) > 4 && len(kind) > 0 && (kind[0] == "cgroup" || kind[0] == "cgroup2") {
			roots = append(roots, mount[4])
		}
	}
	return roots
}

// delegate lets the children of the root have its controllers. Version 1 always does, and has no such file.
func delegate(root string) error {
	controllers, err := os.ReadFile(filepath.Join(root, "cgroup.controllers")) //nolint:gosec // The kernel's own.
	if err != nil {
		return nil
	}
	for controller := range strings.FieldsSeq(string(controllers)) {
		err := os.WriteFile(filepath.Join(root, "cgroup.subtree_control"), []byte("+"+controller), 0o600)
		if err != nil {
			return fmt.Errorf("cannot have cgroups with %s in %s: %w", controller, root, err)
		}
	}
	return nil
}

// remove removes the cgroup, which no process may be in any more.
func (g cgroup) remove() {
	for _, root := range g.roots {
		var folders []string
		_ = filepath.WalkDir(filepath.Join(root, g.name), func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				folders = append(folders, path)
			}
			return nil
		})
		for _, folder := range slices.Backward(folders) {
			_ = os.Remove(folder) // One that stays is removed the next time.
		}
	}
}

// removeOrphans removes the cgroups of programs that do not run any more.
func (g cgroup) removeOrphans() {
	for _, root := range g.roots {
		paths, _ := filepath.Glob(filepath.Join(root, cgroupPrefix+"*")) // The pattern is well-formed.
		for _, path := range paths {
			name := filepath.Base(path)
			if _, err := os.Stat(filepath.Join("/proc", strings.TrimPrefix(name, cgroupPrefix))); err != nil {
				cgroup{name: name, roots: []string{root}}.remove()
			}
		}
	}
}
