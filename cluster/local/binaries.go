package local

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Binaries are the folders that hold what Install has installed.
type Binaries struct {
	// Kubernetes holds kube-apiserver, kube-controller-manager, kube-scheduler and kubectl.
	Kubernetes string

	// Etcd holds etcd.
	Etcd string

	// Kwok holds kwok and kwokctl.
	Kwok string

	// Envtest holds links to kube-apiserver, etcd and kubectl side by side, as envtest and KUBEBUILDER_ASSETS want them.
	Envtest string

	// KubernetesVersion is the version of Kubernetes, such as v1.2.3.
	KubernetesVersion string
}

// Kubectl is the path of kubectl.
func (b Binaries) Kubectl() string { return filepath.Join(b.Kubernetes, "kubectl") }

// Install builds what is missing of the binaries that a local cluster needs and returns where they are. They come from Go
// modules only, and stay in the user's cache folder, one folder for each version. The first time takes minutes.
func Install(ctx context.Context, progress Progress) (Binaries, error) {
	root, err := Root()
	if err != nil {
		return Binaries{}, err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return Binaries{}, fmt.Errorf("cannot find a folder to install into, set HOME or XDG_CACHE_HOME: %w", err)
	}
	cache = filepath.Join(cache, "provider-hourglass")

	folders, versions := map[string]string{}, map[string]string{}
	for _, t := range tools {
		version, err := t.version(root)
		if err != nil {
			return Binaries{}, err
		}
		folder := filepath.Join(cache, t.name+"-"+version)
		if err := t.install(ctx, root, folder, version, progress); err != nil {
			return Binaries{}, err
		}
		folders[t.name], versions[t.name] = folder, version
	}

	b := Binaries{
		Kubernetes:        folders["kubernetes"],
		Etcd:              folders["etcd"],
		Kwok:              folders["kwok"],
		Envtest:           filepath.Join(cache, strings.Join([]string{"envtest", versions["kubernetes"], versions["etcd"]}, "-")),
		KubernetesVersion: versions["kubernetes"],
	}
	return b, Link(b.Envtest,
		filepath.Join(b.Kubernetes, "kube-apiserver"), filepath.Join(b.Etcd, "etcd"), b.Kubectl())
}

// Link makes a folder of symbolic links to the files, and leaves links alone that are right already.
func Link(folder string, files ...string) error {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return fmt.Errorf("cannot make a folder for links: %w", err)
	}
	for _, file := range files {
		path := filepath.Join(folder, filepath.Base(file))
		if to, err := os.Readlink(path); err == nil && to == file {
			continue
		}
		tmp := fmt.Sprintf("%s.%d", path, os.Getpid())
		if err := os.Symlink(file, tmp); err != nil {
			return fmt.Errorf("cannot link to %s: %w", file, err)
		}
		if err := os.Rename(tmp, path); err != nil {
			return fmt.Errorf("cannot link to %s: %w", file, err)
		}
	}
	return nil
}
