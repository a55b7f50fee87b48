package local

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"

	"sigs.k8s.io/yaml"
)

// A config is what kwokctl is told about a cluster; see its KwokctlConfiguration.
type config struct {
	APIVersion string  `json:"apiVersion"`
	Kind       string  `json:"kind"`
	Options    options `json:"options"`
	Patches    []patch `json:"componentsPatches"`
}

// A patch adds arguments to a component's command.
type patch struct {
	Name      string     `json:"name"`
	ExtraArgs []argument `json:"extraArgs"`
}

// An argument is --KEY=VALUE.
type argument struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

type options struct {
	Runtime     string `json:"runtime"`
	BindAddress string `json:"bindAddress"`
	KubeVersion string `json:"kubeVersion"`

	KubeAuditPolicy       string   `json:"kubeAuditPolicy,omitempty"`
	KubeApiserverCertSANs []string `json:"kubeApiserverCertSANs,omitempty"`
	Disable               []string `json:"disable,omitempty"`

	EtcdBinary                  string `json:"etcdBinary"`
	KubeApiserverBinary         string `json:"kubeApiserverBinary"`
	KubeControllerManagerBinary string `json:"kubeControllerManagerBinary"`
	KubeSchedulerBinary         string `json:"kubeSchedulerBinary"`
	KubectlBinary               string `json:"kubectlBinary"`
	KwokControllerBinary        string `json:"kwokControllerBinary"`

	EtcdPort                  int `json:"etcdPort,omitempty"`
	EtcdPeerPort              int `json:"etcdPeerPort,omitempty"`
	KubeApiserverPort         int `json:"kubeApiserverPort,omitempty"`
	KubeControllerManagerPort int `json:"kubeControllerManagerPort,omitempty"`
	KubeSchedulerPort         int `json:"kubeSchedulerPort,omitempty"`
	KwokControllerPort        int `json:"kwokControllerPort,omitempty"`
}

// configure describes a cluster that runs the binaries, as processes that only this machine can reach. The path of an audit
// policy may be empty.
func configure(b Binaries, auditPolicy string) config {
	return config{
		APIVersion: "config.kwok.x-k8s.io/v1alpha1",
		Kind:       "KwokctlConfiguration",
		Options: options{
			Runtime:                     "binary",
			BindAddress:                 "127.0.0.1",
			KubeVersion:                 b.KubernetesVersion,
			KubeAuditPolicy:             auditPolicy,
			EtcdBinary:                  filepath.Join(b.Etcd, "etcd"),
			KubeApiserverBinary:         filepath.Join(b.Kubernetes, "kube-apiserver"),
			KubeControllerManagerBinary: filepath.Join(b.Kubernetes, "kube-controller-manager"),
			KubeSchedulerBinary:         filepath.Join(b.Kubernetes, "kube-scheduler"),
			KubectlBinary:               b.Kubectl(),
			KwokControllerBinary:        filepath.Join(b.Kwok, "kwok"),
		},
		// Room for 65,000 Services. The API server's own default has room for 254.
		Patches: []patch{{Name: "kube-apiserver", ExtraArgs: []argument{{Key: "service-cluster-ip-range", Value: "10.0.0.0/16"}}}},
	}
}

// serviceAddress is at which Pods look for the API server: the first address of Services, unless it is told otherwise.
const serviceAddress = "10.0.0.1"

// forNode returns the config of a cluster whose nodes are real and reach the API server at the address: it listens there
// too, and nothing simulates.
func (c config) forNode(address string) config {
	c.Options.BindAddress = "0.0.0.0"
	c.Options.KubeApiserverCertSANs = []string{address, serviceAddress}
	c.Options.Disable = []string{"kwok-controller"}
	c.Patches = []patch{{Name: "kube-apiserver", ExtraArgs: []argument{
		{Key: "advertise-address", Value: address},
		{Key: "kubelet-preferred-address-types", Value: "InternalIP"}, // There is no name server for the names of nodes.
	}}}
	return c
}

// on returns the config with these ports; there must be six.
func (c config) on(ports []int) config {
	o := &c.Options
	for i, port := range []*int{
		&o.EtcdPort, &o.EtcdPeerPort, &o.KubeApiserverPort,
		&o.KubeControllerManagerPort, &o.KubeSchedulerPort, &o.KwokControllerPort,
	} {
		*port = ports[i]
	}
	return c
}

// render writes the config and the stages as one document stream.
func (c config) render(stages []byte) ([]byte, error) {
	data, err := yaml.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("cannot write down the cluster's configuration: %w", err)
	}
	return bytes.Join([][]byte{data, stages}, []byte("---\n")), nil
}

// fingerprint tells clusters apart that were made from other binaries or stages.
func (c config) fingerprint(stages []byte) (string, error) {
	data, err := c.render(stages)
	return fmt.Sprintf("%x", sha256.Sum256(data)), err
}

// readStages returns how kwok is to simulate nodes and Pods.
func readStages(root string) ([]byte, error) {
	paths, err := filepath.Glob(filepath.Join(root, "cluster", "kwok", "*.yaml"))
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("cannot find the stages for kwok: there is no YAML file in %s", filepath.Join(root, "cluster", "kwok"))
	}
	var all [][]byte
	for _, path := range paths {
		data, err := os.ReadFile(path) //nolint:gosec // A file of the repository.
		if err != nil {
			return nil, fmt.Errorf("cannot read the stages for kwok: %w", err)
		}
		all = append(all, data)
	}
	return bytes.Join(all, []byte("---\n")), nil
}

// FreePorts returns n different TCP ports that nothing listens on.
func FreePorts(n int) ([]int, error) {
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // It does not wait.
		if err != nil {
			return nil, fmt.Errorf("cannot find a free port: %w", err)
		}
		defer l.Close() //nolint:errcheck // Held until all are found, so that they differ.
		addr, err := netip.ParseAddrPort(l.Addr().String())
		if err != nil {
			return nil, fmt.Errorf("cannot find a free port: %w", err)
		}
		ports[i] = int(addr.Port())
	}
	return ports, nil
}
