// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// TestTarget gives the provider another way to a cluster, as docs/install.md says, line by line: the rights that the target
// gives there suffice to run a Performer.
func TestTarget(t *testing.T) {
	raw, err := os.ReadFile(control.plane.Cluster.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(kubeconfig, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	// The target is this cluster too. It is only asked for by another name, with another identity.
	current := strings.TrimSpace(kubectl(t, "config", "current-context"))
	get := func(field string) string {
		return strings.TrimSpace(kubectl(t, "config", "view", "-o", `jsonpath={.contexts[?(@.name=="`+current+`")].context.`+field+`}`))
	}
	shell(t, kubeconfig, []string{"kubectl config set-context gpu-cluster --cluster=" + get("cluster") + " --user=" + get("user")})
	shell(t, kubeconfig, documented(t, "Another cluster to run in"))

	ns := namespace(t, "target")
	p := &v1alpha1.Performer{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "there"}}
	p.Spec.AVSAddress, p.Spec.Image = avs, "myavs/performer:v1"
	p.Spec.ProviderConfigReference = &xpv2.ProviderConfigReference{Kind: "ClusterProviderConfig", Name: "gpu-cluster"}
	if err := control.Create(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	ready(t, p, "v1", "")
	kubectl(t, "delete", "performer", "there", "-n", ns, "--timeout=60s")
	kubectl(t, "delete", "clusterproviderconfig.hourglass.eigenlayer.io", "gpu-cluster", "--timeout=60s")
	kubectl(t, "delete", "secret", "gpu-cluster", "-n", "crossplane-system")
	kubectl(t, "delete", "--ignore-not-found", "-f", filepath.Join(control.root, "examples", "install", "target.yaml"))
}
