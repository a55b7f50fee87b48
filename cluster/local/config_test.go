package local

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

func TestFingerprint(t *testing.T) {
	b := Binaries{Kubernetes: "/k", Etcd: "/e", Kwok: "/w", KubernetesVersion: "v1.37.2"}
	base, err := configure(b, "").fingerprint([]byte("stages"))
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		reason   string
		binaries Binaries
		stages   string
		same     bool
	}{
		"Same":     {reason: "Nothing has changed.", binaries: b, stages: "stages", same: true},
		"Stages":   {reason: "Another simulation needs another cluster.", binaries: b, stages: "other"},
		"Binaries": {reason: "Another version needs another cluster.", binaries: Binaries{Kubernetes: "/k2"}, stages: "stages"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := configure(tc.binaries, "").fingerprint([]byte(tc.stages))
			if err != nil {
				t.Fatal(err)
			}
			if same := got == base; same != tc.same {
				t.Errorf("%s\nfingerprint(...): want same %t, got %t", tc.reason, tc.same, same)
			}
		})
	}
}

func TestRender(t *testing.T) {
	data, err := configure(Binaries{Kubernetes: "/k"}, "").on([]int{1, 2, 3, 4, 5, 6}).render([]byte("kind: Stage\n"))
	if err != nil {
		t.Fatal(err)
	}
	docs := strings.Split(string(data), "---\n")
	if len(docs) != 2 || docs[1] != "kind: Stage\n" {
		t.Fatalf("want the configuration and then the stages, got:\n%s", data)
	}
	var got config
	if err := yaml.UnmarshalStrict([]byte(docs[0]), &got); err != nil {
		t.Fatal(err)
	}
	o := got.Options
	ports := []int{o.EtcdPort, o.EtcdPeerPort, o.KubeApiserverPort, o.KubeControllerManagerPort, o.KubeSchedulerPort, o.KwokControllerPort}
	if diff := cmp.Diff([]int{1, 2, 3, 4, 5, 6}, ports); diff != "" {
		t.Errorf("Every component has a port of its own: -want, +got:\n%s", diff)
	}
	if o.BindAddress != "127.0.0.1" {
		t.Errorf("Only this machine may reach the cluster, but it listens on %q", o.BindAddress)
	}
}

func TestForNode(t *testing.T) {
	simulated := configure(Binaries{Kubernetes: "/k"}, "")
	got := simulated.forNode("192.0.2.1")

	want := simulated
	want.Options.BindAddress = "0.0.0.0"
	want.Options.KubeApiserverCertSANs = []string{"192.0.2.1", "10.0.0.1"}
	want.Options.Disable = []string{"kwok-controller"}
	want.Patches = []patch{{Name: "kube-apiserver", ExtraArgs: []argument{
		{Key: "advertise-address", Value: "192.0.2.1"},
		{Key: "kubelet-preferred-address-types", Value: "InternalIP"},
	}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("The API server must be reached at the node's address, and nothing simulated: -want, +got:\n%s", diff)
	}
	if diff := cmp.Diff(configure(Binaries{Kubernetes: "/k"}, ""), simulated); diff != "" {
		t.Errorf("The config of the simulated cluster must stay as it is: -want, +got:\n%s", diff)
	}
}

func TestFreePorts(t *testing.T) {
	ports, err := FreePorts(20)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	for _, p := range ports {
		if p == 0 || seen[p] {
			t.Errorf("want different ports, got %v", ports)
		}
		seen[p] = true
	}
}

func TestDefinitions(t *testing.T) {
	cases := map[string]struct {
		reason string
		names  string
		want   []string
	}{
		"None": {reason: "Nodes define nothing.", names: "node/cpu-0\nnode/sgx-0\n"},
		"Some": {
			reason: "Only definitions are waited for.",
			names:  "node/cpu-0\ncustomresourcedefinition.apiextensions.k8s.io/performers.hourglass.eigenlayer.io\n",
			want:   []string{"customresourcedefinition.apiextensions.k8s.io/performers.hourglass.eigenlayer.io"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, definitions(tc.names)); diff != "" {
				t.Errorf("%s\ndefinitions(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestLacking(t *testing.T) {
	cases := map[string]struct {
		reason string
		table  string
		want   []string
	}{
		"All":  {reason: "Ready nodes are not named.", table: "cpu-0   True\na100-0  True\n"},
		"None": {reason: "A node without the condition is not Ready, nor one that is no longer heard of.", table: "cpu-0   <none>\na100-0  Unknown\nt4-0    True\n", want: []string{"cpu-0", "a100-0"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, lacking(tc.table)); diff != "" {
				t.Errorf("%s\nlacking(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestOpen(t *testing.T) {
	cases := map[string]struct {
		reason  string
		options Options
		wantErr bool
	}{
		"Named":     {reason: "A name and a directory are enough.", options: Options{Name: "a", Dir: t.TempDir()}},
		"Nameless":  {reason: "A name is needed.", options: Options{Dir: t.TempDir()}, wantErr: true},
		"Placeless": {reason: "A directory is needed.", options: Options{Name: "a"}, wantErr: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if _, err := Open(tc.options); (err != nil) != tc.wantErr {
				t.Errorf("%s\nOpen(...): %v", tc.reason, err)
			}
		})
	}
}
