// SPDX-License-Identifier: Apache-2.0

package hardwarepool

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// left is a pool with one node that has so much left.
func left(gpus, cpu int64) *v1alpha1.HardwarePoolStatus {
	return &v1alpha1.HardwarePoolStatus{Nodes: 1, FreeGPUs: &gpus, Free: []v1alpha1.FreeNodes{{Nodes: 1, Resources: corev1.ResourceList{
		"nvidia.com/gpu": *resource.NewQuantity(gpus, resource.DecimalSI), corev1.ResourceCPU: *resource.NewQuantity(cpu, resource.DecimalSI),
	}}}}
}

// TestPace changes a pool again and again.
func TestPace(t *testing.T) {
	start := time.Unix(1_000_000, 0)
	another := left(4, 8)
	another.Nodes = 2
	cases := map[string]struct {
		reason string
		// times that before becomes after and back, a second apart.
		times         int
		before, after *v1alpha1.HardwarePoolStatus
		want          int
	}{
		"First":  {reason: "What was not known before is told at once.", times: 1, before: &v1alpha1.HardwarePoolStatus{}, after: left(4, 8), want: 1},
		"Nodes":  {reason: "What the nodes are is told as often as it changes.", times: 100, before: left(4, 8), after: another, want: 100},
		"GPUs":   {reason: "GPUs are told at once, as often as seldom needs more, then every two seconds: in 100 seconds 30 and 49 times.", times: 100, before: left(4, 8), after: left(3, 8), want: 79},
		"CPU":    {reason: "What every node has is told every half minute.", times: 100, before: left(4, 8), after: left(4, 7), want: 4},
		"Seldom": {reason: "Where it seldom changes it is told at once.", times: 1, before: left(4, 8), after: left(4, 7), want: 1},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			p, told := newPace(), 0
			for i := range tc.times {
				before, after := tc.before, tc.after
				if i%2 == 1 {
					before, after = after, before
				}
				wait := p.wait("a", before, after, start.Add(time.Duration(i)*time.Second))
				if wait == 0 {
					told++
				}
				if wait < 0 || wait > basicsOfOne {
					t.Fatalf("\n%s\nwait(...): %s is no time to wait", tc.reason, wait)
				}
			}
			if told != tc.want {
				t.Errorf("\n%s\nwant it told %d times, got %d", tc.reason, tc.want, told)
			}
		})
	}
}

// TestPaceForAll changes many pools.
func TestPaceForAll(t *testing.T) {
	p, start := newPace(), time.Unix(1_000_000, 0)
	gpus, cpu := 0, 0
	for i := range 100 {
		if p.wait(fmt.Sprint("gpu-", i), left(4, 8), left(3, 8), start) == 0 {
			gpus++
		}
		if p.wait(fmt.Sprint("cpu-", i), left(4, 8), left(4, 7), start) == 0 {
			cpu++
		}
	}
	if gpus != devicesAtOnce || cpu != basicsAtOnce {
		t.Errorf("XRs look at all pools, so that those of all count together: want %d and %d told, got %d and %d", devicesAtOnce, basicsAtOnce, gpus, cpu)
	}
}
