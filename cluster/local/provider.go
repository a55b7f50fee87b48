// SPDX-License-Identifier: Apache-2.0

package local

import "context"

const provider = "provider"

// StartProvider starts a provider binary against the cluster, or against the one that another kubeconfig leads to. A
// provider that was started before and still runs is stopped first. Its log is Dir/provider.log.
func (c *Cluster) StartProvider(ctx context.Context, bin, kubeconfig string, args ...string) (*Process, error) {
	if kubeconfig == "" {
		kubeconfig = c.Kubeconfig
	}
	return c.Start(ctx, provider, []string{"KUBECONFIG=" + kubeconfig}, append([]string{bin}, args...)...)
}

// Provider returns the provider that StartProvider started last for this cluster, running or not, or nil.
func (c *Cluster) Provider() (*Process, error) { return c.Process(provider) }
