// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"

	"google.golang.org/protobuf/types/known/structpb"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/fn/input/v1beta1"
	"github.com/crossplane-contrib/provider-hourglass/fn/typed"
)

// resourceExecutor is the name in the pipeline of the HourglassExecutor that this
// function composes. Its Performers are called performer-NAME.
const resourceExecutor = "executor"

// A performerItem is one of the XR's performers.
type performerItem struct {
	// Name of the performer in its XR.
	Name string `json:"name"`
	// Replicas is how many there are alike; nil for one.
	Replicas *int32 `json:"replicas,omitempty"`

	v1alpha1.PerformerSpec `json:",inline"`
}

// compose composes the HourglassExecutor and the Performers that the XR describes.
func (s *stack) compose(c *v1beta1.Compose) error {
	executor, performers := inXR(s.xr, c.Executor), inXR(s.xr, c.Performers)
	if isNull(executor) && isNull(performers) {
		return nil
	}
	if s.name == "" {
		return errors.New("the XR has no metadata.name to name composed objects after")
	}
	if s.namespace == "" && s.claimNamespace == "" {
		return errors.New("the XR is cluster-scoped and has no claim, so that there is no namespace to compose in: create a claim, or make the XR's kind a namespaced one")
	}
	ref := ""
	if !isNull(executor) {
		if err := s.composeExecutor(c.Executor, executor); err != nil {
			return err
		}
		ref = s.executorName(resourceExecutor, s.resources[resourceExecutor].GetResource())
	}
	return s.composePerformers(c.Performers, performers, ref)
}

// composeExecutor composes the HourglassExecutor.
func (s *stack) composeExecutor(path string, v *structpb.Value) error {
	if err := codec.Decode(v, path, &v1alpha1.HourglassExecutorSpec{}, typed.Strict); err != nil {
		return err
	}
	if err := checkExecutorName(s.name); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if s.resources[resourceExecutor] != nil {
		return fmt.Errorf("%s: an earlier step of the pipeline composes a resource called %s already: rename that", path, resourceExecutor)
	}
	s.add(resourceExecutor, v1alpha1.HourglassExecutorKind, s.name, v.GetStructValue())
	return nil
}

// composePerformers composes the Performers. They belong to an executor, unless
// they name another one.
func (s *stack) composePerformers(path string, v *structpb.Value, executor string) error {
	if _, ok := v.GetKind().(*structpb.Value_ListValue); !ok && !isNull(v) {
		return codec.Decode(v, path, &[]performerItem{}, typed.Strict)
	}
	origin := make(map[string]string, len(s.resources))
	for name := range s.resources {
		origin[name] = "an earlier step of the pipeline"
	}
	for i, v := range v.GetListValue().GetValues() {
		path := fmt.Sprintf("%s[%d]", path, i)
		if isNull(v) {
			return fmt.Errorf("%s: is null: write a performer or remove it", path)
		}
		item := performerItem{}
		if err := codec.Decode(v, path, &item, typed.Strict); err != nil {
			return err
		}
		if err := checkQuantities(&item); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		item.ExecutorRef = cmp.Or(item.ExecutorRef, executor)
		if err := s.composeReplicas(path, item, v.GetStructValue(), origin); err != nil {
			return err
		}
	}
	return nil
}

// composeReplicas composes all replicas of a performer. Origin says where each
// resource that there is comes from.
func (s *stack) composeReplicas(path string, item performerItem, fields *structpb.Struct, origin map[string]string) error {
	names, err := s.replicaNames(path, item)
	if err != nil {
		return err
	}
	spec := copied(fields)
	put(spec, "name", nil)
	put(spec, "replicas", nil)
	if item.ExecutorRef != "" {
		put(spec, fieldExecutor, structpb.NewStringValue(item.ExecutorRef))
	}
	for _, name := range names {
		resource := "performer-" + name
		if origin[resource] != "" {
			return fmt.Errorf("%s.name: makes a resource called %s, which %s does too: rename one of them", path, resource, origin[resource])
		}
		if len(s.own) == mostPerformers {
			return fmt.Errorf("%s: the XR has more than %d performers, which is the most it may have: make several of it", path, mostPerformers)
		}
		origin[resource] = path
		s.add(resource, v1alpha1.PerformerKind, s.name+"-"+name, spec)
		prepare(s.resources[resource].GetResource(), s.observedAs(resource, v1alpha1.PerformerKind), serviceOf(s.name, name))
		s.own[resource] = specOf(item)
	}
	return nil
}

// replicaNames returns the names in the XR of a performer's replicas. The first is
// the performer's own, so that one that gets more keeps it.
func (s *stack) replicaNames(path string, item performerItem) ([]string, error) {
	replicas := int32(1)
	if item.Replicas != nil {
		replicas = *item.Replicas
	}
	if replicas < 0 || replicas > mostPerformers {
		return nil, fmt.Errorf("%s.replicas: is %d but must be between 0 and %d", path, replicas, mostPerformers)
	}
	names := make([]string, 0, replicas)
	for i := range int(replicas) {
		name := item.Name
		if i > 0 {
			name += "-" + strconv.Itoa(i)
		}
		if err := checkPerformerName(s.name, name); err != nil {
			return nil, fmt.Errorf("%s.name: %w", path, err)
		}
		names = append(names, name)
	}
	return names, nil
}

// specOf returns what counts of a performer's spec.
func specOf(item performerItem) *performerSpec {
	return &performerSpec{
		ExecutorRef:          item.ExecutorRef,
		Target:               item.ProviderConfigReference,
		Resources:            item.Resources,
		Scheduling:           item.Scheduling,
		HardwareRequirements: item.HardwareRequirements,
	}
}

// add adds an object to what is desired. It is ready when what is observed says so.
func (s *stack) add(resource, kind, name string, spec *structpb.Struct) {
	ready := fnv1.Ready_READY_FALSE
	if textAt(conditionOf(s.observedAs(resource, kind), "Ready"), "status") == "True" {
		ready = fnv1.Ready_READY_TRUE
	}
	o := object("apiVersion", v1alpha1.SchemeGroupVersion.String(), "kind", kind)
	o.Fields["metadata"] = structpb.NewStructValue(object("name", name, "namespace", cmp.Or(s.namespace, s.claimNamespace)))
	o.Fields["spec"] = structpb.NewStructValue(spec)
	s.resources[resource] = &fnv1.Resource{Resource: o, Ready: ready}
}
