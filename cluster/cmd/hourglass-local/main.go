// Command hourglass-local runs the provider on this machine: a real control plane with simulated GPU and TEE nodes.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/crossplane-contrib/provider-hourglass/cluster/local"
)

type cli struct {
	Install installCmd `cmd:"" help:"Build the binaries of the control plane, once. The other commands do this by themselves."`
	Up      upCmd      `cmd:"" help:"Start the control plane and the provider, or what is missing of them."`
	Down    downCmd    `cmd:"" help:"End what up has started and remove what it has written."`
	Demo    demoCmd    `cmd:"" help:"Start what up starts and show the provider at work."`
	Standin standinCmd `cmd:"" help:"Run what the simulated Pods of Crossplane's packages would run. The other commands start this by themselves."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	app := kong.Parse(&cli{},
		kong.Name("hourglass-local"),
		kong.Description("A real control plane on this machine, with simulated GPU and TEE nodes."),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(narrate(time.Now())))
	app.FatalIfErrorf(app.Run())
}

// narrate prints each sentence with the seconds since the start.
func narrate(start time.Time) local.Progress {
	return func(sentence string) {
		fmt.Printf("%6.1f s  %s\n", time.Since(start).Seconds(), sentence)
	}
}

// place says where the cluster lives.
type place struct {
	Name string `default:"hourglass" help:"Name of the cluster."`
	Dir  string `help:"Folder for all that belongs to the cluster. The repository's _output when empty." type:"path"`
}

// options returns which cluster is meant, and the root of the repository.
func (p place) options(progress local.Progress) (o local.Options, root string, err error) {
	root, err = local.Root()
	if err != nil {
		return local.Options{}, "", err
	}
	if p.Dir == "" {
		p.Dir = filepath.Join(root, "_output")
	}
	return local.Options{Name: p.Name, Dir: p.Dir, Progress: progress}, root, nil
}

type installCmd struct{}

// Run builds the binaries.
func (installCmd) Run(ctx context.Context, progress local.Progress) error {
	b, err := local.Install(ctx, progress)
	if err != nil {
		return err
	}
	progress("installed in " + filepath.Dir(b.Kubernetes))
	return nil
}

type downCmd struct {
	place
}

// Run deletes the cluster.
func (c downCmd) Run(ctx context.Context, progress local.Progress) error {
	o, _, err := c.options(progress)
	if err != nil {
		return err
	}
	cluster, err := local.Open(o)
	if err != nil {
		return err
	}
	if err := cluster.Delete(ctx); err != nil {
		return err
	}
	bin := filepath.Join(o.Dir, "bin")
	for _, path := range []string{filepath.Join(bin, "provider"), filepath.Join(bin, "kubectl"), bin, o.Dir} {
		_ = os.Remove(path) // It may not be there; a folder with something else in it stays.
	}
	progress("the cluster is gone")
	return nil
}
