// SPDX-License-Identifier: Apache-2.0

package hardwarepool

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// How often it is told what is free. Crossplane reconciles every XR that pools are
// chosen for whenever one of them changes, and counts two tokens for that of the
// hundred that an XR has, of which one comes back in a second. So where Pods come and
// go without end, in all pools together, GPUs are told thirty times at once and then
// every two seconds, and what every node has ten times and then every ten seconds,
// each pool's every half minute.
const (
	devicesAtOnce = 30
	devicesEvery  = 2 * time.Second
	basicsAtOnce  = 10
	basicsEvery   = 10 * time.Second
	basicsOfOne   = 30 * time.Second
)

// A pace is kept in telling what is free.
type pace struct {
	devices, basics *rate.Limiter

	mu   sync.Mutex
	told map[string]time.Time
	// due is when it is a pool's turn, so that those that change more often do not
	// always come first.
	due map[string]time.Time
}

func newPace() *pace {
	return &pace{
		devices: rate.NewLimiter(rate.Every(devicesEvery), devicesAtOnce),
		basics:  rate.NewLimiter(rate.Every(basicsEvery), basicsAtOnce),
		told:    map[string]time.Time{},
		due:     map[string]time.Time{},
	}
}

// turn is how long it is until it is a pool's turn, which it gets from a limiter where
// it has none yet.
func (p *pace) turn(name string, from *rate.Limiter, now time.Time) time.Duration {
	due, has := p.due[name]
	if !has {
		due = now.Add(from.ReserveN(now, 1).DelayFrom(now))
	}
	if left := due.Sub(now); left > 0 {
		p.due[name] = due
		return left
	}
	delete(p.due, name)
	return 0
}

// wait returns how long a new status of a pool has to wait, nothing where it is to be
// told now.
func (p *pace) wait(name string, before, after *v1alpha1.HardwarePoolStatus, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case !equality.Semantic.DeepEqual(withoutFree(before), withoutFree(after)), len(before.Free) == 0:
	case devices(before) != devices(after):
		if left := p.turn(name, p.devices, now); left > 0 {
			return left
		}
	default:
		if left := basicsOfOne - now.Sub(p.told[name]); left > 0 {
			return left
		}
		if left := p.turn(name+" basics", p.basics, now); left > 0 {
			return left
		}
	}
	p.told[name] = now
	return 0
}

func withoutFree(s *v1alpha1.HardwarePoolStatus) v1alpha1.HardwarePoolStatus {
	rest := *s
	rest.Free, rest.FreeGPUs = nil, nil
	return rest
}

// devices is what is free but for what every node has.
func devices(s *v1alpha1.HardwarePoolStatus) string {
	nodes := map[string]int32{}
	for _, f := range s.Free {
		parts := []string{f.GPUProduct}
		for _, name := range slices.Sorted(maps.Keys(f.Resources)) {
			switch name {
			case corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourceEphemeralStorage, corev1.ResourcePods:
			default:
				q := f.Resources[name]
				parts = append(parts, string(name)+"="+q.String())
			}
		}
		nodes[strings.Join(parts, ",")] += f.Nodes
	}
	return fmt.Sprint(nodes)
}
