// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/crossplane-contrib/provider-hourglass/internal/hardware"
)

// The resources that the API server compares quantities of in a Performer.
var (
	overcommitted = []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourceEphemeralStorage}
	gpus          = []corev1.ResourceName{
		hardware.ResourceNVIDIAGPU, hardware.ResourceNVIDIAShared, hardware.ResourceNVIDIAPassthrough,
		hardware.ResourceAMDGPU, hardware.ResourceIntelI915, hardware.ResourceIntelXe,
	}
)

// checkQuantities finds what is wrong with the quantities of an XR's performer. They
// are a Performer's rules, in its words: in a list, as an XR has it, an API server
// cannot afford them.
func checkQuantities(item *performerItem) error {
	limits, requests := item.Resources.Limits, item.Resources.Requests
	for _, name := range overcommitted {
		request, limit, both := inBoth(requests, limits, name)
		if both && request.Cmp(limit) > 0 {
			return fmt.Errorf("resources.requests[%s] is %s but resources.limits[%s] is only %s", name, &request, name, &limit)
		}
	}
	for _, name := range gpus {
		request, limit, both := inBoth(requests, limits, name)
		if both && request.Cmp(limit) != 0 {
			return fmt.Errorf("resources.requests[%s] is %s but resources.limits[%s] is %s: GPU requests and limits must be equal", name, &request, name, &limit)
		}
	}
	if err := checkList("limits", limits, item); err != nil {
		return err
	}
	return checkList("requests", requests, item)
}

// inBoth returns how much of a resource there is in both lists, if there is.
func inBoth(requests, limits corev1.ResourceList, name corev1.ResourceName) (request, limit resource.Quantity, both bool) {
	request, requested := requests[name]
	limit, limited := limits[name]
	return request, limit, requested && limited
}

// checkList finds what is wrong with the limits or with the requests alone.
func checkList(field string, list corev1.ResourceList, item *performerItem) error {
	for _, q := range list {
		if q.Sign() < 0 {
			return errors.New("resources." + field + " must not be negative")
		}
	}
	count := int32(0)
	if hw := item.HardwareRequirements; hw != nil && hw.GPUCount != nil {
		count = *hw.GPUCount
	}
	for _, name := range gpus {
		q, listed := list[name]
		if !listed {
			continue
		}
		n, whole := q.AsInt64()
		if !whole {
			return errors.New("resources." + field + " must have a whole number of GPUs")
		}
		if count != 0 && n != int64(count) {
			return fmt.Errorf("resources.%s[%s] is %s but hardwareRequirements.gpuCount is %d: make them equal or leave one out", field, name, &q, count)
		}
	}
	return nil
}
