// SPDX-License-Identifier: Apache-2.0

package main

//go:generate go tool -modfile=../cluster/tools/generate/go.mod controller-gen object:headerFile=../apis/hack/boilerplate.go.txt crd:crdVersions=v1 paths=./input/... output:crd:artifacts:config=package/input
