// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"
	"sync/atomic"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"

	"github.com/crossplane-contrib/provider-hourglass/fn/input/v1beta1"
)

// knownPools remembers the HardwarePools of the last request. They seldom change,
// and to read and prepare a hundred of them takes longer than all else that a call
// is about. An API server gives an object a new resourceVersion whenever it changes,
// so that pools of the same versions are the same.
type knownPools struct {
	last atomic.Pointer[versioned]
}

// versioned are pools and what tells them from others.
type versioned struct {
	versions string
	pools    pools
}

// read is readPools, but for pools that are known.
func (k *knownPools) read(req *fnv1.RunFunctionRequest, in *v1beta1.Placement, selector *fnv1.ResourceSelector) (pools, error) {
	versions := ""
	if len(in.Pools) == 0 {
		versions = versionsOf(selected(req).GetItems())
	}
	if last := k.last.Load(); versions != "" && last != nil && last.versions == versions {
		return last.pools, nil
	}
	p, err := readPools(req, in, selector)
	if err == nil && versions != "" {
		k.last.Store(&versioned{versions: versions, pools: p})
	}
	return p, err
}

// versionsOf tells objects from all others, and from themselves when they change,
// in whichever order they are; it is empty where one has no version.
func versionsOf(items []*fnv1.Resource) string {
	versions := make([]string, 0, len(items))
	for _, item := range items {
		meta := objectAt(item.GetResource(), "metadata")
		uid, version := textAt(meta, "uid"), textAt(meta, "resourceVersion")
		if uid == "" || version == "" {
			return ""
		}
		versions = append(versions, textAt(meta, "name")+"/"+uid+"/"+version)
	}
	slices.Sort(versions)
	return strings.Join(versions, " ")
}
