// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/crossplane-contrib/provider-hourglass/internal/hardware"
)

// DefaultSGXMemory is the enclave memory that an SGX workload gets whose resources
// name none. It is a modest share of the smallest usual enclave page cache (128
// MiB of Intel SGX1, of which about 93 MiB are usable), so that one fits on any
// SGX node. Name sgx.intel.com/epc in resources.limits for another size.
const DefaultSGXMemory = "64Mi"

// withDevices returns the user's resources with the GPUs and the enclave memory
// that are granted. Extended resources cannot be overcommitted, so each stands in
// the limits and the requests alike.
func withDevices(user corev1.ResourceRequirements, grant gpuGrant, tee teePlan) (corev1.ResourceRequirements, error) {
	out := *user.DeepCopy()
	if grant.resource != "" {
		setDevice(&out, grant.resource, *resource.NewQuantity(grant.count, resource.DecimalSI))
	}
	if n := tee.nvSwitches(grant); n > 0 {
		if listed, present, err := deviceQuantity(user, hardware.ResourceNVSwitch); err != nil {
			return out, err
		} else if present && listed.CmpInt64(n) != 0 {
			return out, fmt.Errorf("%s: is %s but %d GPUs of the model %s in one confidential virtual machine need %d; leave it out", resourcePath("limits", hardware.ResourceNVSwitch), listed.String(), grant.count, grant.gpu.Model, n)
		}
		setDevice(&out, hardware.ResourceNVSwitch, *resource.NewQuantity(n, resource.DecimalSI))
	}
	if tee.mode != inProcess {
		return out, nil
	}
	memory, present, err := deviceQuantity(user, hardware.ResourceSGXEPC)
	if err != nil {
		return out, err
	}
	if !present {
		memory = resource.MustParse(DefaultSGXMemory)
	}
	if memory.Sign() <= 0 {
		return out, fmt.Errorf("%s: is %s but an SGX enclave needs memory", resourcePath("limits", hardware.ResourceSGXEPC), memory.String())
	}
	setDevice(&out, hardware.ResourceSGXEPC, memory)
	return out, nil
}

// setDevice sets a resource in the limits and the requests. It leaves a quantity
// that is the same in other words as the user wrote it.
func setDevice(r *corev1.ResourceRequirements, name corev1.ResourceName, q resource.Quantity) {
	if r.Limits == nil {
		r.Limits = corev1.ResourceList{}
	}
	if r.Requests == nil {
		r.Requests = corev1.ResourceList{}
	}
	for _, list := range []corev1.ResourceList{r.Limits, r.Requests} {
		if old, ok := list[name]; !ok || old.Cmp(q) != 0 {
			list[name] = q.DeepCopy()
		}
	}
}

// deviceQuantity returns how much of an extended resource the user asks for, and
// whether at all. Limits and requests that differ are an error.
func deviceQuantity(r corev1.ResourceRequirements, name corev1.ResourceName) (resource.Quantity, bool, error) {
	limit, limited := r.Limits[name]
	request, requested := r.Requests[name]
	if limited && requested && limit.Cmp(request) != 0 {
		return limit, true, fmt.Errorf("%s: is %s but %s is %s; make them equal or leave the request out", resourcePath("requests", name), request.String(), resourcePath("limits", name), limit.String())
	}
	if limited {
		return limit.DeepCopy(), true, nil
	}
	return request.DeepCopy(), requested, nil
}

// listedGPUs returns the GPU resources in the user's resources, sorted, and the
// number of GPUs that they ask for together.
func listedGPUs(r corev1.ResourceRequirements) ([]corev1.ResourceName, int64, error) {
	names := map[string]bool{}
	for _, list := range []corev1.ResourceList{r.Limits, r.Requests} {
		for name := range list {
			if hardware.GPUVendor(name) != "" {
				names[string(name)] = true
			}
		}
	}
	var listed []corev1.ResourceName
	var total int64
	for _, key := range sortedKeys(names) {
		name := corev1.ResourceName(key)
		q, _, err := deviceQuantity(r, name)
		if err != nil {
			return nil, 0, err
		}
		n, whole := q.AsInt64()
		if !whole || n < 0 {
			return nil, 0, fmt.Errorf("%s: is %s but must be a whole number of GPUs", resourcePath("limits", name), q.String())
		}
		listed = append(listed, name)
		total += n
	}
	return listed, total, nil
}

// resourcePath returns the path of a resource in the user's spec.
func resourcePath(list string, name corev1.ResourceName) string {
	return fmt.Sprintf("%s.%s[%s]", pathResources, list, name)
}

func joinNames[T ~string](names []T) string {
	parts := make([]string, 0, len(names))
	for _, n := range names {
		parts = append(parts, string(n))
	}
	return strings.Join(parts, ", ")
}
