// SPDX-License-Identifier: Apache-2.0

// Package apis holds the API types of provider-hourglass and says how their
// code and CRDs are generated.
package apis

//go:generate go tool -modfile=../cluster/tools/generate/go.mod controller-gen object:headerFile=hack/boilerplate.go.txt crd:crdVersions=v1 paths=./... output:crd:artifacts:config=../package/provider/crds
//go:generate go tool -modfile=../cluster/tools/generate/go.mod angryjet generate-methodsets --header-file=hack/boilerplate.go.txt ./...
