// SPDX-License-Identifier: Apache-2.0

package typed

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"google.golang.org/protobuf/types/known/structpb"
)

// A structType is a struct, taken apart. Its fields are looked at when the first
// value is: types may contain themselves.
type structType struct {
	once   sync.Once
	fields map[string]*structField
	names  []string // Of the fields, in order.
}

// A structField is a field that has a name in JSON.
type structField struct {
	compiled

	index     []int
	omitempty bool
	required  bool
}

// structure reads and writes structs.
func (c *Codec) structure(t reflect.Type) compiled {
	known, _ := c.structs.LoadOrStore(t, &structType{})
	s, _ := known.(*structType)
	prepared := func() *structType {
		s.once.Do(func() { c.takeApart(t, s) })
		return s
	}
	return compiled{
		decode: func(r reading, v *structpb.Value, to reflect.Value) *Error { return prepared().decode(r, v, to) },
		encode: func(from reflect.Value) *structpb.Value { return prepared().encode(from) },
		empty:  never,
	}
}

func (s *structType) decode(r reading, v *structpb.Value, to reflect.Value) *Error {
	fields, e := object(v)
	if e != nil || fields == nil {
		return e
	}
	e = each(fields, r.ordered, func(name string, value *structpb.Value) *Error {
		f := s.fields[name]
		if f == nil {
			if r.mode == Lenient {
				return nil
			}
			return problem("is not a known field; known are " + enumerate(s.names, " and ")).in("." + short(name))
		}
		if e := f.decode(r, value, f.of(to)); e != nil {
			return e.in("." + name)
		}
		return nil
	})
	if e != nil || r.mode == Lenient {
		return e
	}
	for _, name := range s.names {
		if s.fields[name].required && absent(fields[name]) {
			return problem("is missing").in("." + name)
		}
	}
	return nil
}

func (s *structType) encode(from reflect.Value) *structpb.Value {
	fields := map[string]*structpb.Value{}
	for name, f := range s.fields {
		if value := f.of(from); !f.omitempty || !f.empty(value) {
			fields[name] = f.encode(value)
		}
	}
	return structpb.NewStructValue(&structpb.Struct{Fields: fields})
}

// of returns the field of a struct.
func (f *structField) of(s reflect.Value) reflect.Value {
	if len(f.index) == 1 {
		return s.Field(f.index[0])
	}
	return s.FieldByIndex(f.index)
}

// takeApart finds the fields of a struct and of the structs that are inlined into
// it. As in JSON, the field that is inlined the least deeply has the name.
func (c *Codec) takeApart(t reflect.Type, s *structType) {
	s.fields = map[string]*structField{}
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		owner, ok := inlinedIn(t, f)
		if !ok || !f.IsExported() || name == "-" || f.Anonymous && name == "" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		if other := s.fields[name]; other != nil && len(other.index) <= len(f.Index) {
			continue
		}
		omitzero := strings.Contains(options, "omitzero")
		optional := omitzero || strings.Contains(options, "omitempty")
		field := &structField{
			compiled:  c.compile(f.Type, c.valuesOf(name, t, owner)),
			index:     f.Index,
			omitempty: optional,
			required:  !optional && f.Type.Kind() != reflect.Pointer,
		}
		if omitzero {
			field.empty = zero
		}
		s.fields[name] = field
	}
	s.names = slices.Sorted(maps.Keys(s.fields))
}

// valuesOf returns the values that a field may have, nil for any: those that it has
// in the outer struct, before those that it has in the one that declares it.
func (c *Codec) valuesOf(name string, outer, owner reflect.Type) []string {
	if values := c.enums[outer][name]; values != nil {
		return values
	}
	return c.enums[owner][name]
}

// inlinedIn returns the struct that a visible field of t is declared in, and
// whether its JSON is that of t: a struct that is embedded under a name of its own
// has its fields below that.
func inlinedIn(t reflect.Type, f reflect.StructField) (reflect.Type, bool) {
	for _, i := range f.Index[:len(f.Index)-1] {
		embedded := t.Field(i)
		if name, _, _ := strings.Cut(embedded.Tag.Get("json"), ","); name != "" || embedded.Type.Kind() != reflect.Struct {
			return nil, false
		}
		t = embedded.Type
	}
	return t, true
}
