// SPDX-License-Identifier: Apache-2.0

package performer

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/workload"
)

// listWithin bounds how long Performers may take to be listed from the cache.
const listWithin = 5 * time.Second

var (
	phasesDesc = prometheus.NewDesc("hourglass_performers",
		"Performers, by phase.", []string{"phase"}, nil)
	degradedDesc = prometheus.NewDesc("hourglass_performer_degraded",
		"1 for each Performer that is Degraded, with the reason.", []string{"namespace", "name", "reason"}, nil)
)

// gauges tell of Performers as they are when somebody asks for metrics.
type gauges struct{ kube client.Reader }

// Describe the metrics.
func (gauges) Describe(ch chan<- *prometheus.Desc) {
	ch <- phasesDesc
	ch <- degradedDesc
}

// Collect them from the cache.
func (g gauges) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), listWithin)
	defer cancel()
	l := &v1alpha1.PerformerList{}
	if err := g.kube.List(ctx, l, client.UnsafeDisableDeepCopy); err != nil {
		ch <- prometheus.NewInvalidMetric(phasesDesc, err)
		return
	}
	phases := map[v1alpha1.PerformerPhase]int{
		v1alpha1.PerformerPending: 0, v1alpha1.PerformerRunning: 0, v1alpha1.PerformerUpgrading: 0,
		v1alpha1.PerformerTerminating: 0, v1alpha1.PerformerFailed: 0,
	}
	for i := range l.Items {
		p := &l.Items[i]
		if p.Status.Phase != "" {
			phases[p.Status.Phase]++
		}
		if c := p.GetCondition(workload.TypeDegraded); c.Status == corev1.ConditionTrue {
			ch <- prometheus.MustNewConstMetric(degradedDesc, prometheus.GaugeValue, 1, p.GetNamespace(), p.GetName(), string(c.Reason))
		}
	}
	for phase, n := range phases {
		ch <- prometheus.MustNewConstMetric(phasesDesc, prometheus.GaugeValue, float64(n), string(phase))
	}
}
