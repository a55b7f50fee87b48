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
	all, err := installAll(ctx, tools, progress)
	if err != nil {
		return Binaries{}, err
	}
	kubernetes, etcd := all["kubernetes"], all["etcd"]

	b := Binaries{
		Kubernetes: kubernetes.folder,
		Etcd:       etcd.folder,
		Kwok:       all["kwok"].folder,
		Envtest: filepath.Join(filepath.Dir(kubernetes.folder),
			strings.Join([]string{"envtest", kubernetes.version, etcd.version}, "-")),
		KubernetesVersion: kubernetes.version,
	}
	return b, Link(b.Envtest,
		filepath.Join(b.Kubernetes, "kube-apiserver"), filepath.Join(b.Etcd, "etcd"), b.Kubectl())
}

// An installation is where a tool is installed, and in which version.
type installation struct {
	folder, version string
}

// installAll builds those of the tools that are missing and returns where all of them are, by name.
func installAll(ctx context.Context, ts []tool, progress Progress) (map[string]installation, error) {
	root, err := Root()
	if err != nil {
		return nil, err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, fmt.Errorf("cannot find a folder to install into, set HOME or XDG_CACHE_HOME: %w", err)
	}

	all := map[string]installation{}
	for _, t := range ts {
		version, err := t.version(root)
		if err != nil {
			return nil, err
		}
		folder := filepath.Join(cache, "provider-hourglass", t.name+"-"+version)
		if err := t.install(ctx, root, folder, version, progress); err != nil {
			return nil, err
		}
		all[t.name] = installation{folder: folder, version: version}
	}
	return all, nil
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
