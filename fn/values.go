// SPDX-License-Identifier: Apache-2.0

package main

import (
	"maps"

	"google.golang.org/protobuf/types/known/structpb"
)

// at returns the value at a path of fields, nil where there is none.
func at(s *structpb.Struct, path ...string) *structpb.Value {
	var v *structpb.Value
	for _, name := range path {
		v = s.GetFields()[name]
		s = v.GetStructValue()
	}
	return v
}

// textAt returns the string at a path of fields, empty where there is none.
func textAt(s *structpb.Struct, path ...string) string { return at(s, path...).GetStringValue() }

// objectAt returns the object at a path of fields, nil where there is none.
func objectAt(s *structpb.Struct, path ...string) *structpb.Struct {
	return at(s, path...).GetStructValue()
}

// isNull says whether a value is null, or there is none.
func isNull(v *structpb.Value) bool {
	switch v.GetKind().(type) {
	case nil, *structpb.Value_NullValue:
		return true
	default:
		return false
	}
}

// copied returns an object with the same fields, to be changed. The request stays
// as it came: it is the caller's.
func copied(s *structpb.Struct) *structpb.Struct {
	fields := maps.Clone(s.GetFields())
	if fields == nil {
		fields = map[string]*structpb.Value{}
	}
	return &structpb.Struct{Fields: fields}
}

// within replaces the object in a field by a copy, which it returns.
func within(s *structpb.Struct, name string) *structpb.Struct {
	inner := copied(s.GetFields()[name].GetStructValue())
	s.Fields[name] = structpb.NewStructValue(inner)
	return inner
}

// put sets a field, or removes it where there is no value.
func put(s *structpb.Struct, name string, v *structpb.Value) {
	if v == nil {
		delete(s.GetFields(), name)
		return
	}
	s.Fields[name] = v
}

// only returns an object with some of the fields.
func only(s *structpb.Struct, names ...string) *structpb.Value {
	fields := make(map[string]*structpb.Value, len(names))
	for _, name := range names {
		if v := s.GetFields()[name]; v != nil {
			fields[name] = v
		}
	}
	return structpb.NewStructValue(&structpb.Struct{Fields: fields})
}

// object returns an object of strings, leaving out those that are empty.
func object(pairs ...string) *structpb.Struct {
	fields := make(map[string]*structpb.Value, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			fields[pairs[i]] = structpb.NewStringValue(pairs[i+1])
		}
	}
	return &structpb.Struct{Fields: fields}
}

// list returns a list of objects.
func list(objects []*structpb.Struct) *structpb.Value {
	values := make([]*structpb.Value, 0, len(objects))
	for _, o := range objects {
		values = append(values, structpb.NewStructValue(o))
	}
	return structpb.NewListValue(&structpb.ListValue{Values: values})
}
