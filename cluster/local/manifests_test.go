package local

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	"sigs.k8s.io/yaml"
)

// Nodes are named after what they are and have what every real node has.
func TestNodes(t *testing.T) {
	nodes := read[corev1.Node](t, "nodes.yaml")
	if len(nodes) == 0 {
		t.Fatal("want nodes")
	}
	for _, n := range nodes {
		if n.Labels[corev1.LabelHostname] != n.Name {
			t.Errorf("%s: want its name as host name, got %q", n.Name, n.Labels[corev1.LabelHostname])
		}
		for _, label := range []string{corev1.LabelArchStable, corev1.LabelOSStable, corev1.LabelInstanceTypeStable} {
			if n.Labels[label] == "" {
				t.Errorf("%s: want a label %s", n.Name, label)
			}
		}
		for _, r := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourcePods} {
			if q := n.Status.Capacity[r]; q.IsZero() {
				t.Errorf("%s: want some %s", n.Name, r)
			}
		}
		if diff := cmp.Diff(n.Status.Capacity, n.Status.Allocatable); diff != "" {
			t.Errorf("%s: all of the capacity is for Pods: -want, +got:\n%s", n.Name, diff)
		}
	}
}

// Every runtime class that selects nodes finds one, but for those that are there to find none.
func TestRuntimeClasses(t *testing.T) {
	nodes := read[corev1.Node](t, "nodes.yaml")
	without := map[string]bool{
		"kata-qemu-nvidia-gpu":     true, // All our passed-through GPUs are confidential.
		"kata-qemu-nvidia-gpu-snp": true, // They are on a TDX host.
	}
	for _, class := range read[nodev1.RuntimeClass](t, "runtimeclasses.yaml") {
		if class.Scheduling == nil {
			continue
		}
		found := false
		for _, n := range nodes {
			found = found || contains(n.Labels, class.Scheduling.NodeSelector) && offers(n, class)
		}
		if found == without[class.Name] {
			t.Errorf("%s: want a node that serves it %t, got %t", class.Name, !without[class.Name], found)
		}
	}
}

func contains(labels, selector map[string]string) bool {
	for k, v := range selector {
		if labels[k] != v {
			return false
		}
	}
	return true
}

// offers says whether the node has what the class takes for every Pod.
func offers(n corev1.Node, class nodev1.RuntimeClass) bool {
	if class.Overhead == nil {
		return true
	}
	for r, q := range class.Overhead.PodFixed {
		if have := n.Status.Allocatable[r]; have.Cmp(q) < 0 {
			return false
		}
	}
	return true
}

// read reads every document of one of our manifests.
func read[T any](t *testing.T, name string) []T {
	t.Helper()
	root, err := Root()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(root, "cluster", name))
	if err != nil {
		t.Fatal(err)
	}
	var all []T
	for doc := range strings.SplitSeq(string(data), "\n---\n") {
		if !strings.Contains(doc, "\nkind:") {
			continue
		}
		var one T
		if err := yaml.UnmarshalStrict([]byte(doc), &one); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all = append(all, one)
	}
	return all
}
