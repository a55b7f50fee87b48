// SPDX-License-Identifier: Apache-2.0

package typed

import (
	"encoding/json"
	"reflect"

	"google.golang.org/protobuf/types/known/structpb"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// compile returns how values of a type are read and written. Types that know how
// JSON is made of them come first, because their fields do not tell. Where values
// are given, they are the only ones of strings, and of strings in a list.
func (c *Codec) compile(t reflect.Type, values []string) compiled {
	switch {
	case t == reflect.TypeFor[resource.Quantity]():
		return quantity()
	case t == reflect.TypeFor[metav1.Time]():
		return moment()
	case t.Kind() == reflect.Pointer:
		return c.pointer(t, values)
	case reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()):
		return viaJSON()
	}
	switch t.Kind() {
	case reflect.String:
		return text(values)
	case reflect.Bool:
		return boolean()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return integer(t.Bits())
	case reflect.Map:
		return c.mapping(t)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return viaJSON() // In JSON, bytes are a string.
		}
		return c.slice(t, values)
	case reflect.Struct:
		return c.structure(t)
	default:
		return viaJSON()
	}
}

// zero is the empty function of values that omitempty omits when they are zero.
func zero(v reflect.Value) bool { return v.IsZero() }

// none is the empty function of lists and maps.
func none(v reflect.Value) bool { return v.Len() == 0 }

// never is the empty function of structs, which omitempty never omits.
func never(reflect.Value) bool { return false }

// absent says whether a value is null, or there is none.
func absent(v *structpb.Value) bool {
	switch v.GetKind().(type) {
	case nil, *structpb.Value_NullValue:
		return true
	default:
		return false
	}
}

// pointer reads and writes what a pointer points to. Only null leaves it nil.
func (c *Codec) pointer(t reflect.Type, values []string) compiled {
	elem := t.Elem()
	of := c.compile(elem, values)
	return compiled{
		decode: func(r reading, v *structpb.Value, to reflect.Value) *Error {
			if absent(v) {
				return nil
			}
			p := reflect.New(elem)
			if e := of.decode(r, v, p.Elem()); e != nil {
				return e
			}
			to.Set(p)
			return nil
		},
		encode: func(from reflect.Value) *structpb.Value {
			if from.IsNil() {
				return structpb.NewNullValue()
			}
			return of.encode(from.Elem())
		},
		empty: zero,
	}
}

// viaJSON reads and writes, by way of JSON, types that only their own methods can
// read. They are rare.
func viaJSON() compiled {
	return compiled{
		decode: func(_ reading, v *structpb.Value, to reflect.Value) *Error {
			if absent(v) {
				return nil
			}
			data, err := json.Marshal(v.AsInterface())
			if err == nil {
				err = json.Unmarshal(data, to.Addr().Interface())
			}
			if err != nil {
				return problem("is " + kindOf(v) + " that cannot be a " + to.Type().Name())
			}
			return nil
		},
		encode: func(from reflect.Value) *structpb.Value {
			v := structpb.NewNullValue()
			data, err := json.Marshal(from.Interface())
			if err == nil {
				err = v.UnmarshalJSON(data)
			}
			if err != nil {
				return structpb.NewNullValue()
			}
			return v
		},
		empty: zero,
	}
}
