// SPDX-License-Identifier: Apache-2.0

package placement_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
)

// A fleetSize is how much of everything a generated fleet has.
type fleetSize struct{ pools, nodes, workloads int }

// fullSize is what Place is made for.
var fullSize = fleetSize{pools: 100, nodes: 5000, workloads: 10_000}

// tenth is small enough for many seeds.
var tenth = fleetSize{pools: 40, nodes: 500, workloads: 1000}

// The loads that a fleet is put under: what is asked for of the scarcest resource
// of each kind of nodes, in relation to what is free of it.
const (
	loadFits = 0.85
	loadOver = 1.25
)

// A family is nodes of one kind, which the workloads that ask for that kind share.
type family struct {
	// product of the GPUs, and the ways to ask for them; empty for none.
	product string
	asked   []string
	// tee of the nodes and its mode; empty for none.
	tee  string
	mode v1alpha1.TEEMode
	// share of the pools, in percent.
	share int
	// gpuPrice is what one GPU adds to the price of a node, in thousandths.
	gpuPrice int
}

// families are all kinds. The first has neither GPUs nor a TEE.
var families = []family{
	{share: 30},
	{product: productT4, asked: []string{"nvidia-tesla-t4", "T4"}, share: 10, gpuPrice: 350},
	{product: productL4, asked: []string{"nvidia-l4"}, share: 10, gpuPrice: 700},
	{product: productL40S, asked: []string{"l40s"}, share: 6, gpuPrice: 1500},
	{product: productA10G, asked: []string{"a10g"}, share: 8, gpuPrice: 1000},
	{product: productA10040, asked: []string{"a100-40gb", "NVIDIA A100"}, share: 8, gpuPrice: 3000},
	{product: productA10080, asked: []string{"nvidia-a100-80gb", "NVIDIA A100"}, share: 8, gpuPrice: 4000},
	{product: productH100, asked: []string{"h100"}, share: 6, gpuPrice: 10_000},
	{product: productMI300X, asked: []string{"mi300x"}, share: 4, gpuPrice: 8000},
	{tee: "sgx", mode: v1alpha1.TEEModeProcess, share: 4},
	{tee: "tdx", mode: v1alpha1.TEEModeNodeVM, share: 3},
	{tee: "sev-snp", mode: v1alpha1.TEEModeNodeVM, share: 3},
}

// generator makes large instances.
type generator struct {
	*rand.Rand

	pools    []v1alpha1.HardwarePool
	familyOf []int
	facts    []poolFacts
	// left is what is free in all nodes of a pool together.
	left []amounts
	// nodes of each pool.
	nodes []int
	// weighted says that pools have weights.
	weighted bool
}

// largeInstance makes the instance of a seed. Pools have weights where the seed is
// odd. Every workload is served by at least one pool.
func largeInstance(seed uint64, size fleetSize, load float64) instance {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 23)), weighted: seed%2 == 1}
	g.makePools(size)
	in := instance{pools: g.pools, strategy: placement.Price}
	in.workloads = g.makeWorkloads(size.workloads, load)
	return in
}

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

// between returns a number of a range, from low to below high.
func (g *generator) between(low, high float64) float64 { return low + g.Float64()*(high-low) }

// makePools makes pools of all families, and shares the nodes out at random.
func (g *generator) makePools(size fleetSize) {
	for f, kind := range families {
		for range max(1, kind.share*size.pools/100) {
			g.familyOf = append(g.familyOf, f)
		}
	}
	parts, total := make([]float64, len(g.familyOf)), 0.0
	for k := range parts {
		parts[k] = g.between(0.2, 1.8)
		if families[g.familyOf[k]].product == "" {
			parts[k] /= 2
		}
		total += parts[k]
	}
	for k, f := range g.familyOf {
		n := max(1, int(parts[k]/total*float64(size.nodes)+0.5))
		pool := g.makePool(fmt.Sprintf("pool-%03d", k), families[f], n)
		facts := readPool(&pool, 0)
		var left amounts
		for _, group := range facts.groups {
			for d := range left {
				left[d] += int64(group.nodes) * group.free[d]
			}
		}
		g.pools, g.facts, g.left, g.nodes = append(g.pools, pool), append(g.facts, facts), append(g.left, left), append(g.nodes, n)
	}
}

