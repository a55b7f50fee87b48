// SPDX-License-Identifier: Apache-2.0

// Package hardware is the one catalog of what hardware is called: GPU models
// and trusted execution environments in the spellings that people use, and the
// node labels, extended resources, taints and RuntimeClasses that stand for
// them in a cluster.
//
// The package is pure. It reads names and returns values, it keeps no state,
// and the same input always gives the same output in the same order.
//
// Facts come from the documentation and the source of those who set the labels:
// NVIDIA GPU feature discovery (GFD) and device plugins, AMD's and Intel's
// device plugins, Node Feature Discovery (NFD), Kata Containers, GKE, AKS,
// Karpenter and the cluster autoscaler. Each constant and each table names its
// source.
package hardware
