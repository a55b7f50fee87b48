// SPDX-License-Identifier: Apache-2.0

package typed

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"google.golang.org/protobuf/types/known/structpb"
	corev1 "k8s.io/api/core/v1"
)

// slice reads and writes lists.
func (c *Codec) slice(t reflect.Type, values []string) compiled {
	of := c.compile(t.Elem(), values)
	return compiled{
		decode: func(r reading, v *structpb.Value, to reflect.Value) *Error {
			list, ok := v.GetKind().(*structpb.Value_ListValue)
			if !ok {
				if absent(v) {
					return nil
				}
				return mustBeKind("a list", v)
			}
			items := list.ListValue.GetValues()
			s := reflect.MakeSlice(t, len(items), len(items))
			for i, item := range items {
				if r.mode == Strict && absent(item) {
					return problem("is null: write a value or remove it").in(fmt.Sprintf("[%d]", i))
				}
				if e := of.decode(r, item, s.Index(i)); e != nil {
					return e.in(fmt.Sprintf("[%d]", i))
				}
			}
			to.Set(s)
			return nil
		},
		encode: func(from reflect.Value) *structpb.Value {
			items := make([]*structpb.Value, from.Len())
			for i := range items {
				items[i] = of.encode(from.Index(i))
			}
			return structpb.NewListValue(&structpb.ListValue{Values: items})
		},
		empty: none,
	}
}

// mapping reads and writes maps whose keys are strings of some type.
func (c *Codec) mapping(t reflect.Type) compiled {
	if t.Key().Kind() != reflect.String {
		return viaJSON()
	}
	if t.Key() == reflect.TypeFor[string]() && t.Elem() == t.Key() {
		return labels(t)
	}
	if t == reflect.TypeFor[corev1.ResourceList]() {
		return resourceList()
	}
	of := c.compile(t.Elem(), nil)
	return compiled{
		decode: func(r reading, v *structpb.Value, to reflect.Value) *Error {
			fields, e := object(v)
			if e != nil || fields == nil {
				return e
			}
			m := reflect.MakeMapWithSize(t, len(fields))
			at, elem := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
			e = each(fields, r.ordered, func(key string, value *structpb.Value) *Error {
				elem.SetZero()
				if e := of.decode(r, value, elem); e != nil {
					return e.in("[" + short(key) + "]")
				}
				at.SetString(key)
				m.SetMapIndex(at, elem)
				return nil
			})
			to.Set(m)
			return e
		},
		encode: func(from reflect.Value) *structpb.Value {
			fields := make(map[string]*structpb.Value, from.Len())
			for it := from.MapRange(); it.Next(); {
				fields[it.Key().String()] = of.encode(it.Value())
			}
			return structpb.NewStructValue(&structpb.Struct{Fields: fields})
		},
		empty: none,
	}
}

// labels reads and writes maps of strings, of which pools have many, without
// reflection for each of their entries.
func labels(t reflect.Type) compiled {
	return compiled{
		decode: func(r reading, v *structpb.Value, to reflect.Value) *Error {
			fields, e := object(v)
			if e != nil || fields == nil {
				return e
			}
			m := make(map[string]string, len(fields))
			e = each(fields, r.ordered, func(key string, value *structpb.Value) *Error {
				if _, ok := value.GetKind().(*structpb.Value_StringValue); !ok && !absent(value) {
					return mustBeKind("a string", value).in("[" + short(key) + "]")
				}
				m[key] = value.GetStringValue()
				return nil
			})
			to.Set(reflect.ValueOf(m).Convert(t))
			return e
		},
		encode: func(from reflect.Value) *structpb.Value {
			fields := make(map[string]*structpb.Value, from.Len())
			for it := from.MapRange(); it.Next(); {
				fields[it.Key().String()] = structpb.NewStringValue(it.Value().String())
			}
			return structpb.NewStructValue(&structpb.Struct{Fields: fields})
		},
		empty: none,
	}
}

// resourceList reads and writes amounts of resources, of which pools have many too.
func resourceList() compiled {
	return compiled{
		decode: func(r reading, v *structpb.Value, to reflect.Value) *Error {
			fields, e := object(v)
			if e != nil || fields == nil {
				return e
			}
			m := make(corev1.ResourceList, len(fields))
			e = each(fields, r.ordered, func(key string, value *structpb.Value) *Error {
				q, e := readQuantity(value)
				if e != nil {
					return e.in("[" + short(key) + "]")
				}
				m[corev1.ResourceName(key)] = q
				return nil
			})
			to.Set(reflect.ValueOf(m))
			return e
		},
		encode: func(from reflect.Value) *structpb.Value {
			m, _ := reflect.TypeAssert[corev1.ResourceList](from)
			fields := make(map[string]*structpb.Value, len(m))
			for name, q := range m {
				fields[string(name)] = structpb.NewStringValue(q.String())
			}
			return structpb.NewStructValue(&structpb.Struct{Fields: fields})
		},
		empty: none,
	}
}

// object returns the fields of an object, nil where there is none.
func object(v *structpb.Value) (map[string]*structpb.Value, *Error) {
	s, ok := v.GetKind().(*structpb.Value_StructValue)
	if !ok {
		if absent(v) {
			return nil, nil
		}
		return nil, mustBeKind("an object", v)
	}
	if fields := s.StructValue.GetFields(); fields != nil {
		return fields, nil
	}
	return map[string]*structpb.Value{}, nil
}

// each visits fields, in the order of their names where that matters, until one is
// wrong.
func each(fields map[string]*structpb.Value, ordered bool, visit func(name string, v *structpb.Value) *Error) *Error {
	if !ordered {
		for name, v := range fields {
			if e := visit(name, v); e != nil {
				return e
			}
		}
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if e := visit(name, fields[name]); e != nil {
			return e
		}
	}
	return nil
}
