// SPDX-License-Identifier: Apache-2.0

// Package typed reads protobuf structs into Go structs by their json tags, and
// writes them, without JSON in between: what a request holds is used where it is.
// What it cannot read it names, with the path of the field.
package typed

import (
	"reflect"
	"sync"

	"google.golang.org/protobuf/types/known/structpb"
)

// A Mode says what is an error.
type Mode bool

// The modes.
const (
	// Lenient reads what an API server has accepted already, perhaps in a newer
	// version: fields and values that are not known are passed over.
	Lenient Mode = false
	// Strict reads what a person wrote: a field that is not known, that is missing
	// or that has a value which is not known is an error.
	Strict Mode = true
)

// Enums are the values that fields may have, by the struct that they are in and
// their names in JSON.
type Enums map[reflect.Type]map[string][]string

// A Codec reads and writes Go values. What it learns of a type it keeps, and it
// may be used by several goroutines at once.
type Codec struct {
	enums   Enums
	types   sync.Map // reflect.Type to compiled, of what was read or written.
	structs sync.Map // reflect.Type to *structType, of all that is in those.
}

// New returns a codec that knows these enums.
func New(enums Enums) *Codec { return &Codec{enums: enums} }

// Decode reads a value into what into points to, which must be zero. The error, of
// type *Error, begins with path, and of several it is always the same.
func (c *Codec) Decode(v *structpb.Value, path string, into any, mode Mode) error {
	to := reflect.ValueOf(into).Elem()
	decode := c.known(to.Type()).decode
	if decode(reading{mode: mode}, v, to) == nil {
		return nil
	}
	// Go visits maps in any order, so that any of several errors may come first.
	// They are looked for again, in order: nobody pays for that but who made one.
	to.SetZero()
	if e := decode(reading{mode: mode, ordered: true}, v, to); e != nil {
		e.path = path + e.path
		return e
	}
	return nil
}

// Encode writes a Go value as encoding/json would. It is nil where the value is
// one that omitempty omits.
func (c *Codec) Encode(from any) *structpb.Value {
	v := reflect.ValueOf(from)
	t := c.known(v.Type())
	if t.empty(v) {
		return nil
	}
	return t.encode(v)
}

// known returns how values of a type are read and written.
func (c *Codec) known(t reflect.Type) compiled {
	if k, ok := c.types.Load(t); ok {
		known, _ := k.(compiled)
		return known
	}
	known := c.compile(t, nil)
	c.types.Store(t, known)
	return known
}

// A reading is how something is read.
type reading struct {
	mode Mode
	// ordered says that maps are visited in the order of their keys.
	ordered bool
}

// A compiled type is how values of a Go type are read and written.
type compiled struct {
	decode func(r reading, v *structpb.Value, to reflect.Value) *Error
	encode func(from reflect.Value) *structpb.Value
	// empty says whether omitempty omits a value.
	empty func(from reflect.Value) bool
}