// makePool makes a pool. What it is short of is less than the round figure, as it is
// on nodes that run their own daemons.
func (g *generator) makePool(name string, kind family, n int) v1alpha1.HardwarePool {
	p := v1alpha1.HardwarePool{ObjectMeta: metav1.ObjectMeta{Name: name}}
	p.Spec.NodeSelector = v1alpha1.NodeLabels{"pool": name}
	p.Spec.Labels = v1alpha1.NodeLabels{
		"zone":       pick(g.Rand, "a", "b", "c"),
		"disk":       pick(g.Rand, "ssd", "hdd"),
		"generation": strconv.Itoa(2 + g.IntN(5)),
	}
	if g.chance(30) {
		p.Spec.Labels["network"] = "100g"
	}
	cores := pick(g.Rand, 16, 32, 48, 64, 96)
	perCore := pick(g.Rand, 2, 4, 8)
	price := cores*35 + cores*perCore*5
	p.Spec.Allocatable = corev1.ResourceList{}
	if kind.product != "" {
		c := pick(g.Rand, 1, 1, 2, 2, 4, 8)
		cores, perCore = c*pick(g.Rand, 6, 8, 12, 16), 8
		price = cores*75 + c*kind.gpuPrice
		p.Spec.GPU = &v1alpha1.PoolGPU{Product: kind.product, Count: count(c)}
	}
	if kind.tee != "" {
		p.Spec.TEE = &v1alpha1.PoolTEE{Type: kind.tee, Mode: kind.mode}
	}
	if kind.tee == "sgx" {
		p.Spec.Allocatable[resourceEnclave] = mib(pick(g.Rand, 1, 4, 16) * cores * 60)
	}
	p.Spec.Allocatable[corev1.ResourceCPU] = milli(cores*1000 - 80 - cores*5)
	p.Spec.Allocatable[corev1.ResourceMemory] = mib(cores*perCore*1024*92/100 - 100)
	p.Spec.Allocatable[corev1.ResourcePods] = units(110)
	hour := milli(price * (70 + g.IntN(60)) / 100)
	p.Spec.Price = &hour
	p.Spec.Taints = g.taintsOf(kind)
	if g.weighted {
		p.Spec.Weight = int32(g.IntN(3) * 10)
	}
	g.nodesOf(&p, n)
	return p
}

func mib(n int) resource.Quantity { return *resource.NewQuantity(int64(n)<<20, resource.BinarySI) }

// taintsOf makes the taints of a pool: mostly the usual one of GPUs, and sometimes
// that of a team.
func (g *generator) taintsOf(kind family) []corev1.Taint {
	var taints []corev1.Taint
	if kind.product != "" && g.chance(80) {
		key := "nvidia.com/gpu"
		if kind.product == productMI300X {
			key = "amd.com/gpu"
		}
		taints = append(taints, corev1.Taint{Key: key, Value: "present", Effect: corev1.TaintEffectNoSchedule})
	}
	if g.chance(15) {
		taints = append(taints, corev1.Taint{Key: "dedicated", Value: pick(g.Rand, "red", "green", "blue"), Effect: corev1.TaintEffectNoSchedule})
	}
	if kind.tee != "" && g.chance(50) {
		taints = append(taints, corev1.Taint{Key: "confidential", Value: "true", Effect: corev1.TaintEffectNoExecute})
	}
	return taints
}

// nodesOf says how many nodes a pool has. In one of five, they are partly taken.
func (g *generator) nodesOf(p *v1alpha1.HardwarePool, n int) {
	switch g.IntN(5) {
	case 0:
		p.Spec.MaxNodes = count(n)
	case 1, 2, 3:
		p.Status.Nodes, p.Status.ReadyNodes = int32(n), int32(n)
	default:
		p.Status.Nodes, p.Status.ReadyNodes = int32(n), int32(n)
		for left := n; left > 0; {
			e := v1alpha1.FreeNodes{Nodes: int32(1 + g.IntN(min(left, 1+n/2))), Resources: corev1.ResourceList{}}
			part := g.between(0.4, 1)
			for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory, resourceEnclave} {
				if q, ok := p.Spec.Allocatable[name]; ok {
					e.Resources[name] = *resource.NewMilliQuantity(int64(float64(q.MilliValue())*part)/1000*1000, q.Format)
				}
			}
			e.Resources[corev1.ResourceCPU] = milli(int(p.Spec.Allocatable.Cpu().AsApproximateFloat64() * part * 1000))
			if p.Spec.GPU != nil {
				e.Resources[gpuResourceOf(p.Spec.PoolNodes)] = units(int(part * float64(*p.Spec.GPU.Count)))
			}
			left -= int(e.Nodes)
			p.Status.Free = append(p.Status.Free, e)
		}
	}
}

