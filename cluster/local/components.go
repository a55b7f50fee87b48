package local

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A component is a process that kwokctl has started for a cluster.
type component struct {
	name   string
	pid    int
	record string
	home   string // A path that is on its command line, and on that of no other cluster's components.
}

// components returns what kwokctl has recorded, running or not.
func (c *Cluster) components() []component {
	records, _ := filepath.Glob(c.kwok("clusters", c.name, "pids", "*.pid")) // The pattern is well-formed.
	var cs []component
	for _, record := range records {
		data, err := os.ReadFile(record) //nolint:gosec // A record of our cluster.
		if err != nil {
			continue
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
		if err != nil {
			continue
		}
		name := strings.TrimSuffix(filepath.Base(record), ".pid")
		cs = append(cs, component{name: name, pid: pid, record: record, home: c.kwok("clusters", c.name)})
	}
	return cs
}

// alive says whether the component is running, and is not another process that has got its PID.
func (c component) alive() bool {
	return strings.Contains(commandLine(c.pid), c.home+string(filepath.Separator))
}

// forgetDead removes the records of components that are not running, so that kwokctl starts them again, and names them.
// kwokctl itself goes by the PID alone.
func (c *Cluster) forgetDead() []string {
	var dead []string
	for _, p := range c.components() {
		if !p.alive() {
			dead = append(dead, p.name)
			_ = os.Remove(p.record) // If it stays, the cluster does not start again, and is made anew.
		}
	}
	return dead
}

// endComponents kills the cluster's components: their state is thrown away, so there is nothing for them to put in order.
func (c *Cluster) endComponents(ctx context.Context) error {
	for _, p := range c.components() {
		if err := end(ctx, p.pid, 0, p.alive); err != nil {
			return fmt.Errorf("cannot stop %s: %w", p.name, err)
		}
	}
	return nil
}
