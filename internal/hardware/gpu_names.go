// SPDX-License-Identifier: Apache-2.0

package hardware

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A gpuName is what the words of a GPU's name say.
type gpuName struct {
	model    gpuModel
	prefix   []string
	memoryGB int
	form     string
	mig      string
	shared   bool
}

var (
	// migProfile is compute and memory slices and perhaps an attribute. Source:
	// NVIDIA/mig-parted deployments/systemd/config-default.yaml.
	migProfile = regexp.MustCompile(`^[1-9]g\.[1-9][0-9]{0,2}gb(\.me|\.me\.all|\.gfx)?$`)

	gpuMemory = regexp.MustCompile(`^([1-9][0-9]{0,3})(g|gb|gib)$`)
)

// gpuPrefixes may stand before a model, and name its vendor or a product line.
// The value is the vendor, where the word tells it.
var gpuPrefixes = map[string]Vendor{
	"nvidia": NVIDIA, "tesla": NVIDIA, "grid": NVIDIA,
	"amd": AMD, "instinct": AMD,
	"intel": Intel,
	"data":  "", "center": "", "gpu": "",
}

// gpuForms are words for form factors. Of the models of the catalog that come in
// several forms, those with HBM3 in their name are SXM modules.
var gpuForms = map[string]string{
	"sxm": "sxm", "sxm2": "sxm", "sxm3": "sxm", "sxm4": "sxm", "sxm5": "sxm", "sxm6": "sxm", "hbm3": "sxm",
	"pcie": "pcie", "nvl": "nvl", "mega": "mega", "oam": "oam", "vf": "vf",
}

// readGPUName reads the words of a name: prefixes, the model, and what follows
// it. Unlike ParseGPU it accepts variants that the catalog does not have, since
// node labels may name new ones.
func readGPUName(name string) (gpuName, error) {
	words := gpuWords(name)
	n := gpuName{}
	for len(words) > 0 {
		if _, ok := gpuPrefixes[words[0]]; !ok {
			break
		}
		n.prefix = append(n.prefix, words[0])
		words = words[1:]
	}
	m, length := modelAt(words)
	if length == 0 || !n.prefixFits(m.vendor) {
		return gpuName{}, fmt.Errorf("%q is not a known GPU model; known models are %s", name, strings.Join(GPUModels(), ", "))
	}
	n.model = m
	if word := n.readVariant(words[length:]); word != "" {
		return gpuName{}, fmt.Errorf("%q has %q, which says nothing known about the GPU model %s; known variants are %s", name, word, m.name(), strings.Join(m.variants(), ", "))
	}
	return n, nil
}

// gpuWords splits a name into its words. A plus sign in a MIG profile is a dot
// in label values and resource names.
func gpuWords(name string) []string {
	return strings.FieldsFunc(strings.ToLower(strings.ReplaceAll(name, "+", ".")), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '.'
	})
}

// modelAt returns the model that the words begin with, the one with the longest
// name where several do, and how many words its name has.
func modelAt(words []string) (gpuModel, int) {
	found, length := gpuModel{}, 0
	for _, n := range gpuModelNames {
		if len(n.words) > length && len(n.words) <= len(words) && slices.Equal(n.words, words[:len(n.words)]) {
			found, length = gpuModels[n.model], len(n.words)
		}
	}
	return found, length
}

// A gpuModelName is the words of one of the names of a model, by its index.
type gpuModelName struct {
	model int
	words []string
}

// gpuModelNames are all names of all models, taken apart once.
var gpuModelNames = func() []gpuModelName {
	var all []gpuModelName
	for i, m := range gpuModels {
		for _, name := range m.names {
			all = append(all, gpuModelName{model: i, words: strings.Split(name, "-")})
		}
	}
	return all
}()

// prefixFits says whether no word before the model names another vendor.
func (n *gpuName) prefixFits(v Vendor) bool {
	return !slices.ContainsFunc(n.prefix, func(word string) bool {
		return gpuPrefixes[word] != "" && gpuPrefixes[word] != v
	})
}

// readVariant reads the words after the model. It returns the first one that it
// cannot make sense of, or that contradicts one before it.
func (n *gpuName) readVariant(words []string) string {
	for i, word := range words {
		memory := gpuMemory.FindStringSubmatch(word)
		switch {
		case slices.Contains(n.model.ignored, word):
		case word == "shared" && !n.shared:
			n.shared = true
		case word == "mig" && i+1 < len(words) && migProfile.MatchString(words[i+1]):
		case migProfile.MatchString(word) && n.mig == "":
			n.mig = word
		case memory != nil && n.memoryGB == 0:
			// The expression allows four digits, so this cannot fail.
			n.memoryGB, _ = strconv.Atoi(memory[1])
		case gpuForms[word] != "" && (n.form == "" || n.form == gpuForms[word]):
			n.form = gpuForms[word]
		default:
			return word
		}
	}
	return ""
}

// gpu returns what was read as a GPU.
func (n *gpuName) gpu() GPU {
	return GPU{Vendor: n.model.vendor, Model: n.model.name(), MemoryGB: n.memoryGB, Form: n.form, MIG: n.mig, Shared: n.shared}
}

// isGKEA100 says whether the name is gkeA100, perhaps with a slice or share of it.
func (n *gpuName) isGKEA100() bool {
	return n.model.name() == "a100" && n.memoryGB == 0 && n.form == "" && slices.Equal(n.prefix, []string{"nvidia", "tesla"})
}

// variants returns the names of the variants that node labels tell apart.
func (m gpuModel) variants() []string {
	var names []string
	for _, l := range m.labels {
		form := l.forms[strings.LastIndex(l.forms, " ")+1:]
		names = append(names, GPU{Model: m.name(), MemoryGB: l.memoryGB, Form: form}.String())
	}
	slices.Sort(names)
	return slices.Compact(names)
}