// makeWorkloads makes workloads that ask for GPUs until each model has its load. The
// rest of their number is shared out among the other families by their nodes.
func (g *generator) makeWorkloads(n int, load float64) []placement.Workload {
	var all []placement.Workload
	nodes := make([]int, len(families))
	others := 0
	for k, f := range g.familyOf {
		if families[f].product == "" {
			nodes[f] += g.nodes[k]
			others += g.nodes[k]
		}
	}
	for f, kind := range families {
		if kind.product != "" {
			all = append(all, g.makeAccelerated(f, load)...)
		}
	}
	all = all[:min(len(all), n*4/5)]
	rest := n - len(all)
	for f := len(families) - 1; f > 0; f-- {
		all = append(all, g.makePlain(f, rest*nodes[f]/others, load)...)
	}
	all = append(all, g.makePlain(0, n-len(all), load)...)
	g.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for i := range all {
		all[i].Name = fmt.Sprintf("workload-%05d", i)
		all[i].Namespace = "default"
	}
	return all
}

// home draws a pool of a family, those with more nodes more often.
func (g *generator) home(f int) int {
	total := 0
	for k, of := range g.familyOf {
		if of == f {
			total += g.nodes[k]
		}
	}
	at := g.IntN(total)
	for k, of := range g.familyOf {
		if of != f {
			continue
		}
		if at -= g.nodes[k]; at < 0 {
			return k
		}
	}
	panic("a family has no pool")
}

// makeAccelerated makes workloads that ask for GPUs of a family, until they come to
// the load. They leave enough of everything else for the other GPUs of a node.
func (g *generator) makeAccelerated(f int, load float64) []placement.Workload {
	free, used := g.freeIn(f)[dimGPUs]/1000, int64(0)
	var all []placement.Workload
	for {
		home := g.home(f)
		has := *g.pools[home].Spec.GPU.Count
		asks := min(pick[int32](g.Rand, 1, 1, 1, 1, 2, 2, 4, 8), has)
		if used += int64(asks); float64(used) > load*float64(free) {
			return all
		}
		w := placement.Workload{Demand: placement.Demand{Hardware: &v1alpha1.HardwareRequirements{
			GPUType: pick(g.Rand, families[f].asked...), GPUCount: &asks,
		}}}
		g.size(home, 0.9*float64(asks)/float64(has)).ask(&w)
		g.bound(&w, home)
		all = append(all, w)
	}
}

// freeIn is what is free in all pools of a family. Who asks for nothing rare may run
// on other nodes too where no taint keeps him off, of which half is his.
func (g *generator) freeIn(f int) amounts {
	var free amounts
	for k, of := range g.familyOf {
		switch {
		case of == f:
			free = free.plus(g.left[k])
		case f == 0 && len(g.pools[k].Spec.Taints) == 0:
			for d, n := range g.left[k] {
				free[d] += n / 2
			}
		}
	}
	return free
}

// makePlain makes workloads for the pools of a family without GPUs. Some of them are
// then doubled or halved, until they come to the load.
func (g *generator) makePlain(f, n int, load float64) []placement.Workload {
	homes, sizes := make([]int, n), make([]request, n)
	free := inMebibytes(g.freeIn(f))
	var total request
	for i := range n {
		homes[i] = g.home(f)
		sizes[i] = g.size(homes[i], 0.4)
		for d := range total {
			total[d] += sizes[i][d]
		}
	}
	used := func() float64 { return total.shareOf(free) }
	grow := used() < load
	for tries := 0; (used() < load) == grow && tries < 20*n; tries++ {
		i := g.IntN(n)
		r := sizes[i].halved()
		if grow {
			r = sizes[i].doubled()
		}
		if r.shareOf(inMebibytes(g.facts[homes[i]].allocatable)) > 0.6 {
			continue
		}
		for d := range total {
			total[d] += r[d] - sizes[i][d]
		}
		sizes[i] = r
	}
	all := make([]placement.Workload, n)
	for i := range all {
		if families[f].tee != "" {
			all[i].Demand.Hardware = &v1alpha1.HardwareRequirements{TEEType: families[f].tee}
		}
		sizes[i].ask(&all[i])
		g.bound(&all[i], homes[i])
	}
	return all
}

// A request is what a workload asks for beside GPUs: thousandths of cores, and
// mebibytes of memory and of enclave memory.
type request [3]int

func (r request) doubled() request { return request{2 * r[0], 2 * r[1], 2 * r[2]} }

func (r request) halved() request {
	return request{max(50, r[0]/2), max(64, r[1]/2), max(min(16, r[2]), r[2]/2)}
}

// shareOf is the largest share of what there is.
func (r request) shareOf(all request) float64 {
	share := 0.0
	for d := range r {
		if r[d] > 0 {
			share = max(share, float64(r[d])/float64(max(1, all[d])))
		}
	}
	return share
}

// ask writes the request into a workload.
func (r request) ask(w *placement.Workload) {
	w.Demand.Resources.Requests = corev1.ResourceList{corev1.ResourceCPU: milli(r[0]), corev1.ResourceMemory: mib(r[1])}
	if r[2] > 0 {
		w.Demand.Resources.Limits = corev1.ResourceList{resourceEnclave: mib(r[2])}
	}
}

// inMebibytes rounds amounts to the units of requests.
func inMebibytes(a amounts) request {
	return request{int(a[dimCPU]), int(a[dimMemory] / 1000 >> 20), int(a[dimEnclave] / 1000 >> 20)}
}

// size makes a request of at most a share of a node. Most people ask for powers of
// two, and some for what they measured.
func (g *generator) size(home int, share float64) request {
	node := inMebibytes(g.facts[home].allocatable)
	r := request{250 << g.IntN(7), 512 << g.IntN(7)}
	if g.chance(25) {
		r = request{50 * (1 + g.IntN(80)), 64 * (1 + g.IntN(200))}
	}
	if node[2] > 0 && families[g.familyOf[home]].tee == "sgx" {
		r[2] = 16 << g.IntN(8)
	}
	for d, least := range [3]int{50, 64, 16} {
		for r[d] > least && float64(r[d]) > share*float64(node[d]) {
			r[d] /= 2
		}
	}
	return r
}

// bound says which kind of nodes is wanted, such that the home pool is one.
func (g *generator) bound(w *placement.Workload, home int) {
	p := &g.pools[home]
	s := &v1alpha1.SchedulingConfig{}
	for _, t := range p.Spec.Taints {
		if t.Key == "dedicated" || t.Key == "confidential" {
			s.Tolerations = append(s.Tolerations, corev1.Toleration{Key: t.Key, Operator: corev1.TolerationOpEqual, Value: t.Value, Effect: t.Effect})
		}
	}
	if s.Tolerations == nil && g.chance(10) {
		s.Tolerations = append(s.Tolerations, corev1.Toleration{Key: "dedicated", Operator: corev1.TolerationOpExists})
	}
	if g.chance(15) {
		key := pick(g.Rand, "zone", "disk")
		s.NodeSelector = v1alpha1.NodeLabels{key: p.Spec.Labels[key]}
	}
	if g.chance(20) {
		s.NodeAffinity = g.affinityTo(p)
	}
	if s.Tolerations != nil || s.NodeSelector != nil || s.NodeAffinity != nil {
		w.Demand.Scheduling = s
	}
}

// affinityTo makes a required node affinity that a pool matches.
func (g *generator) affinityTo(p *v1alpha1.HardwarePool) *corev1.NodeAffinity {
	generation, _ := strconv.Atoi(p.Spec.Labels["generation"])
	other := map[string]string{"ssd": "hdd", "hdd": "ssd"}[p.Spec.Labels["disk"]]
	all := []corev1.NodeSelectorRequirement{
		{Key: "zone", Operator: corev1.NodeSelectorOpIn, Values: []string{p.Spec.Labels["zone"], pick(g.Rand, "a", "b", "c")}},
		{Key: "disk", Operator: corev1.NodeSelectorOpNotIn, Values: []string{other}},
		{Key: "generation", Operator: corev1.NodeSelectorOpGt, Values: []string{strconv.Itoa(generation - 1 - g.IntN(2))}},
	}
	if _, ok := p.Spec.Labels["network"]; ok {
		all = append(all, corev1.NodeSelectorRequirement{Key: "network", Operator: corev1.NodeSelectorOpExists})
	}
	g.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	terms := []corev1.NodeSelectorTerm{{MatchExpressions: all[:1+g.IntN(2)]}}
	if g.chance(20) {
		terms = append(terms, corev1.NodeSelectorTerm{MatchExpressions: all[2:3]})
	}
	return &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: terms}}
}
